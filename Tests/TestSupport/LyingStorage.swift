// A directory whose syncs do nothing: what the code would be if someone deleted the call.

import Snapshot

package final class LyingStorage: Storage {
    /// What is not done.
    package enum Lie: Sendable {
        case logSync, snapshotSync, directorySync, contentSync, backupSync
    }

    private let base: any Storage
    private let lie: Lie

    package init(_ base: any Storage, _ lie: Lie) {
        self.base = base
        self.lie = lie
    }

    package func open(_ name: String, creating: Bool) throws(StorageError) -> any StorageFile {
        let file = try base.open(name, creating: creating)
        let isUnsynced =
            switch lie {
            // The spare becomes a segment while it is open, and so gets its groups' syncs under this name.
            case .logSync: name.hasPrefix("spare") || name == "segment.tmp"
            case .snapshotSync: name == "snapshot.tmp"
            case .directorySync: false
            case .contentSync: name.hasPrefix("upload-")
            case .backupSync: name.hasPrefix("log-") || name == "backup.tmp"
            }
        guard isUnsynced else { return file }
        return LyingFile(file)
    }

    package func openForReading(_ name: String) throws(StorageError) -> any StorageFile {
        try base.openForReading(name)
    }
    package func list() throws(StorageError) -> [String] { try base.list() }
    package func rename(_ name: String, to newName: String) throws(StorageError) { try base.rename(name, to: newName) }
    package func remove(_ name: String) throws(StorageError) { try base.remove(name) }
    package func syncDirectory() throws(StorageError) { if lie != .directorySync { try base.syncDirectory() } }
    package func lock(_ mode: StorageLockMode) throws(StorageError) -> any StorageLock { try base.lock(mode) }
    package func freeBytes() throws(StorageError) -> UInt64 { try base.freeBytes() }
    package func folder(_ name: String, creating: Bool) throws(StorageError) -> any Storage {
        LyingStorage(try base.folder(name, creating: creating), lie)
    }
}

private final class LyingFile: StorageFile {
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
