// A directory that is read slowly and from the disk: what looks for rot must neither take the disk from others nor be told what
// the system's cache remembers.

/// How fast something may be read, and whether to go on. Thread rule: any thread.
package final class ReadingPace: Sendable {
    private struct State {
        var isStopped = false
        var bytes: UInt64 = 0
    }

    private let bytesPerSecond: UInt64
    private let state = Monitor(State())

    /// - Parameter bytesPerSecond: 0: as fast as it goes.
    package init(bytesPerSecond: UInt64) { self.bytesPerSecond = bytesPerSecond }

    /// Bytes read so far.
    package var readBytes: UInt64 { state.withLock { $0.bytes } }

    /// Ends all waiting, for good.
    package func stop() {
        state.withLock { $0.isStopped = true }
        state.wakeAll(.progress)
    }

    package var isStopped: Bool { state.withLock { $0.isStopped } }

    /// Returns after so long, or when it was stopped.
    package func rest(milliseconds: Int) {
        _ = state.wait(for: .progress, milliseconds: milliseconds) { $0.isStopped ? () : nil }
    }

    /// Rests for as long as so many bytes take.
    fileprivate func took(_ bytes: Int) {
        state.withLock { $0.bytes += UInt64(bytes) }
        guard bytesPerSecond > 0 else { return }
        rest(milliseconds: Int(clamping: UInt64(bytes) * 1_000 / bytesPerSecond))
    }
}

/// Reads of another storage at a pace. Refuses nothing and changes nothing else.
package final class PacedStorage: Storage {
    private let base: any Storage
    private let pace: ReadingPace

    package init(_ base: any Storage, _ pace: ReadingPace) {
        self.base = base
        self.pace = pace
    }

    package func openForReading(_ name: String) throws(StorageError) -> any StorageFile {
        PacedFile(try base.openForReading(name), pace)
    }
    package func folder(_ name: String, creating: Bool) throws(StorageError) -> any Storage {
        PacedStorage(try base.folder(name, creating: creating), pace)
    }
    package func open(_ name: String, creating: Bool) throws(StorageError) -> any StorageFile {
        try base.open(name, creating: creating)
    }
    package func list() throws(StorageError) -> [String] { try base.list() }
    package func rename(_ name: String, to newName: String) throws(StorageError) { try base.rename(name, to: newName) }
    package func remove(_ name: String) throws(StorageError) { try base.remove(name) }
    package func syncDirectory() throws(StorageError) { try base.syncDirectory() }
    package func lock(_ mode: StorageLockMode) throws(StorageError) -> any StorageLock { try base.lock(mode) }
    package func freeBytes() throws(StorageError) -> UInt64 { try base.freeBytes() }
}

private final class PacedFile: StorageFile {
    private let base: any StorageFile
    private let pace: ReadingPace

    init(_ base: any StorageFile, _ pace: ReadingPace) {
        self.base = base
        self.pace = pace
        base.forgetCached()
    }

    deinit { base.forgetCached() }

    func read(into bytes: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(StorageError) -> Int {
        // 125: the operation was cancelled. Nobody hears of it: whoever stopped it ignores what comes of it.
        if pace.isStopped { throw .failed(operation: "read", file: "", errorNumber: 125) }
        let count = try base.read(into: bytes, at: offset)
        pace.took(count)
        return count
    }
    func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(StorageError) {
        try base.write(bytes, at: offset)
    }
    func sync() throws(StorageError) { try base.sync() }
    func zeroFill(to size: UInt64) throws(StorageError) { try base.zeroFill(to: size) }
    func truncate(to size: UInt64) throws(StorageError) { try base.truncate(to: size) }
    func size() throws(StorageError) -> UInt64 { try base.size() }
}
