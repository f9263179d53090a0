// What the tests of duplicates share: records that were never stored, pairs as sets, and the model that compares each with each, and has no keys.

import CRM
import Engine
import Testing

/// A pair of records, the smaller id first.
struct RecordPair: Hashable {
    let first: RecordID
    let second: RecordID

    init(_ a: RecordID, _ b: RecordID) { (first, second) = (min(a, b), max(a, b)) }
}

/// Records with values by the name of their attributes.
struct DuplicateRecords {
    var rows: [(id: RecordID, values: [String: Value])] = []

    /// The id of the record with a number.
    static func id(_ number: Int) -> RecordID {
        RecordID(entity: EntityID(33), origin: 0, sequence: UInt64(number + 1))
    }

    mutating func append(_ values: [String: Value]) { rows.append((Self.id(rows.count), values)) }

    /// The answer of a search, in which the records come in this order.
    func answer(_ rules: [DuplicateRule], blockMax: Int = DuplicateSearch.blockMax) throws -> DuplicateAnswer {
        var search = DuplicateSearch(rules, blockMax: blockMax)
        for row in rows { search.append(row.id, search.attributes.map { row.values[$0] ?? .null }) }
        return try search.answer()
    }

    /// The slow model: whether all conditions of an alternative hold for two records, asked of each with each, without keys.
    func model(_ rules: [DuplicateRule]) -> Set<RecordPair> {
        var pairs: Set<RecordPair> = []
        for conditions in rules.flatMap(\.alternatives) {
            var forms = DuplicateForms(conditions.map { .init(attributes: $0.attributes, comparison: $0.comparison) })
            for row in rows { forms.append(forms.attributes.map { row.values[$0] ?? .null }) }
            for index in rows.indices {
                for other in 0..<index where conditions.indices.allSatisfy({ forms.areAlike($0, other, index) }) {
                    pairs.insert(RecordPair(rows[index].id, rows[other].id))
                }
            }
        }
        return pairs
    }
}

extension DuplicateAnswer {
    var pairSet: Set<RecordPair> { Set(pairs.map { RecordPair($0.first, $0.second) }) }

    /// All pairs of records of one group.
    var closure: Set<RecordPair> {
        var groups: [Int: Set<RecordID>] = [:]
        for pair in pairs { groups[pair.group, default: []].formUnion([pair.first, pair.second]) }
        return Set(groups.values.flatMap { DuplicateFigures.pairs(Array($0)) })
    }
}

/// How good a search is, against the truth.
struct DuplicateFigures: CustomStringConvertible {
    let precision: Double
    let recall: Double
    let found: Int
    let real: Int

    init(_ found: Set<RecordPair>, _ truth: Set<RecordPair>) {
        let right = found.intersection(truth).count
        precision = Double(right) / Double(max(found.count, 1))
        recall = Double(right) / Double(max(truth.count, 1))
        (self.found, real) = (found.count, truth.count)
    }

    var description: String {
        func text(_ share: Double) -> String { String((share * 10_000).rounded() / 10_000) }
        return "precision \(text(precision)), recall \(text(recall)): \(found) pairs found, \(real) real"
    }

    /// All pairs of some records.
    static func pairs(_ ids: [RecordID]) -> [RecordPair] {
        ids.indices.flatMap { index in ids[..<index].map { RecordPair(ids[index], $0) } }
    }
}

/// Whether two values are alike, as one condition of a rule says, in both directions; a search has to find what the model does.
func areAlike(_ comparison: DuplicateComparison, _ a: Value, _ b: Value) throws -> Bool {
    // Where the comparison is no anchor, another attribute is one.
    let rule = DuplicateRule(
        "test",
        "contact",
        [[.init("a", comparison: comparison), .init("z", comparison: .same)]]
    )
    var answers: [Bool] = []
    for (first, second) in [(a, b), (b, a)] {
        var records = DuplicateRecords()
        records.append(["a": first, "z": 1])
        records.append(["a": second, "z": 1])
        answers.append(try !records.answer([rule]).pairs.isEmpty)
        #expect(
            answers.last == !records.model([rule]).isEmpty,
            "\(comparison) has a key that parts what is alike: \(a), \(b)"
        )
    }
    #expect(answers[0] == answers[1], "\(comparison) is not symmetric: \(a), \(b)")
    return answers[0]
}
