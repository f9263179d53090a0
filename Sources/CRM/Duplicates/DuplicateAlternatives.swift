// The alternatives of some rules as the columns of forms that they compare: what a search through all records, the keys that are kept and
// the look at one record share, so that all of them say the same.

import Engine

/// Alternatives of rules for one entity, ready to be asked.
struct DuplicateAlternatives: Sendable {
    /// An alternative by the columns of its conditions: anchors, and what is asked of records with the same key, the cheap first.
    struct Alternative: Sendable {
        var reason: DuplicateAnswer.Reason
        var leavesOutInactive: Bool
        var anchors: [Int]
        var columns: [Int]
    }

    /// What is compared.
    let columns: [DuplicateForms.Column]
    /// Those of the first rule, then those of the next.
    let list: [Alternative]

    /// - Parameter rules: all for one entity, each let through by `DuplicateRule.check`.
    init(_ rules: [DuplicateRule]) {
        precondition(Set(rules.map(\.entity)).count <= 1)
        var columns: [DuplicateForms.Column] = []
        var known: [DuplicateForms.Column: Int] = [:]
        var list: [Alternative] = []
        for (rulePlace, rule) in rules.enumerated() {
            for (place, conditions) in rule.alternatives.enumerated() {
                let places = conditions.map { condition in
                    let column = DuplicateForms.Column(
                        attributes: condition.attributes,
                        comparison: condition.comparison
                    )
                    if let place = known[column] { return place }
                    known[column] = columns.count
                    columns.append(column)
                    return columns.count - 1
                }
                let anchors = places.filter { columns[$0].comparison.isAnchor }
                precondition(!anchors.isEmpty)
                list.append(
                    Alternative(
                        reason: .init(rule: rulePlace, alternative: place),
                        leavesOutInactive: rule.leavesOutInactive,
                        anchors: anchors,
                        columns: anchors + places.filter { columns[$0].comparison == .similarDate }
                            + places.filter { columns[$0].comparison == .similar }
                    )
                )
            }
        }
        (self.columns, self.list) = (columns, list)
    }

    /// The keys that a row of forms has under an alternative, in any order, perhaps one of them twice. Rows that are alike under it have one in
    /// common. Keys of different alternatives have nothing to do with each other.
    func keys(_ index: Int, _ forms: DuplicateForms, _ row: Int) -> [UInt64] {
        var keys: [UInt64] = [UInt64(index)]
        for column in list[index].anchors {
            let further = forms.keys(column, row)
            keys = keys.flatMap { key in further.map { Self.mixed(key, $0) } }
        }
        return keys
    }

    private static func mixed(_ a: UInt64, _ b: UInt64) -> UInt64 {
        a ^ (b &+ 0x9E37_79B9_7F4A_7C15 &+ (a << 6) &+ (a >> 2))
    }

    /// Whether two rows are alike under an alternative.
    func holds(_ index: Int, _ forms: inout DuplicateForms, _ first: Int, _ second: Int) -> Bool {
        for column in list[index].columns where !forms.areAlike(column, first, second) { return false }
        return true
    }
}
