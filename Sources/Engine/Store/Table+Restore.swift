// What one table rebuilds from its columns: the row directory, links and the entries of keys. What comes from a snapshot is
// checked here before anything is built on it.

/// What the ids of a chunk are like.
struct ChunkFacts: Sendable {
    var liveCount = 0
    /// Sequences of the first and the last living row.
    var first: UInt64 = 0
    var last: UInt64 = 0
    /// All ids are of this entity and of origin 0, and their sequences rise with the rows and are close together: as loads
    /// make them.
    var isRun = false
}

extension Table {
    /// Sequences of a run lie within so many pages' worth of numbers, so that a directory for it has pages in use.
    private static let runSpan: UInt64 = 4 * 8192

    /// Only living rows have values: indexes are rebuilt from what is valid.
    func checkedFacts(chunk: Int) throws(DecodeError) -> ChunkFacts {
        guard let live = liveWords(block: chunk) else {
            throw DecodeError("\(entity.name): rows without ids", at: 0)
        }
        let rowsLeft = min(rowCount - chunk * Table.blockRows, Table.blockRows)
        var stray: UInt64 = 0
        for column in layout.columns.indices {
            guard let head = chunks[chunk].head(column) else { continue }
            for word in 0..<Block.validityWords { stray |= head.validity[word] & ~live[word] }
        }
        for word in rowsLeft / 64..<Block.validityWords {
            let inUse: UInt64 = word == rowsLeft / 64 ? (1 << UInt64(rowsLeft & 63)) - 1 : 0
            stray |= live[word] & ~inUse
        }
        guard stray == 0 else { throw DecodeError("\(entity.name): values of rows that do not live", at: 0) }
        return facts(chunk, live)
    }

    private func facts(_ chunk: Int, _ live: UnsafePointer<UInt64>) -> ChunkFacts {
        var facts = ChunkFacts()
        guard let head = chunks[chunk].head(Int(SystemAttribute.identifier.rawValue)) else { return facts }
        // The lowest id of this entity and origin 0 is that of sequence 1.
        var previous = RecordID(entity: entity.id, sequence: 0).rawValue
        let end = RecordID(entity: entity.id, sequence: min(nextSequence, RecordID.sequenceMax)).rawValue
        var isRising = true
        for place in 0..<Table.blockRows where head.isValid(place) {
            let id = UInt64(bitPattern: head.number(place, .id))
            isRising = isRising && id > previous
            previous = id
            if facts.liveCount == 0 { facts.first = RecordID(rawValue: id).sequence }
            facts.liveCount += 1
        }
        facts.last = RecordID(rawValue: previous).sequence
        facts.isRun =
            isRising && facts.liveCount > 0 && previous <= end && facts.last < nextSequence
            && facts.last - facts.first < Table.runSpan
        return facts
    }

    /// Finds the living rows by their ids; the others are free.
    mutating func rebuildDirectory(_ facts: [ChunkFacts]) throws(DecodeError) {
        // Runs that follow one another cannot meet, so that nobody has to look what stands there.
        var last: UInt64 = 0
        var others: [Int] = []
        for (chunk, facts) in facts.enumerated() where facts.liveCount > 0 {
            if facts.isRun, facts.first > last {
                fillDirectory(chunk)
                last = facts.last
            } else {
                others.append(chunk)
            }
        }
        for chunk in others { try enterRows(chunk) }
        liveCount = facts.reduce(0) { $0 + $1.liveCount }
        guard liveCount < rowCount else { return }
        // The lowest free row is taken first.
        for row in (0..<rowCount).reversed() where recordID(atRow: row) == .none {
            freeRows.set(freeCount, UInt32(row))
            freeCount += 1
        }
    }

    /// Enters the rows of a run.
    private mutating func fillDirectory(_ chunk: Int) {
        guard let head = chunks[chunk].head(Int(SystemAttribute.identifier.rawValue)) else { return }
        var page = -1
        var rows = directory.fillablePage(0)
        for place in 0..<Table.blockRows where head.isValid(place) {
            let sequence = Int(RecordID(rawValue: UInt64(bitPattern: head.number(place, .id))).sequence)
            if sequence >> 13 != page {
                page = sequence >> 13
                rows = directory.fillablePage(page)
            }
            rows[sequence & 8191] = UInt32(chunk * Table.blockRows + place)
        }
    }

