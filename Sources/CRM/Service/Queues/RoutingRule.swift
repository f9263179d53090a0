// Which queue or user a record goes to, as records say: routing rules in their order, each with conditions that all have to hold.
//
// Guarantees
// - Rules are asked by number, then by record id; the first whose conditions hold says where. One without conditions always holds.
// - What cannot be asked (no such attribute, a value of another kind) is refused with the rule's name and never passed over, since the
//   record would silently go where the next rule says.
// - However many rules and conditions there are, and however long the texts: a text is folded once and looked through once by each condition.

import Engine

/// Where a rule sends a record.
struct RoutingRule {
    let queue: RecordID
    let user: RecordID

    /// Rules in use for one kind of record, at most.
    private static let countMax = 1_000
    /// Conditions that are asked of one record, at most: two of each rule, each of which may look through a long text.
    private static let conditionsMax = 2_000

    /// Options of `routingrule.objecttypecode`, by what a rule is for: Dynamics' type codes.
    private static let typeCodes: [String: Int32] = [
        "incident": 112, "appointment": 4201, "email": 4202, "fax": 4204, "letter": 4207, "phonecall": 4210,
        "task": 4212,
    ]

    /// The first rule that applies to a record; nil where none does. O(rules × conditions).
    static func first(for target: RecordID, _ records: Records) throws(Refusal) -> RoutingRule? {
        guard let entity = records.schema.entity(target.entity) else { return nil }
        var rules = try records.all("routingrule", countMax: countMax) {
            records.state(of: $0) ?? 0 == 0
                && records.option($0, "objecttypecode") == typeCodes[entity.name]
        }
        rules.sort {
            (records.integer($0, "rulenumber") ?? .max, $0) < (records.integer($1, "rulenumber") ?? .max, $1)
        }
        var texts = FoldedTexts()
        var askedCount = 0
        for rule in rules {
            var holds = true
            let conditions = try records.referring(
                to: rule,
                "routingcondition",
                "routingruleid",
                countMax: conditionsMax
            )
            askedCount += conditions.count
            guard askedCount <= conditionsMax else {
                throw Refusal(
                    .limitExceeded,
                    entity: entity.name,
                    record: target,
                    "The routing rules would ask more than \(conditionsMax) conditions of \(records.name(target))."
                )
            }
            for condition in conditions where holds {
                do throws(RoutingCondition.Flaw) {
                    holds = try RoutingCondition(condition, records).holds(for: target, &texts, records)
                } catch {
                    throw records.refusal(
                        RouteRecord.ruleUnreadable,
                        target,
                        "The routing rule \(records.name(rule)) cannot be asked: \(error.reason)."
                    )
                }
            }
            guard holds else { continue }
            let found = RoutingRule(queue: records.reference(rule, "queueid"), user: records.reference(rule, "userid"))
            guard (found.queue == .none) != (found.user == .none) else {
                throw records.refusal(
                    RouteRecord.ruleUnreadable,
                    target,
                    "The routing rule \(records.name(rule)) cannot be asked: it names not one destination."
                )
            }
            return found
        }
        return nil
    }
}

extension Records {
    /// All records of a standard entity that are included, in order of their ids. Throws `limitExceeded` beyond `countMax`. O(rows).
    func all(
        _ entity: String,
        countMax: Int,
        where isIncluded: (RecordID) -> Bool = { _ in true }
    ) throws(Refusal) -> [RecordID] {
        guard let place = schema.standardPlace(named: entity) else { return [] }
        let table = engine.tables.borrowed(place)
        var found: [RecordID] = []
        for block in 0..<table.blockCount {
            guard let words = table.liveWords(block: block) else { continue }
            for word in 0..<Block.validityWords {
                var bits = words[word]
                while bits != 0 {
                    let id = table.recordID(atRow: block << 13 | word << 6 | bits.trailingZeroBitCount)
                    bits &= bits - 1
                    guard isIncluded(id) else { continue }
                    guard found.count < countMax else {
                        throw Refusal(
                            .limitExceeded,
                            entity: entity,
                            "There are more than \(countMax) records of \(entity)."
                        )
                    }
                    found.append(id)
                }
            }
        }
        return found.sorted()
    }
}
