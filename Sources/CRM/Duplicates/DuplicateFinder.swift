// What one record is like, by the keys that are kept.
//
// Guarantees
// - It finds the pairs of this record that a search through all records by the same rules would, with the same reasons and the same omissions,
//   the first `hitsMax` of them in the order of the records: every hit is compared by the values that stand in the table that was given,
//   whatever the index says.
// - What it does is bounded: `workMax` for all records that are asked together. Counted is each entry of the index that is looked at, before it
//   is, and for each record whose forms are made ten and one for each 256 bytes of these. A key with too many records is looked at
//   once, and forms are made once, while they do not become too many to hold.

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
        /// In order of the records, `hitsMax` at most.
        var hits: [Hit] = []
        /// Alternatives under which the record has a key with so many that they were not compared.
        var omissions: [DuplicateAnswer.Reason] = []
    }

    /// Hits of one record that are looked for: one more than an answer has, so that it can say so.
    static let hitsMax = DuplicateReport.hitsPerRecordMax + 1
    /// Bytes of forms that are kept from one record to the next.
    private static let formBytesMax = 32 << 20

    let keys: DuplicateKeys
    private let table: TableView
    private let index: RecordKeyIndex
    private let workMax: Int
    private let cancellation: QueryCancellation?
    private var work = 0
    private var forms: DuplicateForms
    /// Rows by their place among the forms.
    private var places: [UInt32: Int] = [:]
    /// Keys that more records have than are compared.
    private var crowded: Set<UInt64> = []

    /// nil where the table has no index of these keys.
    init?(_ keys: DuplicateKeys, in table: TableView, workMax: Int, _ cancellation: QueryCancellation?) {
        guard let index = table.table.recordKeys, index.maker === keys else { return nil }
        (self.keys, self.table, self.index) = (keys, table, index)
        (self.workMax, self.cancellation) = (workMax, cancellation)
        forms = DuplicateForms(keys.alternatives.columns)
    }

    private func values(_ row: Int) -> (compared: [Value], isActive: Bool) {
        keys.split(keys.columns.map { table.value($0, row) })
    }

    private mutating func count(_ more: Int) throws(Refusal) {
        work += more
        guard work <= workMax else { throw tooMany }
        if let cancellation, cancellation.isCancelled { throw .calledOff }
    }

    /// The place of a row among the forms.
    private mutating func place(_ row: UInt32) throws(Refusal) -> Int {
        if let place = places[row] { return place }
        try count(10)
        let before = forms.byteCount
        forms.append(values(Int(row)).compared)
        try count((forms.byteCount - before) / 256)
        places[row] = forms.rowCount - 1
        return forms.rowCount - 1
    }

    /// Rows with a key; nil where they are too many.
    private mutating func block(_ key: UInt64) throws(Refusal) -> [UInt32]? {
        try count(1)
        if crowded.contains(key) { return nil }
        let block = index.rows(key, countMax: DuplicateSearch.blockMax + 1)
        try count(block.count)
        if block.count <= DuplicateSearch.blockMax { return block }
        crowded.insert(key)
        return nil
    }

    /// What the record in a living row is like; records are passed over as the caller says.
    ///
    /// Throws `limitExceeded` where more would have to be done than may.
    mutating func find(row: Int, passingOver isPassedOver: (RecordID) -> Bool) throws(Refusal) -> Found {
        if forms.byteCount > Self.formBytesMax {
            forms = DuplicateForms(keys.alternatives.columns)
            places = [:]
        }
        let alternatives = keys.alternatives
        let own = try place(UInt32(row))
        let isActive = values(row).isActive
        var found = Found()
        // What is to be asked of each row, in order.
        var asked: [UInt32: [Int]] = [:]
        for alternative in alternatives.list.indices
        where isActive || !alternatives.list[alternative].leavesOutInactive {
            for key in Set(alternatives.keys(alternative, forms, own)) {
                guard let block = try block(key) else {
                    let reason = alternatives.list[alternative].reason
                    if found.omissions.last != reason { found.omissions.append(reason) }
                    continue
                }
                for other in block where other != UInt32(row) && asked[other]?.last != alternative {
                    asked[other, default: []].append(alternative)
                }
            }
        }
        let others = asked.map { (record: table.recordID(atRow: Int($0.key)), row: $0.key, alternatives: $0.value) }
            .sorted { $0.record < $1.record }
        for other in others where !isPassedOver(other.record) {
            let place = try place(other.row)
            let reasons = other.alternatives.filter { alternatives.holds($0, &forms, own, place) }
            if reasons.isEmpty { continue }
            found.hits.append(Hit(record: other.record, reasons: reasons.map { alternatives.list[$0].reason }))
            if found.hits.count == Self.hitsMax { break }
        }
        return found
    }

    private var tooMany: Refusal {
        Refusal(
            .limitExceeded,
            entity: table.entity.name,
            "More than \(workMax) comparisons: too many records have the same values. Ask for fewer records at a "
                + "time, or let the duplicate rules ask for more."
        )
    }
}
