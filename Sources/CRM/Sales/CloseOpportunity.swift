// The end of an opportunity, and its return: each end leaves an activity that says what it brought, and why.

import Engine

extension Rule {
    static let quoteActive = Rule("quote-active", "A quote of the opportunity is active: it is decided on first.")
}

/// Closes an opportunity as won.
public struct WinOpportunity: Message {
    /// The opportunity.
    public var opportunity = RecordID.none
    /// What it brought.
    public var value: Decimal64?
    /// The day of the decision: days since 1970-01-01.
    public var on: Int32?
    /// What is to be said about it.
    public var description: String?

    public init() {}

    /// A request to close an opportunity as won.
    public init(_ opportunity: RecordID, value: Decimal64? = nil, on: Int32? = nil) {
        (self.opportunity, self.value, self.on) = (opportunity, value, on)
    }

    public static let declaration = MessageDeclaration<WinOpportunity>(
        35,
        "win",
        """
        Closes an opportunity as won, with its actual value and date and a probability of 100, and writes a closing activity.
        """,
        to: [MessageTarget("opportunity", states: [OpportunityState.open])],
        record: \.opportunity,
        arguments: [
            .decimal(
                1,
                "value",
                \.value,
                "What it brought; where it is not given, the total of its lines if revenue is calculated, else the estimate."
            ),
            .date(2, "on", \.on, "The day of the decision; today where it is not given."),
            .text(3, "description", \.description, lengthBytesMax: 10_000, "What is to be said about it."),
        ],
        rules: [.dayInFuture, .quoteActive]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        let isCalculated = records.value(opportunity, "isrevenuesystemcalculated") == .boolean(true)
        let total = isCalculated ? records.decimal(opportunity, "totalamount") : nil
        let value = value ?? total ?? records.decimal(opportunity, "estimatedvalue")
        let closing = Closing(opportunity, "Won", value: value, on: on, description: description)
        var plan = try closing.plan(records)
        try plan.update(
            opportunity,
            [
                ("statecode", .option(OpportunityState.won)), ("actualvalue", value.map(Value.decimal) ?? .null),
                ("actualclosedate", .date(on ?? records.today)), ("closeprobability", .integer(100)),
            ]
        )
        return plan
    }
}

/// Closes an opportunity as lost.
public struct LoseOpportunity: Message {
    /// The opportunity.
    public var opportunity = RecordID.none
    /// How: a status of Lost.
    public var status: Int32?
    /// Who got it.
    public var competitor = RecordID.none
    /// The day of the decision: days since 1970-01-01.
    public var on: Int32?
    /// What is to be said about it.
    public var description: String?

    public init() {}

    /// A request to close an opportunity as lost.
    public init(_ opportunity: RecordID, status: Int32? = nil, on: Int32? = nil) {
        (self.opportunity, self.status, self.on) = (opportunity, status, on)
    }

    public static let declaration = MessageDeclaration<LoseOpportunity>(
        36,
        "lose",
        "Closes an opportunity as lost, with no actual value and a probability of 0, and writes a closing activity.",
        to: [MessageTarget("opportunity", states: [OpportunityState.open])],
        record: \.opportunity,
        arguments: [
            .option(
                1,
                "status",
                \.status,
                of: "opportunity",
                "statuscode",
                "How: Canceled or Out-Sold; where it is not given, Out-Sold with a competitor, else Canceled."
            ),
            .record(2, "competitor", \.competitor, to: ["competitor"], "Who got it."),
            .date(3, "on", \.on, "The day of the decision; today where it is not given."),
            .text(4, "description", \.description, lengthBytesMax: 10_000, "What is to be said about it."),
        ],
        rules: [.status, .dayInFuture, .quoteActive]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        let status = status ?? (competitor == .none ? nil : OpportunityState.statusOutSold)
        let close = try records.close(opportunity, OpportunityState.lost, status)
        let closing = Closing(
            opportunity,
            "Lost",
            value: Decimal64(units: 0, scale: 0),
            on: on,
            description: description,
            competitor: competitor
        )
        var plan = try closing.plan(records)
        try plan.update(
            opportunity,
            close + [
                ("actualvalue", .integer(0)), ("actualclosedate", .date(on ?? records.today)),
                ("closeprobability", .integer(0)),
                ("competitorid", competitor == .none ? .null : .reference(competitor)),
            ]
        )
        return plan
    }
}

/// Opens a won or lost opportunity again.
public struct ReopenOpportunity: Message {
    /// The opportunity.
    public var opportunity = RecordID.none

    public init() {}

    /// A request to open an opportunity again.
    public init(_ opportunity: RecordID) { self.opportunity = opportunity }

    public static let declaration = MessageDeclaration<ReopenOpportunity>(
        37,
        "reopen",
        """
        Opens a won or lost opportunity again: empties its actual value and date and its competitor, and cancels its closing \
        activities. The probability stays to be judged anew: it is emptied too.
        """,
        to: [MessageTarget("opportunity", states: [OpportunityState.won, OpportunityState.lost])],
        record: \.opportunity
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        var plan = Plan(records)
        let closings = try records.referring(to: opportunity, Closing.entity, "regardingobjectid")
        try plan.update(
            closings.filter { records.state(of: $0) == Closing.stateCompleted },
            [("statecode", .option(Closing.stateCanceled))]
        )
        try plan.update(
            opportunity,
            [
                ("statecode", .option(OpportunityState.open)), ("actualvalue", .null), ("actualclosedate", .null),
                ("competitorid", .null), ("closeprobability", .null),
            ]
        )
        return plan
    }
}

/// The activity that says how an opportunity ended.
private struct Closing {
    static let entity = "opportunityclose"
    static let stateCompleted: Int32 = 1
    static let stateCanceled: Int32 = 2

    let opportunity: RecordID
    let outcome: String
    let value: Decimal64?
    let on: Int32?
    let description: String?
    let competitor: RecordID

    init(
        _ opportunity: RecordID,
        _ outcome: String,
        value: Decimal64?,
        on: Int32?,
        description: String?,
        competitor: RecordID = .none
    ) {
        (self.opportunity, self.outcome, self.value, self.on) = (opportunity, outcome, value, on)
        (self.description, self.competitor) = (description, competitor)
    }

    /// An offer that stands would be one that nobody can accept any more.
    private func requireNoActiveQuote(_ records: Records) throws(Refusal) {
        let quotes = try records.referring(to: opportunity, "quote", "opportunityid")
        guard let quote = quotes.first(where: { records.state(of: $0) == QuoteState.active }) else { return }
        throw records.refusal(
            .quoteActive,
            opportunity,
            "\(records.schema.text(of: quote)) of \(records.name(opportunity)) is still active: win, close or revise it first."
        )
    }

    /// A plan that begins with the activity.
    func plan(_ records: Records) throws(Refusal) -> Plan {
        try records.requirePast(on, opportunity)
        try requireNoActiveQuote(records)
        var plan = Plan(records)
        let subject = "\(outcome): \(records.name(opportunity))"
        try plan.create(
            Closing.entity,
            [
                ("subject", .text(subject)), ("statecode", .option(Closing.stateCompleted)),
                ("regardingobjectid", .reference(opportunity)), ("ownerid", records.value(opportunity, "ownerid")),
                ("actualend", .instant(records.timeMicroseconds)),
                ("actualrevenue", value.map(Value.decimal) ?? .null),
                ("transactioncurrencyid", records.value(opportunity, "transactioncurrencyid")),
                ("competitorid", competitor == .none ? .null : .reference(competitor)),
                ("description", description.map(Value.text) ?? .null),
            ]
        )
        return plan
    }
}
