// Power cuts, process deaths and failing calls of the simulated disk.

import Glibc

extension SimulatedStorage {
    /// Calls that change something, or could fail, in the order that counters and faults see them.
    public enum Operation: Sendable, CaseIterable {
        case read, write, sync, names, directorySync
    }

    /// How many calls of each kind were made, failed ones included.
    public struct Counts: Sendable, Equatable {
        public var reads = 0
        public var writes = 0
        public var syncs = 0
        public var nameChanges = 0
        public var directorySyncs = 0
        /// All but reads: the points at which a power cut makes a difference.
        public var changes: Int { writes + syncs + nameChanges + directorySyncs }
    }

    struct Fault {
        let operation: Operation
        var callsBefore: Int
        let error: InjectedError
        let isSticky: Bool
    }

    struct Faults {
        var injected: [Fault] = []
        var changesBeforePowerCut: Int?
    }

    /// What an injected fault reports.
    public enum InjectedError: Sendable {
        case inputOutput, outOfSpace
    }

    public var counts: Counts { state.withLock { $0.counts } }

    /// Makes a later call of one kind fail: the one after `callsBefore` others, and with `isSticky` all after it too.
    public func injectFault(
        _ operation: Operation,
        callsBefore: Int,
        error: InjectedError = .inputOutput,
        isSticky: Bool = false
    ) {
        state.withLock {
            $0.faults.injected.append(
                Fault(operation: operation, callsBefore: callsBefore, error: error, isSticky: isSticky)
            )
        }
    }

    public func clearFaults() { state.withLock { $0.faults = Faults() } }

    /// Lets `changes` more changing calls succeed; from then on every call fails, as if the machine were off, until
    /// `crash` says what the disk holds.
    public func cutPower(afterChanges changes: Int) {
        state.withLock { $0.faults.changesBeforePowerCut = changes }
    }

    /// Sets what all files together may occupy.
    public func setCapacity(bytes: UInt64) { state.withLock { $0.capacityBytes = bytes } }

    /// A power cut and the start after it: every unsynced write and name is kept, lost or torn by itself; open files
    /// and locks are gone; injected faults are cleared.
    public func crash() {
        state.withLock { state in
            state.settleNames()
            state.entries = state.durableEntries
            state.usedBytes = 0
            // Sorted, so that the seed alone decides: the order of a dictionary differs from run to run. An inode that
            // two names share (a file system without a journal may leave that) is settled once, its list being empty then.
            for name in state.entries.keys.sorted() {
                guard let inode = state.entries[name] else { continue }
                inode.settle(using: &state.random)
                inode.live = inode.durable
                state.usedBytes += UInt64(inode.live.count)
            }
            state.endProcess()
        }
    }

    /// The process ends and another starts; the machine stays on, so that everything written can still be read, even
    /// what a failed sync left off the disk.
    public func restartProcess() { state.withLock { $0.endProcess() } }

    /// Changes one bit of a file behind the back of whoever wrote it, on the disk and in the cache.
    public func flipBit(_ bit: Int, ofByte offset: Int, in name: String) {
        state.withLock { state in
            guard let inode = state.entries[name], offset < inode.live.count else { return }
            inode.live[offset] ^= 1 << UInt8(bit & 7)
            if offset < inode.durable.count { inode.durable[offset] = inode.live[offset] }
        }
    }

    /// The bytes of a file as programs see them; nil where there is none.
    public func contents(of name: String) -> [UInt8]? { state.withLock { $0.entries[name]?.live } }

    /// Puts a file there, durable, whatever was before: for tests that build damage by hand.
    public func setContents(of name: String, to bytes: [UInt8]) {
        state.withLock { state in
            if let old = state.entries[name] { state.usedBytes -= UInt64(old.live.count) }
            let inode = Inode()
            inode.live = bytes
            inode.durable = bytes
            state.entries[name] = inode
            state.durableEntries[name] = inode
            state.usedBytes += UInt64(bytes.count)
        }
    }

    /// A disk with the same durable and visible content, its own future and no open files.
    public func copy(seed: UInt64) -> SimulatedStorage {
        let twin = SimulatedStorage(seed: seed)
        for name in state.withLock({ $0.entries.keys.sorted() }) {
            if let bytes = contents(of: name) { twin.setContents(of: name, to: bytes) }
        }
        return twin
    }
}

