// A directory in memory that loses what a disk may lose.
//
// It keeps two images of every file: what programs see (`live`, the page cache) and what the disk surely holds
// (`durable`), and between them the list of writes since the last sync. A power cut decides for each of those writes,
// by the seed: kept, lost, or torn sector by sector (512 bytes, the unit that disks write whole). Each name created,
// renamed or removed since the last directory sync is likewise kept or lost on its own, so any order that a file system
// could choose is among the outcomes. Everything is a function of the seed and of the calls made.

import Glibc

/// The simulated disk. Safe to call from any thread; results are repeatable if the order of the calls is.
public final class SimulatedStorage: Storage {
    public static let sectorBytes = 512

    let state: Monitor<State>

    /// - Parameter capacityBytes: what all files together may occupy; beyond it, writes fail as on a full disk.
    public init(seed: UInt64, capacityBytes: UInt64 = .max) {
        state = Monitor(State(random: SplitMix64(seed: seed), capacityBytes: capacityBytes))
    }

    struct State {
        var random: SplitMix64
        var capacityBytes: UInt64
        var usedBytes: UInt64 = 0
        /// Counts power cuts and restarts: what was opened before the last one is dead.
        var generation = 0
        var lockHolders: Set<Int> = []
        var exclusiveHolder: Int?
        var nextHolder = 0
        var entries: [String: Inode] = [:]
        var durableEntries: [String: Inode] = [:]
        /// Each step is the assignments that one call made at once; nil is an absent name.
        var pendingNames: [[(name: String, inode: Inode?)]] = []
        var faults = Faults()
        var counts = Counts()
    }

    final class Inode {
        var live: [UInt8] = []
        var durable: [UInt8] = []
        var pending: [PendingChange] = []
    }

    enum PendingChange {
        case write(offset: Int, bytes: [UInt8])
        case truncate(size: Int)
    }

    public func open(_ name: String, creating: Bool) throws(StorageError) -> any StorageFile {
        try openFile(name, creating: creating)
    }

    public func openForReading(_ name: String) throws(StorageError) -> any StorageFile {
        try openFile(name, creating: false)
    }

    private func openFile(_ name: String, creating: Bool) throws(StorageError) -> any StorageFile {
        try state.withLock { (state) throws(StorageError) in
            if let inode = state.entries[name] {
                return SimulatedFile(storage: self, name: name, inode: inode, generation: state.generation)
            }
            guard creating else { throw .notFound(file: name) }
            try state.admit(.names, file: name, operation: "open")
            let inode = Inode()
            state.entries[name] = inode
            state.pendingNames.append([(name, inode)])
            return SimulatedFile(storage: self, name: name, inode: inode, generation: state.generation)
        }
    }

    public func list() throws(StorageError) -> [String] {
        names(in: "")
    }

    public func rename(_ name: String, to newName: String) throws(StorageError) {
        try state.withLock { (state) throws(StorageError) in
            guard let inode = state.entries[name] else { throw .notFound(file: name) }
            try state.admit(.names, file: name, operation: "rename")
            if let replaced = state.entries[newName] { state.usedBytes -= UInt64(replaced.live.count) }
            state.entries[name] = nil
            state.entries[newName] = inode
            state.pendingNames.append([(name, nil), (newName, inode)])
        }
    }

    public func remove(_ name: String) throws(StorageError) {
        try state.withLock { (state) throws(StorageError) in
            guard let inode = state.entries[name] else { throw .notFound(file: name) }
            try state.admit(.names, file: name, operation: "remove")
            state.usedBytes -= UInt64(inode.live.count)
            state.entries[name] = nil
            state.pendingNames.append([(name, nil)])
        }
    }

    public func syncDirectory() throws(StorageError) { try syncNames(in: "") }

