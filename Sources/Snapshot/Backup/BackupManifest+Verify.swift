// Whether a backup's files are still what was written: every byte that counts is read and hashed.

import Engine
import Synchronization

extension BackupManifest {
    /// The newest good manifest of a backup with what is wrong with newer ones; nil where the directory is no backup.
    package static func ofBackup(
        in storage: any Storage
    ) throws(DirectoryError) -> (manifest: BackupManifest, damage: [Damage])? {
        try newest(in: storage)
    }

    /// The files whose bytes are not what they were, or that are missing.
    package func damage(in storage: any Storage, parallel: ParallelFor) -> [Damage] {
        var longest: [String: BackupFile] = [:]
        for file in stretches.flatMap({ $0.snapshots + $0.segments }) {
            if longest[file.name].map({ $0.bytes < file.bytes }) ?? true { longest[file.name] = file }
        }
        let files = longest.values.sorted { $0.name < $1.name }
        let found = Mutex<[Int: Damage]>([:])
        parallel(files.count) { index in
            guard let damage = BackupManifest.damage(files[index], in: storage) else { return }
            found.withLock { $0[index] = damage }
        }
        let damaged = found.withLock { $0 }
        return damaged.keys.sorted().compactMap { damaged[$0] }
    }

    private static func damage(_ expected: BackupFile, in storage: any Storage) -> Damage? {
        let memory = AlignedMemory(byteCount: 1 << 20)
        let hash = SHA256Stream()
        var offset: UInt64 = 0
        do throws(StorageError) {
            let file = try storage.openForReading(expected.name)
            while offset < expected.bytes {
                let piece = memory.bytes.part(0..<Int(min(UInt64(memory.bytes.count), expected.bytes - offset)))
                let got = try file.read(into: piece, at: offset)
                guard got > 0 else { break }
                hash.append(UnsafeRawBufferPointer(piece.part(0..<got)))
                offset += UInt64(got)
            }
        } catch {
            return Damage(
                file: expected.name,
                offset: offset,
                what: error.description,
                consequence: "the states that it is needed for cannot be restored from here"
            )
        }
        return offset == expected.bytes && hash.finish() == expected.hash ? nil : BackupFileWriter.damage(expected)
    }
}
