// Getting a state out of a directory, or out of a snapshot file alone, and into a new directory.
//
// A restored directory is a new one: it has an id and a hash chain of its own, and begins with a snapshot of the restored
// state. So bytes of the old directory can never be mistaken for the new one's, and whatever was damaged stays behind.

extension DataDirectory {
    /// Delivers what a start would recover, and changes nothing. Several readers may do so at once; a directory that is
    /// open is refused.
    ///
    /// - Parameters: as for `open`.
    /// - Throws: as `open` does.
    public static func read(
        _ storage: any Storage,
        parallel: @escaping ParallelFor = serialFor,
        sink: any SnapshotSink,
        replay: EntryBody,
        endReplay: () throws -> Void = {}
    ) throws(DirectoryError) -> RecoveryReport {
        let lock = try take(storage, .shared)
        defer { lock.release() }
        let contents = try DirectoryContents(of: storage)
        guard !contents.isEmpty else { throw .notFound }
        let id = try contents.directoryID(in: storage)
        var recovery = Recovery(storage: storage, id: id, options: DirectoryOptions(), contents: contents)
        _ = try recovery.readState(parallel: parallel, sink: sink, replay: replay, endReplay: endReplay)
        return recovery.report
    }

    /// Delivers the blocks of one snapshot file, whatever it is called and wherever it stands. Needs no lock, because a
    /// snapshot never changes.
    public static func readSnapshot(
        _ name: String,
        in storage: any Storage,
        parallel: @escaping ParallelFor = serialFor,
        sink: any SnapshotSink
    ) throws(DirectoryError) -> SnapshotInfo {
        let reader = try SnapshotReader(name, in: storage, directory: nil)
        try reader.restore(into: sink, parallel: parallel)
        return reader.info
    }

    /// Makes a data directory that begins with a state and closes it again. Throws `.alreadyExists` where there is a log
    /// or a snapshot. Interrupted, it leaves what `open` refuses as damaged.
    ///
    /// - Parameters:
    ///   - id: 16 random bytes, which no other directory has.
    ///   - position: the last transaction in the source's state.
    public static func create(
        in storage: any Storage,
        id: DirectoryID,
        position: UInt64,
        source: any SnapshotSource,
        parallel: @escaping ParallelFor = serialFor
    ) throws(DirectoryError) -> SnapshotInfo {
        let lock = try take(storage, .exclusive)
        defer { lock.release() }
        guard try DirectoryContents(of: storage).isEmpty else { throw .alreadyExists }
        let writer = SnapshotWriter(storage: storage, directory: id, parallel: parallel)
        let anchor = LogAnchor(position: position, hash: id.chainStart)
        let info = try writer.write(position: position, anchor: anchor, source: source)
        do throws(StorageError) {
            try makeFirstSegment(in: storage, id: id, firstPosition: position + 1)
        } catch {
            throw .storage(error)
        }
        return info
    }
}
