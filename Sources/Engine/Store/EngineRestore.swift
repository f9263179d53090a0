// The way back from an image's parts to an engine. Parts come from any thread in any order; `finish` puts them together and
// rebuilds what follows from the columns: the row directories (Table+Restore) and the indexes (EngineRestore+Indexes), chunk
// by chunk on all threads. Every number is checked before it is used as an index: a snapshot that lies costs an error.

import Synchronization

/// Collects the parts of an image. Thread rule: `add` from any thread, `finish` once, after all parts came.
package final class EngineRestore: Sendable {
    private struct Parts {
        var schema: Schema?
        var state: (position: Position, time: Int64, collation: UInt16, results: RequestResults)?
        var tables: [UInt16: (rowCount: Int, nextSequence: UInt64)] = [:]
        var numbers: [(part: ImagePart, last: UInt64)] = []
        var blocks: [(part: ImagePart, block: Block)] = []
        var orders: [ImagePart: [UInt8]] = [:]
    }

    private let parts = Mutex(Parts())

    package init() {}

    /// Forgets all parts: another snapshot is tried.
    package func reset() { parts.withLock { $0 = Parts() } }

    /// Whether nothing came.
    package var isEmpty: Bool { parts.withLock { $0.schema == nil && $0.blocks.isEmpty } }

    /// Takes one part's bytes.
    package func add(_ part: ImagePart, _ bytes: UnsafeRawBufferPointer) throws(DecodeError) {
        var reader = ByteReader(bytes)
        switch part.kind {
        case ImagePart.schemaKind:
            let schema = try Schema(from: &reader)
            parts.withLock { $0.schema = schema }
        case ImagePart.stateKind:
            let state = (
                position: try reader.u64(), time: try reader.i64(), collation: try reader.u16(),
                results: try RequestResults(from: &reader)
            )
            guard state.position < Int64.max else { throw DecodeError("position \(state.position)", at: 0) }
            parts.withLock { $0.state = state }
        case ImagePart.tableKind:
            let rowCount = try reader.u64()
            let nextSequence = try reader.u64()
            guard rowCount < UInt64(Limits.rowCountMax), 1...RecordID.sequenceMax + 1 ~= nextSequence else {
                throw DecodeError("\(rowCount) rows, next sequence \(nextSequence)", at: 0)
            }
            parts.withLock { $0.tables[part.entity] = (Int(rowCount), nextSequence) }
        case ImagePart.numberKind:
            let last = try reader.u64()
            guard last <= AutoNumberFormat.numberMax else { throw DecodeError("number \(last)", at: 0) }
            parts.withLock { $0.numbers.append((part, last)) }
        case ImagePart.blockKind:
            let block = try Block.decode(from: &reader)
            parts.withLock { $0.blocks.append((part, block)) }
        case ImagePart.orderKind:
            // Read when its column is whole.
            let places = Array(bytes)
            _ = try reader.take(bytes.count)
            parts.withLock { $0.orders[part] = places }
        case ImagePart.contentsKind:
            // The columns say it too: it is there for those who read nothing else.
            _ = try FileContent.list(from: &reader)
        default: throw DecodeError("unknown part of kind \(part.kind)", at: 0)
        }
        try reader.expectEnd()
    }

    /// Runs `body` for 0 ..< count, in any order and from any threads, and returns when all are done.
    package typealias Parallel = @Sendable (_ count: Int, _ body: @escaping @Sendable (Int) -> Void) -> Void

    /// Builds the engine.
    package func finish(_ parallel: Parallel) throws(DecodeError) -> Engine {
        let taken = parts.withLock { parts in
            let taken = parts
            parts = Parts()
            return taken
        }
        guard let schema = taken.schema, let state = taken.state else {
            throw DecodeError("the snapshot has no schema or no state", at: 0)
        }
        guard state.collation == Collation.version else {
            throw DecodeError("text was ordered by collation \(state.collation), this is \(Collation.version)", at: 0)
        }
        let blocks = try EngineRestore.whole(taken.blocks)
        // Every chunk has a block of ids, so that a wrong number of rows cannot claim more memory than blocks came.
        let identifier = UInt32(SystemAttribute.identifier.rawValue)
        let chunkCounts = blocks.reduce(into: [UInt16: Int]()) { counts, element in
            if element.part.column == identifier { counts[element.part.entity, default: 0] += 1 }
        }
        let engine = Engine(schema: schema)
        for (place, entity) in schema.entities.enumerated() {
            guard let header = taken.tables[entity.id.rawValue] else {
                throw DecodeError("the snapshot has no table \(entity.name)", at: 0)
            }
            guard (header.rowCount + Table.blockRows - 1) / Table.blockRows == chunkCounts[entity.id.rawValue] ?? 0
            else { throw DecodeError("\(entity.name): \(header.rowCount) rows in other blocks", at: 0) }
            engine.tables[place].extendRows(to: header.rowCount)
            engine.tables[place].nextSequence = header.nextSequence
        }
        for (part, last) in taken.numbers {
            guard let place = schema.place(of: EntityID(part.entity)),
                let number = engine.tables[place].layout.autoNumbers.firstIndex(where: { $0.column == Int(part.column) }
                )
            else { throw DecodeError("a number of an attribute that has none", at: 0) }
            engine.tables[place].lastNumbers[number] = last
        }
        for (part, block) in blocks {
            guard let place = schema.place(of: EntityID(part.entity)) else {
                throw DecodeError("unknown entity", at: 0)
            }
            try engine.tables[place].setBlock(Int(part.column), Int(part.index), block)
        }
        try EngineRestore.rebuild(engine, taken.orders, parallel)
        engine.position = state.position
        engine.timeMicroseconds = state.time
        engine.results = state.results
        return engine
    }
}

extension Table {
    /// Puts a block in its place.
    mutating func setBlock(_ column: Int, _ index: Int, _ block: Block) throws(DecodeError) {
        guard column < layout.columns.count, index < chunks.count, block.layout == layout.columns[column] else {
            throw DecodeError("\(entity.name): a block of a column that is not there", at: 0)
        }
        // Codes are places in the attribute's option set, and are used as such unseen later; yes/no has two values.
        if layout.columns[column].strideBytes <= 2, block.maximum >= block.minimum {
            let codeCount = layout.rules[column].isOption ? layout.optionValues[column].count : 2
            guard block.minimum >= 0, block.maximum < codeCount else {
                throw DecodeError("\(entity.name): an unknown option", at: 0)
            }
        }
        chunks[index].setBlock(column, block)
    }
}
