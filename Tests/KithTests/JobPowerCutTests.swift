// Jobs on the simulated disk: the power goes at random calls, and the next start goes on where the job was.

import CRM
import Engine
import Kith
import Snapshot
import TestSupport
import Testing

@Suite struct JobPowerCutTests {
    private struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private static let accountCount = 25

    private func open(_ storage: SimulatedStorage, _ slice: Int) throws -> Database {
        var options = DatabaseOptions()
        options.directory = DirectoryOptions(segmentBytes: 1 << 20, usesThreads: false)
        options.threadCount = 1
        options.takesSnapshots = false
        options.jobSliceRecordsMax = slice
        options.jobSliceMicroseconds = .max
        options.clock = { 1_000_000 }
        options.schema = TestSchema.withJobs
        return try Database.open(in: storage, options: options, random: 7)
    }

    private func count(_ view: View, _ sql: String) throws -> Int {
        let result = try PreparedQuery(text: sql, schema: view.schema).execute(on: view)
        guard case .integer(let number) = result.columns[0][0] else { throw Failure(description: "no number") }
        return Int(number)
    }

    /// At every position, work done is work counted: an account out of use has a version, and the job's progress is theirs.
    private func check(_ database: Database) throws {
        let view = database.currentView
        guard try count(view, "SELECT COUNT(*) FROM bulkoperation") == 1 else { return }
        let inactive = try count(view, "SELECT COUNT(*) FROM account WHERE statecode = 'Inactive'")
        let done = try count(view, "SELECT processedcount - failedcount FROM bulkoperation")
        let failed = try count(view, "SELECT failedcount FROM bulkoperation")
        let listed = try count(view, "SELECT COUNT(*) FROM bulkoperationlog")
        // Every fifth was out of use before.
        guard inactive == done + Self.accountCount / 5, failed == listed else {
            throw Failure(description: "\(inactive) out of use, \(done) done, \(failed) refused, \(listed) listed")
        }
    }

    @Test func everyRecordHasItsTurnOnce() throws {
        var cuts = 0
        var starts = 0
        for seed in 0..<UInt64(Effort.count(30, torture: 1_000, full: 10_000)) {
            var random = SplitMix64(seed: seed)
            let storage = SimulatedStorage(seed: seed)
            let slice = 1 + random.below(8)
            do {
                var database = try open(storage, slice)
                try database.directory.queue.waitUntilDurable(database.turn { $0.position })
                var setup = Transaction(database.schema)
                for number in 0..<Self.accountCount {
                    try setup.create(
                        "account",
                        ["name": .text("\(number)"), "statecode": .option(number % 5 == 0 ? 1 : 0)]
                    )
                }
                try database.turn { turn in
                    Result {
                        var reply = ByteWriter()
                        try setup.encoded().withUnsafeBytes { try turn.execute($0, actor: .none, reply: &reply) }
                    }
                }.get()
                _ = try database.startJob(
                    JobRequest(message: "deactivate", query: "SELECT accountid FROM account ORDER BY accountid"),
                    key: nil,
                    actor: .none
                )
                try database.directory.queue.waitUntilDurable(database.turn { $0.position })
                var isOver = false
                while !isOver {
                    storage.cutPower(afterChanges: random.below(30))
                    var work = JobWork()
                    work: while true {
                        if random.below(12) == 0 { _ = try? database.writeSnapshot() }
                        switch database.workOnJobs(&work) {
                        case .more: continue
                        case .nothing:
                            isOver = true
                            break work
                        case .mustRest: break work
                        }
                    }
                    if !work.standingStill.isEmpty { isOver = false }
                    storage.crash()
                    cuts += 1
                    // In the middle of a start as well.
                    if random.below(3) == 0 {
                        storage.cutPower(afterChanges: random.below(12))
                        _ = try? open(storage, slice)
                        storage.crash()
                    }
                    database = try open(storage, slice)
                    starts += 1
                    try check(database)
                }
                let view = database.currentView
                let expected =
                    "SELECT COUNT(*) FROM bulkoperation WHERE statuscode = 'Completed' AND processedcount = 25"
                guard try count(view, expected) == 1,
                    try count(view, "SELECT COUNT(*) FROM account WHERE statecode = 'Inactive'") == Self.accountCount,
                    try count(view, "SELECT COUNT(*) FROM bulkoperationlog") == Self.accountCount / 5
                else { throw Failure(description: "the job did not end as it should") }
                // Twice would be two changes of a version.
                let history = try count(
                    view,
                    "SELECT COUNT(*) FROM (SELECT versionnumber AS v FROM account GROUP BY versionnumber) AS x"
                )
                guard history == Self.accountCount - Self.accountCount / 5 + 1 else {
                    throw Failure(description: "\(history) versions")
                }
            } catch {
                Issue.record("seed \(seed): \(error)")
                return
            }
        }
        print("\(cuts) power cuts in the middle of jobs, \(starts) starts")
        #expect(cuts > 45)
    }
}
