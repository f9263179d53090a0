import CRM
import Engine
import Foundation
import Kith
import Net
import Snapshot
import TestSupport
import Testing

/// A router that sends is killed (SIGKILL) again and again, at moments that a seed decides, also between the end of a message and its
/// answer. Each e-mail is Sent in the end, has left at least once, and under one Message-ID.
///
/// KITH_SEED repeats a run's decisions; KITH_TORTURE=1 kills ten times as often.
@Suite struct SendKillTests {
    @Test(.timeLimit(.minutes(15))) func eachEmailLeaves() async throws {
        let environment = ProcessInfo.processInfo.environment
        let seed = environment["KITH_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0..<1_000_000)
        let rounds = Effort.count(6, torture: 60, full: 60)
        print("SendKillTests: KITH_SEED=\(seed)")
        var random = SplitMix64(seed: seed)
        let folder = try Folder()
        let system = try TestMailSystem()
        defer { system.stop() }
        let server = try await ServerProcess.start("data", arguments: ["--segment-kibibytes", "4096"], in: folder)
        let client = try await KithClient.connect(ClientOptions(port: server.port))
        var count = 0
        var kills = 0
        for _ in 0..<rounds {
            let router = try await start(server.port, system.port, in: folder)
            let before = system.endCount
            for _ in 0..<(2 + random.next() % 6) {
                try await Self.send(count, client)
                count += 1
            }
            // Some messages end before it dies; which step it is in then is up to the processes.
            let ends = before + Int(random.next() % 4)
            while system.endCount < ends, try await Self.waiting(client) > 0 {
                try await Task.sleep(for: .milliseconds(1))
            }
            for _ in 0..<random.next() % 2_000 { await Task.yield() }
            _ = await router.end(SIGKILL)
            kills += 1
            try await Self.makeDue(client)
        }
        let router = try await start(server.port, system.port, in: folder)
        while try await Self.waiting(client) > 0 { try await Task.sleep(for: .milliseconds(20)) }
        #expect(await router.end(SIGTERM) == 0, "\(router.errors)")
        var cursor = try await client.query("SELECT subject, statuscode, messageid FROM email")
        let rows = try await cursor.rows()
        #expect(rows.count == count && rows.allSatisfy { $0[1] == .option(3) }, "seed \(seed)")
        let left = Dictionary(grouping: system.mails) { $0.field("Subject") ?? "" }
        for row in rows {
            guard case .text(let subject) = row[0], case .text(let id) = row[2] else { continue }
            let mails = left[subject] ?? []
            #expect(!mails.isEmpty, "seed \(seed): \(subject) never left")
            #expect(mails.allSatisfy { $0.field("Message-ID") == "<\(id)>" }, "seed \(seed): \(subject)")
        }
        // Twice only where a router died: it had four under way at most.
        #expect(system.mails.count <= count + 4 * kills, "seed \(seed)")
        await client.close()
        #expect(await server.stop() == 0)
    }

    private func start(_ server: Int, _ system: Int, in folder: Folder) async throws -> FollowedProcess {
        let arguments = [
            "route", "serve", "--spool", "spool", "--lmtp", "127.0.0.1:0", "--server", "127.0.0.1:\(server)",
            "--submit",
            "smtp://127.0.0.1:\(system)", "--submit-tls", "never", "--mail-domain", "crm.example",
        ]
        let process = try FollowedProcess(Binary.kith, arguments, in: folder.url)
        guard await process.lines(until: { _ in true }) != nil else { throw ServerEnded(status: await process.status) }
        return process
    }

    private static func send(_ number: Int, _ client: KithClient) async throws {
        var transaction = Transaction(try await client.schema)
        let values: KeyValuePairs<String, Value> = [
            "subject": .text("Number \(number)"), "from": "ann@crm.example",
            "to": .text("p\(number)@d\(number % 7).example"),
        ]
        try transaction.create("email", values)
        guard let email = try await client.execute(transaction).operations.first?.ids.first else { return }
        _ = try await client.perform(SendEmail(email))
    }

    private static func waiting(_ client: KithClient) async throws -> Int64 {
        var cursor = try await client.query("SELECT count(*) FROM email WHERE sendafter IS NOT NULL")
        if case .integer(let count)? = try await cursor.rows().first?.first { return count }
        return 0
    }

    /// What the dead router was sending would be taken again in fifteen minutes.
    private static func makeDue(_ client: KithClient) async throws {
        var cursor = try await client.query("SELECT activityid FROM email WHERE sendafter IS NOT NULL")
        for row in try await cursor.rows() {
            guard case .reference(let id) = row[0] else { continue }
            var transaction = Transaction(try await client.schema)
            try transaction.update(id, ["sendafter": .instant(0)])
            _ = try await client.execute(transaction)
        }
    }
}
