import Engine

/// Writes a file of a backup from some offset on, in large pieces, and hashes it from its beginning. One caller at a time.
final class BackupFileWriter {
    private static let pieceBytes = 1 << 20

    private let file: any StorageFile
    private let name: String
    private let hash = SHA256Stream()
    private let memory = AlignedMemory(byteCount: pieceBytes)
    private var held = 0
    private var written: UInt64 = 0

    /// Begins a file anew.
    init(_ name: String, in storage: any Storage) throws(StorageError) {
        self.name = name
        file = try storage.open(name, creating: true)
        try file.truncate(to: 0)
    }

    /// Goes on behind what counts of a file, which is proved on the way. Throws `.damaged` where it is not what it was.
    init(continuing old: BackupFile, in storage: any Storage) throws(DirectoryError) {
        name = old.name
        let isWhole: Bool
        do throws(StorageError) {
            file = try storage.open(old.name, creating: false)
            let proof = SHA256Stream()
            while written < old.bytes {
                let piece = memory.bytes.part(0..<Int(min(UInt64(memory.bytes.count), old.bytes - written)))
                let got = try file.read(into: piece, at: written)
                guard got > 0 else { break }
                let bytes = UnsafeRawBufferPointer(piece.part(0..<got))
                hash.append(bytes)
                proof.append(bytes)
                written += UInt64(got)
            }
            isWhole = written == old.bytes && proof.finish() == old.hash
            // What an interrupted run left behind.
            if isWhole, try file.size() > old.bytes { try file.truncate(to: old.bytes) }
        } catch {
            throw .storage(error)
        }
        guard isWhole else { throw .damaged(BackupFileWriter.damage(old)) }
    }

    static func damage(_ file: BackupFile) -> Damage {
        Damage(
            file: file.name,
            offset: 0,
            what: "its SHA-256 is not the one that the manifest has",
            consequence: "the states that it is needed for cannot be restored from here"
        )
    }

    func append(_ bytes: UnsafeRawBufferPointer) throws(StorageError) {
        var start = 0
        while start < bytes.count {
            let count = min(bytes.count - start, memory.bytes.count - held)
            memory.bytes.part(held..<held + count).copyMemory(from: bytes.part(start..<start + count))
            held += count
            start += count
            if held == memory.bytes.count { try flush() }
        }
    }

    /// Appends zeros.
    func pad(_ count: Int) throws(StorageError) {
        guard count > 0 else { return }
        try append(UnsafeRawBufferPointer(BackupFileWriter.zeros.bytes.part(0..<count)))
    }

    nonisolated(unsafe) private static let zeros: AlignedMemory = {
        let memory = AlignedMemory(byteCount: LogFormat.sectorBytes)
        memory.bytes.zero(0..<memory.bytes.count)
        return memory
    }()

    private func flush() throws(StorageError) {
        let bytes = UnsafeRawBufferPointer(memory.bytes.part(0..<held))
        hash.append(bytes)
        try file.write(bytes, at: written)
        written += UInt64(held)
        held = 0
    }

    /// Makes the bytes durable; the name is for the caller to sync. Call once.
    func finish() throws(StorageError) -> BackupFile {
        try flush()
        try file.sync()
        return BackupFile(name: name, bytes: written, hash: hash.finish())
    }
}
