import Engine
import Foundation
import Kith
import Logging
import Net
import Router
import RouterNet
import Snapshot
import Testing

let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// Says what is logged.
struct ReportingLogHandler: LogHandler {
    let report: @Sendable (String) -> Void
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    init(_ report: @escaping @Sendable (String) -> Void) { self.report = report }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { report("\(event.message)") }
}

/// A database in memory behind a server on a free port.
func withServer(
    _ storage: SimulatedStorage = SimulatedStorage(seed: 1),
    port: Int = 0,
    _ body: (Server, Database) async throws -> Void
) async throws {
    var options = DatabaseOptions()
    options.directory = DirectoryOptions(segmentBytes: 4 << 20)
    options.threadCount = 1
    options.takesSnapshots = false
    let database = try Database.open(in: storage, options: options)
    let server = try await Server.start(database, port: port, logger: quiet)
    do {
        try await body(server, database)
    } catch {
        await server.abort()
        throw error
    }
    await server.abort()
    try database.close()
}

/// How a router of a test runs: it listens for LMTP on a free port.
func options(_ server: Server) -> RouterOptions {
    var carrier = CarrierOptions(client: ClientOptions(port: server.port))
    carrier.own = ["crm.example"]
    var options = RouterOptions(carrier) {}
    options.lmtp = .tcp(host: "127.0.0.1", port: 0)
    options.hostName = "crm.example"
    options.spool.freeBytesMin = 0
    options.now = { 1_790_000_000_000_000 }
    return options
}

/// Runs `body` with a router, and stops it.
func withRouter(
    _ options: RouterOptions,
    _ storage: SimulatedStorage = SimulatedStorage(seed: 1),
    logger: Logger = quiet,
    _ body: (RouterService) async throws -> Void
) async throws {
    let router = try await RouterService.start(storage, options, logger: logger)
    do {
        try await body(router)
    } catch {
        await router.stop()
        throw error
    }
    await router.stop()
}

extension RouterService {
    /// Returns when the spool is empty. Bounded by the test's own limit of time.
    func drained() async throws {
        while waiting.count > 0 { try await Task.sleep(for: .milliseconds(2)) }
    }
}

extension Database {
    /// Creates one record.
    func record(_ entity: String, _ values: KeyValuePairs<String, Value>) async throws -> RecordID {
        var transaction = Transaction(schema)
        try transaction.create(entity, values)
        let reply = try await execute(transaction)
        return try #require(reply.operations.first?.ids.first)
    }

    func rows(_ sql: String) async throws -> [[Value]] { try await query(sql).rows }
}

/// A socket that speaks as a mail system does, and waits for answers.
final class MailClient {
    private let descriptor: Int32
    private var buffer: [UInt8] = []

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(result == 0)
        limitWaiting()
    }

    /// Connects to a socket in the file system.
    init(path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(result == 0)
        limitWaiting()
    }

    private func limitWaiting() {
        var limit = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            try #require(count > 0)
            rest = rest.dropFirst(count)
        }
    }

    /// Sends one text again and again, and reads nothing, until the other side takes nothing for a second or there were so many bytes.
    /// Returns how many.
    func flood(_ text: String, bytesMax: Int) -> Int {
        var limit = timeval(tv_sec: 1, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        let bytes = Array(text.utf8)
        var sent = 0
        while sent < bytesMax {
            let count = bytes[(sent % bytes.count)...].withUnsafeBytes {
                Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { break }
            sent += count
        }
        return sent
    }

    /// Reads so many lines and returns how many there were before the other side hung up.
    func skipLines(_ count: Int) -> Int {
        var found = buffer.count { $0 == UInt8(ascii: "\n") }
        buffer = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while found < count {
            let length = recv(descriptor, &piece, piece.count, 0)
            guard length > 0 else { break }
            found += piece[..<length].count { $0 == UInt8(ascii: "\n") }
        }
        return min(found, count)
    }

    /// The next answer, its last line without the end; nil when the other side has hung up.
    func answer() -> String? {
        while true {
            while let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
                let line = String(decoding: buffer[..<end].dropLast(), as: UTF8.self)
                buffer.removeFirst(end + 1)
                if Array(line.utf8).dropFirst(3).first != UInt8(ascii: "-") { return line }
            }
            var piece = [UInt8](repeating: 0, count: 4096)
            let count = recv(descriptor, &piece, piece.count, 0)
            guard count > 0 else { return nil }
            buffer += piece[..<count]
        }
    }

    /// Greets, and sends a message; returns the answers to its end, one for each recipient.
    func deliver(
        _ message: String,
        from sender: String = "ann@acme.example",
        to recipients: [String]
    ) throws -> [String] {
        let paths = recipients.map { "RCPT TO:<\($0)>\r\n" }.joined()
        try send("MAIL FROM:<\(sender)>\r\n\(paths)DATA\r\n")
        for _ in 0..<recipients.count + 2 { _ = answer() }
        try send(message.replacingOccurrences(of: "\r\n.", with: "\r\n..") + "\r\n.\r\n")
        return recipients.compactMap { _ in answer() }
    }

    func greet(_ word: String = "LHLO") throws {
        _ = answer()
        try send("\(word) client.example\r\n")
        _ = answer()
    }
}

/// A message of lines.
func message(
    _ id: String,
    from: String = "Ann <ann@acme.example>",
    to: String = "support@crm.example",
    subject: String = "Printer on fire",
    fields: [String] = [],
    body: String = "It burns."
) -> String {
    let head = [
        "From: \(from)", "To: \(to)", "Subject: \(subject)", "Message-ID: <\(id)>",
        "Date: Thu, 26 Nov 2026 10:00:00 +0000",
    ]
    return (head + fields + ["", body]).joined(separator: "\r\n")
}

/// Delivers messages in order, each to one recipient, and waits until the CRM has them.
func deliver(_ messages: [(text: String, to: String)], _ router: RouterService) async throws {
    let client = try MailClient(port: router.ports[0])
    try client.greet()
    for (text, recipient) in messages {
        let answers = try client.deliver(text, to: [recipient])
        #expect(answers.allSatisfy { $0.hasPrefix("250 2.0.0") }, "\(answers)")
    }
    try await router.drained()
}

extension Value {
    var record: RecordID? { if case .reference(let id) = self { id } else { nil } }
}
