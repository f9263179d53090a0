import Engine
import Snapshot

/// Gives a snapshot's blocks to the engine that is being restored.
final class RestoreSink: SnapshotSink {
    let restore = EngineRestore()

    func prepare(_ keys: [SnapshotBlockKey]) throws { restore.reset() }

    func decode(_ key: SnapshotBlockKey, _ bytes: UnsafeRawBufferPointer) throws {
        try restore.add(ImagePart(key), bytes)
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
}

extension ImagePart {
    init(_ key: SnapshotBlockKey) {
        self.init(kind: key.kind, entity: key.entity, column: key.column, index: key.index)
    }
}

/// Builds the engine while a directory is opened: blocks first, then entries. One thread calls `replay`.
final class EngineRecovery {
    let sink = RestoreSink()
    private let parallel: ParallelFor
    private var engine: Engine?

    init(parallel: @escaping ParallelFor) { self.parallel = parallel }

    /// The first entry comes after the last block.
    private func begin() throws -> Engine {
        if let engine { return engine }
        let parallel = parallel
        let begun =
            sink.restore.isEmpty
            ? Engine(schema: Schema(epoch: 0, entities: [], optionSets: []))
            : try sink.restore.finish { count, body in parallel(count, body) }
        engine = begun
        return begun
    }

    func replay(_ position: Position, _ entry: UnsafeRawBufferPointer) throws {
        try begin().replay(entry, position: position)
    }

    func finish() throws -> Engine {
        let finished = try begin()
        engine = nil
        return finished
    }
}
