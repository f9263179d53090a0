// What a restore rebuilds from the columns, in three passes over all tables at once, each spread over all threads:
//
//   1. check chunks, make the leaves of ordered indexes; then, on the caller's thread, fill the row directories
//   2. follow lookups into the link indexes, compute the entries of keys, write entries of ordered indexes to their places
//   3. fill the hash indexes, check that ordered indexes rise
//   4. sort the rows for the indexes over several columns (EngineRestore+Composites)
//
// Long tasks come first in their pass, so that no thread ends up alone with one.

extension EngineRestore {
    /// An ordered index under construction.
    private enum Leaves: Sendable {
        case number(OrderedIndex<UInt64>.Leaves)
        case text(OrderedIndex<UInt128>.Leaves)

        var leafCount: Int {
            switch self {
            case .number(let leaves): leaves.leafCount
            case .text(let leaves): leaves.leafCount
            }
        }

        func isRising(_ leaf: Int) -> Bool {
            switch self {
            case .number(let leaves): leaves.isRising(leaf: leaf)
            case .text(let leaves): leaves.isRising(leaf: leaf)
            }
        }
    }

    /// Names an index of the table at a place: a column, a link or a key.
    private struct Name: Hashable, Sendable {
        var place: Int
        var index: Int
    }

    /// Leaves that are checked as one task: 8,192 entries.
    private static let leavesPerTask = 64

    /// Rebuilds everything but the columns of an engine whose columns are whole.
    static func rebuild(
        _ engine: Engine,
        _ orders: [ImagePart: [UInt8]],
        _ parallel: Parallel
    ) throws(DecodeError) {
        let leaves = try checkChunks(engine, parallel)
        let view = engine.view
        let links = view.tables.enumerated().flatMap { place, table in
            table.liveCount == 0 ? [] : table.layout.links.indices.map { Name(place: place, index: $0) }
        }
        let keys = view.tables.enumerated().flatMap { place, table in
            table.layout.keyColumns.indices.map { Name(place: place, index: $0) }
        }
        let chunkKeys = keys.flatMap { key in
            (0..<view.tables[key.place].blockCount).map { (key: key, chunk: $0) }
        }
        let names = leaves.keys.sorted { ($0.place, $0.index) < ($1.place, $1.index) }
        let chunkOrders = names.flatMap { name in
            (0..<view.tables[name.place].blockCount).map { (name: name, chunk: $0) }
        }

        enum Built: Sendable {
            case link(LinkIndex)
            case entries([UInt64])
            case order
        }
        let orderEnd = links.count + chunkOrders.count
        let built = try gather(orderEnd + chunkKeys.count, parallel) { number throws(DecodeError) -> Built in
            if number < links.count {
                let name = links[number]
                return .link(try view.tables[name.place].table.rebuiltLink(name.index, view))
            }
            if number < orderEnd {
                let (name, chunk) = chunkOrders[number - links.count]
                try fill(leaves[name], view.tables[name.place].table, name.index, chunk, orders)
                return .order
            }
            let (key, chunk) = chunkKeys[number - orderEnd]
            return .entries(view.tables[key.place].table.keyEntries(key.index, chunk))
        }
        var entries: [Name: [[UInt64]]] = [:]
        for (number, part) in built.enumerated() {
            switch part {
            case .link(let index): engine.tables[links[number].place].links[links[number].index] = index
            case .entries(let piece): entries[chunkKeys[number - orderEnd].key, default: []].append(piece)
            case .order: break
            }
        }

        let checks = names.flatMap { name in
            stride(from: 0, to: leaves[name]?.leafCount ?? 0, by: leavesPerTask).map { (name: name, leaf: $0) }
        }
        let pieces = entries
        let hashes = try gather(keys.count + checks.count, parallel) { number throws(DecodeError) -> HashIndex? in
            if number < keys.count { return HashIndex(entries: pieces[keys[number]] ?? []) }
            let (name, first) = checks[number - keys.count]
            guard let order = leaves[name],
                (first..<min(first + leavesPerTask, order.leafCount)).allSatisfy(order.isRising)
            else { throw DecodeError("\(view.tables[name.place].entity.name): an order that is none", at: 0) }
            return nil
        }
        for (key, index) in zip(keys, hashes) {
            if let index { engine.tables[key.place].keys[key.index] = index }
        }
        for (name, order) in leaves {
            let index = Int(view.tables[name.place].layout.orderedPlaces[name.index])
            switch order {
            case .number(let leaves): engine.tables[name.place].numberOrders[index] = OrderedIndex(leaves)
            case .text(let leaves): engine.tables[name.place].textOrders[index] = OrderedIndex(leaves)
            }
        }
        try rebuildComposites(engine, parallel)
    }

