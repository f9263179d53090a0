// The keys of an entity's records under its published rules, for the index that the engine keeps of them (`RecordKeyIndex`).
//
// Guarantees
// - Two records that are alike under an alternative have a key in common; which are alike is asked of the records themselves
//   (`DuplicateFinder`), so that a key which two have by chance makes no hit.
// - A record has at most `keysMax` keys, whatever is published; what is more is refused before it is read.
// - Keys depend on the columns' values alone: an alternative that compares what is computed on reading, or what the engine writes by
//   itself, cannot be kept, and is refused with its name.

import Engine

/// Makes the keys of one entity's records. Immutable: other rules are another one.
package final class DuplicateKeys: RecordKeyMaker {
    /// Keys of one record under all published rules of its entity: what a write pays for at most, some 100 µs.
    package static let keysMax = 128

    static let tooMany = Rule(
        "too-many-published",
        "The published duplicate rules of an entity give each record more keys than can be kept."
    )
    static let notKept = Rule(
        "not-kept",
        "A published duplicate rule compares values of which no keys can be kept."
    )

    /// The entity.
    package let entity: EntityID
    /// The rules that are asked, in order of their records.
    package let rules: [DuplicateRule]
    /// Their records.
    package let records: [RecordID]
    package let columns: [Int]
    let alternatives: DuplicateAlternatives
    /// Whether the state is the last of `columns`, and the one of active records.
    private let activeState: Int32?

    /// The keys for the published rules of an entity, by their records.
    init(_ rules: [RecordID], of entity: Entity, _ records: Records) throws(Refusal) {
        let published = try Self.read(rules, entity, records)
        self.entity = entity.id
        self.rules = published.map(\.rule)
        self.records = rules
        alternatives = DuplicateAlternatives(self.rules)
        let names = DuplicateForms(alternatives.columns).attributes
        var columns: [Int] = []
        for name in names {
            guard let attribute = entity.attributeID(name), !Self.changesByItself(attribute, entity) else {
                throw Refusal(
                    breaking: Self.notKept.name,
                    entity: entity.name,
                    record: published.first { $0.rule.compares(name) }?.record ?? .none,
                    "No keys can be kept of '\(name)', which a published duplicate rule of \(entity.name) compares: "
                        + "search for duplicates, or unpublish the rule."
                )
            }
            columns.append(Int(attribute.rawValue))
        }
        let isStateAsked = self.rules.contains(where: \.leavesOutInactive)
        activeState = isStateAsked ? entity.stateModel?.states.first?.value : nil
        if activeState != nil, let state = entity.attributeID("statecode") { columns.append(Int(state.rawValue)) }
        self.columns = columns
    }

    /// Reads the published rules of an entity, and stops at the one that gives a record more keys than can be kept. Each gives at least one.
    private static func read(
        _ published: [RecordID],
        _ entity: Entity,
        _ records: Records
    ) throws(Refusal) -> [(record: RecordID, rule: DuplicateRule)] {
        guard published.count <= keysMax else { throw tooManyPublished(entity, published.last) }
        var rules: [(record: RecordID, rule: DuplicateRule)] = []
        var count = 0
        for record in published {
            let rule = try DuplicateRule.read(record, records)
            count += rule.keyCountMax
            guard count <= keysMax else { throw tooManyPublished(entity, record) }
            rules.append((record, rule))
        }
        return rules
    }

    private static func tooManyPublished(_ entity: Entity, _ record: RecordID?) -> Refusal {
        Refusal(
            breaking: tooMany.name,
            entity: entity.name,
            record: record ?? .none,
            "The published duplicate rules of \(entity.name) give a record more than \(keysMax) keys: unpublish some, or "
                + "search for duplicates."
        )
    }

    /// Whether the engine writes the attribute, or computes it, without a change of the record that names it.
    private static func changesByItself(_ attribute: AttributeID, _ entity: Entity) -> Bool {
        if case .calculated = entity[attribute].type { return true }
        return [SystemAttribute.createdOn, SystemAttribute.modifiedOn, SystemAttribute.modifiedBy].contains(attribute)
    }

    /// Whether another one makes the same keys and says the same of them.
    func isSame(as other: DuplicateKeys) -> Bool {
        entity == other.entity && rules == other.rules && records == other.records && columns == other.columns
            && activeState == other.activeState
    }

    /// The values of `columns` as forms know them, and whether the record is in the first state of its life cycle.
    func split(_ values: [Value]) -> (compared: [Value], isActive: Bool) {
        guard let activeState else { return (values, true) }
        return (Array(values.dropLast()), values.last == .option(activeState))
    }

    package func append(keysOf values: [Value], to keys: inout [UInt64]) {
        let (compared, isActive) = split(values)
        var forms = DuplicateForms(alternatives.columns)
        forms.append(compared)
        for index in alternatives.list.indices where isActive || !alternatives.list[index].leavesOutInactive {
            for key in alternatives.keys(index, forms, 0) where !keys.contains(key) { keys.append(key) }
        }
    }

    /// `Person: fullname same words and birthdate similar date`, in its two parts.
    func described(_ reason: DuplicateAnswer.Reason) -> (name: String, because: String) {
        let rule = rules[reason.rule]
        return (rule.name, rule.described(rule.alternatives[reason.alternative]))
    }
}

extension DuplicateRule {
    /// Keys that a record has under this rule at most.
    fileprivate var keyCountMax: Int {
        alternatives.reduce(0) { count, alternative in
            count + alternative.filter(\.comparison.isAnchor).reduce(1) { $0 * $1.attributes.count }
        }
    }

    fileprivate func compares(_ attribute: String) -> Bool {
        alternatives.contains { $0.contains { $0.attributes.contains(attribute) } }
    }
}
