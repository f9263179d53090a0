// States of the past on the simulated disk: whatever is within what is kept can be rebuilt as it was, whatever is cut off when, and
// keeping it takes nothing from what recovery needs (PowerCutRun checks that in the same runs).

import Foundation
import TestSupport
import Testing

@Suite struct PastPowerCutTests {
    @Test func everyMomentIsThereAsItWas() async {
        var total = PowerCutRun.Seen()
        let disks = Effort.count(30, torture: 1_000, full: 10_000)
        let only = ProcessInfo.processInfo.environment["KITH_SEED"].flatMap(UInt64.init)
        for seed in only.map({ $0...$0 }) ?? 0...UInt64(disks) {
            // From a few turns to all of them.
            var run = PowerCutRun(seed: seed, keptSeconds: [5, 20, 100, 1_000_000][Int(seed % 4)])
            do {
                try run.run(lives: 8)
            } catch {
                Issue.record("KITH_SEED=\(seed): \(error)")
                return
            }
            total.add(run.seen)
            await Task.yield()
        }
        print(total)
        guard only == nil else { return }
        #expect(total.pasts > 20 * disks)
        #expect(total.pastAnswers > 4 * disks)
        #expect(total.trimmedPasts > disks)
        #expect(total.schemaChanges > disks)
        #expect(total.restoredSnapshots > disks)
    }
}
