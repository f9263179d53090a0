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
    static let incident = Closing(entity: "incidentresolution", copied: [])

    private static let stateCompleted: Int32 = 1
    private static let stateCanceled: Int32 = 2

    /// Writes the activity.
    func write(
        _ record: RecordID,
        _ outcome: String,
        on day: Int32? = nil,
        _ values: [(String, Value)],
        _ plan: inout Plan,
        _ records: Records
    ) throws(Refusal) {
        try plan.create(entity, row(record, outcome, on: day, values, records))
    }

    /// The activity, owned as what it closes is. `values` are what the end brought, `day` is when it came about (days
    /// since 1970-01-01), not after today; now where it is not given.
    func row(
        _ record: RecordID,
        _ outcome: String,
        on day: Int32? = nil,
        _ values: [(String, Value)],
        _ records: Records
    ) -> [(String, Value)] {
        let own: [(String, Value)] = [
            ("subject", .text("\(outcome): \(records.name(record))")),
            ("statecode", .option(Closing.stateCompleted)), ("regardingobjectid", .reference(record)),
            ("actualend", .instant(Closing.moment(of: day, records))),
        ]
        let shared = records.copied(record, (["ownerid", "transactioncurrencyid"] + copied).map { ($0, $0) })
        return own + shared + values
    }

    /// The moment of an end. Of a day that is over it is noon in UTC, which is on that day in all zones from UTC-12 to UTC+11:59;
    /// further east the day may be over before, and nothing ends after now.
    private static func moment(of day: Int32?, _ records: Records) -> Int64 {
        guard let day, day != records.today else { return records.timeMicroseconds }
        let noon = CalendarText.microseconds(days: Int64(day)) + 12 * 3_600_000_000
        return min(noon, records.timeMicroseconds)
    }

    /// Cancels the activities of a record that is opened again.
    func cancel(_ record: RecordID, _ plan: inout Plan, _ records: Records) throws(Refusal) {
        try plan.update(try completed(record, records), Closing.canceled)
    }

    /// What cancels an activity.
    static let canceled: [(String, Value)] = [("statecode", .option(stateCanceled))]

    /// The activities that say that a record has ended.
    func completed(_ record: RecordID, _ records: Records) throws(Refusal) -> [RecordID] {
        try records.referring(to: record, entity, "regardingobjectid").filter {
            records.state(of: $0) == Closing.stateCompleted
        }
    }
}

extension Value {
    /// A text where one is given.
    init(_ text: String?) { self = text.map(Value.text) ?? .null }
}
