// A new directory from whatever can be read of a damaged one.

import Engine
import Snapshot

/// What a salvage did.
public struct DatabaseSalvage: Sendable {
    /// What was found in the damaged directory; what was lost is among it.
    public var directory: SalvageReport
    /// Records in the new directory.
    public var recordCount: Int
    /// Contents of files that records refer to and that cannot be read.
    public var missingContents: [Damage]

    /// Nothing was lost.
    public var isComplete: Bool { directory.losses.isEmpty && missingContents.isEmpty }
}

extension Database {
    /// Makes a new data directory of the newest state that a damaged one still proves, and says what it does not. The source is
    /// only read and must not be in use.
    ///
    /// - Parameter target: a path where there is nothing yet, or an empty directory.
    /// - Throws: `.directory(.damaged)` where there is no state at all, and as `restore` does.
    /// - Complexity: reads the source three times, writes and reads the records once more.
    public static func salvage(
        from source: String,
        to target: String,
        options: DatabaseOptions = DatabaseOptions()
    ) throws(DatabaseError) -> DatabaseSalvage {
        let parallel = options.threadCount > 1 ? threadedFor(threads: options.threadCount) : serialFor
        return try makeDirectory(target) { unfinished in
            var rebuilt: Engine?
            let report = try DataDirectory.salvage(try FileStorage(path: source), parallel: parallel) { attempt in
                let recovery = EngineRecovery(parallel: parallel, buildsAhead: false)
                try attempt.deliver(to: recovery.sink, replay: recovery.replay, endReplay: recovery.endReplay)
                rebuilt = try recovery.finish()
            }
            guard let engine = rebuilt else { throw DirectoryError.notFound }
            _ = try build(unfinished, engine, parallel)
            return DatabaseSalvage(
                directory: report,
                recordCount: engine.recordCount,
                missingContents: try copyContents(engine.view, from: source, to: unfinished)
            )
        }
    }
}
