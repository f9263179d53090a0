// What was promised of a case begins to count, is kept, or is not.

import Engine

extension Area {
    /// Targets of response and resolution.
    static let targets = Area(
        title: "Targets",
        messages: [StartTargets.self, RespondToCase.self, BreachTarget.self]
    )
}

/// Begins to count by when a case is answered and resolved.
public struct StartTargets: Message {
    /// The case.
    public var incident = RecordID.none
    /// What was promised.
    public var sla = RecordID.none
    /// From when the time counts: microseconds since 1970 in UTC.
    public var from: Int64?
    /// The case has targets, and they are counted anew.
    public var anew = false

    public init() {}

    /// A request to begin to count.
    public init(_ incident: RecordID, sla: RecordID = .none, from: Int64? = nil, anew: Bool = false) {
        (self.incident, self.sla, self.from, self.anew) = (incident, sla, from, anew)
    }

    static let slaMissing = Rule("sla-missing", "Nobody says what was promised.")
    static let slaInactive = Rule("sla-inactive", "The agreement is not used any more.")
    static let isStarted = Rule("started-already", "The targets of the case count already.")
    static let targetsMissing = Rule("targets-missing", "The agreement promises neither a response nor a resolution.")

    public static let declaration = MessageDeclaration<StartTargets>(
        256,
        "start-targets",
        """
        Begins to count by when an active case is answered and resolved, in business time, by the agreement that is given or that of the contract whose line the case \
        names; with --anew once more, also by another one. A case that waits begins with its time paused.
        """,
        said: "start its targets",
        to: [MessageTarget("incident", states: [CaseState.active])],
        record: \.incident,
        arguments: [
            .record(
                1,
                "sla",
                \.sla,
                to: ["sla"],
                "What was promised; that of the case's contract where it is not given."
            ),
            .instant(
                2,
                "from",
                \.from,
                "From when the time counts; where it is not given, since when it counted before, or else since the case was made."
            ),
            .flag(
                3,
                "anew",
                \.anew,
                "The case has targets, and they are counted anew; what was missed by the same agreement stays missed."
            ),
        ],
        rules: [
            isStarted, slaMissing, slaInactive, targetsMissing, .lineNotInForce, .lineOfOtherCustomer, .momentInFuture,
            .hoursUnreadable, .hoursTooFew,
        ]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        let former = CaseTargets(incident, records).flatMap { $0.response ?? $0.resolution == nil ? nil : $0 }
        if let former, !anew {
            throw records.refusal(
                Self.isStarted,
                incident,
                "The targets of \(records.name(incident)) count already, by \(records.name(former.sla)): give --anew to "
                    + "count them anew."
            )
        }
        let contract = records.reference(records.reference(incident, "contractdetailid"), "contractid")
        let sla = self.sla != .none ? self.sla : records.reference(contract, "slaid")
        guard sla != .none else {
            throw records.refusal(Self.slaMissing, incident, "What was promised? Give --sla.")
        }
        if self.sla == .none {
            let line = records.reference(incident, "contractdetailid")
            try Allotments.requireUsable(line, for: incident, incident, records)
        }
        guard records.state(of: sla) ?? 0 == 0 else {
            throw records.refusal(Self.slaInactive, incident, "\(records.name(sla)) is not used any more.")
        }
        let now = records.timeMicroseconds
        let from = from ?? former?.startedOn ?? records.instant(incident, "createdon") ?? now
        guard from <= now else {
            throw records.refusal(
                .momentInFuture,
                incident,
                "\(CalendarText.text(microseconds: from)) is still to come; it is \(CalendarText.text(microseconds: now))."
            )
        }
        let hours = try records.businessHours(of: sla, for: incident)
        func target(_ attribute: String) throws(Refusal) -> CaseTargets.Target? {
            guard let minutes = records.integer(sla, attribute) else { return nil }
            // Bounds that an administrator has widened let in what is too far in any case.
            let span = min(max(minutes, 0), 100_000_000) * 60_000_000
            let due = try records.due(after: span, from: from, by: hours, incident, sla)
            return CaseTargets.Target(due: due, status: TargetStatus.inProgress)
        }
        var targets = CaseTargets(incident, sla: sla, from: from)
        targets.response = try target("responseminutes")
        targets.resolution = try target("resolveminutes")
        guard targets.response != nil || targets.resolution != nil else {
            throw records.refusal(
                Self.targetsMissing,
                incident,
                "\(records.name(sla)) promises neither a response nor a resolution."
            )
        }
        if let answered = records.instant(incident, "firstresponsesenton") {
            targets.respond(at: answered)
        } else if records.value(incident, "firstresponsesent") == .boolean(true) {
            // Nobody knows when: what was imported says only that it was.
            targets.response?.status = TargetStatus.succeeded
        }
        if let former, former.sla == sla { targets.keepMissed(of: former) }
        if CaseState.waiting.contains(records.option(incident, "statuscode") ?? 0) {
            try targets.pause(at: max(former?.pausedSince ?? now, from))
        } else {
            targets.miss(by: now.subtractingClamped(1))
        }
        var plan = Plan(records)
        try plan.update(incident, targets.values)
        return plan
    }
}

