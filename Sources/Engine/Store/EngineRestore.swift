// The way back from an image's parts to an engine. Parts come from any thread in any order; `finish` puts them together and
// rebuilds what follows from the columns. Every number is checked before it is used as an index: a snapshot that lies costs
// an error.

import Synchronization

/// Collects the parts of an image. Thread rule: `add` from any thread, `finish` once, after all parts came.
package final class EngineRestore: Sendable {
    private struct Parts {
        var schema: Schema?
        var state: (position: Position, time: Int64, collation: UInt16, results: RequestResults)?
        var tables: [UInt16: (rowCount: Int, nextSequence: UInt64)] = [:]
        var blocks: [(part: ImagePart, block: Block)] = []
        var orders: [ImagePart: [UInt32]] = [:]
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
        case ImagePart.blockKind:
            let block = try Block.decode(from: &reader)
            parts.withLock { $0.blocks.append((part, block)) }
        case ImagePart.orderKind:
            let count = reader.remaining / 4
            let words = try reader.take(count, stride: 4)
            let rows = (0..<count).map { words.loadUnaligned(fromByteOffset: $0 * 4, as: UInt32.self) }
            parts.withLock { $0.orders[part] = rows }
        default: throw DecodeError("unknown part of kind \(part.kind)", at: 0)
        }
        try reader.expectEnd()
    }

    /// Builds the engine. `parallel(count, body)` runs `body` for 0 ..< count, in any order, and returns when all are done.
    package func finish(
        _ parallel: @Sendable (Int, @escaping @Sendable (Int) -> Void) -> Void
    ) throws(DecodeError) -> Engine {
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
        // Every chunk has a block of ids, so that a wrong number of rows cannot claim more memory than blocks came.
        let identifier = UInt32(SystemAttribute.identifier.rawValue)
        let chunkCounts = taken.blocks.reduce(into: [UInt16: Int]()) { counts, element in
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
        for (part, block) in taken.blocks {
            guard let place = schema.place(of: EntityID(part.entity)) else {
                throw DecodeError("unknown entity", at: 0)
            }
            try engine.tables[place].setBlock(Int(part.column), Int(part.index), block)
        }
        for place in engine.tables.indices { try engine.tables[place].rebuildDirectory() }
        try rebuildIndexes(engine, taken.orders, parallel)
        engine.position = state.position
        engine.timeMicroseconds = state.time
        engine.results = state.results
        return engine
    }

    private enum Index: Sendable {
        case link(LinkIndex)
        case key(HashIndex)
        case number(OrderedIndex<UInt64>)
        case text(OrderedIndex<UInt128>)
    }

    private enum Task: Sendable {
        case link(place: Int, link: Int)
        case key(place: Int, key: Int)
        case order(place: Int, column: Int)
    }

    /// Builds every index as a task of its own from the finished columns, then puts them into their tables.
    private func rebuildIndexes(
        _ engine: Engine,
        _ orders: [ImagePart: [UInt32]],
        _ parallel: @Sendable (Int, @escaping @Sendable (Int) -> Void) -> Void
    ) throws(DecodeError) {
        var tasks: [Task] = []
        let view = engine.view
        for (place, table) in view.tables.enumerated() where table.liveCount > 0 {
            for link in table.layout.links.indices { tasks.append(.link(place: place, link: link)) }
            for key in table.layout.keyColumns.indices { tasks.append(.key(place: place, key: key)) }
            for column in table.layout.columns.indices where table.layout.orderedPlaces[column] >= 0 {
                tasks.append(.order(place: place, column: column))
            }
        }
        let results = Mutex([Int: Result<Index, DecodeError>]())
        let list = tasks
        parallel(list.count) { number in
            let built = Result { () throws(DecodeError) -> Index in
                switch list[number] {
                case .link(let place, let link): .link(try view.tables[place].table.rebuiltLink(link, view))
                case .key(let place, let key): .key(view.tables[place].table.rebuiltKey(key))
                case .order(let place, let column): try EngineRestore.order(view.tables[place], column, orders)
                }
            }
            results.withLock { $0[number] = built }
        }
        for (number, result) in results.withLock({ $0 }) {
            switch (list[number], try result.get()) {
            case (.link(let place, let link), .link(let index)): engine.tables[place].links[link] = index
            case (.key(let place, let key), .key(let index)): engine.tables[place].keys[key] = index
            case (.order(let place, let column), .number(let index)):
                engine.tables[place].numberOrders[Int(engine.tables[place].layout.orderedPlaces[column])] = index
            case (.order(let place, let column), .text(let index)):
                engine.tables[place].textOrders[Int(engine.tables[place].layout.orderedPlaces[column])] = index
            default: preconditionFailure("a task gave an index of another kind")
            }
        }
    }

    private static func order(
        _ view: TableView,
        _ column: Int,
        _ orders: [ImagePart: [UInt32]]
    ) throws(DecodeError) -> Index {
        var rows: [UInt32] = []
        var part = ImagePart(
            kind: ImagePart.orderKind,
            entity: view.entity.id.rawValue,
            column: UInt32(column),
            index: 0
        )
        while let run = orders[part] {
            rows.append(contentsOf: run)
            part.index += 1
        }
        let layout = view.layout.columns[column]
        if layout == .text {
            return .text(try view.table.orderedIndex(column, rows) { Collation.prefixKey128($0.text($1)) })
        }
        return .number(try view.table.orderedIndex(column, rows) { ColumnOrder.key($0.number($1, layout)) })
    }
}

