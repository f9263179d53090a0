// Writes a snapshot: blocks are made and compressed in parallel, laid out in the source's order, and streamed.
//
// Work goes in windows of some blocks. One parallel pass writes the window before and makes the next one, so that the
// disk and the processors are busy at the same time; between passes the offsets are handed out in order. The same source
// gives the same bytes with any number of threads. Memory: two windows of about `windowBytes`, raw and compressed.

struct SnapshotWriter {
    let storage: any Storage
    let directory: DirectoryID
    let parallel: ParallelFor

    /// Large enough that starting a pass (some 30 µs) vanishes beside its work (some ms).
    private static let windowBytes = 8 << 20
    private static let windowBlocks = 64
    /// Written but unsynced bytes are bounded, because one sync of gigabytes at the end would hold up the log's syncs.
    private static let syncBytes: UInt64 = 64 << 20

    /// Writes the file under a temporary name, makes it durable and gives it its name, durably.
    func write(position: UInt64, anchor: LogAnchor, source: any SnapshotSource) throws(DirectoryError) -> SnapshotInfo {
        do throws(DirectoryError) {
            return try writeFile(position: position, anchor: anchor, source: source)
        } catch {
            // The failure is what is reported; leftovers are removed at the next start in any case.
            try? storage.remove(SnapshotFormat.temporaryName)
            throw error
        }
    }

    private func writeFile(
        position: UInt64,
        anchor: LogAnchor,
        source: any SnapshotSource
    ) throws(DirectoryError) -> SnapshotInfo {
        let file: any StorageFile
        do throws(StorageError) {
            file = try storage.open(SnapshotFormat.temporaryName, creating: true)
            try file.truncate(to: 0)
            let sector = AlignedMemory(byteCount: SnapshotFormat.headerBytes)
            SnapshotFormat.encodeHeader(directory: directory, position: position, into: sector.bytes)
            try file.write(UnsafeRawBufferPointer(sector.bytes), at: 0)
        } catch {
            throw .storage(error)
        }
        let entries = try writeBlocks(of: source, to: file)
        let directoryOffset =
            entries.last.map { $0.offset + UInt64($0.storedBytes) } ?? UInt64(SnapshotFormat.headerBytes)
        let directoryBytes = entries.count * SnapshotFormat.entryBytes
        let footer = SnapshotFooter(
            directory: directory,
            position: position,
            anchor: anchor,
            directoryOffset: directoryOffset,
            blockCount: UInt64(entries.count),
            fileBytes: directoryOffset + UInt64(directoryBytes + SnapshotFormat.footerBytes),
            blockBytes: entries.reduce(0) { $0 + UInt64($1.rawBytes) }
        )
        let tail = AlignedMemory(byteCount: directoryBytes + SnapshotFormat.footerBytes)
        for (index, entry) in entries.enumerated() {
            let start = index * SnapshotFormat.entryBytes
            entry.encode(into: tail.bytes.part(start..<start + SnapshotFormat.entryBytes))
        }
        let footerBytes = tail.bytes.part(directoryBytes..<tail.bytes.count)
        footer.encodeFields(into: footerBytes)
        let hashed = UnsafeRawBufferPointer(tail.bytes.part(0..<directoryBytes + SnapshotFooter.hashedBytes))
        SnapshotFooter.finish(footerBytes, hash: SHA256Digest(of: hashed))
        do throws(StorageError) {
            try file.write(UnsafeRawBufferPointer(tail.bytes), at: directoryOffset)
            try file.sync()
            try storage.rename(SnapshotFormat.temporaryName, to: SnapshotFormat.fileName(position: position))
            try storage.syncDirectory()
        } catch {
            throw .storage(error)
        }
        return SnapshotInfo(
            position: position,
            blockCount: entries.count,
            fileBytes: footer.fileBytes,
            blockBytes: footer.blockBytes
        )
    }