    /// The names of files in a folder, without its own; the folder of all others is "".
    func names(in folder: String) -> [String] {
        state.withLock { state in
            let inside = state.entries.keys.filter { SimulatedStorage.folder(of: $0) == folder }
            return inside.map { String($0.dropFirst(folder.count)) }.sorted()
        }
    }

    func syncNames(in folder: String) throws(StorageError) {
        try state.withLock { (state) throws(StorageError) in
            // Where this fails, the names stay undecided: file systems keep them in a journal, which either gets there
            // with the next sync or stops the file system for good. Only data is forgotten.
            try state.admit(.directorySync, file: folder.isEmpty ? "." : folder, operation: "sync")
            state.syncNames(in: folder)
        }
    }

    /// What stands before a file's own name: "", or "files/".
    static func folder(of name: String) -> String {
        name.lastIndex(of: "/").map { String(name[...$0]) } ?? ""
    }

    /// A folder is there always; its files have its name before theirs.
    public func folder(_ name: String, creating: Bool) throws(StorageError) -> any Storage {
        SimulatedFolder(self, prefix: name + "/")
    }

    public func lock(_ mode: StorageLockMode) throws(StorageError) -> any StorageLock {
        try state.withLock { (state) throws(StorageError) in
            guard state.exclusiveHolder == nil, mode == .shared || state.lockHolders.isEmpty else {
                throw .inUse(processID: getpid())
            }
            let holder = state.nextHolder
            state.nextHolder += 1
            state.lockHolders.insert(holder)
            if mode == .exclusive { state.exclusiveHolder = holder }
            return SimulatedLock(storage: self, holder: holder)
        }
    }

    public func freeBytes() throws(StorageError) -> UInt64 {
        state.withLock { $0.capacityBytes > $0.usedBytes ? $0.capacityBytes - $0.usedBytes : 0 }
    }
}

/// A folder of a simulated disk: the power goes for both at once.
private final class SimulatedFolder: Storage {
    private let base: SimulatedStorage
    private let prefix: String

    init(_ base: SimulatedStorage, prefix: String) {
        self.base = base
        self.prefix = prefix
    }

    func open(_ name: String, creating: Bool) throws(StorageError) -> any StorageFile {
        try base.open(prefix + name, creating: creating)
    }
    func openForReading(_ name: String) throws(StorageError) -> any StorageFile {
        try base.openForReading(prefix + name)
    }
    func list() throws(StorageError) -> [String] { base.names(in: prefix) }
    func rename(_ name: String, to newName: String) throws(StorageError) {
        try base.rename(prefix + name, to: prefix + newName)
    }
    func remove(_ name: String) throws(StorageError) { try base.remove(prefix + name) }
    func syncDirectory() throws(StorageError) { try base.syncNames(in: prefix) }
    func lock(_ mode: StorageLockMode) throws(StorageError) -> any StorageLock { try base.lock(mode) }
    func freeBytes() throws(StorageError) -> UInt64 { try base.freeBytes() }
    func folder(_ name: String, creating: Bool) throws(StorageError) -> any Storage {
        SimulatedFolder(base, prefix: prefix + name + "/")
    }
}

private final class SimulatedLock: StorageLock {
    private let storage: SimulatedStorage
    private let holder: Int

    init(storage: SimulatedStorage, holder: Int) {
        self.storage = storage
        self.holder = holder
    }

    func release() {
        storage.state.withLock {
            $0.lockHolders.remove(holder)
            if $0.exclusiveHolder == holder { $0.exclusiveHolder = nil }
        }
    }

    deinit { release() }
}

/// The inode is touched only under the storage's lock.
private final class SimulatedFile: StorageFile, @unchecked Sendable {
    private let storage: SimulatedStorage
    private let name: String
    private let inode: SimulatedStorage.Inode
    private let generation: Int

    init(storage: SimulatedStorage, name: String, inode: SimulatedStorage.Inode, generation: Int) {
        self.storage = storage
        self.name = name
        self.inode = inode
        self.generation = generation
    }

