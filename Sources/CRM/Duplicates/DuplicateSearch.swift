// Which records of an entity are alike under some rules: takes every record once, in any order, then says the pairs.
//
// How: under each alternative of a rule, records that are alike have a key in common, that of all its anchors. The keys of all records
// are sorted; records with the same key are a block, and within it each is compared with each, by all conditions. So a pair is missed
// only where its block is larger than `blockMax`, and then the answer says so.
//
// Guarantees
// - The answer depends on the records and rules alone, not on the order in which they come.
// - Without an omission it has every pair that comparing each record with each would find.
// - O(alternatives × keys × (records × log records + records × blockMax)), the second term only where blocks are large. A record has one key
//   where each anchor names one attribute, at most `DuplicateRule.keysMax`.

import Engine

/// A search for duplicates among the records of one entity. One thread.
public struct DuplicateSearch {
    /// Records with the same key that are compared with each other: half a million comparisons. More of them share no evidence, but a
    /// value that stands for none, or a rule that asks for too little.
    public static let blockMax = 1_000
    /// Pairs that are found, each counted once, whatever holds for it: about 100 MB, and 40 for every alternative that holds for all of them.
    public static let pairsMax = 1_000_000

    /// The rules that are asked.
    public let rules: [DuplicateRule]
    private let alternatives: DuplicateAlternatives
    private let blockMax: Int
    private let pairsMax: Int
    private var forms: DuplicateForms
    private var records: [RecordID] = []
    private var isInactive: [Bool] = []

    /// A key of a record, by the record's place in the order of ids.
    private struct Keyed {
        var key: UInt64
        var rank: UInt32
    }

    /// Prepares a search.
    ///
    /// - Parameter rules: all for one entity, each let through by `DuplicateRule.check`.
    public init(
        _ rules: [DuplicateRule],
        blockMax: Int = DuplicateSearch.blockMax,
        pairsMax: Int = DuplicateSearch.pairsMax
    ) {
        self.rules = rules
        (self.blockMax, self.pairsMax) = (blockMax, pairsMax)
        alternatives = DuplicateAlternatives(rules)
        forms = DuplicateForms(alternatives.columns)
    }

    /// The attributes that are asked of each record, in this order.
    public var attributes: [String] { forms.attributes }

    /// Takes a record. Each is given once.
    ///
    /// - Parameters:
    ///   - values: those of `attributes`.
    ///   - isActive: whether it is in the first state of its life cycle, where it has one.
    public mutating func append(_ record: RecordID, _ values: [Value], isActive: Bool = true) {
        records.append(record)
        isInactive.append(!isActive)
        forms.append(values)
    }

    /// The pairs among the records that were given.
    ///
    /// Throws `limitExceeded` where they are more than `pairsMax`.
    public mutating func answer() throws(Refusal) -> DuplicateAnswer {
        var answer = DuplicateAnswer()
        answer.recordCount = records.count
        let order = records.indices.sorted { records[$0] < records[$1] }
        var hits = DuplicateHits(pairsMax: pairsMax)
        for index in alternatives.list.indices { try find(index, order, &hits, &answer.omissions) }
        guard hits.settle() <= pairsMax else { throw tooMany }
        for hit in hits.list {
            let reason = alternatives.list[Int(hit.alternative)].reason
            let (first, second) = (records[order[Int(hit.first)]], records[order[Int(hit.second)]])
            if let last = answer.pairs.last, last.first == first, last.second == second {
                answer.pairs[answer.pairs.count - 1].reasons.append(reason)
            } else {
                answer.pairs.append(.init(group: 0, first: first, second: second, reasons: [reason]))
            }
        }
        answer.group()
        return answer
    }

    /// The pairs under one alternative.
    private mutating func find(
        _ index: Int,
        _ order: [Int],
        _ hits: inout DuplicateHits,
        _ omissions: inout [DuplicateAnswer.Omission]
    ) throws(Refusal) {
        let reason = alternatives.list[index].reason
        let keyed = sortedKeys(index, order)
        var large: [DuplicateAnswer.Omission] = []
        var start = 0
        while start < keyed.count {
            var end = start + 1
            while end < keyed.count, keyed[end].key == keyed[start].key { end += 1 }
            let block = keyed[start..<end]
            start = end
            guard block.count <= blockMax else {
                let example = records[order[Int(block[block.startIndex].rank)]]
                large.append(.init(reason: reason, recordCount: block.count, example: example))
                continue
            }
            for first in block.indices {
                for second in block[(first + 1)...].indices {
                    let (a, b) = (block[first].rank, block[second].rank)
                    guard a != b, alternatives.holds(index, &forms, order[Int(a)], order[Int(b)]) else { continue }
                    hits.append(DuplicateHit(first: a, second: b, alternative: UInt32(index)))
                }
            }
            if hits.areTooMany() { throw tooMany }
        }
        omissions += large.sorted { $0.example < $1.example }
    }

    private var tooMany: Refusal {
        Refusal(
            .limitExceeded,
            entity: rules[0].entity,
            "The rules find more than \(pairsMax) pairs: let them ask for more."
        )
    }

    /// The keys of all records, in order; of records with the same key in order of their ids.
    private func sortedKeys(_ index: Int, _ order: [Int]) -> [Keyed] {
        var keyed: [Keyed] = []
        keyed.reserveCapacity(order.count)
        for (rank, row) in order.enumerated() {
            if alternatives.list[index].leavesOutInactive, isInactive[row] { continue }
            for key in alternatives.keys(index, forms, row) {
                keyed.append(Keyed(key: key, rank: UInt32(truncatingIfNeeded: rank)))
            }
        }
        keyed.sort { ($0.key, $0.rank) < ($1.key, $1.rank) }
        return keyed
    }
}

extension DuplicateSearch {
    /// The query whose rows are the records, with the id first, then, where a rule leaves out inactive records, the state, then `attributes`.
    public func query(_ schema: Schema) -> String {
        guard let entity = rules.first.flatMap({ schema.entity(named: $0.entity) }) else { return "" }
        let names = [entity.attributes[0].name] + (asksState(entity) ? ["statecode"] : []) + attributes
        return "SELECT \(names.map { "\"\($0)\"" }.joined(separator: ", ")) FROM \"\(entity.name)\""
    }

    /// Takes a row of that query; what is none is passed over.
    public mutating func append(row: [Value], _ schema: Schema) {
        guard case .reference(let id)? = row.first, let entity = schema.entity(id.entity) else { return }
        let headCount = asksState(entity) ? 2 : 1
        guard row.count == headCount + attributes.count else { return }
        let isActive = headCount == 1 || row[1] == .option(entity.stateModel?.states.first?.value ?? 0)
        append(id, Array(row[headCount...]), isActive: isActive)
    }

    private func asksState(_ entity: Entity) -> Bool {
        entity.stateModel != nil && rules.contains(where: \.leavesOutInactive)
    }
}
