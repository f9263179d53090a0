// Keeping the quick-find index of a table: called where rows and their other indexes are written, so that a transaction, its
// revert and its replay do the same. A table whose index nobody has asked for pays one look at two optionals.

/// Rows that have changed since a view from which an index is being made.
struct SearchJournal: Sendable {
    private(set) var rows: [UInt32] = []
    private var isNoted: [UInt64] = []

    mutating func note(_ row: Int) {
        let word = row >> 6
        if word >= isNoted.count { isNoted.append(contentsOf: repeatElement(0, count: word + 1 - isNoted.count)) }
        guard isNoted[word] >> UInt64(row & 63) & 1 == 0 else { return }
        isNoted[word] |= 1 << UInt64(row & 63)
        rows.append(UInt32(row))
    }
}

extension Table {
    /// Collects the words of a record; none for a row that is dead or not there.
    func words(ofRow row: Int, into words: inout RecordWords) {
        words.removeAll()
        guard row < rowCount else { return }
        for column in layout.searchedColumns {
            guard let head = head(column, row), head.isValid(row & 8191) else { continue }
            words.add(head.text(row & 8191), field: field(column))
        }
        words.finish()
    }

    /// 0 for the primary name, 1 for other columns.
    @inline(__always)
    func field(_ column: Int) -> UInt8 { column == Int(layout.entity.primaryName.rawValue) ? 0 : 1 }

    /// The record in a row, as postings have it.
    func searchRecord(atRow row: Int) -> UInt64 { recordID(atRow: row).rawValue & Posting.recordMask }

    /// Rows of a batch from which on their postings are entered together.
    private static let batchCountMin = 16

    /// Enters new rows, whose values stand in their columns.
    mutating func insertWords(_ rows: RowSet) {
        if search == nil { return noteWords(rows) }
        var words = RecordWords()
        swap(&words, &searchScratch)
        if rows.count < Table.batchCountMin {
            for index in 0..<rows.count {
                self.words(ofRow: rows[index], into: &words)
                let record = searchRecord(atRow: rows[index])
                search?.replace(RecordWords(), by: words, record: record)
            }
        } else {
            var batch = WordBatch()
            for index in 0..<rows.count {
                self.words(ofRow: rows[index], into: &words)
                let record = searchRecord(atRow: rows[index])
                batch.add(words, record: record)
            }
            search?.insert(batch)
        }
        swap(&words, &searchScratch)
    }

    /// Keeps the words of rows that are about to be changed, for `replaceWords`.
    mutating func keepWords(_ rows: RowSet) {
        if search == nil { return }
        while searchBefore.count < rows.count { searchBefore.append(RecordWords()) }
        for index in 0..<rows.count {
            // Taken out, so that its memory is used again.
            var words = RecordWords()
            swap(&words, &searchBefore[index])
            self.words(ofRow: rows[index], into: &words)
            swap(&words, &searchBefore[index])
        }
    }

    /// Rows whose words are kept for the next update; more are given back.
    private static let keptCountMax = 64

    /// Replaces the words of rows that were changed since `keepWords`.
    mutating func replaceWords(_ rows: RowSet) {
        if search == nil { return noteWords(rows) }
        defer { if searchBefore.count > Table.keptCountMax { searchBefore = [] } }
        var words = RecordWords()
        swap(&words, &searchScratch)
        for index in 0..<rows.count {
            self.words(ofRow: rows[index], into: &words)
            let record = searchRecord(atRow: rows[index])
            search?.replace(searchBefore[index], by: words, record: record)
        }
        swap(&words, &searchScratch)
    }

    /// Takes a row out that is about to end.
    mutating func removeWords(row: Int) {
        if search == nil { return noteWords(RowSet(first: row, count: 1, list: nil)) }
        var words = RecordWords()
        swap(&words, &searchScratch)
        self.words(ofRow: row, into: &words)
        let record = searchRecord(atRow: row)
        search?.replace(words, by: RecordWords(), record: record)
        swap(&words, &searchScratch)
    }

    private mutating func noteWords(_ rows: RowSet) {
        guard searchJournal != nil else { return }
        for index in 0..<rows.count { searchJournal?.note(rows[index]) }
    }
}

extension SearchIndex {
    /// Replaces what a row was in one state of the table by what it is in a later one.
    package mutating func update(row: Int, from old: borrowing Table, to new: borrowing Table) {
        var (before, after) = (RecordWords(), RecordWords())
        old.words(ofRow: row, into: &before)
        new.words(ofRow: row, into: &after)
        let oldRecord = row < old.rowCount ? old.searchRecord(atRow: row) : 0
        let newRecord = row < new.rowCount ? new.searchRecord(atRow: row) : 0
        if oldRecord == newRecord { return replace(before, by: after, record: oldRecord) }
        replace(before, by: RecordWords(), record: oldRecord)
        replace(RecordWords(), by: after, record: newRecord)
    }
}
