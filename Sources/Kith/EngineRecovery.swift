import Engine
import Snapshot

/// Gives a snapshot's blocks to the engine that is being restored, and builds the engine when all came: on a thread of its own
/// where that is asked for, so that the log is read and its new segment synced meanwhile.
final class RestoreSink: SnapshotSink {
    private enum Progress {
        case collecting
        case building
        case built(Result<Engine, any Error>)
    }

    private let restore = EngineRestore()
    private let parallel: ParallelFor
    private let buildsAhead: Bool
    private let cancellation: QueryCancellation?
    private let progress = Monitor(Progress.collecting)

    /// - Parameter cancellation: makes the next block fail.
    init(parallel: @escaping ParallelFor, buildsAhead: Bool, cancellation: QueryCancellation?) {
        self.parallel = parallel
        self.buildsAhead = buildsAhead
        self.cancellation = cancellation
    }

    func prepare(_ keys: [SnapshotBlockKey]) throws { restore.reset() }

    func decode(_ key: SnapshotBlockKey, _ bytes: UnsafeRawBufferPointer) throws {
        if let cancellation, cancellation.isCancelled { throw PastError.cancelled }
        try restore.add(ImagePart(key), bytes)
    }

    func complete() {
        guard buildsAhead else { return }
        progress.withLock { $0 = .building }
        startThread { [self] in
            let result = Result { try finish() }
            progress.withLock { $0 = .built(result) }
            progress.wakeAll(.progress)
        }
    }

    private func finish() throws -> Engine {
        let parallel = parallel
        return try restore.finish { count, body in parallel(count, body) }
    }

    /// The engine with the state of the snapshot; an empty one where there was none. Call once.
    func engine() throws -> Engine {
        let ahead = progress.wait(for: .progress) { progress -> Result<Engine, any Error>?? in
            switch progress {
            case .collecting: .some(nil)
            case .building: nil
            case .built(let result): .some(result)
            }
        }
        if let ahead { return try ahead.get() }
        return restore.isEmpty ? Engine(schema: Schema(epoch: 0, entities: [], optionSets: [])) : try finish()
    }
}

/// Takes a snapshot's blocks from an engine's image.
struct ImageSource: SnapshotSource {
    let image: EngineImage

    init(_ image: EngineImage) { self.image = image }

    var blockCount: Int { image.parts.count }

    func encode(block index: Int, into bytes: inout [UInt8]) throws -> SnapshotBlockKey {
        var writer = ByteWriter(capacityBytes: 65_536)
        image.encode(image.parts[index], into: &writer)
        writer.withUnsafeBytes { bytes.append(contentsOf: $0) }
        let part = image.parts[index]
        return SnapshotBlockKey(kind: part.kind, entity: part.entity, column: part.column, index: part.index)
    }

    func isPacked(_ key: SnapshotBlockKey) -> Bool {
        key.kind == ImagePart.blockKind || key.kind == ImagePart.orderKind
    }
}

extension ImagePart {
    init(_ key: SnapshotBlockKey) {
        self.init(kind: key.kind, entity: key.entity, column: key.column, index: key.index)
    }
}

/// Builds the engine while a directory is opened: blocks first, then entries, then `endReplay`, then `finish`. One thread
/// calls the last three.
final class EngineRecovery {
    let sink: RestoreSink
    private var begun: Replay?

    init(parallel: @escaping ParallelFor, buildsAhead: Bool, cancellation: QueryCancellation? = nil) {
        sink = RestoreSink(parallel: parallel, buildsAhead: buildsAhead, cancellation: cancellation)
    }

    /// The first entry comes after the last block.
    private func begin() throws -> Replay {
        if let begun { return begun }
        let started = Replay(try sink.engine())
        begun = started
        return started
    }

    func replay(_ position: Position, _ entry: UnsafeRawBufferPointer) throws {
        let replay = try begin()
        try refusing { () throws(ReplayError) in try replay.replay(entry, position: position) }
    }

    /// All entries came: applies those that are held back. Without any, the engine may still be under construction and
    /// nobody waits for it here.
    func endReplay() throws {
        guard let begun else { return }
        try refusing { () throws(ReplayError) in try begun.finish() }
    }

    /// The engine, after `endReplay`.
    func finish() throws -> Engine {
        let engine = try begin().engine
        begun = nil
        return engine
    }

    /// A refusal may be of an entry that was given earlier.
    private func refusing(_ body: () throws(ReplayError) -> Void) throws(DirectoryError) {
        do throws(ReplayError) {
            try body()
        } catch {
            throw .entryRejected(position: error.position, reason: error.description)
        }
    }
}