    /// Enters the rows of a chunk one by one.
    private mutating func enterRows(_ chunk: Int) throws(DecodeError) {
        guard let head = chunks[chunk].head(Int(SystemAttribute.identifier.rawValue)) else { return }
        for place in 0..<Table.blockRows where head.isValid(place) {
            let id = RecordID(rawValue: UInt64(bitPattern: head.number(place, .id)))
            // Also refuses an id of 0, which is nobody's: a row lives by its validity bit and is free by its id.
            guard id.entity == entity.id, id.sequence > 0, self.row(of: id) == Table.noRow else {
                throw DecodeError("\(entity.name): a record twice, or one of another entity", at: 0)
            }
            guard id.origin != 0 || id.sequence < nextSequence else {
                throw DecodeError("\(entity.name): a record beyond the next sequence", at: 0)
            }
            setRow(of: id, UInt32(chunk * Table.blockRows + place))
        }
    }

    // MARK: Indexes

    func rebuiltLink(_ link: Int, _ view: View) throws(DecodeError) -> LinkIndex {
        let (column, entities) = layout.links[link]
        let targets = entities.map { RestoredTarget(view.tables[view.schema.place(of: $0) ?? 0]) }
        var filler = LinkIndexFiller(targetRowCounts: targets.map(\.view.rowCount), pageCount: blockCount)
        for chunk in 0..<blockCount {
            guard let head = chunks[chunk].head(column) else { continue }
            try filler.fill(page: chunk, Table.blockRows) { place throws(DecodeError) in
                guard head.isValid(place) else { return nil }
                let id = RecordID(rawValue: UInt64(bitPattern: head.number(place, .id)))
                guard let ordinal = entities.firstIndex(of: id.entity) else {
                    throw DecodeError("\(entity.name): a lookup to another entity", at: 0)
                }
                let row = targets[ordinal].row(of: id)
                guard row != Table.noRow else { throw DecodeError("\(entity.name): a lookup leads nowhere", at: 0) }
                return (ordinal, row)
            }
        }
        return filler.finish()
    }

    /// The entries of a key for the rows of a chunk.
    func keyEntries(_ key: Int, _ chunk: Int) -> [UInt64] {
        let columns = layout.keyColumns[key]
        let heads = columns.compactMap { chunks[chunk].head($0) }
        guard heads.count == columns.count, !columns.isEmpty else { return [] }
        let first = UInt32(chunk * Table.blockRows)
        var entries: [UInt64] = []
        entries.reserveCapacity(Table.blockRows)
        if columns.count == 1, layout.columns[columns[0]] == .text {
            let (head, collation) = (heads[0], layout.collations[columns[0]])
            for place in 0..<Table.blockRows where head.isValid(place) {
                let hash = combinedHash(0, Table.hash(text: head.text(place), collation))
                entries.append(HashIndex.entry(hash, row: first + UInt32(place)))
            }
            return entries
        }
        for place in 0..<Table.blockRows where heads.allSatisfy({ $0.isValid(place) }) {
            let row = first + UInt32(place)
            if let hash = keyHash(key, row: Int(row)) { entries.append(HashIndex.entry(hash, row: row)) }
        }
        return entries
    }
}

/// The row directory of a table that lookups lead to, without its reference counts.
private struct RestoredTarget {
    let view: TableView
    private let pages: [UnsafeMutablePointer<UInt32>?]

    init(_ view: TableView) {
        self.view = view
        pages = view.table.directory.fillablePages
    }

    @inline(__always)
    func row(of id: RecordID) -> UInt32 {
        guard id.origin == 0 else { return view.row(of: id) }
        let page = Int(id.sequence >> 13)
        guard page < pages.count, let rows = pages[page] else { return Table.noRow }
        return rows[Int(id.sequence & 8191)]
    }
}
