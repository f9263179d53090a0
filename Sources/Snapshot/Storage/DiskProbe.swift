// What a directory's disk does, tried out: for whoever wants to know before the data are on it.

import Glibc

/// Measures a file system with a file that is gone when it is done.
package struct DiskProbe: Sendable {
    /// Syncs that are timed: a third of a second where each takes 5 ms.
    private static let syncCount = 64
    private static let pageBytes = 4096

    /// How long the sync of a page takes that was written into a file of full size, as the log does it.
    package private(set) var syncs = LatencyFigures()
    /// Whether the file system takes writes past the system's cache.
    package private(set) var takesDirectWrites = false
    /// What can still be allocated.
    package private(set) var freeBytes: UInt64 = 0

    /// Tries out the directory at `path`, which has to be writable.
    package init(path: String) throws(StorageError) {
        let storage = try FileStorage(path: path)
        let name = ".kith-doctor-\(getpid())"
        let file = try storage.open(name, creating: true)
        defer { try? storage.remove(name) }
        freeBytes = try storage.freeBytes()
        let times = LatencyHistogram()
        try file.zeroFill(to: UInt64(DiskProbe.syncCount * DiskProbe.pageBytes))
        try file.sync()
        let page = AlignedMemory(byteCount: DiskProbe.pageBytes)
        page.bytes.zero(0..<page.bytes.count)
        for index in 0..<DiskProbe.syncCount {
            try file.write(sectors: UnsafeRawBufferPointer(page.bytes), at: UInt64(index * DiskProbe.pageBytes))
            try times.measuring { () throws(StorageError) in try file.sync() }
        }
        syncs = times.figures
        takesDirectWrites = (file as? DiskFile)?.writesDirectly ?? false
    }
}
