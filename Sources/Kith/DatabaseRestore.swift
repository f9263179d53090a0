// A new directory from an old one or from a snapshot file, and the proof that a directory is sound.
//
// Guarantees
// - The source is only read, the target is never overwritten: it is built under another name, verified, and renamed.
// - Both rebuild the records from the bytes, as a start would: what they accept, a start accepts.

import Engine
import Glibc
import Snapshot

/// What a restore did.
public struct RestoreReport: Sendable {
    /// The last transaction in the new directory.
    public var position: Position
    /// When it was executed: microseconds since 1970.
    public var timeMicroseconds: Int64
    /// Records in the new directory.
    public var recordCount: Int
    /// The snapshot that the new directory begins with.
    public var snapshot: SnapshotInfo
    /// Contents of files that records refer to and that the source has not, or not whole: everything else was restored.
    public var missingContents: [Damage]
    /// What reading the old directory found; nil where the source was a snapshot file.
    public var source: RecoveryReport?
}

/// What a verification found.
public struct DatabaseVerification: Sendable {
    /// The files and the log, byte by byte.
    public var directory: VerificationReport
    /// Everything that is not what was written, also where the bytes are whole and contradict each other.
    public var damage: [Damage]
    /// What became of the contents of files.
    public var contents = ContentVerification()
    /// Records that a start would recover; 0 where there is damage.
    public var recordCount = 0
    /// What was verified, where it is a backup and no data directory; `directory` and `contents` are of its last stretch then.
    public var backup: BackupManifest?

    /// Nothing is wrong.
    public var isSound: Bool { damage.isEmpty }
}

extension Database {
    /// Makes a new data directory from a backup, from an old directory's newest good snapshot and log, or from one snapshot
    /// file. The old directory must not be in use; a snapshot file may be, as it never changes.
    ///
    /// - Parameters:
    ///   - source: a backup, a data directory or a snapshot file, whatever it is called.
    ///   - target: a path where there is nothing yet, or an empty directory.
    ///   - point: which state. A snapshot file has one only.
    /// - Complexity: reads the source once, writes and reads the records once more.
    public static func restore(
        from source: String,
        to target: String,
        at point: RestorePoint = .latest,
        options: DatabaseOptions = DatabaseOptions()
    ) throws(DatabaseError) -> RestoreReport {
        let parallel = options.threadCount > 1 ? threadedFor(threads: options.threadCount) : serialFor
        return try makeDirectory(target) { unfinished in
            let (engine, report) = try recover(source, at: point, parallel)
            let snapshot = try build(unfinished, engine, parallel)
            let missing = try copyContents(engine.view, from: source, to: unfinished)
            return RestoreReport(
                position: engine.position,
                timeMicroseconds: engine.timeMicroseconds,
                recordCount: engine.recordCount,
                snapshot: snapshot,
                missingContents: missing,
                source: report
            )
        }
    }

    /// Reads a whole directory, changes nothing, and says what is wrong with it. Throws only what keeps it from looking:
    /// no directory there, in use, written by a newer version.
    public static func verify(
        _ path: String,
        options: DatabaseOptions = DatabaseOptions()
    ) throws(DatabaseError) -> DatabaseVerification {
        let parallel = options.threadCount > 1 ? threadedFor(threads: options.threadCount) : serialFor
        do {
            let storage = try FileStorage(path: path)
            return try verifyBackup(storage, parallel) ?? verify(storage, parallel)
        } catch {
            throw .wrapping(error)
        }
    }

    /// As `verify`, of a data directory or of a view of a backup.
    static func verify(_ storage: any Storage, _ parallel: @escaping ParallelFor) throws -> DatabaseVerification {
        let bytes = try DataDirectory.verify(storage, parallel: parallel)
        var verification = DatabaseVerification(directory: bytes, damage: bytes.damage)
        guard bytes.isSound else { return verification }
        let engine: Engine
        do throws(DatabaseError) {
            engine = try recover(storage, parallel).0
        } catch {
            verification.damage.append(try error.asDamage())
            return verification
        }
        verification.recordCount = engine.recordCount
        verification.contents = try verifyContents(of: engine.view, bytes.snapshots, in: storage, parallel)
        verification.damage += verification.contents.damage
        return verification
    }

    /// The records that a start would recover, without changing anything on the disk: to look at, or to try things out on.
    /// A path without a directory gives an empty organisation.
    package static func readState(
        _ path: String,
        options: DatabaseOptions = DatabaseOptions()
    ) throws(DatabaseError) -> Engine {
        if access(path, F_OK) != 0 { return Engine(schema: options.schema) }
        do {
            return try recover(FileStorage(path: path), threadedFor(threads: options.threadCount)).0
        } catch {
            throw .wrapping(error)
        }
    }

    // MARK: Steps

    /// Makes a directory under another name, and gives it the name `target` when it is complete.
    static func makeDirectory<Report>(
        _ target: String,
        _ body: (_ unfinished: String) throws -> Report
    ) throws(DatabaseError) -> Report {
        let target = withoutTrailingSlashes(target)
        guard isVacant(target) else { throw .occupied(target) }
        let unfinished = target + ".restoring"
        guard isVacant(unfinished) else { throw .occupied(unfinished) }
        do {
            let report = try body(unfinished)
            guard rename(unfinished, target) == 0 else {
                throw DatabaseError.directory(
                    .storage(.failed(operation: "rename", file: unfinished, errorNumber: errno))
                )
            }
            try FileStorage.syncParent(of: target)
            return report
        } catch {
            // What is left has no name that anyone opens; the failure is what is reported.
            discard(unfinished)
            throw error as? DatabaseError ?? .directory(.wrapping(error))
        }
    }

