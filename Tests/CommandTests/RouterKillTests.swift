import Engine
import Foundation
import Kith
import Net
import Snapshot
import TestSupport
import Testing

/// Router and server are killed (SIGKILL) in turn, at moments that a seed decides, while mail comes in over LMTP. Whatever was
/// acknowledged is in the CRM afterwards exactly once, and what was not at most once.
///
/// KITH_SEED repeats a run's decisions; KITH_TORTURE=1 kills ten times as often.
@Suite struct RouterKillTests {
    private static let segments = ["--segment-kibibytes", "4096"]

    @Test(.timeLimit(.minutes(15))) func eachMessageIsThereExactlyOnce() async throws {
        let environment = ProcessInfo.processInfo.environment
        let seed = environment["KITH_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0..<1_000_000)
        let rounds = Effort.count(10, torture: 100, full: 100)
        print("RouterKillTests: KITH_SEED=\(seed)")
        var random = SplitMix64(seed: seed)
        let folder = try Folder()
        var server = try await ServerProcess.start("data", arguments: Self.segments, in: folder)
        var router = try await RouterProcess.start(server.port, in: folder)
        var acknowledged: Set<Int> = []
        var next = 0
        for _ in 0..<rounds {
            // Some mail, and perhaps the end in the middle of it.
            let mails = 4 + Int(random.next() % 24)
            let victim = random.next() % 3
            let moment = Int(random.next() % UInt64(mails))
            var client = LMTPClient(port: router.port)
            for index in 0..<mails {
                if index == moment {
                    for _ in 0..<random.next() % 3_000 { await Task.yield() }
                    if victim != 0 {
                        await router.crash()
                        router = try await RouterProcess.start(server.port, in: folder)
                        client = LMTPClient(port: router.port)
                    }
                    if victim != 1 {
                        let port = server.port
                        await server.crash()
                        server = try await ServerProcess.start("data", port: port, arguments: Self.segments, in: folder)
                    }
                }
                // What got no answer is sent again, as a mail system does.
                while !client.deliver(Self.message(next)) { client = LMTPClient(port: router.port) }
                acknowledged.insert(next)
                next += 1
            }
            // Now and then the same message by another way, which is the same message.
            if random.next() % 2 == 0 { _ = client.deliver(Self.message(Int(random.next() % UInt64(next)))) }
        }
        try await router.drained(folder)
        #expect(await router.stop() == 0, "\(router.errors)")
        #expect(await server.stop() == 0)
        let rows = try await kith("query", "--at", "data", "--format", "csv", "SELECT subject FROM email", in: folder)
        let subjects = rows.output.split(separator: "\n").dropFirst().compactMap { Int($0.drop { !$0.isNumber }) }
        #expect(Set(subjects).count == subjects.count, "seed \(seed): a message is there twice")
        #expect(Set(subjects) == acknowledged, "seed \(seed)")
        let items = try await kith(
            "query",
            "--at",
            "data",
            "--format",
            "csv",
            "SELECT count(*) FROM queueitem",
            in: folder
        )
        #expect(items.output.split(separator: "\n").last == "\(acknowledged.count)", "seed \(seed)")
        let left = try FileManager.default.contentsOfDirectory(atPath: folder.path("spool")).filter { $0 != "lock" }
        #expect(left.isEmpty, "seed \(seed): \(left)")
    }

    private static func message(_ number: Int) -> String {
        """
        From: Ann <ann@acme.example>\r
        To: support@crm.example\r
        Subject: Message \(number)\r
        Message-ID: <\(number)@acme.example>\r
        \r
        Text of \(number).\r\n
        """
    }
}

/// A `kith route serve` of its own.
final class RouterProcess: Sendable {
    let port: Int
    private let process: FollowedProcess

    private init(_ process: FollowedProcess, _ port: Int) { (self.process, self.port) = (process, port) }

    static func start(_ server: Int, in folder: Folder) async throws -> RouterProcess {
        let arguments = [
            "route", "serve", "--spool", "spool", "--lmtp", "127.0.0.1:0", "--server", "127.0.0.1:\(server)",
        ]
        let process = try FollowedProcess(Binary.kith, arguments, in: folder.url)
        guard let address = await process.lines(until: { _ in true })?.first,
            let port = Int(address.split(separator: ":").last ?? "")
        else { throw ServerEnded(status: await process.status) }
        return RouterProcess(process, port)
    }

    var errors: String { process.errors }
    func crash() async { _ = await process.end(SIGKILL) }
    func stop() async -> Int32 { await process.end(SIGTERM) }

    /// Returns when nothing waits in the spool.
    func drained(_ folder: Folder) async throws {
        while try FileManager.default.contentsOfDirectory(atPath: folder.path("spool")).contains(where: {
            $0.hasPrefix("m-")
        }) {
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}

/// As little LMTP as delivering one message after the other takes.
private final class LMTPClient {
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private var isOpen = false

    init(port: Int) {
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
        guard result == 0, answer()?.hasPrefix("220") == true else { return }
        isOpen = send("LHLO client.example\r\n") && answer()?.hasPrefix("250") == true
    }

    deinit { close(descriptor) }

    /// Whether the message was acknowledged.
    func deliver(_ message: String) -> Bool {
        guard isOpen, send("MAIL FROM:<ann@acme.example>\r\nRCPT TO:<support@crm.example>\r\nDATA\r\n"),
            answer()?.hasPrefix("250") == true, answer()?.hasPrefix("250") == true, answer()?.hasPrefix("354") == true,
            send(message + ".\r\n")
        else { return false }
        return answer()?.hasPrefix("250") == true
    }

    private func send(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return Foundation.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
    }

    private func answer() -> String? {
        while true {
            while let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
                let line = String(decoding: buffer[..<end], as: UTF8.self)
                buffer.removeFirst(end + 1)
                if Array(line.utf8).dropFirst(3).first != UInt8(ascii: "-") { return line }
            }
            var piece = [UInt8](repeating: 0, count: 4096)
            let count = recv(descriptor, &piece, piece.count, 0)
            guard count > 0 else { return nil }
            buffer += piece[..<count]
        }
    }
}
