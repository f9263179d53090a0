// One reading of a search text on one table: records in the order of the ranking, until there are enough.
//
// One word: kind by kind and field by field, the words of the index come in order, and of each word the records; whatever
// comes first is ranked first. Several words: level by level (the weakest kind that is allowed), either the records of the word
// that has the fewest are judged by their own words, or those of the first word are walked in order and judged.

/// A search on one table. One thread, used once.
final class TableFind {
    private let table: TableView
    private let entityBits: UInt64
    private let index: SearchIndex
    private let patterns: [Pattern]
    private let visible: [UInt64]?
    private let limit: Int
    private let candidateCountMax: Int
    @exclusivity(unchecked) private var meter: QueryMeter
    @exclusivity(unchecked) private var failure: QueryError?
    @exclusivity(unchecked) private(set) var found: [FoundRecord] = []
    /// Records that are found already.
    @exclusivity(unchecked) private var seen = SeenRecords()
    /// Records that were judged among candidates, and those of them that a later level gives.
    @exclusivity(unchecked) private var judged: Set<UInt64> = []
    @exclusivity(unchecked) private var waiting: [FoundRecord] = []
    @exclusivity(unchecked) private var words = RecordWords()

    init(
        _ table: TableView,
        _ index: SearchIndex,
        _ patterns: [Pattern],
        visible: [UInt64]?,
        limit: Int,
        candidateCountMax: Int,
        _ meter: QueryMeter
    ) {
        self.table = table
        entityBits = UInt64(table.layout.entity.id.rawValue) << 52
        self.index = index
        self.patterns = patterns
        self.visible = visible
        self.limit = limit
        self.candidateCountMax = candidateCountMax
        self.meter = meter
    }

    /// Finds the records, and returns what was used of the budget.
    func run() throws(QueryError) -> QueryMeter {
        let visibleFew = visibleCandidates()
        for level in FindMatch.allCases where found.count < limit {
            if let candidates = visibleFew ?? candidates(level) {
                takeCandidates(candidates, level)
            } else if patterns.count == 1 {
                walkOne(level)
            } else {
                walk(level)
            }
            if let failure { throw failure }
        }
        return meter
    }

    private func id(_ record: UInt64) -> RecordID {
        RecordID(rawValue: entityBits | record)
    }

    /// The row of a record that may be seen; nil when it may not.
    @inline(__always)
    private func visibleRow(_ record: UInt64) -> Int? {
        let row = Int(table.row(of: id(record)))
        return isVisible(row) ? row : nil
    }

    @inline(__always)
    private func isVisible(_ row: Int) -> Bool {
        guard let visible else { return true }
        return row >> 6 < visible.count && visible[row >> 6] >> UInt64(row & 63) & 1 != 0
    }

    /// Counts what was looked at; false when that is too much.
    @inline(__always)
    private func step(_ count: Int) -> Bool {
        do throws(QueryError) {
            try meter.step(count)
            return true
        } catch {
            failure = error
            return false
        }
    }

    // MARK: In order

    /// Calls `body` with every posting that matches a pattern in one way, in the order of the ranking, until it is false;
    /// false then.
    private func forEachPosting(
        _ pattern: Pattern,
        _ kind: FindMatch,
        _ body: (UInt8, UInt32, Posting) -> Bool
    ) -> Bool {
        guard pattern.allows(kind) else { return true }
        var goesOn = true
        for field in 0..<SearchIndex.fieldCount where goesOn {
            let list = index.lists[field]
            goesOn = list.forEachWord(pattern, kind, tick: { step($0) }) { number in
                var hasMore = true
                let low = UInt64(number) << 32
                list.postings.forEach(from: low, through: low | 0xFFFF_FFFF) { key, row in
                    hasMore = step(1) && body(UInt8(field), number, Posting(key: key, row: row))
                    return hasMore
                }
                return hasMore
            }
        }
        return goesOn
    }

    private func walkOne(_ level: FindMatch) {
        // Records of one word come one behind the other, and share its bytes.
        var last: (field: UInt8, number: UInt32, word: [UInt8])?
        _ = forEachPosting(patterns[0], level) { field, number, posting in
            // Where all may be seen, nobody has to ask where the record stands.
            guard visible == nil || visibleRow(posting.record) != nil, seen.insert(posting.record) else { return true }
            if last == nil || last?.number != number || last?.field != field {
                last = (field, number, Array(index.lists[Int(field)].text(number)))
            }
            found.append(
                FoundRecord(
                    level: level,
                    kind: level,
                    field: field,
                    word: last?.word ?? [],
                    rank: posting.rank,
                    record: id(posting.record)
                )
            )
            return found.count < limit
        }
    }

    private func walk(_ level: FindMatch) {
        for kind in FindMatch.allCases where kind <= level && found.count < limit && failure == nil {
            _ = forEachPosting(patterns[0], kind) { _, _, posting in
                guard !seen.contains(posting.record), let row = visibleRow(posting.record) else { return true }
                guard let record = judge(row, posting.record), record.level == level else { return true }
                _ = seen.insert(posting.record)
                found.append(record)
                return found.count < limit
            }
        }
    }

    // MARK: Candidates

    private func judge(_ row: Int, _ record: UInt64) -> FoundRecord? {
        table.table.words(ofRow: row, into: &words)
        return words.judged(patterns, id(record))
    }

    /// The visible records, when they are few.
    private func visibleCandidates() -> [UInt64]? {
        guard let visible else { return nil }
        var records: [UInt64] = []
        var count = 0
        for word in visible { count += word.nonzeroBitCount }
        guard count <= candidateCountMax else { return nil }
        for (place, word) in visible.enumerated() {
            var rest = word
            while rest != 0 {
                let row = place << 6 | rest.trailingZeroBitCount
                rest &= rest - 1
                guard row < table.rowCount else { break }
                let id = table.recordID(atRow: row)
                if id != .none { records.append(id.rawValue & Posting.recordMask) }
            }
        }
        return records
    }

    /// The records that match the pattern with the fewest of them in one of the ways up to a level; nil when each has more
    /// than may be judged, and for a single word, whose records need no judgement.
    private func candidates(_ level: FindMatch) -> [UInt64]? {
        guard patterns.count > 1 else { return nil }
        var fewest: [UInt64]?
        for pattern in patterns where failure == nil {
            let countMax = fewest?.count ?? candidateCountMax
            var records: [UInt64] = []
            var isComplete = true
            for kind in FindMatch.allCases where kind <= level && isComplete {
                isComplete = forEachPosting(pattern, kind) { _, _, posting in
                    records.append(posting.record)
                    return records.count <= countMax
                }
            }
            if isComplete { fewest = records }
        }
        return fewest
    }

    /// Judges candidates that were not judged yet, and takes those of this level in order.
    private func takeCandidates(_ candidates: [UInt64], _ level: FindMatch) {
        for record in candidates where judged.insert(record).inserted {
            guard step(1) else { return }
            guard let row = visibleRow(record), let found = judge(row, record) else { continue }
            waiting.append(found)
        }
        let taken = waiting.filter { $0.level == level && !seen.contains($0.record.rawValue & Posting.recordMask) }
            .sorted(by: <).prefix(limit - found.count)
        for record in taken { _ = seen.insert(record.record.rawValue & Posting.recordMask) }
        found += taken
    }
}
