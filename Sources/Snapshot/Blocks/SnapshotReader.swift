// Reads a snapshot and proves each byte of it before anyone builds on it. Sizes are compared with the file before memory
// is allocated; a block that decompresses to another length than the directory says is damage.

package struct SnapshotReader {
    package let name: String
    package let footer: SnapshotFooter
    package let entries: [BlockEntry]
    private let file: any StorageFile

    /// Opens a file and checks header, footer and directory, but not the blocks. `directory` nil takes the
    /// snapshot of any, whatever the file is called.
    package init(_ name: String, in storage: any Storage, directory: DirectoryID?) throws(DirectoryError) {
        self.name = name
        let size: UInt64
        do throws(StorageError) {
            file = try storage.openForReading(name)
            size = try file.size()
        } catch {
            throw .storage(error)
        }
        let least = UInt64(SnapshotFormat.headerBytes + SnapshotFormat.footerBytes)
        guard size >= least, size < 1 << 48 else {
            throw SnapshotReader.damage(name, 0, "the file is \(size) bytes long")
        }
        let header = try SnapshotReader.read(file, name, at: 0, count: SnapshotFormat.headerBytes)
        let headerPosition = try SnapshotReader.checkHeader(header, name, directory)
        let footerOffset = size - UInt64(SnapshotFormat.footerBytes)
        let last = try SnapshotReader.read(file, name, at: footerOffset, count: SnapshotFormat.footerBytes)
        guard let (footer, hash) = SnapshotFooter.decode(UnsafeRawBufferPointer(last.bytes)) else {
            throw SnapshotReader.damage(name, footerOffset, "the footer is damaged, or the file was cut")
        }
        let (directoryBytes, overflow) = footer.blockCount.multipliedReportingOverflow(
            by: UInt64(SnapshotFormat.entryBytes)
        )
        guard !overflow, footer.blockCount <= SnapshotFormat.blockCountLimit, footer.fileBytes == size,
            directoryBytes <= footerOffset,
            footer.directoryOffset == footerOffset - directoryBytes, footer.position == headerPosition,
            footer.directory == DirectoryID(in: UnsafeRawBufferPointer(header.bytes), at: 16),
            footer.anchor.position >= footer.position,
            directory == nil || SnapshotFormat.fileName(position: footer.position) == name
        else { throw SnapshotReader.damage(name, footerOffset, "the footer does not fit the file") }
        let tail = try SnapshotReader.read(
            file,
            name,
            at: footer.directoryOffset,
            count: Int(directoryBytes) + SnapshotFormat.footerBytes
        )
        let hashed = UnsafeRawBufferPointer(tail.bytes.part(0..<Int(directoryBytes) + SnapshotFooter.hashedBytes))
        guard SHA256Digest(of: hashed) == hash else {
            throw SnapshotReader.damage(name, footer.directoryOffset, "the directory's hash does not match")
        }
        self.footer = footer
        entries = try SnapshotReader.entries(UnsafeRawBufferPointer(tail.bytes), footer, name)
    }

    /// The same snapshot with the blocks of one kind only.
    init(_ whole: SnapshotReader, only kind: UInt16) {
        name = whole.name
        footer = whole.footer
        file = whole.file
        entries = whole.entries.filter { $0.key.kind == kind }
    }

    package var info: SnapshotInfo {
        SnapshotInfo(
            position: footer.position,
            blockCount: entries.count,
            fileBytes: footer.fileBytes,
            blockBytes: footer.blockBytes
        )
    }

    private static func checkHeader(
        _ header: AlignedMemory,
        _ name: String,
        _ directory: DirectoryID?
    ) throws(DirectoryError) -> UInt64 {
        let bytes = UnsafeRawBufferPointer(header.bytes)
        guard bytes.load(0, as: UInt64.self) == SnapshotFormat.headerMagic,
            crc32c(bytes.part(12..<SnapshotFormat.headerBytes)) == bytes.load(8, as: UInt32.self)
        else { throw damage(name, 0, "the header is damaged") }
        let version = bytes.load(12, as: UInt32.self)
        guard version == SnapshotFormat.version else { throw .unsupportedFormat(file: name, version: version) }
        let owner = DirectoryID(in: bytes, at: 16)
        guard directory == nil || owner == directory else {
            throw damage(name, 16, "the snapshot belongs to data directory \(owner)")
        }
        return bytes.load(32)
    }

    private static func entries(
        _ bytes: UnsafeRawBufferPointer,
        _ footer: SnapshotFooter,
        _ name: String
    ) throws(DirectoryError) -> [BlockEntry] {
        let count = Int(footer.blockCount)
        var entries: [BlockEntry] = []
        entries.reserveCapacity(count)
        var offset = UInt64(SnapshotFormat.headerBytes)
        for index in 0..<count {
            let start = index * SnapshotFormat.entryBytes
            guard let entry = BlockEntry(bytes.part(start..<start + SnapshotFormat.entryBytes)),
                entry.offset == offset, Int(entry.rawBytes) <= snapshotBlockLimitBytes,
                entry.storedBytes <= entry.rawBytes, entry.codec == .zstd || entry.storedBytes == entry.rawBytes
            else {
                throw damage(name, footer.directoryOffset + UInt64(start), "line \(index) of the directory is wrong")
            }
            offset += UInt64(entry.storedBytes)
            entries.append(entry)
        }
        guard offset == footer.directoryOffset else {
            throw damage(name, footer.directoryOffset, "the blocks do not fill the file")
        }
        return entries
    }

    private static func read(
        _ file: any StorageFile,
        _ name: String,
        at offset: UInt64,
        count: Int
    ) throws(DirectoryError) -> AlignedMemory {
        let memory = AlignedMemory(byteCount: count)
        let got: Int
        do throws(StorageError) { got = try file.read(into: memory.bytes, at: offset) } catch { throw .storage(error) }
        guard got == count else { throw damage(name, offset, "the file ends too early") }
        return memory
    }

    private static func damage(_ name: String, _ offset: UInt64, _ what: String) -> DirectoryError {
        .damaged(
            Damage(
                file: name,
                offset: offset,
                what: what,
                consequence: "this snapshot cannot be used; an older one and the log since then can stand in for it"
            )
        )
    }

    /// Delivers all blocks to a sink.
    package func restore(into sink: any SnapshotSink, parallel: ParallelFor) throws(DirectoryError) {
        do {
            try sink.prepare(entries.map(\.key))
        } catch let error as DirectoryError {
            throw error
        } catch {
            throw .blockRejected(
                key: SnapshotBlockKey(kind: 0, entity: 0, column: 0, index: 0),
                reason: String(describing: error)
            )
        }
        try forEachBlock(parallel: parallel) { (key, bytes) throws(DirectoryError) in
            do {
                try sink.decode(key, bytes)
            } catch {
                throw .blockRejected(key: key, reason: String(describing: error))
            }
        }
        sink.complete()
    }

    /// Reads, checks and decompresses all blocks, from several threads.
    package func forEachBlock(
        parallel: ParallelFor,
        _ body: @escaping @Sendable (SnapshotBlockKey, UnsafeRawBufferPointer) throws(DirectoryError) -> Void
    ) throws(DirectoryError) {
        let compressor = Compressor()
        let failure = FirstFailure()
        let scratch = Monitor<[BlockScratch]>([])
        parallel(entries.count) { index in
            guard !failure.hasFailed else { return }
            let memory = scratch.withLock { $0.popLast() } ?? BlockScratch()
            failure.catching(index) { () throws(DirectoryError) in
                let entry = entries[index]
                try body(entry.key, try load(entry, memory, compressor))
            }
            scratch.withLock { $0.append(memory) }
        }
        try failure.check()
    }

    private func load(
        _ entry: BlockEntry,
        _ scratch: BlockScratch,
        _ compressor: Compressor
    ) throws(DirectoryError) -> UnsafeRawBufferPointer {
        let stored = scratch.stored(Int(entry.storedBytes))
        let got: Int
        do throws(StorageError) {
            got = try file.read(into: stored, at: entry.offset)
        } catch {
            throw .storage(error)
        }
        guard got == stored.count, crc32c(UnsafeRawBufferPointer(stored)) == entry.checksum else {
            throw SnapshotReader.damage(name, entry.offset, "the checksum of block \(entry.key) does not match")
        }
        guard entry.codec == .zstd else { return UnsafeRawBufferPointer(stored) }
        let raw = scratch.raw(Int(entry.rawBytes))
        guard compressor.decompress(UnsafeRawBufferPointer(stored), into: raw) else {
            throw SnapshotReader.damage(name, entry.offset, "block \(entry.key) cannot be decompressed")
        }
        return UnsafeRawBufferPointer(raw)
    }
}

/// Two pieces of memory, used again from block to block. `@unchecked`: one thread at a time has it.
private final class BlockScratch: @unchecked Sendable {
    private var storedMemory = AlignedMemory(byteCount: 64 << 10)
    private var rawMemory = AlignedMemory(byteCount: 64 << 10)

    func stored(_ count: Int) -> UnsafeMutableRawBufferPointer { BlockScratch.take(&storedMemory, count) }
    func raw(_ count: Int) -> UnsafeMutableRawBufferPointer { BlockScratch.take(&rawMemory, count) }

    private static func take(_ memory: inout AlignedMemory, _ count: Int) -> UnsafeMutableRawBufferPointer {
        if memory.bytes.count < count { memory = AlignedMemory(byteCount: count) }
        return memory.bytes.part(0..<count)
    }
}