extension Table {
    mutating func setBlock(_ column: Int, _ index: Int, _ block: Block) throws(DecodeError) {
        guard column < layout.columns.count, index < chunks.count, block.layout == layout.columns[column] else {
            throw DecodeError("\(entity.name): a block of a column that is not there", at: 0)
        }
        // Places in the attribute's option set; yes/no has two.
        let options = layout.columns[column].strideBytes > 2 ? 0 : max(2, layout.optionValues[column].count)
        if options > 0, block.maximum >= block.minimum, block.minimum < 0 || block.maximum >= options {
            throw DecodeError("\(entity.name): an unknown option", at: 0)
        }
        chunks[index].setBlock(column, block)
    }

    /// Finds the living rows by their ids; the others are free.
    mutating func rebuildDirectory() throws(DecodeError) {
        for chunk in 0..<blockCount { try checkValidity(chunk) }
        var free: [UInt32] = []
        for row in 0..<rowCount {
            let id = recordID(atRow: row)
            if id == .none {
                free.append(UInt32(row))
                continue
            }
            guard id.entity == entity.id, id.sequence > 0, self.row(of: id) == Table.noRow else {
                throw DecodeError("\(entity.name): a record twice, or one of another entity", at: 0)
            }
            guard id.origin != 0 || id.sequence < nextSequence else {
                throw DecodeError("\(entity.name): a record beyond the next sequence", at: 0)
            }
            setRow(of: id, UInt32(row))
            liveCount += 1
        }
        // The lowest free row is taken first.
        for row in free.reversed() {
            freeRows.set(freeCount, row)
            freeCount += 1
        }
    }

    /// Only living rows have values: indexes are rebuilt from what is valid.
    private func checkValidity(_ chunk: Int) throws(DecodeError) {
        guard let live = liveWords(block: chunk) else {
            throw DecodeError("\(entity.name): rows without ids", at: 0)
        }
        let rowsLeft = rowCount - chunk * Table.blockRows
        for column in layout.columns.indices {
            guard let head = chunks[chunk].head(column) else { continue }
            for word in 0..<Block.validityWords {
                let rows = min(max(rowsLeft - word * 64, 0), 64)
                let inUse: UInt64 = rows == 64 ? .max : (1 << UInt64(rows)) - 1
                guard head.validity[word] & ~(live[word] & inUse) == 0 else {
                    throw DecodeError("\(entity.name): values of rows that do not live", at: 0)
                }
            }
        }
    }

    func rebuiltLink(_ link: Int, _ view: View) throws(DecodeError) -> LinkIndex {
        let (column, targets) = layout.links[link]
        var index = LinkIndex(targetCount: targets.count)
        let places = targets.map { view.schema.place(of: $0) ?? 0 }
        for chunk in 0..<blockCount {
            guard let head = chunks[chunk].head(column) else { continue }
            for place in 0..<Table.blockRows where head.isValid(place) {
                let id = RecordID(rawValue: UInt64(bitPattern: head.number(place, .id)))
                guard let ordinal = targets.firstIndex(of: id.entity) else {
                    throw DecodeError("\(entity.name): a lookup to another entity", at: 0)
                }
                let targetRow = view.tables[places[ordinal]].row(of: id)
                guard targetRow != Table.noRow else {
                    throw DecodeError("\(entity.name): a lookup leads nowhere", at: 0)
                }
                index.insert(row: UInt32(chunk * Table.blockRows + place), target: ordinal, targetRow: targetRow)
            }
        }
        return index
    }

    func rebuiltKey(_ key: Int) -> HashIndex {
        let first = layout.keyColumns[key][0]
        let expected = (0..<blockCount).reduce(0) { $0 + (block(first, $1)?.validCount ?? 0) }
        var index = HashIndex(expectedCount: expected)
        for chunk in 0..<blockCount {
            guard let head = chunks[chunk].head(first) else { continue }
            for place in 0..<Table.blockRows where head.isValid(place) {
                let row = chunk * Table.blockRows + place
                if let hash = keyHash(key, row: row) { index.insert(hash, row: UInt32(row)) }
            }
        }
        return index
    }

    func orderedIndex<Key: FixedWidthInteger & UnsignedInteger & Sendable>(
        _ column: Int,
        _ rows: [UInt32],
        key: (BlockHead, Int) -> Key
    ) throws(DecodeError) -> OrderedIndex<Key> {
        var keys: [Key] = []
        keys.reserveCapacity(rows.count)
        let expected = (0..<blockCount).reduce(0) { $0 + (block(column, $1)?.validCount ?? 0) }
        guard expected == rows.count else { throw DecodeError("\(entity.name): an order of other rows", at: 0) }
        for row in rows {
            guard row < rowCount, let head = head(column, Int(row)), head.isValid(Int(row) & 8191) else {
                throw DecodeError("\(entity.name): an order of rows without a value", at: 0)
            }
            let next = key(head, Int(row) & 8191)
            if let last = keys.last, (last, rows[keys.count - 1]) >= (next, row) {
                throw DecodeError("\(entity.name): an order that is none", at: 0)
            }
            keys.append(next)
        }
        return OrderedIndex(sortedKeys: keys, rows: rows)
    }
}
