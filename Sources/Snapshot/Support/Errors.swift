// What can go wrong with a data directory, as callers and users see it.

/// Bytes that are not what was written: where, what, and what that means for the data.
public struct Damage: Error, Hashable, Sendable, CustomStringConvertible {
    public let file: String
    /// In bytes from the beginning of the file.
    public let offset: UInt64
    public let what: String
    public let consequence: String

    public init(file: String, offset: UInt64, what: String, consequence: String) {
        self.file = file
        self.offset = offset
        self.what = what
        self.consequence = consequence
    }

    public var description: String { "\(file) at byte \(offset): \(what); \(consequence)" }
}

/// Every refusal of this module.
public enum DirectoryError: Error, Hashable, Sendable {
    case storage(StorageError)
    /// Nothing was changed. A copy of the directory, or of the file named, is needed.
    case damaged(Damage)
    /// Written by a newer version.
    case unsupportedFormat(file: String, version: UInt32)
    /// There is no data directory here.
    case notFound
    /// There is one already.
    case alreadyExists
    /// Refused before anything was executed; works again by itself when there is space.
    case diskFull(neededBytes: UInt64, freeBytes: UInt64)
    /// A write or a sync failed before: nothing more is accepted until the directory is opened anew.
    case halted(StorageError)
    case closed
    /// More is waiting for the disk than the limit; wait for progress.
    case queueFull(limitBytes: Int)
    case batchTooLarge(bytes: Int, limitBytes: Int)
    /// Positions must follow one another.
    case outOfOrder(position: UInt64, expected: UInt64)
    /// The caller's closure refused an entry.
    case entryRejected(position: UInt64, reason: String)
    /// The caller's sink refused a block that was read intact.
    case blockRejected(key: SnapshotBlockKey, reason: String)
    /// A snapshot's source failed or broke its own rules.
    case blockNotEncoded(index: Int, reason: String)
    /// The log begins later than what was asked for.
    case trimmed(firstPosition: UInt64)
    /// A snapshot was asked for at a position that no group has reached yet.
    case notDurable(position: UInt64, durablePosition: UInt64)
}

extension DirectoryError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .storage(let error): error.description
        case .damaged(let damage): "the data directory is damaged: \(damage)"
        case .unsupportedFormat(let file, let version):
            "\(file) has format \(version), which this version of Kith does not read"
        case .notFound: "there is no data directory here"
        case .alreadyExists: "there is a data directory here already"
        case .diskFull(let needed, let free): "the disk is full: \(needed) bytes are needed and \(free) are free"
        case .halted(let error): "the log stopped after a failed write (\(error)); restart to recover"
        case .closed: "the log is closed"
        case .queueFull(let limit): "more than \(limit) bytes wait for the disk"
        case .batchTooLarge(let bytes, let limit): "a batch of \(bytes) bytes is over the limit of \(limit)"
        case .outOfOrder(let position, let expected): "position \(position) came where \(expected) was expected"
        case .entryRejected(let position, let reason): "log entry \(position) cannot be applied: \(reason)"
        case .blockRejected(let key, let reason): "snapshot block \(key) cannot be applied: \(reason)"
        case .blockNotEncoded(let index, let reason): "snapshot block \(index) could not be made: \(reason)"
        case .trimmed(let first): "the log begins at position \(first)"
        case .notDurable(let position, let durable): "position \(position) is not durable yet, only \(durable)"
        }
    }
}
