// A disk that says "synced" and has done nothing: what the log would be if someone deleted the call.

import Snapshot

/// Drops every sync of the log; all else is the simulated disk's.
final class PowerCutStorage: Storage {
    private let base: SimulatedStorage

    init(droppingLogSyncs base: SimulatedStorage) { self.base = base }

    func open(_ name: String, creating: Bool) throws(StorageError) -> any StorageFile {
        let file = try base.open(name, creating: creating)
        // A spare becomes a segment while it is open, and so gets its groups' syncs under this name.
        return name.hasPrefix("spare") || name == "segment.tmp" ? UnsyncedFile(file) : file
    }

    func openForReading(_ name: String) throws(StorageError) -> any StorageFile { try base.openForReading(name) }
    func list() throws(StorageError) -> [String] { try base.list() }
    func rename(_ name: String, to newName: String) throws(StorageError) { try base.rename(name, to: newName) }
    func remove(_ name: String) throws(StorageError) { try base.remove(name) }
    func syncDirectory() throws(StorageError) { try base.syncDirectory() }
    func lock(_ mode: StorageLockMode) throws(StorageError) -> any StorageLock { try base.lock(mode) }
    func freeBytes() throws(StorageError) -> UInt64 { try base.freeBytes() }
}

private final class UnsyncedFile: StorageFile {
    private let base: any StorageFile

    init(_ base: any StorageFile) { self.base = base }

    func read(into bytes: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(StorageError) -> Int {
        try base.read(into: bytes, at: offset)
    }
    func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(StorageError) {
        try base.write(bytes, at: offset)
    }
    func sync() throws(StorageError) {}
    func zeroFill(to size: UInt64) throws(StorageError) { try base.zeroFill(to: size) }
    func truncate(to size: UInt64) throws(StorageError) { try base.truncate(to: size) }
    func size() throws(StorageError) -> UInt64 { try base.size() }
}