extension SimulatedStorage.State {
    /// Counts a call and lets it pass, or throws what was injected for it.
    mutating func admit(
        _ operation: SimulatedStorage.Operation,
        file: String,
        operation name: String
    ) throws(StorageError) {
        switch operation {
        case .read: counts.reads += 1
        case .write: counts.writes += 1
        case .sync: counts.syncs += 1
        case .names: counts.nameChanges += 1
        case .directorySync: counts.directorySyncs += 1
        }
        if let left = faults.changesBeforePowerCut {
            guard left > 0 else { throw .failed(operation: name, file: file, errorNumber: EIO) }
            if operation != .read { faults.changesBeforePowerCut = left - 1 }
        }
        for index in faults.injected.indices where faults.injected[index].operation == operation {
            let fault = faults.injected[index]
            if fault.callsBefore > 0 {
                faults.injected[index].callsBefore -= 1
                continue
            }
            if !fault.isSticky { faults.injected.remove(at: index) }
            switch fault.error {
            case .inputOutput: throw .failed(operation: name, file: file, errorNumber: EIO)
            case .outOfSpace: throw .outOfSpace(file: file, operation: name)
            }
        }
    }

    /// A sync of a folder's names makes these durable, in their order, and says nothing of others.
    mutating func syncNames(in folder: String) {
        for step in pendingNames where SimulatedStorage.State.folder(of: step) == folder { keep(step) }
        pendingNames.removeAll { SimulatedStorage.State.folder(of: $0) == folder }
    }

    /// A power cut keeps each change of names or loses it.
    mutating func settleNames() {
        for step in pendingNames where random.below(2) == 0 { keep(step) }
        pendingNames.removeAll(keepingCapacity: true)
    }

    private mutating func keep(_ step: [(name: String, inode: SimulatedStorage.Inode?)]) {
        for (name, inode) in step { durableEntries[name] = inode }
    }

    /// Renames stay within a folder.
    private static func folder(of step: [(name: String, inode: SimulatedStorage.Inode?)]) -> String {
        step.first.map { SimulatedStorage.folder(of: $0.name) } ?? ""
    }

    /// Whether the power is still there.
    var isOn: Bool { faults.changesBeforePowerCut != 0 }

    mutating func endProcess() {
        generation += 1
        lockHolders.removeAll()
        exclusiveHolder = nil
        faults = SimulatedStorage.Faults()
    }
}

extension SimulatedStorage.Inode {
    /// Everything written reaches the disk.
    func settleAll() {
        for change in pending { apply(change) }
        pending.removeAll(keepingCapacity: true)
    }

    /// Each change is kept, lost or torn by itself. Of several versions of one sector any may be the one that stays,
    /// which is what reordering can do.
    func settle(using random: inout SplitMix64) {
        for change in pending {
            switch random.below(4) {
            case 0: continue
            case 1: apply(change)
            default: tear(change, using: &random)
            }
        }
        pending.removeAll(keepingCapacity: true)
    }

    private func apply(_ change: SimulatedStorage.PendingChange) {
        switch change {
        case .truncate(let size): if size < durable.count { durable.removeSubrange(size...) }
        case .write(let offset, let bytes): put(bytes[...], at: offset)
        }
    }

    private func tear(_ change: SimulatedStorage.PendingChange, using random: inout SplitMix64) {
        guard case .write(let offset, let bytes) = change else { return }
        var start = 0
        while start < bytes.count {
            let sectorEnd = (offset + start) / SimulatedStorage.sectorBytes * SimulatedStorage.sectorBytes
            let end = min(bytes.count, sectorEnd + SimulatedStorage.sectorBytes - offset)
            if random.next() & 1 == 0 { put(bytes[start..<end], at: offset + start) }
            start = end
        }
    }

    private func put(_ bytes: ArraySlice<UInt8>, at offset: Int) {
        let end = offset + bytes.count
        if durable.count < end { durable.append(contentsOf: repeatElement(0, count: end - durable.count)) }
        durable.withUnsafeMutableBytes { target in
            bytes.withUnsafeBytes {
                UnsafeMutableRawBufferPointer(rebasing: target[offset..<end]).copyMemory(from: $0)
            }
        }
    }
}