/// Says that the customer was answered.
public struct RespondToCase: Message {
    /// The case.
    public var incident = RecordID.none
    /// When: microseconds since 1970 in UTC.
    public var at: Int64?

    public init() {}

    /// A request to say that the customer was answered.
    public init(_ incident: RecordID, at: Int64? = nil) { (self.incident, self.at) = (incident, at) }

    static let isAnswered = Rule("answered-already", "The customer was answered already.")
    static let isBeforeStart = Rule("before-start", "The answer would lie before the targets began to count.")

    public static let declaration = MessageDeclaration<RespondToCase>(
        257,
        "respond",
        """
        Says that the customer was answered for the first time, in time or not. What goes out about the case says so by itself: an e-mail, a letter or a fax \
        that is sent, a call that is made.
        """,
        to: [MessageTarget("incident", states: [CaseState.active])],
        record: \.incident,
        arguments: [.instant(1, "at", \.at, "When; now where it is not given.")],
        rules: [isAnswered, .momentInFuture, isBeforeStart]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        guard
            records.value(incident, "firstresponsesent") != .boolean(true)
                || records.instant(incident, "firstresponsesenton") == nil
        else {
            throw records.refusal(
                Self.isAnswered,
                incident,
                "The customer of \(records.name(incident)) was answered already."
            )
        }
        let at = at ?? records.timeMicroseconds
        guard at <= records.timeMicroseconds else {
            throw records.refusal(
                .momentInFuture,
                incident,
                "\(CalendarText.text(microseconds: at)) is still to come; it is "
                    + "\(CalendarText.text(microseconds: records.timeMicroseconds))."
            )
        }
        if let start = FirstResponse.start(incident, records), at < start {
            throw records.refusal(
                Self.isBeforeStart,
                incident,
                "Its targets count since \(CalendarText.text(microseconds: start)): an answer at "
                    + "\(CalendarText.text(microseconds: at)) came before."
            )
        }
        var plan = Plan(records)
        try plan.update(incident, FirstResponse.values(incident, at: at, records))
        return plan
    }
}

/// Says that a target was missed: sent by the clock.
public struct BreachTarget: Message {
    /// The case.
    public var incident = RecordID.none

    public init() {}

    /// A request to say that a target was missed.
    public init(_ incident: RecordID) { self.incident = incident }

    public static let declaration = MessageDeclaration<BreachTarget>(
        258,
        "breach",
        "Says that a case was not answered or not resolved in time, which the clock does at the moment at which it is due.",
        to: [MessageTarget("incident")],
        record: \.incident,
        rules: [.notDue]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        let moment = try records.requireDue(incident, "targetbreachat")
        var plan = Plan(records)
        guard var targets = CaseTargets(incident, records), records.state(of: incident) == CaseState.active else {
            // A plain change took its targets away, or closed it.
            try plan.update(incident, [("targetbreachat", .null)])
            return plan
        }
        targets.miss(by: moment)
        try plan.update(incident, targets.values)
        return plan
    }
}
