// Faults of the simulated disk, chosen by a seed.

import Snapshot

extension SimulatedStorage {
    /// Makes one of the next calls fail, or all from some call on: a read, a write (which may have written some of its bytes), a
    /// sync, a change of names or a sync of names; as a broken disk would, or a full one where that can be.
    package func injectFault(below calls: Int, using random: inout SplitMix64) {
        let operation = Operation.allCases[random.below(Operation.allCases.count)]
        let canBeFull = operation != .read && operation != .sync
        injectFault(
            operation,
            // Changes of names are a few in a life.
            callsBefore: random.below(operation == .names || operation == .directorySync ? max(1, calls / 4) : calls),
            error: canBeFull && random.below(2) == 0 ? .outOfSpace : .inputOutput,
            isSticky: random.below(3) == 0
        )
    }
}
