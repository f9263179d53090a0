import Engine
import Foundation
import Kith
import Linearizability
import Logging
import Net
import Snapshot
import TestSupport
import Testing

/// What clients were told by a server that fails now and then can be explained by one order of their calls that keeps to the times:
/// Kith is linearizable. Ten clients read and change three records, some of them with versions that they expect; the server is
/// killed (SIGKILL) and started again, or loses the power of a simulated disk, at moments that a seed decides.
///
/// KITH_SEED runs one seed. `make torture` and `make torture-full` record more and longer histories (docs/reliability.md).
@Suite struct RecordedHistoryTests {
    private static let clientCount = 10
    private static let repeatingClientCount = 4
    private static let callsPerClient = Effort.count(40, torture: 100, full: 100)

    private static func seeds(_ count: Int) -> [UInt64] {
        if let seed = ProcessInfo.processInfo.environment["KITH_SEED"].flatMap(UInt64.init) { return [seed] }
        return (0..<UInt64(Effort.count(count, torture: 20, full: 100))).map { $0 + 1 }
    }

    /// Something to fail: starts, serves, and loses what it may lose.
    private protocol Failing {
        var port: Int { get }
        mutating func fail() async
        mutating func restart() async throws
    }

    /// `kith serve`, killed.
    private struct Killed: Failing {
        let folder: Folder
        var server: ServerProcess
        let port: Int

        init() async throws {
            folder = try Folder()
            server = try await ServerProcess.start("data", in: folder)
            port = server.port
        }

        mutating func fail() async { await server.crash() }
        mutating func restart() async throws {
            server = try await ServerProcess.start("data", port: port, in: folder)
        }
    }

    /// A server in this process on a disk in memory, which loses at a cut what was not synced.
    private struct Unpowered: Failing {
        let disk: SimulatedStorage
        var database: Database
        var server: Server
        let port: Int

        init(seed: UInt64) async throws {
            disk = SimulatedStorage(seed: seed)
            database = try Unpowered.open(disk)
            server = try await Unpowered.serve(database, port: 0)
            port = server.port
        }

        private static func open(_ disk: SimulatedStorage) throws -> Database {
            var options = DatabaseOptions()
            options.directory = DirectoryOptions(segmentBytes: 1 << 20)
            options.threadCount = 1
            options.takesSnapshots = false
            return try Database.open(in: disk, options: options)
        }

        private static func serve(_ database: Database, port: Int) async throws -> Server {
            let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            return try await Server.start(
                database,
                port: port,
                limits: WireLimits(),
                logger: quiet,
                loopCount: 2
            )
        }

        mutating func fail() async {
            disk.cutPower(afterChanges: 0)
            await server.abort()
            try? database.close()
            disk.crash()
        }

        mutating func restart() async throws {
            database = try Unpowered.open(disk)
            server = try await Unpowered.serve(database, port: port)
        }
    }

    /// Records a history on something that fails every now and then.
    private func record(
        _ seed: UInt64,
        _ failing: some Failing & Sendable
    ) async throws -> JudgedHistory {
        var failing = failing
        let port = failing.port
        let recorder = try await HistoryRecorder(recordCount: 3, port: port)
        let gate = StartGate()
        let clients = (0..<RecordedHistoryTests.clientCount).map { client in
            HistoryClient(
                recorder,
                seed: seed &* 1_000 &+ UInt64(client),
                areRecordsJoined: seed % 2 == 0
            )
        }
        var random = SplitMix64(seed: seed)
        let calls = RecordedHistoryTests.callsPerClient
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for (index, client) in clients.enumerated() {
                        group.addTask {
                            var client = client
                            guard index >= RecordedHistoryTests.repeatingClientCount else {
                                return try await client.work(calls: calls, port: port)
                            }
                            try await onThread { [client] in
                                var client = client
                                try client.workWithoutRepeating(calls: calls, port: port, gate)
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                recorder.end()
            }
            // As often as the calls last for, and at least once in the midst of them.
            for _ in 0..<4 {
                await recorder.calls(
                    more: 1 + Int(random.next() % UInt64(calls * RecordedHistoryTests.clientCount / 5))
                )
                await failing.fail()
                do { try await failing.restart() } catch {
                    gate.close()
                    throw error
                }
                gate.open()
            }
            try await group.waitForAll()
        }
        await failing.fail()
        return recorder.history
    }

    private func check(_ history: JudgedHistory, _ name: String) {
        let verdict = history.verdict()
        #expect(verdict == .linearizable, "\(name): \(verdict)")
        guard verdict != .linearizable else { return }
        let lines = history.calls.sorted { $0.begin < $1.begin }.map { "\($0.begin)\t\($0.end ?? -1)\t\($0.call)\n" }
        let file = FileManager.default.temporaryDirectory.appending(path: "kith-history-\(name).txt")
        try? Data(lines.joined().utf8).write(to: file)
        Issue.record("the history is in \(file.path())")
    }

    @Test(arguments: seeds(2))
    func aKilledServerIsLinearizable(_ seed: UInt64) async throws {
        let history = try await record(seed, Killed())
        #expect(history.calls.count > RecordedHistoryTests.clientCount * RecordedHistoryTests.callsPerClient / 2)
        check(history, "killed-\(seed)")
    }

    @Test(arguments: seeds(4))
    func aServerWithoutPowerIsLinearizable(_ seed: UInt64) async throws {
        let history = try await record(seed, Unpowered(seed: seed))
        check(history, "unpowered-\(seed)")
        // What is not so must be seen: a read, late enough, that is told what was there first.
        var stale = history
        let late = stale.calls.indices.filter { stale.calls[$0].begin > stale.calls.count }
        for index in late.reversed() {
            if case .read(let records, let found) = stale.calls[index].call, found[0].value > 0 {
                var found = found
                found[0] = history.initial[records[0]]
                stale.calls[index].call = .read(records, found)
                break
            }
        }
        #expect(stale.verdict().isLinearizable == false, "seed \(seed): a stale read")
    }
}
