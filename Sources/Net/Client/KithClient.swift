import Engine
import Kith
import NIOCore
import NIOPosix
import Synchronization

/// How to reach a server and how long to try.
public struct ClientOptions: Sendable {
    /// Name or address of the server.
    public var host: String
    /// Its port.
    public var port: Int
    /// The organisation.
    public var organisation: String
    /// The acting user: a record id or a domain name; empty: the system.
    public var user: String
    /// Name for the server's log.
    public var name: String
    /// Number of this client in request keys: no two clients may have the same, so it is random by default.
    public var number: UInt64
    /// Time for one attempt to connect, hello included.
    public var connectTimeoutMilliseconds: Int
    /// Waits between attempts.
    public var backoff: Backoff
    /// How long a call waits for a server that cannot be reached before it fails.
    public var giveUpAfterMilliseconds: Int

    /// The usual options.
    public init(
        host: String = "127.0.0.1",
        port: Int,
        organisation: String = "main",
        user: String = "",
        name: String = "kith",
        number: UInt64? = nil
    ) {
        self.host = host
        self.port = port
        self.organisation = organisation
        self.user = user
        self.name = name
        var random = SystemRandomNumberGenerator()
        self.number = number ?? random.next()
        connectTimeoutMilliseconds = 5_000
        backoff = Backoff()
        giveUpAfterMilliseconds = 30_000
    }
}

/// A connection to a server: calls from any number of tasks share it, many of them under way at the same time.
///
/// When the connection is lost it is made again, and calls without an answer are sent again: a transaction carries a request
/// key, so that it takes effect once however often it is sent.
///
/// Thread rule: any task, any thread.
public final class KithClient: Session {
    /// Unanswered calls at most; more wait in the client. The server remembers 1,024 replies of a client, and a transaction
    /// whose answer was lost must still be among them.
    static let callsInFlightMax = 512

    private struct Outbox {
        var calls: [ClientCall] = []
        var isScheduled = false
        var nextRequest: UInt64 = 1
        var isClosed = false
    }

    let options: ClientOptions
    private let group: MultiThreadedEventLoopGroup
    private let eventLoop: any EventLoop
    private let core: NIOLoopBound<ClientCore>
    private let outbox = Mutex(Outbox())
    let schemaBox: SchemaBox

    private init(
        options: ClientOptions,
        group: MultiThreadedEventLoopGroup,
        core: NIOLoopBound<ClientCore>,
        schemaBox: SchemaBox
    ) {
        self.options = options
        self.group = group
        self.core = core
        self.schemaBox = schemaBox
        eventLoop = group.next()
    }

    /// Connects and says hello.
    public static func connect(_ options: ClientOptions) async throws -> KithClient {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let eventLoop = group.next()
        let schemaBox = SchemaBox()
        do {
            let core = try await eventLoop.submit {
                NIOLoopBound(
                    ClientCore(eventLoop: eventLoop, options: options, schemaBox: schemaBox),
                    eventLoop: eventLoop
                )
            }.get()
            let client = KithClient(options: options, group: group, core: core, schemaBox: schemaBox)
            try await client.ping()
            return client
        } catch {
            try? await group.shutdownGracefully()
            throw error
        }
    }

    /// Hangs up. Calls without an answer fail with `ClientError.closed`.
    public func close() async {
        let core = core
        let calls = outbox.withLock { outbox in
            outbox.isClosed = true
            return outbox.calls
        }
        for call in calls { call.complete(.failure(ClientError.closed)) }
        try? await eventLoop.submit { core.value.close() }.get()
        try? await group.shutdownGracefully()
    }

    // MARK: Session

    /// The schema in force, as far as the client knows.
    public var schema: Schema {
        get async throws { schemaBox.schema }
    }

    /// Executes a transaction; returns when it is durable.
    public func execute(_ transaction: Transaction) async throws -> TransactionReply {
        let answer = try await call(.execute, epoch: transaction.schema.epoch, body: encoded(transaction))
        return try decode(answer) { body throws(DecodeError) in try TransactionReply(decoding: body) }
    }

    /// Reads attributes of records of one entity by id.
    public func read(_ entity: String, _ attributes: [String], _ ids: [RecordID]) async throws -> RecordPage {
        let schema = schemaBox.schema
        let (declared, columns) = try RecordPage.resolve(entity, attributes, schema)
        let body = RecordPage.request(declared, columns, ids)
        let answer = try await call(.read, epoch: schema.epoch, body: body)
        return try decode(answer) { body throws(DecodeError) in
            try RecordPage(declared, columns, count: ids.count, in: schema, decoding: body)
        }
    }

