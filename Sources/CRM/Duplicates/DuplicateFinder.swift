// What one record is like, by the keys that are kept.
//
// Guarantees
// - It finds exactly the pairs of this record that a search through all records by the same rules would, with the same reasons and the same
//   omissions: every hit is compared by the values that stand in the table that was given, whatever the index says.
// - What it does is bounded: keys × blockMax records are looked at for a record, and `comparisonsMax` for all that are asked together, each
//   of which counts as ten itself.

import Engine

/// Looks for what records of one entity are like, in one state of their table.
struct DuplicateFinder {
    /// Another record, and the alternatives under which it is alike, in order.
    struct Hit: Equatable {
        var record: RecordID
        var reasons: [DuplicateAnswer.Reason]
    }

    /// What was found for one record.
    struct Found: Equatable {
        /// In order of the records.
        var hits: [Hit] = []
        /// Alternatives under which the record has a key with so many that they were not compared.
        var omissions: [DuplicateAnswer.Reason] = []
    }

    let keys: DuplicateKeys
    private let table: TableView
    private let index: RecordKeyIndex
    private let comparisonsMax: Int
    private var comparisonCount = 0

    /// Comparisons that take as long as making the keys of a record and looking for them.
    private static let recordComparisons = 10

    /// nil where the table has no index of these keys.
    init?(_ keys: DuplicateKeys, in table: TableView, comparisonsMax: Int) {
        guard let index = table.table.recordKeys, index.maker === keys else { return nil }
        (self.keys, self.table, self.index, self.comparisonsMax) = (keys, table, index, comparisonsMax)
    }

    private func values(_ row: Int) -> (compared: [Value], isActive: Bool) {
        keys.split(keys.columns.map { table.value($0, row) })
    }

    /// What the record in a living row is like.
    ///
    /// Throws `limitExceeded` where more would have to be compared than may.
    mutating func find(row: Int) throws(Refusal) -> Found {
        let alternatives = keys.alternatives
        let (own, isActive) = values(row)
        var forms = DuplicateForms(alternatives.columns)
        forms.append(own)
        var found = Found()
        // Rows by their place among the forms, and what is to be asked of them.
        var places: [UInt32: Int] = [:]
        var asked: [(row: UInt32, alternative: Int)] = []
        for alternative in alternatives.list.indices
        where isActive || !alternatives.list[alternative].leavesOutInactive {
            var rows: Set<UInt32> = []
            for key in Set(alternatives.keys(alternative, forms, 0)) {
                let block = index.rows(key, countMax: DuplicateSearch.blockMax + 1)
                if block.count > DuplicateSearch.blockMax {
                    let reason = alternatives.list[alternative].reason
                    if found.omissions.last != reason { found.omissions.append(reason) }
                } else {
                    rows.formUnion(block)
                }
            }
            rows.remove(UInt32(row))
            for other in rows.sorted() { asked.append((other, alternative)) }
        }
        comparisonCount += asked.count + Self.recordComparisons
        guard comparisonCount <= comparisonsMax else { throw tooMany }
        var hits: [RecordID: Hit] = [:]
        for (other, alternative) in asked {
            let place = places[other] ?? forms.rowCount
            if place == forms.rowCount {
                forms.append(values(Int(other)).compared)
                places[other] = place
            }
            guard alternatives.holds(alternative, &forms, 0, place) else { continue }
            let record = table.recordID(atRow: Int(other))
            hits[record, default: Hit(record: record, reasons: [])].reasons.append(
                alternatives.list[alternative].reason
            )
        }
        found.hits = hits.values.sorted { $0.record < $1.record }
        return found
    }

    private var tooMany: Refusal {
        Refusal(
            .limitExceeded,
            entity: table.entity.name,
            "More than \(comparisonsMax) comparisons: too many records have the same values. Ask for fewer records at a "
                + "time, or let the duplicate rules ask for more."
        )
    }
}