    private func withState<R>(
        _ body: (inout SimulatedStorage.State) throws(StorageError) -> R
    ) throws(StorageError) -> R {
        try storage.state.withLock { (state) throws(StorageError) in
            guard state.generation == generation else {
                throw .failed(operation: "access", file: name, errorNumber: EBADF)
            }
            return try body(&state)
        }
    }

    func read(into bytes: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(StorageError) -> Int {
        try withState { (state) throws(StorageError) in
            try state.admit(.read, file: name, operation: "read")
            guard offset < UInt64(inode.live.count) else { return 0 }
            let start = Int(offset)
            let count = min(bytes.count, inode.live.count - start)
            inode.live.withUnsafeBytes {
                bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[start..<start + count]))
            }
            return count
        }
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(StorageError) {
        guard bytes.count > 0 else { return }
        try withState { (state) throws(StorageError) in
            guard offset <= 1 << 40 else { throw .failed(operation: "write", file: name, errorNumber: EFBIG) }
            let start = Int(offset)
            do throws(StorageError) {
                try state.admit(.write, file: name, operation: "write")
            } catch {
                // A write that fails may have been a short one before. Where the machine is off, nothing is written.
                if state.isOn { put(bytes, count: state.random.below(bytes.count + 1), at: start, &state) }
                throw error
            }
            let end = start + bytes.count
            let growth = UInt64(max(0, end - inode.live.count))
            let free = state.capacityBytes - min(state.usedBytes, state.capacityBytes)
            guard growth <= free else {
                put(bytes, count: max(0, inode.live.count + Int(clamping: free) - start), at: start, &state)
                throw .outOfSpace(file: name, operation: "write")
            }
            put(bytes, count: bytes.count, at: start, &state)
        }
    }

    /// Writes the first `count` bytes.
    private func put(
        _ bytes: UnsafeRawBufferPointer,
        count: Int,
        at start: Int,
        _ state: inout SimulatedStorage.State
    ) {
        guard count > 0 else { return }
        let end = start + count
        let growth = UInt64(max(0, end - inode.live.count))
        // A file that was removed while open occupies nothing that anyone counts here.
        if growth > 0 {
            inode.live.append(contentsOf: repeatElement(0, count: Int(growth)))
            if state.entries[name] === inode { state.usedBytes += growth }
        }
        inode.live.withUnsafeMutableBytes {
            UnsafeMutableRawBufferPointer(rebasing: $0[start..<end]).copyMemory(from: bytes.part(0..<count))
        }
        inode.pending.append(.write(offset: start, bytes: Array(bytes.part(0..<count))))
    }

    func sync() throws(StorageError) {
        try withState { (state) throws(StorageError) in
            do throws(StorageError) {
                try state.admit(.sync, file: name, operation: "sync")
            } catch {
                // What the kernel does: some of the pages reached the disk, all of them count as clean from now on.
                inode.settle(using: &state.random)
                throw error
            }
            inode.settleAll()
        }
    }

    func zeroFill(to size: UInt64) throws(StorageError) {
        let present = try self.size()
        guard size > present else { return }
        let zeros = [UInt8](repeating: 0, count: Int(size - present))
        var failure: StorageError?
        zeros.withUnsafeBytes { buffer in
            do throws(StorageError) { try write(buffer, at: present) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    func truncate(to size: UInt64) throws(StorageError) {
        try withState { (state) throws(StorageError) in
            try state.admit(.write, file: name, operation: "truncate")
            let length = Int(min(size, 1 << 40))
            if length < inode.live.count {
                if state.entries[name] === inode { state.usedBytes -= UInt64(inode.live.count - length) }
                inode.live.removeSubrange(length...)
                inode.pending.append(.truncate(size: length))
            }
        }
    }

    func size() throws(StorageError) -> UInt64 {
        try withState { (_) throws(StorageError) in UInt64(inode.live.count) }
    }
}