    private func writeBlocks(
        of source: any SnapshotSource,
        to file: any StorageFile
    ) throws(DirectoryError) -> [BlockEntry] {
        let count = source.blockCount
        guard count <= SnapshotFormat.blockCountLimit else {
            throw .blockNotEncoded(index: count, reason: "more blocks than the limit")
        }
        let compressor = Compressor()
        let failure = FirstFailure()
        var making = (0..<SnapshotWriter.windowBlocks).map { _ in BlockSlot() }
        var writing = (0..<SnapshotWriter.windowBlocks).map { _ in BlockSlot() }
        var writingCount = 0
        var entries: [BlockEntry] = []
        entries.reserveCapacity(count)
        var keys: Set<SnapshotBlockKey> = []
        var offset = UInt64(SnapshotFormat.headerBytes)
        var unsyncedBytes: UInt64 = 0
        var window = 8
        var done = 0
        while done < count || writingCount > 0 {
            let makingCount = min(window, count - done)
            let mustSync = unsyncedBytes >= SnapshotWriter.syncBytes
            let passCount = max(makingCount, writingCount)
            let first = done
            parallel(passCount + (mustSync ? 1 : 0)) { [making, writing, writingCount] index in
                if index == passCount {
                    return failure.catching(.max) { () throws(DirectoryError) in try syncSoFar(file) }
                }
                if index < writingCount {
                    failure.catching(0) { () throws(DirectoryError) in try writing[index].write(to: file) }
                }
                if index < makingCount {
                    failure.catching(first + index) { () throws(DirectoryError) in
                        try making[index].make(first + index, of: source, compressor)
                    }
                }
            }
            try failure.check()
            if mustSync { unsyncedBytes = 0 }
            var rawBytes = 0
            for slot in making[..<makingCount] {
                guard keys.insert(slot.key).inserted else {
                    throw .blockNotEncoded(index: entries.count, reason: "its key \(slot.key) was used before")
                }
                let entry = slot.entry(at: offset)
                entries.append(entry)
                offset += UInt64(entry.storedBytes)
                unsyncedBytes += UInt64(entry.storedBytes)
                rawBytes += Int(entry.rawBytes)
            }
            done += makingCount
            writingCount = makingCount
            swap(&making, &writing)
            if makingCount > 0 {
                let average = max(1, rawBytes / makingCount)
                window = max(2, min(SnapshotWriter.windowBlocks, SnapshotWriter.windowBytes / average))
            }
        }
        return entries
    }

    private func syncSoFar(_ file: any StorageFile) throws(DirectoryError) {
        do throws(StorageError) { try file.sync() } catch { throw .storage(error) }
    }
}

/// The memory of one block on its way. `@unchecked`: in a pass each slot belongs to one index, between passes to the
/// caller.
private final class BlockSlot: @unchecked Sendable {
    private var raw: [UInt8] = []
    private var compressed: [UInt8] = []
    private var compressedBytes: Int?
    private var checksum: UInt32 = 0
    private var offset: UInt64 = 0
    private(set) var key = SnapshotBlockKey(kind: 0, entity: 0, column: 0, index: 0)

    func make(_ index: Int, of source: any SnapshotSource, _ compressor: Compressor) throws(DirectoryError) {
        raw.removeAll(keepingCapacity: true)
        do {
            key = try source.encode(block: index, into: &raw)
        } catch {
            throw .blockNotEncoded(index: index, reason: String(describing: error))
        }
        guard raw.count <= snapshotBlockLimitBytes else {
            throw .blockNotEncoded(index: index, reason: "\(raw.count) bytes are over the limit")
        }
        compressedBytes =
            source.isPacked(key) ? nil : raw.withUnsafeBytes { compressor.compress($0, into: &compressed) }
        checksum = withStored { crc32c($0) }
    }

    private func withStored<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
        guard let compressedBytes else { return raw.withUnsafeBytes(body) }
        return compressed.withUnsafeBytes { body($0.part(0..<compressedBytes)) }
    }

    /// Fixes the block's place and returns its line of the directory.
    func entry(at offset: UInt64) -> BlockEntry {
        self.offset = offset
        return BlockEntry(
            key: key,
            codec: compressedBytes == nil ? .raw : .zstd,
            offset: offset,
            storedBytes: UInt32(compressedBytes ?? raw.count),
            rawBytes: UInt32(raw.count),
            checksum: checksum
        )
    }

    func write(to file: any StorageFile) throws(DirectoryError) {
        let failure = withStored { bytes -> StorageError? in
            do throws(StorageError) {
                try file.write(bytes, at: offset)
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw .storage(failure) }
    }
}

/// Of the failures of a parallel pass, the one with the lowest number: the same with any number of threads.
final class FirstFailure: Sendable {
    private let first = Monitor<(number: Int, error: DirectoryError)?>(nil)

    func catching(_ number: Int, _ body: () throws(DirectoryError) -> Void) {
        do throws(DirectoryError) {
            try body()
        } catch {
            first.withLock { first in
                if let known = first, known.number <= number { return }
                first = (number, error)
            }
        }
    }

    /// Whether a failure makes further work useless.
    var hasFailed: Bool { first.withLock { $0 != nil } }

    func check() throws(DirectoryError) {
        if let failure = first.withLock({ $0 }) { throw failure.error }
    }
}
