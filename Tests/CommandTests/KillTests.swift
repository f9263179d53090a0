import Engine
import Foundation
import Kith
import Net
import Snapshot
import Synchronization
import TestSupport
import Testing

/// The server is killed (SIGKILL) again and again while eight clients change records and a file is imported, at moments that
/// a seed decides; sometimes while it starts, sometimes while it writes a snapshot; now and then it is stopped in order instead.
/// After each end, before the next start:
/// - `kith verify` passes;
/// - what a client was told is done is there, and nothing that it did not send;
/// - transactions are there as a whole (a client's counter and the notes that belong to each count, an import's batch);
/// - nothing is there twice, although clients send again what they got no answer to.
///
/// KITH_SEED repeats a run's decisions; KITH_TORTURE=1 kills ten times as often.
@Suite struct KillTests {
    private static let clientCount = 8
    private static let notesPerCount = 3
    private static let importRows = 2_000
    private static let importBatchRows = 20
    private static let segments = ["--segment-kibibytes", "4096"]

    @Test func nothingAcknowledgedIsLostAndNothingIsHalfThere() async throws {
        let environment = ProcessInfo.processInfo.environment
        let seed = environment["KITH_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0..<1_000_000)
        let rounds = Effort.count(50, torture: 500, full: 500)
        print("KillTests: KITH_SEED=\(seed)")
        var random = SplitMix64(seed: seed)
        let folder = try Folder()
        var server = try await ServerProcess.start("data", arguments: KillTests.segments, in: folder)
        let port = server.port
        let ledger = Ledger(clients: try await makeAccounts(port))
        let importer = Importer(address: server.address, folder: folder)

        try await withThrowingTaskGroup(of: Void.self) { group in
            for client in 0..<KillTests.clientCount { group.addTask { try await work(client, port, ledger) } }
            group.addTask { try await importer.run() }
            for round in 0..<rounds {
                await ledger.acknowledgements(Int(random.next() % 40))
                if random.next() % 4 == 0 { group.addTask { await KillTests.snapshot(port) } }
                for _ in 0..<random.next() % 2_000 { await Task.yield() }
                // One in eight ends in order, in the middle of the same work.
                if random.next() % 8 == 0 {
                    let status = await server.stop()
                    #expect(status == 0, "seed \(seed), stop \(round): \(server.errors)")
                } else {
                    await server.crash()
                }
                try await check(ledger, importer, folder, "seed \(seed), kill \(round)")
                // A start that does not live to serve.
                if random.next() % 6 == 0 {
                    let start = try ServerProcess.spawn("data", port: port, arguments: KillTests.segments, in: folder)
                    for _ in 0..<random.next() % 20_000 { await Task.yield() }
                    _ = await start.end(SIGKILL)
                    try await check(ledger, importer, folder, "seed \(seed), kill \(round) while starting")
                }
                server = try await ServerProcess.start("data", port: port, arguments: KillTests.segments, in: folder)
            }
            ledger.stop()
            importer.stop()
            try await group.waitForAll()
        }
        let status = await server.stop()
        #expect(status == 0, "seed \(seed): \(server.errors)")
        try await check(ledger, importer, folder, "seed \(seed), at the end")
        for client in ledger.clients { #expect(client.sent == client.acknowledged) }
        #expect(importer.finishedFiles > 0, "the import had time to finish a file")
    }

    // MARK: Work

    private func makeAccounts(_ port: Int) async throws -> [RecordID] {
        let client = try await KithClient.connect(ClientOptions(port: port))
        var transaction = Transaction(try await client.schema)
        for index in 0..<KillTests.clientCount { try transaction.create("account", ["name": .text("Client \(index)")]) }
        let reply = try await client.execute(transaction)
        await client.close()
        return reply.operations.flatMap(\.ids)
    }

    /// Counts up in an account, and writes notes for each count in the same transaction.
    private func work(_ index: Int, _ port: Int, _ ledger: Ledger) async throws {
        var options = ClientOptions(port: port)
        options.giveUpAfterMilliseconds = 300_000
        let client = try await KithClient.connect(options)
        let schema = try await client.schema
        while let (count, account) = ledger.next(index) {
            var transaction = Transaction(schema)
            try transaction.update(account, ["numberofemployees": .integer(Int64(count))])
            for note in 0..<KillTests.notesPerCount {
                try transaction.create("annotation", ["subject": .text("\(index)-\(count)-\(note)")])
            }
            _ = try await client.execute(transaction)
            ledger.acknowledge(index)
        }
        await client.close()
    }

    /// Asks for a snapshot; the answer may well never come.
    private static func snapshot(_ port: Int) async {
        var options = ClientOptions(port: port)
        options.giveUpAfterMilliseconds = 0
        guard let client = try? await KithClient.connect(options) else { return }
        _ = try? await client.snapshot()
        await client.close()
    }

    // MARK: Checks

    /// Compares the directory with what clients and import know. The server is down.
    private func check(_ ledger: Ledger, _ importer: Importer, _ folder: Folder, _ moment: String) async throws {
        // What is acknowledged is read first: it can only grow behind our back, by answers that were under way.
        let known = ledger.clients
        let imported = try importer.acknowledgedRows()
        let verification = try await kith("verify", "data", in: folder)
        #expect(verification.status == 0, "\(moment): \(verification.output)\(verification.errors)")
        let view = try Database.readState(folder.path("data")).view
        let notes = KillTests.texts("annotation", "subject", view)
        var notesByClient = [Int](repeating: 0, count: KillTests.clientCount)
        for note in Set(notes) { notesByClient[Int(note.prefix(1)) ?? 0] += 1 }
        #expect(Set(notes).count == notes.count, "\(moment): a note is there twice")
        for (index, client) in known.enumerated() {
            let count = KillTests.count(of: client.account, view)
            #expect(count >= client.acknowledged, "\(moment): client \(index) was told more than is there")
            #expect(count <= ledger.clients[index].sent, "\(moment): client \(index) never sent that")
            #expect(
                notesByClient[index] == count * KillTests.notesPerCount,
                "\(moment): client \(index), half a transaction"
            )
        }
        let leads = KillTests.texts("lead", "externalid", view)
        #expect(Set(leads).count == leads.count)
        var leadsByFile: [Int: Int] = [:]
        for lead in leads { leadsByFile[Int(lead.split(separator: "-")[0]) ?? -1, default: 0] += 1 }
        for (file, rows) in imported.enumerated() {
            let stored = leadsByFile[file] ?? 0
            #expect(stored >= rows, "\(moment): file \(file) has \(stored) rows, \(rows) were acknowledged")
            #expect(stored % KillTests.importBatchRows == 0, "\(moment): half a batch of file \(file)")
        }
    }

    private static func texts(_ entity: String, _ attribute: String, _ view: View) -> [String] {
        guard let declared = view.schema.entity(named: entity), let place = view.schema.place(of: declared.id),
            let column = declared.attributeID(attribute)
        else { return [] }
        let table = view.table(place)
        return (0..<table.rowCount).compactMap { row in
            if table.recordID(atRow: row) != .none, case .text(let text) = table.value(Int(column.rawValue), row) {
                return text
            }
            return nil
        }
    }

    private static func count(of account: RecordID, _ view: View) -> Int {
        guard let place = view.schema.place(of: account.entity),
            let column = view.schema.entities[place].attributeID("numberofemployees")
        else { return -1 }
        let table = view.table(place)
        let row = table.row(of: account)
        guard row != Table.noRow, case .integer(let count) = table.value(Int(column.rawValue), Int(row)) else {
            return 0
        }
        return Int(count)
    }

    // MARK: What is known

    /// What each client sent and what it was told is done.
    private final class Ledger: Sendable {
        struct Client {
            var account: RecordID
            var sent = 0
            var acknowledged = 0
        }

        private struct State {
            var clients: [Client]
            var isStopped = false
            var waiting: (left: Int, continuation: CheckedContinuation<Void, Never>)?
        }

        private let state: Mutex<State>

        init(clients: [RecordID]) { state = Mutex(State(clients: clients.map { Client(account: $0) })) }

        var clients: [Client] { state.withLock { $0.clients } }

        /// The client's next count and its account; nil when it is time to stop.
        func next(_ client: Int) -> (Int, RecordID)? {
            state.withLock { state in
                if state.isStopped { return nil }
                state.clients[client].sent += 1
                return (state.clients[client].sent, state.clients[client].account)
            }
        }

        func acknowledge(_ client: Int) {
            let woken = state.withLock { state -> CheckedContinuation<Void, Never>? in
                state.clients[client].acknowledged += 1
                guard let (left, continuation) = state.waiting else { return nil }
                state.waiting = left > 1 ? (left - 1, continuation) : nil
                return left > 1 ? nil : continuation
            }
            woken?.resume()
        }

        /// Returns when so many more transactions have been acknowledged.
        func acknowledgements(_ count: Int) async {
            guard count > 0 else { return }
            await withCheckedContinuation { continuation in
                state.withLock { $0.waiting = (count, continuation) }
            }
        }

        func stop() { state.withLock { $0.isStopped = true } }
    }

    /// Imports one file after the other with the command line, each until it is in.
    private final class Importer: Sendable {
        private struct State {
            var finishedFiles = 0
            var isStopped = false
        }

        private let address: String
        private let folder: Folder
        private let state = Mutex(State())

        init(address: String, folder: Folder) {
            self.address = address
            self.folder = folder
        }

        var finishedFiles: Int { state.withLock { $0.finishedFiles } }

        func stop() { state.withLock { $0.isStopped = true } }

        func run() async throws {
            try folder.write(
                """
                files:
                  - file: leads.csv
                    entity: lead
                    key: externalid
                    attributes: {externalid: id, lastname: name, subject: name}
                """,
                to: "leads.yaml"
            )
            while state.withLock({ !$0.isStopped }) {
                let file = finishedFiles
                var csv = "id,name\n"
                for row in 0..<KillTests.importRows { csv += "\(file)-\(row),Lead \(row)\n" }
                try folder.write(csv, to: "leads.csv")
                var outcome: Outcome
                repeat {
                    outcome = try await kith(
                        "import",
                        "--at",
                        address,
                        "--mapping",
                        "leads.yaml",
                        "--rejects",
                        "leads-\(file).csv",
                        "--batch-rows",
                        String(KillTests.importBatchRows),
                        "leads.csv",
                        in: folder
                    )
                    // 4: the server was down for longer than a command waits for its first answer. Said again, it goes on.
                } while outcome.status == 4
                #expect(outcome.status == 0, "\(outcome.errors)")
                state.withLock { $0.finishedFiles += 1 }
            }
        }

        /// Rows of each file that the server has acknowledged, as far as the import has written that down.
        func acknowledgedRows() throws -> [Int] {
            let finished = finishedFiles
            let progress = folder.url.appending(path: "leads-\(finished).csv.progress")
            var rows = Array(repeating: KillTests.importRows, count: finished)
            if let text = try? String(contentsOf: progress, encoding: .utf8),
                let line = text.firstMatch(of: #/(?m)^position (\d+) (\d+) /#)
            {
                // A run is one pass; the header is the first line.
                let last = line.output.1 == "0" ? (Int(line.output.2) ?? 0) - 1 : KillTests.importRows
                rows.append(max(0, last))
            }
            return rows
        }
    }
}
