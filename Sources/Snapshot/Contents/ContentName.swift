// Names of files in the folder `files`: `<hash>-<length>` for a content, `upload-<number>` while one is being written.
//
// The length in the name makes a listing enough to know what is there and how large it is: a start with a million contents
// opens none of them. It also shows a file that was cut short without reading it.

import Engine

enum ContentName {
    static let folder = "files"
    private static let uploadPrefix = "upload-"

    static func text(_ content: FileContent) -> String { "\(content.hash)-\(content.lengthBytes)" }

    /// As it is called from the data directory: for messages.
    static func path(_ content: FileContent) -> String { "\(folder)/\(text(content))" }

    static func upload(_ number: UInt64) -> String { uploadPrefix + String(number) }

    static func isUpload(_ name: String) -> Bool { name.hasPrefix(uploadPrefix) }

    /// The content that a file of this name holds; nil for other names.
    static func content(_ name: String) -> FileContent? {
        let parts = name.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let hash = ContentHash(parts[0].utf8), let length = Int64(parts[1]), length >= 0,
            String(length) == parts[1]
        else { return nil }
        return FileContent(hash: hash, lengthBytes: length)
    }
}