    /// The first pass: fills the row directories, and makes the leaves of ordered columns.
    private static func checkChunks(_ engine: Engine, _ parallel: Parallel) throws(DecodeError) -> [Name: Leaves] {
        let view = engine.view
        let columns = view.tables.enumerated().flatMap { place, table in
            table.layout.columns.indices.filter { table.layout.orderedPlaces[$0] >= 0 }
                .map { Name(place: place, index: $0) }
        }
        let chunks = view.tables.enumerated().flatMap { place, table in
            (0..<table.blockCount).map { Name(place: place, index: $0) }
        }
        enum Made: Sendable {
            case leaves(Leaves)
            case facts(ChunkFacts)
        }
        let made = try gather(columns.count + chunks.count, parallel) { number throws(DecodeError) -> Made in
            if number >= columns.count {
                let name = chunks[number - columns.count]
                return .facts(try view.tables[name.place].table.checkedFacts(chunk: name.index))
            }
            let name = columns[number]
            let table = view.tables[name.place]
            let count = (0..<table.blockCount).reduce(0) { $0 + (table.block(name.index, $1)?.validCount ?? 0) }
            return table.layout.columns[name.index] == .text
                ? .leaves(.text(OrderedIndex.Leaves(count: count)))
                : .leaves(.number(OrderedIndex.Leaves(count: count)))
        }
        var leaves: [Name: Leaves] = [:]
        var facts = [[ChunkFacts]](repeating: [], count: view.tables.count)
        for (number, part) in made.enumerated() {
            switch part {
            case .leaves(let made): leaves[columns[number]] = made
            case .facts(let made): facts[chunks[number - columns.count].place].append(made)
            }
        }
        for place in engine.tables.indices { try engine.tables[place].rebuildDirectory(facts[place]) }
        return leaves
    }

    /// Writes the entries of a chunk's values to their places in an ordered index.
    private static func fill(
        _ leaves: Leaves?,
        _ table: borrowing Table,
        _ column: Int,
        _ chunk: Int,
        _ orders: [ImagePart: [UInt8]]
    ) throws(DecodeError) {
        guard let block = table.block(column, chunk), block.validCount > 0 else { return }
        let part = ImagePart(
            kind: ImagePart.orderKind,
            entity: table.entity.id.rawValue,
            column: UInt32(column),
            index: UInt32(chunk)
        )
        guard let bytes = orders[part] else {
            throw DecodeError("\(table.entity.name): values without an order", at: 0)
        }
        let first = UInt32(chunk * Table.blockRows)
        let head = block.head
        let layout = block.layout
        let failure = bytes.withUnsafeBytes { bytes -> DecodeError? in
            do throws(DecodeError) {
                var reader = ByteReader(bytes)
                switch leaves {
                case .text(let leaves):
                    let collation = table.layout.collations[column]
                    let places = try OrderPlaces(from: &reader, count: block.validCount, below: leaves.count)
                    places.forEach(head, prefetch: leaves.prefetch) { row, place in
                        leaves.put(place, collation.prefixKey128(head, row), first + UInt32(row))
                    }
                case .number(let leaves):
                    let places = try OrderPlaces(from: &reader, count: block.validCount, below: leaves.count)
                    places.forEach(head, prefetch: leaves.prefetch) { row, place in
                        leaves.put(place, ColumnOrder.key(head.number(row, layout)), first + UInt32(row))
                    }
                case nil: break
                }
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw failure }
    }

    /// The results of `body` for 0 ..< count, or the failure with the lowest number.
    static func gather<T: Sendable>(
        _ count: Int,
        _ parallel: Parallel,
        _ body: @escaping @Sendable (Int) throws(DecodeError) -> T
    ) throws(DecodeError) -> [T] {
        let results = Gathered<T>(count: count)
        parallel(count) { number in
            results.set(number, Result { () throws(DecodeError) -> T in try body(number) })
        }
        var values: [T] = []
        values.reserveCapacity(count)
        for number in 0..<count { values.append(try results.take(number).get()) }
        return values
    }
}

/// Results of a parallel pass. `@unchecked` because each number is set by one call, and read when all have returned.
private final class Gathered<T: Sendable>: @unchecked Sendable {
    private let results: UnsafeMutableBufferPointer<Result<T, DecodeError>?>

    init(count: Int) {
        results = .allocate(capacity: count)
        results.initialize(repeating: nil)
    }

    deinit {
        results.deinitialize()
        results.deallocate()
    }

    func set(_ number: Int, _ result: Result<T, DecodeError>) { results[number] = result }

    func take(_ number: Int) -> Result<T, DecodeError> {
        guard let result = results[number] else { preconditionFailure("a task of a restore was not run") }
        results[number] = nil
        return result
    }
}
