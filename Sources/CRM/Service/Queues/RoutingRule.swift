// Which queue or user a record goes to, as records say: routing rules in their order, each with conditions that all have to hold.
//
// Guarantees
// - Rules are asked by number, then by record id; the first whose conditions hold says where. One without conditions always holds.
// - What cannot be asked (no such attribute, a value of another kind) is refused with the rule's name and never passed over, since the
//   record would silently go where the next rule says.

import Engine

/// Where a rule sends a record.
struct RoutingRule {
    let queue: RecordID
    let user: RecordID

    /// Rules that are looked at, at most.
    static let countMax = 1_000

    /// Options of `routingrule.objecttypecode`, by what a rule is for: Dynamics' type codes.
    private static let typeCodes: [String: Int32] = [
        "incident": 112, "appointment": 4201, "email": 4202, "fax": 4204, "letter": 4207, "phonecall": 4210,
        "task": 4212,
    ]

    /// The first rule that applies to a record; nil where none does. O(rules × conditions).
    static func first(for target: RecordID, _ records: Records) throws(Refusal) -> RoutingRule? {
        guard let entity = records.schema.entity(target.entity) else { return nil }
        var rules = try records.all("routingrule", countMax: countMax).filter {
            records.state(of: $0) ?? 0 == 0
                && records.option($0, "objecttypecode") == typeCodes[entity.name]
        }
        rules.sort {
            (records.integer($0, "rulenumber") ?? .max, $0) < (records.integer($1, "rulenumber") ?? .max, $1)
        }
        for rule in rules {
            var holds = true
            for condition in try records.referring(to: rule, "routingcondition", "routingruleid") where holds {
                do throws(RoutingCondition.Flaw) {
                    holds = try RoutingCondition(condition, records).holds(for: target, records)
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
    /// All records of an entity, in order of their ids. Throws `limitExceeded` beyond `countMax`. O(rows).
    func all(_ entity: String, countMax: Int) throws(Refusal) -> [RecordID] {
        guard let place = schema.place(named: entity) else { return [] }
        let table = engine.view.table(place)
        var found: [RecordID] = []
        for block in 0..<table.blockCount {
            guard let words = table.liveWords(block: block) else { continue }
            for word in 0..<Block.validityWords {
                var bits = words[word]
                while bits != 0 {
                    guard found.count < countMax else {
                        throw Refusal(
                            .limitExceeded,
                            entity: entity,
                            "There are more than \(countMax) records of \(entity)."
                        )
                    }
                    found.append(table.recordID(atRow: block << 13 | word << 6 | bits.trailingZeroBitCount))
                    bits &= bits - 1
                }
            }
        }
        return found.sorted()
    }
}