    static func recover(
        _ source: String,
        at point: RestorePoint = .latest,
        _ parallel: @escaping ParallelFor
    ) throws(DatabaseError) -> (Engine, RecoveryReport?) {
        do {
            var status = stat()
            guard stat(source, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
                return try recover(FileStorage(path: source), at: point, parallel)
            }
            guard point == .latest else {
                throw BackupError.outOfReach("a snapshot file holds one state: restore it without naming another")
            }
            let slash = source.lastIndex(of: "/")
            let folder = slash.map { $0 == source.startIndex ? "/" : String(source[..<$0]) } ?? "."
            let name = slash.map { String(source[source.index(after: $0)...]) } ?? source
            let recovery = EngineRecovery(parallel: parallel, buildsAhead: false)
            _ = try DataDirectory.readSnapshot(
                name,
                in: FileStorage(path: folder),
                parallel: parallel,
                sink: recovery.sink
            )
            return (try recovery.finish(), nil)
        } catch {
            throw .wrapping(error)
        }
    }

    /// A state of a data directory or of a backup.
    package static func recover(
        _ storage: any Storage,
        at point: RestorePoint,
        _ parallel: @escaping ParallelFor
    ) throws(DatabaseError) -> (Engine, RecoveryReport?) {
        do {
            let history = try History(storage)
            let (view, limit) = try history.place(of: point)
            let (engine, report) = try recover(view, through: limit, parallel)
            try history.require(engine, at: point)
            return (engine, report)
        } catch {
            throw .wrapping(error)
        }
    }

    private static func recover(
        _ storage: any Storage,
        through limit: Position = .max,
        _ parallel: @escaping ParallelFor
    ) throws(DatabaseError) -> (Engine, RecoveryReport?) {
        do {
            let recovery = EngineRecovery(parallel: parallel, buildsAhead: false)
            let report = try DataDirectory.read(
                storage,
                parallel: parallel,
                sink: recovery.sink,
                replay: { if $0 <= limit { try recovery.replay($0, $1) } },
                endReplay: recovery.endReplay
            )
            return (try recovery.finish(), report)
        } catch {
            throw .wrapping(error)
        }
    }

    /// A directory that begins with the engine's state, proved.
    static func build(
        _ path: String,
        _ engine: Engine,
        _ parallel: @escaping ParallelFor
    ) throws -> SnapshotInfo {
        let storage = try FileStorage(path: path, creating: true)
        var generator = SystemRandomNumberGenerator()
        let snapshot = try DataDirectory.create(
            in: storage,
            id: DirectoryID.random(using: &generator),
            position: engine.position,
            source: ImageSource(EngineImage(engine).prepared()),
            parallel: parallel
        )
        let check = try DataDirectory.verify(storage, parallel: parallel)
        if let damage = check.damage.first { throw DirectoryError.damaged(damage) }
        return snapshot
    }

    private static func discard(_ path: String) {
        for folder in [path + "/files", path] {
            guard let storage = try? FileStorage(path: folder), let names = try? storage.list() else { continue }
            for name in names { try? storage.remove(name) }
            rmdir(folder)
        }
    }

    private static func withoutTrailingSlashes(_ path: String) -> String {
        var path = path
        while path.utf8.count > 1, path.hasSuffix("/") { path.removeLast() }
        return path
    }

    /// Whether there is nothing, or an empty directory. (The rename would refuse anything else as well, only later.)
    private static func isVacant(_ path: String) -> Bool {
        if access(path, F_OK) != 0 { return true }
        guard let stream = opendir(path) else { return false }
        defer { closedir(stream) }
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { return false }
        }
        return true
    }
}

extension DatabaseError {
    static func wrapping(_ error: any Error) -> DatabaseError {
        switch error {
        case let error as DatabaseError: error
        case let error as BackupError: .backup(error)
        case let error as PastError: .past(error)
        case is DirectoryError, is StorageError: .directory(.wrapping(error))
        default: .damaged("\(error)")
        }
    }

    /// The finding that it is; throws itself when it has nothing to do with the bytes.
    fileprivate func asDamage() throws(DatabaseError) -> Damage {
        let consequence = "the records cannot be rebuilt"
        switch self {
        case .directory(.damaged(let damage)): return damage
        case .directory(.entryRejected(let position, let reason)):
            return Damage(file: "log, position \(position)", offset: 0, what: reason, consequence: consequence)
        case .directory(.blockRejected(let key, let reason)):
            return Damage(file: "snapshot, block \(key)", offset: 0, what: reason, consequence: consequence)
        case .damaged(let reason):
            return Damage(file: "snapshot", offset: 0, what: reason, consequence: consequence)
        default: throw self
        }
    }
}

extension Engine {
    var recordCount: Int { view.tables.reduce(0) { $0 + $1.liveCount } }
}