    // MARK: Other calls

    /// Returns when the server has answered everything that this client sent before.
    public func ping() async throws { _ = try await call(.ping, epoch: 0, body: []) }

    /// The server's account of itself: a JSON object (docs/protocol.md).
    public func status() async throws -> String {
        let answer = try await call(.status, epoch: 0, body: [])
        return try decode(answer) { body throws(DecodeError) in
            var reader = ByteReader(body)
            return try reader.text(lengthBytesMax: WireLimits.bodyBytesMax)
        }
    }

    /// Makes a snapshot; returns its position when it is durable.
    @discardableResult
    public func snapshot() async throws -> Position {
        let answer = try await call(.snapshot, epoch: 0, body: [])
        return try decode(answer) { body throws(DecodeError) in
            var reader = ByteReader(body)
            return try reader.u64()
        }
    }

    // MARK: Sending

    func encoded(_ transaction: Transaction) -> [UInt8] {
        // The number of the request is filled in when the call gets its place in the order of sending.
        transaction.encoded(key: RequestKey(client: options.number, request: 0))
    }

    /// Sends a request and waits for its answer.
    func call(
        _ operation: WireOperation,
        epoch: UInt32,
        body: [UInt8],
        isResendable: Bool = true
    ) async throws -> ClientCall.Answer {
        // Unsafe only in name: see `ClientCall.Completion` for why it is resumed exactly once. It saves the checked one's
        // allocation on every call.
        try await withUnsafeContinuation { continuation in
            submit(
                ClientCall(
                    operation: operation,
                    schemaEpoch: epoch,
                    body: body,
                    isResendable: isResendable,
                    completion: .continuation(continuation)
                )
            )
        }.get()
    }

    /// Hands a call to the event loop. Calls that are handed over before the loop gets to it share one wake-up and one write.
    func submit(_ newCall: ClientCall) {
        var call = newCall
        guard call.body.count <= WireLimits.bodyBytesMax else {
            return call.complete(.failure(ClientError.tooLarge(bytes: call.body.count)))
        }
        // nil: the client is closed.
        let mustWake = outbox.withLock { outbox -> Bool? in
            if outbox.isClosed { return nil }
            switch call.operation {
            case .execute, .changeSchema, .perform, .startJob: number(&call, &outbox.nextRequest)
            default: break
            }
            outbox.calls.append(call)
            defer { outbox.isScheduled = true }
            return !outbox.isScheduled
        }
        guard let mustWake else { return call.complete(.failure(ClientError.closed)) }
        guard mustWake else { return }
        let core = core
        eventLoop.execute { core.value.send(self.takeOutbox()) }
    }

    private func takeOutbox() -> [ClientCall] {
        outbox.withLock { outbox in
            outbox.isScheduled = false
            return exchange(&outbox.calls, with: [])
        }
    }

    /// Gives a transaction, a message or a change of the schema of this client its number: 8 bytes behind flags, message and the
    /// client's number. A transaction with a key of its own keeps that.
    private func number(_ call: inout ClientCall, _ next: inout UInt64) {
        call.body.withUnsafeMutableBytes { bytes in
            guard bytes.count >= 20, bytes[0] & TransactionHeader.keyedFlag != 0,
                UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt64.self)) == options.number,
                bytes.loadUnaligned(fromByteOffset: 12, as: UInt64.self) == 0
            else { return }
            bytes.storeBytes(of: next.littleEndian, toByteOffset: 12, as: UInt64.self)
            next += 1
        }
    }

    /// Reads an answer's body; what cannot be read is the server's fault.
    func decode<R>(
        _ answer: ClientCall.Answer,
        _ body: (UnsafeRawBufferPointer) throws(DecodeError) -> R
    ) throws(ClientError) -> R {
        do {
            return try answer.body.withUnsafeBytes { bytes throws(DecodeError) in try body(bytes) }
        } catch {
            throw .protocolViolation("\(error)")
        }
    }
}

/// The schema that the client knows, written by the event loop and read by everyone.
final class SchemaBox: Sendable {
    private let box = Mutex(Schema.standard)

    var schema: Schema {
        get { box.withLock { $0 } }
        set { box.withLock { $0 = newValue } }
    }
}
