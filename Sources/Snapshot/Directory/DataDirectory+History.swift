// What a directory, or a view of one, holds of the past: for restores of earlier states.

extension DataDirectory {
    /// The position of a snapshot of this name; nil for other names.
    package static func snapshotPosition(ofFile name: String) -> UInt64? { SnapshotFormat.position(ofFile: name) }

    /// The first position of the log; nil where there is no log.
    package static func firstLoggedPosition(in storage: any Storage) throws(StorageError) -> UInt64? {
        try storage.list().compactMap(SegmentName.init).map(\.firstPosition).min()
    }

    /// Delivers the log of a directory that is not in use, from its oldest snapshot on or from its beginning, up to where `body`
    /// throws. An error of `body` is thrown as it is.
    package static func readLog(of storage: any Storage, _ body: EntryBody) throws {
        let lock = try take(storage, .shared)
        defer { lock.release() }
        let contents = try DirectoryContents(of: storage)
        guard !contents.segments.isEmpty else {
            throw contents.isEmpty ? DirectoryError.notFound : .damaged(contents.missingLog)
        }
        let id = try contents.directoryID(in: storage)
        let logStart = contents.segments.map(\.firstPosition).min() ?? 1
        let start = logStart == 1 ? 0 : contents.snapshotPositions.last { $0 + 1 >= logStart } ?? logStart - 1
        let scanner = LogScanner(storage: storage, directory: id, segments: contents.segments)
        var failure: (any Error)?
        do {
            _ = try scanner.scan(after: start) { position, entry in
                do {
                    try body(position, entry)
                } catch {
                    failure = error
                    throw error
                }
            }
        } catch {
            throw failure ?? error
        }
    }
}
