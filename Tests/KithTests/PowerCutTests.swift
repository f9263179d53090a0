// The real engine on the simulated disk: ten thousand power cuts at random points of a random workload.
//
// `KITH_SEED=17 swift test --filter DatabasePowerCutTests` replays one disk; `KITH_CUTS=1000000` goes on for longer.

import Foundation
import TestSupport
import Testing

@Suite struct DatabasePowerCutTests {
    private static let livesPerDisk = 6

    private static func number(_ name: String) -> UInt64? {
        ProcessInfo.processInfo.environment[name].flatMap(UInt64.init)
    }

    @Test func everyAcknowledgedTransactionSurvives() async {
        var total = PowerCutRun.Seen()
        let cuts = Self.number("KITH_CUTS").map { Int($0) } ?? Effort.count(10_000, torture: 30_000, full: 100_000)
        let only = Self.number("KITH_SEED")
        var seed = only ?? 0
        repeat {
            var run = PowerCutRun(seed: seed, isStrict: only != nil)
            do {
                try run.run(lives: Self.livesPerDisk)
            } catch {
                Issue.record("KITH_SEED=\(seed): \(error)")
                return
            }
            total.add(run.seen)
            // Tests that watch a clock run beside this one, on as few threads as there are processors.
            await Task.yield()
            seed += 1
        } while only == nil && total.cuts < cuts
        print(total)
        guard only == nil else { return }
        #expect(total.cuts >= cuts)
        // Each in proportion, so that a workload that lost its teeth is noticed.
        #expect(total.transactions > 5 * cuts)
        #expect(total.refusals > cuts)
        #expect(total.retries > cuts / 2)
        #expect(total.answeredReads > cuts)
        #expect(total.lostTransactions > cuts / 2)
        #expect(total.snapshots > cuts / 20)
        #expect(total.restoredSnapshots > cuts / 10)
        #expect(total.interruptedRecoveries > cuts / 20)
        #expect(total.fullComparisons > cuts / 20)
        #expect(total.schemaChanges > cuts / 5)
        #expect(total.faults > cuts / 10)
        #expect(total.recoveryFaults > cuts / 10)
    }

    /// The check of the check: on a disk that drops the log's syncs the same runs must find something missing.
    @Test func aDroppedSyncIsNoticed() {
        let found = (0..<UInt64(200)).contains { seed in
            var run = PowerCutRun(seed: seed) { LyingStorage($0, .logSync) }
            do {
                try run.run(lives: Self.livesPerDisk)
                return false
            } catch {
                return true
            }
        }
        #expect(found)
    }
}
