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
        369,
        "unmerge",
        """
        Takes a merge back: every value that it changed is as it was before. What was changed since is kept, and each of \
        those values is listed with the merge.
        """,
        to: [MessageTarget(Merging.merge, states: [Merging.merged])],
        record: \.target
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        try records.requireMergeRecords()
        let rows = try records.referring(to: target, Merging.change, "recordmergeid")
            .map { (row: $0, place: records.integer($0, "place") ?? 0) }
            .sorted { ($0.place, $0.row) > ($1.place, $1.row) }
            .map(\.row)
            .filter { records.option($0, "outcome") == Merging.Outcome.changed.rawValue }
        let states = rows.map { records.state(ofChange: $0) }
        // What belongs together is given back together or not at all.
        var touched: Set<Together> = []
        for state in states {
            if case .changedSince(let together?) = state { touched.insert(together) }
        }
        var outcomes: [Merging.Outcome: [RecordID]] = [:]
        var restored: [(record: RecordID, attribute: AttributeID, value: Value)] = []
        for (row, state) in zip(rows, states) {
            let outcome: Merging.Outcome
            switch state {
            case .asLeft(_, _, _, let together?) where touched.contains(together): outcome = .changedSince
            case .asLeft(let record, let attribute, let before, _):
                restored.append((record, attribute, before))
                outcome = .restored
            case .changedSince: outcome = .changedSince
            case .gone: outcome = .gone
            }
            outcomes[outcome, default: []].append(row)
        }
        var plan = Plan(records)
        // What names one record only is given back before it is taken again: an operation of its own.
        let master = records.reference(target, "masterid")
        for part in [restored.filter { $0.record == master }, restored.filter { $0.record != master }] {
            try plan.update(rows: records.rows(part))
        }
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

/// Values of a record that mean something only together: its state and status, its amounts and their currency.
private struct Together: Hashable {
    var record: RecordID
    var isMoney: Bool

    init?(_ record: RecordID, _ attribute: Attribute) {
        self.record = record
        switch attribute.type {
        case .state, .status: isMoney = false
        case .money: isMoney = true
        default:
            guard attribute.name == "transactioncurrencyid" else { return nil }
            isMoney = true
        }
    }
}

/// What has become of a value that a merge changed.
private enum ChangeState {
    case asLeft(RecordID, AttributeID, before: Value, Together?)
    case changedSince(Together?)
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
        let together = Together(record, entity[attribute])
        let present = value(record, attribute).text(in: schema).map(Value.text) ?? .null
        guard present.isSame(as: stored(row, "after").map(Value.text) ?? .null) else { return .changedSince(together) }
        if case .reference(let id) = before, !exists(id) { return .gone }
        return .asLeft(record, attribute, before: before, together)
    }

    /// A text as it is stored, an empty one too.
    private func stored(_ id: RecordID, _ attribute: String) -> String? {
        if case .text(let text) = value(id, attribute) { text } else { nil }
    }
}
