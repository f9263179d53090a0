// The activity that says how a deal or a document ended. It regards what it closes, so that the timeline shows it.

import Engine

/// A kind of closing activity.
struct Closing: Sendable {
    /// The activity's entity.
    let entity: String
    /// What it takes over from what it closes, under the same names.
    let copied: [String]

    static let opportunity = Closing(entity: "opportunityclose", copied: [])
    static let quote = Closing(entity: "quoteclose", copied: ["quotenumber", "revisionnumber"])
    static let order = Closing(entity: "orderclose", copied: ["ordernumber"])

    private static let stateCompleted: Int32 = 1
    private static let stateCanceled: Int32 = 2

    /// Writes the activity, owned as what it closes is. `values` are what the end brought.
    func write(
        _ record: RecordID,
        _ outcome: String,
        _ values: [(String, Value)],
        _ plan: inout Plan,
        _ records: Records
    ) throws(Refusal) {
        let own: [(String, Value)] = [
            ("subject", .text("\(outcome): \(records.name(record))")),
            ("statecode", .option(Closing.stateCompleted)), ("regardingobjectid", .reference(record)),
            ("actualend", .instant(records.timeMicroseconds)),
        ]
        let shared = records.copied(record, (["ownerid", "transactioncurrencyid"] + copied).map { ($0, $0) })
        try plan.create(entity, own + shared + values)
    }

    /// Cancels the activities of a record that is opened again.
    func cancel(_ record: RecordID, _ plan: inout Plan, _ records: Records) throws(Refusal) {
        let closings = try records.referring(to: record, entity, "regardingobjectid")
        try plan.update(
            closings.filter { records.state(of: $0) == Closing.stateCompleted },
            [("statecode", .option(Closing.stateCanceled))]
        )
    }
}

extension Value {
    /// A text where one is given.
    init(_ text: String?) { self = text.map(Value.text) ?? .null }
}
