// Backups (docs/backup.md): of a path, in use or not, and of an open database.

import Engine
import Snapshot

extension Database {
    /// Backs a data directory up, also one that a server or another process has open; each further run copies what is new.
    ///
    /// - Parameters:
    ///   - source: a data directory.
    ///   - target: a backup of the same directory, an empty directory, or a path where there is nothing.
    ///   - options: its clock gives the time of the run, its threads prove snapshots.
    public static func backup(
        _ source: String,
        to target: String,
        options: DatabaseOptions = DatabaseOptions()
    ) throws(DatabaseError) -> BackupReport {
        do {
            let source = try FileStorage(path: source)
            // Nothing is made where there is nothing to back up.
            guard try DataDirectory.exists(in: source) else { throw DirectoryError.notFound }
            return try backup(source, to: FileStorage(path: target, creating: true), options)
        } catch {
            throw .wrapping(error)
        }
    }

    /// Backs this database up, with everything that is durable when this is called. Blocks the calling thread; work goes on.
    public func backup(to target: String) throws(DatabaseError) -> BackupReport {
        do {
            return try Database.backup(directory.storage, to: FileStorage(path: target, creating: true), options)
        } catch {
            throw .wrapping(error)
        }
    }

    /// As `backup(_:to:options:)`, on any storages.
    package static func backup(
        _ source: any Storage,
        to target: any Storage,
        _ options: DatabaseOptions
    ) throws -> BackupReport {
        try Backup.run(
            from: source,
            to: target,
            timeMicroseconds: options.clock(),
            parallel: options.threadCount > 1 ? threadedFor(threads: options.threadCount) : serialFor
        )
    }

    /// Proves every stretch of a backup: bytes against the manifest, then as a data directory; nil where it is no backup.
    package static func verifyBackup(
        _ storage: any Storage,
        _ parallel: @escaping ParallelFor
    ) throws -> DatabaseVerification? {
        guard try BackupManifest.exists(in: storage) else { return nil }
        let lock = try storage.lock(.shared)
        defer { lock.release() }
        do {
            guard let (manifest, damage) = try BackupManifest.ofBackup(in: storage) else { return nil }
            return try verify(manifest, damage, storage, parallel)
        } catch DirectoryError.damaged(let damage) {
            return DatabaseVerification(directory: VerificationReport(), damage: [damage])
        }
    }

    private static func verify(
        _ manifest: BackupManifest,
        _ damagedManifests: [Damage],
        _ storage: any Storage,
        _ parallel: @escaping ParallelFor
    ) throws -> DatabaseVerification {
        var damage = damagedManifests + manifest.damage(in: storage, parallel: parallel)
        var last: DatabaseVerification?
        for stretch in manifest.stretches {
            let verification = try verify(BackupView(storage, stretch), parallel)
            damage += verification.damage.filter { !damage.contains($0) }
            last = verification
        }
        var result = last ?? DatabaseVerification(directory: VerificationReport(), damage: [])
        result.backup = manifest
        result.damage = damage
        return result
    }
}
