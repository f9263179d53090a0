// An active case that waits for somebody else, and one that goes on.

import Engine

/// Lets an active case wait.
public struct HoldCase: Message {
    /// The case.
    public var incident = RecordID.none
    /// For what: On Hold or Waiting for Details.
    public var status: Int32?

    public init() {}

    /// A request to let a case wait.
    public init(_ incident: RecordID, status: Int32? = nil) { (self.incident, self.status) = (incident, status) }

    static let isWaiting = Rule("on-hold", "The case waits already, in this status.")

    public static let declaration = MessageDeclaration<HoldCase>(
        211,
        "hold",
        "Lets an active case wait: for a decision (On Hold), or for what the customer has to tell (Waiting for Details). Its targets are paused.",
        to: [MessageTarget("incident", states: [CaseState.active])],
        record: \.incident,
        arguments: [
            .option(
                1,
                "status",
                \.status,
                of: "incident",
                "statuscode",
                "On Hold or Waiting for Details; On Hold where it is not given."
            )
        ],
        rules: [.status, isWaiting]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        let status = status ?? CaseState.statusOnHold
        guard CaseState.waiting.contains(status) else {
            throw records.refusal(
                .status,
                incident,
                "'\(records.label(status, "incident", "statuscode"))' is no status in which a case waits; there are "
                    + CaseState.waiting.sorted().map { records.label($0, "incident", "statuscode") }
                    .joined(separator: ", ") + "."
            )
        }
        guard records.option(incident, "statuscode") != status else {
            throw records.refusal(
                Self.isWaiting,
                incident,
                "\(records.name(incident)) is \(records.label(status, "incident", "statuscode")) already."
            )
        }
        var values: [(String, Value)] = [("statuscode", .option(status))]
        if var targets = CaseTargets(incident, records) {
            try targets.pause(at: records.timeMicroseconds)
            values += targets.values
        }
        var plan = Plan(records)
        try plan.update(incident, values)
        return plan
    }
}

/// Goes on with a case that waits.
public struct ResumeCase: Message {
    /// The case.
    public var incident = RecordID.none
    /// How: a status of Active in which it does not wait.
    public var status: Int32?

    public init() {}

    /// A request to go on with a case.
    public init(_ incident: RecordID, status: Int32? = nil) { (self.incident, self.status) = (incident, status) }

    static let isNotWaiting = Rule("not-on-hold", "The case does not wait.")

    public static let declaration = MessageDeclaration<ResumeCase>(
        212,
        "resume",
        "Goes on with a case that waits. Its targets are put off by the business time that it waited.",
        to: [MessageTarget("incident", states: [CaseState.active])],
        record: \.incident,
        arguments: [
            .option(
                1,
                "status",
                \.status,
                of: "incident",
                "statuscode",
                "In Progress or Researching; In Progress where it is not given."
            )
        ],
        rules: [.status, isNotWaiting, .hoursUnreadable, .hoursTooFew]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        guard CaseState.waiting.contains(records.option(incident, "statuscode") ?? 0) else {
            throw records.refusal(
                Self.isNotWaiting,
                incident,
                "\(records.name(incident)) does not wait: it is "
                    + "\(records.label(records.option(incident, "statuscode") ?? 0, "incident", "statuscode"))."
            )
        }
        let status = status ?? CaseState.statusInProgress
        guard !CaseState.waiting.contains(status) else {
            throw records.refusal(
                .status,
                incident,
                "'\(records.label(status, "incident", "statuscode"))' is a status in which a case waits."
            )
        }
        var values = try records.close(incident, CaseState.active, status)
        if var targets = CaseTargets(incident, records) {
            try targets.resume(at: records.timeMicroseconds, records)
            values += targets.values
        }
        var plan = Plan(records)
        try plan.update(incident, values)
        return plan
    }
}
