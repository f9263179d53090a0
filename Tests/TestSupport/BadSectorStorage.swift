// A disk of which one place of one file cannot be read: every read that touches it fails, smaller ones beside it do not.

import Glibc
import Snapshot

package final class BadSectorStorage: Storage {
    private let base: any Storage
    private let file: String
    private let sectors: Range<UInt64>

    /// - Parameter sectors: in bytes.
    package init(_ base: any Storage, _ file: String, unreadable sectors: Range<UInt64>) {
        self.base = base
        self.file = file
        self.sectors = sectors
    }

    private func wrap(_ name: String, _ opened: any StorageFile) -> any StorageFile {
        name == file ? BadSectorFile(opened, name, sectors) : opened
    }

    package func open(_ name: String, creating: Bool) throws(StorageError) -> any StorageFile {
        wrap(name, try base.open(name, creating: creating))
    }
    package func openForReading(_ name: String) throws(StorageError) -> any StorageFile {
        wrap(name, try base.openForReading(name))
    }
    package func list() throws(StorageError) -> [String] { try base.list() }
    package func rename(_ name: String, to newName: String) throws(StorageError) { try base.rename(name, to: newName) }
    package func remove(_ name: String) throws(StorageError) { try base.remove(name) }
    package func syncDirectory() throws(StorageError) { try base.syncDirectory() }
    package func lock(_ mode: StorageLockMode) throws(StorageError) -> any StorageLock { try base.lock(mode) }
    package func freeBytes() throws(StorageError) -> UInt64 { try base.freeBytes() }
    package func folder(_ name: String, creating: Bool) throws(StorageError) -> any Storage {
        try base.folder(name, creating: creating)
    }
}

private final class BadSectorFile: StorageFile {
    private let base: any StorageFile
    private let name: String
    private let sectors: Range<UInt64>

    init(_ base: any StorageFile, _ name: String, _ sectors: Range<UInt64>) {
        self.base = base
        self.name = name
        self.sectors = sectors
    }

    func read(into bytes: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(StorageError) -> Int {
        guard offset >= sectors.upperBound || offset + UInt64(bytes.count) <= sectors.lowerBound else {
            throw .failed(operation: "read", file: name, errorNumber: EIO)
        }
        return try base.read(into: bytes, at: offset)
    }
    func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(StorageError) {
        try base.write(bytes, at: offset)
    }
    func sync() throws(StorageError) { try base.sync() }
    func zeroFill(to size: UInt64) throws(StorageError) { try base.zeroFill(to: size) }
    func truncate(to size: UInt64) throws(StorageError) { try base.truncate(to: size) }
    func size() throws(StorageError) -> UInt64 { try base.size() }
}
