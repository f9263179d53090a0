// The time that a service appointment takes, and the times of the day at which its service begins.

import Engine

/// The time that a service appointment takes.
struct BookedTime {
    static let rules = [noLength, tooLong]
    static let noLength = Rule("no-length", "A booking has a beginning and a later end.")
    static let tooLong = Rule("too-long", "A booking lasts 31 days at most.")
    static let notAStart = Rule("not-a-start", "The service does not begin at this time of the day.")

    /// The longest booking: 31 days, in microseconds.
    static let lengthMax: Int64 = 31 * 86_400_000_000

    let span: TimeSpan

    init(_ planned: PlannedTime, _ appointment: RecordID, _ records: Records) throws(Refusal) {
        try self.init(start: planned.start, end: planned.end, appointment, records)
    }

    init(start: Int64?, end: Int64?, _ appointment: RecordID, _ records: Records) throws(Refusal) {
        guard let start, let end, start < end else {
            throw records.refusal(
                Self.noLength,
                appointment,
                "From when to when? \(records.name(appointment)) needs --start, and --end or --minutes."
            )
        }
        guard end.subtractingClamped(start) <= Self.lengthMax else {
            throw records.refusal(
                Self.tooLong,
                appointment,
                "It would last from \(CalendarText.text(microseconds: start)) to \(CalendarText.text(microseconds: end)): "
                    + "more than 31 days."
            )
        }
        span = TimeSpan(start: start, end: end)
    }

    /// How long a service takes, where nobody has said how long the appointment lasts.
    static func minutes(of service: RecordID, _ appointment: RecordID, _ records: Records) -> Int64? {
        let isSaid =
            records.instant(appointment, "scheduledend") != nil
            || records.integer(appointment, "scheduleddurationminutes") != nil
        return isSaid ? nil : minutes(of: service, records)
    }

    /// How long a service takes; nil where it does not say.
    static func minutes(of service: RecordID, _ records: Records) -> Int64? {
        // Bounds that an administrator has widened let in what is too long in any case.
        records.integer(service, "durationminutes").map { min(max($0, 0), 1_000_000) }
    }

    /// Refuses a beginning at which the service does not begin.
    func requireStart(
        of service: RecordID,
        _ appointment: RecordID,
        _ records: Records,
        _ hours: inout ResourceHours
    ) throws(Refusal) {
        guard let grid = Self.grid(of: service, records, &hours), !grid.allows(span.start) else { return }
        let next = grid.first(from: span.start)
        throw records.refusal(
            Self.notAStart,
            appointment,
            "\(records.name(service)) begins \(grid.text), not at \(CalendarText.text(microseconds: span.start)); "
                + "the next time is \(CalendarText.text(microseconds: next))."
        )
    }

    /// When a service begins; nil where it may at any moment.
    static func grid(of service: RecordID, _ records: Records, _ hours: inout ResourceHours) -> StartGrid? {
        guard let step = records.integer(service, "granularityminutes") else { return nil }
        return StartGrid(
            anchorMinutes: records.integer(service, "anchoroffset") ?? 0,
            stepMinutes: step,
            in: hours.organisationRules()
        )
    }

    /// Who or what serves, as an argument.
    static func resource<M>(
        _ number: UInt16,
        named name: String = "resource",
        _ path: WritableKeyPath<M, RecordID> & Sendable,
        isRequired: Bool = false,
        _ summary: String
    ) -> MessageArgument<M> {
        .record(number, name, path, to: ["systemuser", "equipment"], isRequired: isRequired, summary)
    }

    /// The booking of a resource.
    func booking(of resource: RecordID, effort: Int64, for appointment: RecordID) -> [(String, Value)] {
        [
            ("serviceappointmentid", .reference(appointment)), ("resourceid", .reference(resource)),
            ("starton", .instant(span.start)), ("endon", .instant(span.end)), ("effort", .integer(effort)),
        ]
    }
}
