import Engine
import Kith
import Logging
import Net
import Snapshot
import Testing

/// A database in memory: a simulated disk, committed by a thread as in earnest, or by the test.
func memoryDatabase(
    _ storage: SimulatedStorage = SimulatedStorage(seed: 1),
    commitsByItself: Bool = true,
    schema: Schema = .standard
) throws -> Database {
    var options = DatabaseOptions()
    options.directory = DirectoryOptions(segmentBytes: 4 << 20, usesThreads: commitsByItself)
    options.threadCount = 1
    options.takesSnapshots = false
    options.schema = schema
    return try Database.open(in: storage, options: options)
}

let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

extension WireLimits {
    /// The defaults, but for times: on a busy machine a test may pause for longer than any client. Those that a test is about it
    /// shortens itself.
    static let patient: WireLimits = {
        var limits = WireLimits()
        let times: [WritableKeyPath<WireLimits, Int>] = [
            \.helloDeadlineMilliseconds, \.frameDeadlineMilliseconds, \.readDeadlineMilliseconds,
            \.cursorLifetimeMilliseconds, \.rehearsalLifetimeMilliseconds,
        ]
        for time in times { limits[keyPath: time] = 3_600_000 }
        return limits
    }()
}

/// Runs `body` with a server of three loops on a free port over a database in memory.
func withServer(
    limits: WireLimits = .patient,
    commitsByItself: Bool = true,
    _ body: (Server, Database) async throws -> Void
) async throws {
    try await withServer(over: memoryDatabase(commitsByItself: commitsByItself), limits: limits, body)
}

/// The same over another database, which is closed afterwards.
func withServer(
    over database: Database,
    limits: WireLimits,
    _ body: (Server, Database) async throws -> Void
) async throws {
    let server = try await Server.start(database, port: 0, limits: limits, logger: quiet, loopCount: 3)
    do {
        try await body(server, database)
    } catch {
        await server.abort()
        throw error
    }
    await server.abort()
    try database.close()
}

func connect(_ server: Server, number: UInt64? = nil) async throws -> KithClient {
    try await KithClient.connect(ClientOptions(port: server.port, number: number))
}

/// A frame of a request.
func frame(_ operation: WireOperation, _ correlation: UInt64, epoch: UInt32 = 0, _ body: [UInt8] = []) -> [UInt8] {
    var writer = ByteWriter()
    let header = WireHeader(.request, operation.rawValue, correlation: correlation, schemaEpoch: epoch)
    body.withUnsafeBytes { writer.frame(header, body: $0) }
    return writer.bytes
}

/// The error that a frame carries; nil for any other frame.
func failure(_ frame: (header: WireHeader, body: [UInt8])?) throws -> WireFailure? {
    guard let frame, frame.header.kind == FrameKind.error.rawValue else { return nil }
    return try frame.body.withUnsafeBytes { try WireFailure(decoding: $0) }
}

/// The code of an error of the wire; nil for any other frame.
func wireCode(_ frame: (header: WireHeader, body: [UInt8])?) throws -> WireError.Code? {
    if case .wire(let error) = try failure(frame) { error.code } else { nil }
}

extension Transaction {
    /// Creates `count` accounts in one operation.
    static func accounts(_ count: Int, _ schema: Schema, prefix: String = "Account") throws -> Transaction {
        var batch = try RecordBatch(schema, .create, "account", attributes: ["name", "accountnumber"])
        for index in 0..<count { try batch.append([.text("\(prefix) \(index)"), .text("\(prefix)-\(index)")]) }
        var transaction = Transaction(schema)
        transaction.append(batch)
        return transaction
    }
}
