import Engine

/// Why a content could not be stored or read.
public enum ContentError: Error, Hashable, Sendable {
    /// Longer than any file may be, or no length at all.
    case impossibleLength(Int64)
    /// As many uploads as may be open are.
    case tooManyUploads(limit: Int)
    /// The upload ended, was given up, or never was.
    case unknownUpload
    /// A piece does not begin where the one before ended, or goes beyond the announced length.
    case wrongPiece(offset: Int64, expected: Int64, lengthBytes: Int64)
    /// Fewer bytes came than were announced.
    case incomplete(received: Int64, lengthBytes: Int64)
    /// The bytes are not those that the hash was made of. Nothing was kept.
    case wrongHash(received: ContentHash, expected: ContentHash)
    /// No such content, or it is not needed any more and was removed.
    case notHeld(ContentHash)
    /// There is no room: the log's is left to it.
    case diskFull(neededBytes: UInt64, freeBytes: UInt64)
    /// The disk failed. Reading goes on; storing only after a start where names could not be made durable.
    case storage(StorageError)
    /// The bytes of a content that is there cannot be read; others may.
    case unreadable(ContentHash, StorageError)
    /// The database is closed.
    case closed
}

extension ContentError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .impossibleLength(let length):
            "A file has 0 to \(FileReference.lengthBytesMax) bytes, not \(length)."
        case .tooManyUploads(let limit): "\(limit) uploads are open, as many as may be."
        case .unknownUpload: "The upload has ended, was given up, or never was."
        case .wrongPiece(let offset, let expected, let length):
            "A piece begins at byte \(offset); byte \(expected) of \(length) comes next."
        case .incomplete(let received, let length): "\(received) of \(length) bytes came."
        case .wrongHash(let received, let expected):
            "The bytes that came have the hash \(received) and not \(expected)."
        case .notHeld(let hash): "There is no content \(hash)."
        case .diskFull(let needed, let free): "The disk is full: \(needed) bytes are needed and \(free) are free."
        case .storage(let error): "The disk failed: \(error)."
        case .unreadable(let hash, let error): "The content \(hash) cannot be read: \(error)."
        case .closed: "The database is closed."
        }
    }
}

extension ContentError {
    /// A storage's error, a full disk by its own name.
    static func wrapping(_ error: StorageError, needed: Int64) -> ContentError {
        if case .outOfSpace = error {
            .diskFull(neededBytes: UInt64(max(0, needed)), freeBytes: 0)
        } else {
            .storage(error)
        }
    }
}
