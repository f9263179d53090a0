import Engine
import Glibc
import Net

// One connection of a wire bench: what is still to be sent, and the pieces of work under way on it.

/// A piece of work under way.
struct BenchSlot {
    var kind = BenchKind.read
    /// The moment from which its latency counts.
    var intended: UInt64 = 0
    var repliesLeft = 0
}

/// One thread at a time.
final class BenchConnection {
    private static let receiveBytes = 16 << 10

    let raw: RawConnection
    /// Statements as the server numbered them.
    private(set) var statements: [UInt64] = []
    let schema: Schema
    let callsMax: Int
    var slots: [BenchSlot] = []
    var freeSlots: [Int] = []
    var output = ByteWriter(capacityBytes: 4 << 10)
    private var sentBytes = 0
    /// Whether the socket had no room for all of `output`.
    private(set) var awaitsRoom = false
    var isDirty = false

    /// Connects and says hello.
    init(port: Int, organisation: String) throws {
        raw = try RawConnection(port: port, receiveBytes: BenchConnection.receiveBytes)
        let hello = try raw.hello(organisation: organisation)
        schema = hello.schema
        callsMax = Int(hello.callsMax)
    }

    /// Has the server prepare statements.
    func prepare(_ texts: [String]) throws {
        var writer = ByteWriter()
        for (place, text) in texts.enumerated() {
            let start = writer.beginFrame()
            QueryForm.sql(text).encode(into: &writer)
            writer.endFrame(start, WireHeader(.request, WireOperation.prepare.rawValue, correlation: UInt64(place)))
        }
        try raw.send(writer.bytes)
        for _ in texts {
            guard let (header, body) = try raw.frame() else { throw BenchError("the server hung up") }
            guard header.kind == FrameKind.reply.rawValue else { throw BenchConnection.failure(body) }
            statements.append(
                try body.withUnsafeBytes { bytes throws(DecodeError) in
                    var reader = ByteReader(bytes)
                    return try reader.u64()
                }
            )
        }
    }

    /// What an error says.
    static func failure(_ body: [UInt8]) -> BenchError {
        guard let failure = try? body.withUnsafeBytes({ try WireFailure(decoding: $0) }) else {
            return BenchError("an error that cannot be read")
        }
        return BenchError("\(failure)")
    }

    func makeSlots(_ count: Int) {
        slots = Array(repeating: BenchSlot(), count: count)
        freeSlots = Array((0..<count).reversed())
    }

    /// Sends as much as the socket takes; returns whether that is all.
    func flush() throws -> Bool {
        let isDone = try output.withUnsafeBytes { bytes throws(BenchError) -> Bool in
            while sentBytes < bytes.count {
                let count = Glibc.send(
                    raw.descriptor,
                    bytes.baseAddress.map { $0 + sentBytes },
                    bytes.count - sentBytes,
                    Int32(MSG_NOSIGNAL | MSG_DONTWAIT)
                )
                if count < 0 {
                    if errno == EINTR { continue }
                    if errno == EAGAIN { return false }
                    throw BenchError.system("send")
                }
                sentBytes += count
            }
            return true
        }
        if isDone {
            output.removeAll()
            sentBytes = 0
        }
        awaitsRoom = !isDone
        return isDone
    }
}
