// A merge is taken back, exactly: what it changed is as it was before, but for what somebody has changed since.

import Engine

/// Takes a merge back.
public struct UnmergeRecords: Message {
    /// The merge.
    public var target = RecordID.none

    public init() {}

    /// A request to take a merge back.
    public init(_ target: RecordID) { self.target = target }

    public static let declaration = MessageDeclaration<UnmergeRecords>(
        353,
        "unmerge",
        """
        Takes a merge back: every value that it changed is as it was before. What was changed since is kept, and each of \
        those values is listed with the merge.
        """,
        to: [MessageTarget(Merging.merge, states: [Merging.merged])],
        record: \.target
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        let rows = try records.referring(to: target, Merging.change, "recordmergeid").sorted {
            records.integer($0, "place") ?? 0 > records.integer($1, "place") ?? 0
        }
        var outcomes: [Merging.Outcome: [RecordID]] = [:]
        var restored: [(record: RecordID, attribute: AttributeID, value: Value)] = []
        for row in rows where records.option(row, "outcome") == Merging.Outcome.changed.rawValue {
            let outcome: Merging.Outcome
            switch records.state(ofChange: row) {
            case .asLeft(let record, let attribute, let before):
                restored.append((record, attribute, before))
                outcome = .restored
            case .changedSince: outcome = .changedSince
            case .gone: outcome = .gone
            }
            outcomes[outcome, default: []].append(row)
        }
        var plan = Plan(records)
        try plan.update(rows: records.rows(restored))
        var keptCount = 0
        for outcome in [Merging.Outcome.restored, .changedSince, .gone] {
            guard let rows = outcomes[outcome] else { continue }
            try plan.update(rows, [("outcome", .option(outcome.rawValue))])
            if outcome != .restored { keptCount += rows.count }
        }
        try plan.update(
            target,
            [
                ("statecode", .option(Merging.undone)), ("keptcount", .integer(Int64(keptCount))),
                ("undoneon", .instant(records.timeMicroseconds)),
            ]
        )
        return plan
    }
}

/// What has become of a value that a merge changed.
private enum ChangeState {
    case asLeft(RecordID, AttributeID, before: Value)
    case changedSince
    /// The record, the attribute, or what the value referred to is not there any more.
    case gone
}

extension Records {
    fileprivate func state(ofChange row: RecordID) -> ChangeState {
        guard let record = text(row, "name").flatMap({ schema.recordID($0) }), exists(record),
            let entity = schema.entity(record.entity),
            let attribute = text(row, "attribute").flatMap({ entity.attributeID($0) }),
            let before = schema.value(stored(row, "before"), of: entity[attribute].type)
        else { return .gone }
        guard schema.stored(value(record, attribute)) == stored(row, "after") else { return .changedSince }
        if case .reference(let id) = before, !exists(id) { return .gone }
        return .asLeft(record, attribute, before: before)
    }

    /// A text as it is stored, an empty one too.
    private func stored(_ id: RecordID, _ attribute: String) -> String? {
        if case .text(let text) = value(id, attribute) { text } else { nil }
    }
}
