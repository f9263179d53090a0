// Duplicate rules as records say them: `duplicaterule` and its `duplicaterulecondition`s.
//
// Guarantees
// - Alternatives are in the order of their numbers (1 where there is none), conditions in that of their ids.
// - What cannot be read is a flaw with its reason and never passed over: a condition that is left out would make the rule find more.

import Engine

extension DuplicateRule {
    /// A condition as its record has it.
    struct StoredCondition {
        var alternative: Int64?
        var attributes: String
        var operatorCode: Int32?
        var parameter: Int64?
    }

    /// The rule that records say; it is not checked yet.
    init(_ name: String, _ entity: String, stored: [StoredCondition]) throws(Flaw) {
        var alternatives: [Int64: [Condition]] = [:]
        for condition in stored {
            guard
                let comparison = condition.operatorCode.flatMap({
                    DuplicateComparison(operatorCode: $0, parameter: condition.parameter)
                })
            else {
                throw Flaw(
                    rule: Self.conditionUnreadable,
                    reason: "the condition on '\(condition.attributes)' has no comparison, or not the number of "
                        + "characters that belongs to it"
                )
            }
            alternatives[condition.alternative ?? 1, default: []].append(
                Condition(attributes: condition.attributes, comparison)
            )
        }
        self.init(name, entity, alternatives.sorted { $0.key < $1.key }.map(\.value))
    }

    /// Conditions that a rule can have.
    private static let storedMax = alternativesMax * conditionsMax

    /// The rule of a record, checked.
    static func read(_ id: RecordID, _ records: Records) throws(Refusal) -> DuplicateRule {
        let conditions = try records.referring(to: id, "duplicaterulecondition", "regardingobjectid")
        do throws(Flaw) {
            guard conditions.count <= storedMax else {
                throw Flaw(rule: tooLarge, reason: "it has more than \(storedMax) conditions")
            }
            let stored = conditions.map { condition in
                StoredCondition(
                    alternative: records.integer(condition, "alternativenumber"),
                    attributes: records.text(condition, "baseattributename") ?? "",
                    operatorCode: records.option(condition, "operatorcode"),
                    parameter: records.integer(condition, "operatorparam")
                )
            }
            var rule = try DuplicateRule(records.name(id), records.text(id, "baseentityname") ?? "", stored: stored)
            rule.leavesOutInactive = records.value(id, "excludeinactiverecords") == .boolean(true)
            try rule.check(records.schema)
            return rule
        } catch {
            throw records.refusal(
                error.rule,
                id,
                "The duplicate rule \(records.name(id)) cannot be asked: \(error.reason)."
            )
        }
    }
}

extension DuplicateRule {
    /// A rule as queries show it, whether it can be asked or not.
    public struct Listed: Sendable {
        /// Its record.
        public let record: RecordID
        /// What it is called.
        public let name: String
        /// The entity that it is for.
        public let entity: String
        /// Whether it is published.
        public let isPublished: Bool
        fileprivate let leavesOutInactive: Bool
        fileprivate let stored: [StoredCondition]

        /// The rule, checked.
        public func rule(_ schema: Schema) throws(Flaw) -> DuplicateRule {
            var rule = try DuplicateRule(name, entity, stored: stored)
            rule.leavesOutInactive = leavesOutInactive
            try rule.check(schema)
            return rule
        }
    }

    /// The query whose rows are the rules of an organisation.
    public static let query = """
        SELECT duplicateruleid, name, baseentityname, statecode, excludeinactiverecords FROM duplicaterule
        ORDER BY duplicateruleid
        """
    /// The query whose rows are the conditions of all of them.
    public static let conditionQuery = """
        SELECT regardingobjectid, alternativenumber, baseattributename, operatorcode, operatorparam
        FROM duplicaterulecondition ORDER BY duplicateruleconditionid
        """

    /// The rules that the rows of both queries say, in order of their ids.
    public static func listed(_ rules: [[Value]], _ conditions: [[Value]]) -> [Listed] {
        var stored: [RecordID: [StoredCondition]] = [:]
        for row in conditions {
            guard row.count == 5, case .reference(let rule) = row[0] else { continue }
            stored[rule, default: []].append(
                StoredCondition(
                    alternative: row[1].number,
                    attributes: row[2].characters,
                    operatorCode: row[3].number.flatMap(Int32.init(exactly:)),
                    parameter: row[4].number
                )
            )
        }
        return rules.compactMap { row in
            guard row.count == 5, case .reference(let id) = row[0] else { return nil }
            return Listed(
                record: id,
                name: row[1].characters,
                entity: row[2].characters,
                isPublished: row[3].number == 1,
                leavesOutInactive: row[4] == .boolean(true),
                stored: stored[id] ?? []
            )
        }
    }
}

extension Value {
    fileprivate var number: Int64? {
        switch self {
        case .integer(let number): number
        case .option(let number): Int64(number)
        default: nil
        }
    }

    fileprivate var characters: String { if case .text(let text) = self { text } else { "" } }
}
