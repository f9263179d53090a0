// States of the past: of an open database, whose log goes on meanwhile, and of a directory that nobody has open.

import Engine
import Glibc
import Snapshot
import Synchronization

/// The state of the past that was asked about last, kept a while for the next question.
package final class PastKeeping: Sendable {
    /// Someone who looks at a report asks for its next part within a minute.
    static let keptMilliseconds = 60_000

    private struct State {
        /// Keeps it for the next question.
        var kept: PastState?
        /// The last one that was handed out, as long as somebody has it.
        weak var given: PastState?
        var givenPoint = RestorePoint.latest
        var useCount = 0
        var isWatched = false
    }

    private let state = Mutex(State())
    /// Held by whoever rebuilds: one at a time.
    fileprivate let rebuilding = Mutex(())

    fileprivate func find(_ point: RestorePoint) -> PastState? {
        state.withLock { state in
            guard state.givenPoint == point, let given = state.given, given.isFinal else { return nil }
            state.useCount += 1
            return given
        }
    }

    /// What somebody still has, in words.
    fileprivate var inUse: String? { state.withLock { $0.given.map { "position \($0.position)" } } }

    /// Keeps a state, and has it given up when nobody has asked for it for a while.
    fileprivate func keep(_ past: PastState, _ point: RestorePoint) {
        let mustWatch = state.withLock { state in
            state.given = past
            state.givenPoint = point
            state.useCount += 1
            guard past.isFinal else { return false }
            state.kept = past
            defer { state.isWatched = true }
            return !state.isWatched
        }
        guard mustWatch else { return }
        startThread { [weak self] in
            var seen = -1
            while let next = self?.dropUnused(since: seen) {
                seen = next
                usleep(UInt32(PastKeeping.keptMilliseconds) * 1_000)
            }
        }
    }

    /// Gives up what was not used since `count`; otherwise returns how often it has been.
    private func dropUnused(since count: Int) -> Int? {
        state.withLock { state -> (next: Int?, old: PastState?) in
            guard state.kept != nil, state.useCount != count else {
                defer { state.kept = nil }
                state.isWatched = false
                return (nil, state.kept)
            }
            return (state.useCount, nil)
        }.next
    }

    /// Gives up what is kept. Freed outside of the lock.
    func drop() {
        _ = state.withLock { state in
            defer { state.kept = nil }
            return state.kept
        }
    }
}

extension Database {
    /// The records as they were at a moment or after a transaction, as far back as history is kept (docs/history.md). Rebuilt from
    /// disk on the calling task's thread while work goes on, one at a time; the last one is kept for a minute.
    ///
    /// - Throws: `DatabaseError.past` for what is not kept, in the future, or too large (`DatabaseOptions.pastBytesMax`), and when the
    ///   task is cancelled.
    public func asOf(_ point: RestorePoint) async throws -> PastState {
        let position = turn { $0.position }
        try await settle(position)
        let cancellation = QueryCancellation()
        return try await withTaskCancellationHandler {
            try past(point, seeing: position, alone: false, cancellation: cancellation)
        } onCancel: {
            cancellation.cancel()
        }
    }

    /// As `asOf`, with everything up to a position. Blocks the calling thread.
    ///
    /// - Parameters:
    ///   - alone: refuses while somebody still reads rows of another moment, since there is memory for one.
    ///   - cancellation: ends a rebuild that is under way.
    package func past(
        _ point: RestorePoint,
        seeing position: Position,
        alone: Bool,
        cancellation: QueryCancellation? = nil
    ) throws(DatabaseError) -> PastState {
        do throws(DirectoryError) { try directory.queue.waitUntilDurable(position) } catch { throw .directory(error) }
        return try pastKeeping.rebuilding.withLock { (_) throws(DatabaseError) in
            // Others may have had their turn first.
            if let cancellation, cancellation.isCancelled { throw .past(.cancelled) }
            if let found = pastKeeping.find(point) { return found }
            pastKeeping.drop()
            if alone, let other = pastKeeping.inUse { throw .past(.inUse(other)) }
            let past = try rebuild(point, cancellation)
            pastKeeping.keep(past, point)
            return past
        }
    }

    private func rebuild(
        _ point: RestorePoint,
        _ cancellation: QueryCancellation?
    ) throws(DatabaseError) -> PastState {
        var attempt = 0
        while true {
            attempt += 1
            let source = directory.past
            do {
                return try PastState.rebuild(
                    point,
                    from: source,
                    times: snapshotTimes,
                    now: options.clock(),
                    limitBytes: options.pastBytesMax,
                    cancellation: cancellation,
                    // On one thread: others have the processors.
                    serialFor
                )
            } catch {
                // A block that was not taken looks like a damaged one to whoever read it.
                if let cancellation, cancellation.isCancelled { throw .past(.cancelled) }
                // A snapshot that ended meanwhile may have given up what was read.
                if error is DirectoryError, directory.past != source, attempt < 3 { continue }
                throw .wrapping(error)
            }
        }
    }

    /// As `asOf`, of a directory that nobody has open; changes nothing in it, and has no limit but the memory.
    public static func asOf(
        _ point: RestorePoint,
        in path: String,
        options: DatabaseOptions = DatabaseOptions()
    ) throws(DatabaseError) -> PastState {
        do { return try asOf(point, in: FileStorage(path: path), options: options) } catch { throw .wrapping(error) }
    }

    /// As `asOf(_:in:options:)`, on any storage.
    package static func asOf(
        _ point: RestorePoint,
        in storage: any Storage,
        options: DatabaseOptions
    ) throws -> PastState {
        if try BackupManifest.exists(in: storage) { throw BackupError.isBackup }
        let parallel = options.threadCount > 1 ? threadedFor(threads: options.threadCount) : serialFor
        return try DataDirectory.withPast(of: storage) { source in
            try PastState.rebuild(
                point,
                from: source,
                times: SnapshotTimes(),
                now: options.clock(),
                limitBytes: .max,
                parallel
            )
        }
    }
}

/// What is kept of the past.
public struct HistoryFigures: Sendable, Hashable {
    /// For how long it is to be kept; 0: no longer than recovery needs it.
    public var keptSeconds: Int64
    /// States from this position on can be rebuilt; 0: all.
    public var sincePosition: Position
    /// When that state came into being, microseconds since 1970; nil from the beginning, or where it cannot be read.
    public var sinceMicroseconds: Int64?
    /// Snapshots that are kept.
    public var snapshotCount: Int
}

extension Database {
    /// What is kept of the past. Reads a block of a snapshot the first time.
    public var historyFigures: HistoryFigures {
        let source = directory.past
        let first = source.firstPosition
        return HistoryFigures(
            keptSeconds: keptHistorySeconds,
            sincePosition: first,
            sinceMicroseconds: first == 0 ? nil : snapshotTimes.time(of: first, in: source),
            snapshotCount: source.snapshots.count
        )
    }
}
