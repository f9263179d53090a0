// The seam between Kith and a disk: a flat directory of files, and nothing else of what an operating system offers.
//
// Everything that the log and the snapshots promise is built from these calls alone, so that a simulated directory can
// cut the power between any two of them. Two rules are part of the contract of every implementation:
// - What was written is safe only after `sync` of the file; a name (created, renamed, removed) is safe only after
//   `syncDirectory`. Before that, each may be there or not after a power cut, independently of one another.
// - After a `sync` that threw, nothing is known about anything written since the last one that did not. It is never
//   repeated, because operating systems report the loss once and then forget it.

/// A flat directory of files. All calls may come from any thread; calls on one file must not race with each other,
/// except reads with reads and with writes to other bytes.
public protocol Storage: AnyObject, Sendable {
    /// Opens a file for reading and writing. Throws `.notFound` where it does not exist and `creating` is false.
    func open(_ name: String, creating: Bool) throws(StorageError) -> any StorageFile
    /// Opens a file for reading only.
    func openForReading(_ name: String) throws(StorageError) -> any StorageFile
    /// The names of all files, sorted.
    func list() throws(StorageError) -> [String]
    /// Gives a file another name and replaces what had that name, atomically.
    func rename(_ name: String, to newName: String) throws(StorageError)
    func remove(_ name: String) throws(StorageError)
    /// Makes all names durable: those created, renamed and removed so far.
    func syncDirectory() throws(StorageError)
    /// Takes the directory for this opener alone until the lock is released or deinitialised. Throws `.inUse`.
    func lock(_ mode: StorageLockMode) throws(StorageError) -> any StorageLock
    /// Bytes that can still be allocated.
    func freeBytes() throws(StorageError) -> UInt64
    /// The flat directory of this name in this one, whose own name is durable when it returns. Throws `.notFound` where it does
    /// not exist and `creating` is false. It has names, and syncs of names, of its own.
    func folder(_ name: String, creating: Bool) throws(StorageError) -> any Storage
}

public enum StorageLockMode: Sendable {
    /// One opener, which reads and writes.
    case exclusive
    /// Several openers, which only read. Creates nothing: a directory that was never locked is not locked now.
    case shared
}

/// Held for as long as the directory is in use.
public protocol StorageLock: AnyObject, Sendable {
    func release()
}

/// An open file.
public protocol StorageFile: AnyObject, Sendable {
    /// Fills `bytes` from `offset` and returns how many were read: fewer than asked only at the end of the file.
    func read(into bytes: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(StorageError) -> Int
    /// Writes all of `bytes` at `offset`, or throws.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(StorageError)
    /// As `write`, for what is written once and not soon read: `bytes` are whole sectors in memory aligned to a page,
    /// `offset` is a multiple of one. The log is written so. An implementation may leave the system's cache out, which
    /// changes no promise: safe after `sync`, and read by `read` at once.
    func write(sectors bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(StorageError)
    /// Returns when every byte written so far, and the size needed to read it, is on the disk. See the rule above.
    func sync() throws(StorageError)
    /// Writes zeros from the present end up to `size`, so that later writes change no metadata (`fallocate` would
    /// leave unwritten extents, whose first write costs a journal commit in every sync).
    func zeroFill(to size: UInt64) throws(StorageError)
    func truncate(to size: UInt64) throws(StorageError)
    func size() throws(StorageError) -> UInt64
    /// A hint that the next read had better come from the disk than from a cache. May do nothing.
    func forgetCached()
}

extension StorageFile {
    public func write(sectors bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(StorageError) {
        try write(bytes, at: offset)
    }

    public func forgetCached() {}
}

/// Why a storage call failed.
public enum StorageError: Error, Hashable, Sendable {
    /// Another opener holds the directory; its process where that is known.
    case inUse(processID: Int32?)
    case notFound(file: String)
    /// The disk, or the quota, is full.
    case outOfSpace(file: String, operation: String)
    /// Any other failure, with the operating system's error number.
    case failed(operation: String, file: String, errorNumber: Int32)
}

extension StorageError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .inUse(let processID?): "the data directory is in use by process \(processID)"
        case .inUse(nil): "the data directory is in use"
        case .notFound(let file): "\(file) does not exist"
        case .outOfSpace(let file, let operation): "no space left on the disk: \(operation) of \(file)"
        case .failed(let operation, let file, let errorNumber):
            "\(operation) of \(file) failed: \(errorDescription(errorNumber))"
        }
    }
}
