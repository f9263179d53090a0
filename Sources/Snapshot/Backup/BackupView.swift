// A stretch of a backup, or the past of a directory, as a directory that can be read: recovery and verification see files
// that count, as far as they count, and need not know that there are others.

/// A directory that only some files of another belong to, each perhaps shorter than it is there. Refuses every change.
package final class BackupView: Storage {
    private let base: any Storage
    /// Lengths of those that are cut; whole files have none.
    private let files: [String: UInt64?]

    /// The files of one stretch.
    ///
    /// - Parameter limit: snapshots of later states are left out.
    package init(_ base: any Storage, _ stretch: BackupStretch, before limit: UInt64 = .max) {
        self.base = base
        var files: [String: UInt64?] = [:]
        for file in stretch.snapshots where SnapshotFormat.position(ofFile: file.name).map({ $0 <= limit }) == true {
            files[file.name] = .some(nil)
        }
        for file in stretch.segments { files[file.name] = file.bytes }
        self.files = files
    }

    /// A directory without the snapshots of states after `limit`.
    package init(_ base: any Storage, before limit: UInt64) throws(StorageError) {
        self.base = base
        var files: [String: UInt64?] = [:]
        for name in try base.list() where SnapshotFormat.position(ofFile: name).map({ $0 > limit }) != true {
            files[name] = .some(nil)
        }
        self.files = files
    }

    package func openForReading(_ name: String) throws(StorageError) -> any StorageFile {
        guard let length = files[name] else { throw .notFound(file: name) }
        let file = try base.openForReading(name)
        guard let length else { return file }
        return try CutFile(file, name, countedBytes: length)
    }

    package func list() throws(StorageError) -> [String] { files.keys.sorted() }
    package func lock(_ mode: StorageLockMode) throws(StorageError) -> any StorageLock { try base.lock(.shared) }
    package func freeBytes() throws(StorageError) -> UInt64 { try base.freeBytes() }
    package func folder(_ name: String, creating: Bool) throws(StorageError) -> any Storage {
        try base.folder(name, creating: false)
    }

    package func open(_ name: String, creating: Bool) throws(StorageError) -> any StorageFile {
        throw BackupView.refused("open", name)
    }
    package func rename(_ name: String, to newName: String) throws(StorageError) {
        throw BackupView.refused("rename", name)
    }
    package func remove(_ name: String) throws(StorageError) { throw BackupView.refused("remove", name) }
    package func syncDirectory() throws(StorageError) { throw BackupView.refused("sync", ".") }

    fileprivate static func refused(_ operation: String, _ name: String) -> StorageError {
        // 30: a read-only file system.
        .failed(operation: operation, file: name, errorNumber: 30)
    }
}

/// A segment as far as it counts, and zeros up to the size that it was made with: what stood there when it was copied, or what a
/// start would make of it.
private final class CutFile: StorageFile {
    private let base: any StorageFile
    private let name: String
    private let countedBytes: UInt64
    private let fileBytes: UInt64

    init(_ base: any StorageFile, _ name: String, countedBytes: UInt64) throws(StorageError) {
        self.base = base
        self.name = name
        self.countedBytes = countedBytes
        let sector = AlignedMemory(byteCount: LogFormat.sectorBytes)
        sector.bytes.zero(0..<sector.bytes.count)
        _ = try base.read(into: sector.bytes, at: 0)
        // A header that is damaged is for the reader to find; it has a size of no more than a segment's either way.
        let made = (try? SegmentHeader.decode(UnsafeRawBufferPointer(sector.bytes)).get().segmentBytes) ?? 0
        fileBytes = max(countedBytes, made)
    }

    func read(into bytes: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(StorageError) -> Int {
        guard offset < fileBytes else { return 0 }
        let count = Int(min(UInt64(bytes.count), fileBytes - offset))
        let counted = offset < countedBytes ? Int(min(UInt64(count), countedBytes - offset)) : 0
        let got = counted > 0 ? try base.read(into: bytes.part(0..<counted), at: offset) : 0
        // A file that is shorter than the manifest says ends there.
        guard got == counted else { return got }
        bytes.zero(counted..<count)
        return count
    }

    func size() throws(StorageError) -> UInt64 {
        let there = try base.size()
        return there < countedBytes ? there : fileBytes
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(StorageError) {
        throw BackupView.refused("write", name)
    }
    func sync() throws(StorageError) { throw BackupView.refused("sync", name) }
    func zeroFill(to size: UInt64) throws(StorageError) { throw BackupView.refused("write", name) }
    func truncate(to size: UInt64) throws(StorageError) { throw BackupView.refused("truncate", name) }
}
