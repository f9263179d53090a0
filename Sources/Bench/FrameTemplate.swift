import CKernels
import Engine
import Net

// Requests that are encoded once, with places left open for the ids and moments that differ: the client then costs a copy and
// two checksums for each.

/// A request whose 64-bit numbers are filled in when it is sent.
struct FrameTemplate {
    private let operation: WireOperation
    private let epoch: UInt32
    private let body: [UInt8]
    /// Where each open number stands in the body, in the order in which `append` takes them.
    private let places: [Int]

    /// A number to stand in for the open number `place` while the template is encoded. An id of no entity, far in the future
    /// as a moment: nothing else in a request looks like it.
    static func stand(_ place: Int) -> Int64 { 0x0005_EED5_0000_0000 + Int64(place) }

    init(_ operation: WireOperation, epoch: UInt32, _ body: [UInt8], openCount: Int) throws(BenchError) {
        self.operation = operation
        self.epoch = epoch
        self.body = body
        var places = [Int?](repeating: nil, count: openCount)
        var foundCount = 0
        body.withUnsafeBytes { bytes in
            for offset in 0..<max(0, bytes.count - 7) {
                let number = Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Int64.self))
                let place = number &- FrameTemplate.stand(0)
                guard place >= 0, place < openCount else { continue }
                places[Int(place)] = offset
                foundCount += 1
            }
        }
        guard foundCount == openCount, !places.contains(nil) else {
            throw BenchError("a request has \(foundCount) places for \(openCount) numbers")
        }
        self.places = places.compactMap(\.self)
    }

    /// Appends the request with its numbers.
    func append(_ numbers: UInt64..., correlation: UInt64, to writer: inout ByteWriter) {
        append(numbers, correlation: correlation, to: &writer)
    }

    /// As above, for many numbers.
    func append(_ numbers: [UInt64], correlation: UInt64, to writer: inout ByteWriter) {
        precondition(numbers.count == places.count)
        let start = writer.beginFrame()
        let target = body.withUnsafeBytes { bytes in
            let target = writer.claim(bytes.count)
            if let base = bytes.baseAddress { target.copyMemory(from: base, byteCount: bytes.count) }
            return target
        }
        // Places lie within the body: they were found there.
        for (place, number) in zip(places, numbers) {
            target.storeBytes(of: number.littleEndian, toByteOffset: place, as: UInt64.self)
        }
        writer.endFrame(start, WireHeader(.request, operation.rawValue, correlation: correlation, schemaEpoch: epoch))
    }
}
