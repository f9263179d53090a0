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
        try records.requireEnd(opportunity, on)
        var plan = Plan(records)
        try Closing.opportunity.write(
            opportunity,
            "Won",
            on: on,
            [("actualrevenue", value.map(Value.decimal) ?? .null), ("description", Value(description))],
            &plan,
            records
        )
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
        try records.requireEnd(opportunity, on)
        let winner = competitor == .none ? Value.null : .reference(competitor)
        var plan = Plan(records)
        try Closing.opportunity.write(
            opportunity,
            "Lost",
            on: on,
            [("actualrevenue", 0), ("competitorid", winner), ("description", Value(description))],
            &plan,
            records
        )
        try plan.update(
            opportunity,
            close + [
                ("actualvalue", .integer(0)), ("actualclosedate", .date(on ?? records.today)),
                ("closeprobability", .integer(0)), ("competitorid", winner),
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
        activities. The probability is that of its stage in a sales process; without one it stays to be judged anew and is emptied.
        """,
        to: [MessageTarget("opportunity", states: [OpportunityState.won, OpportunityState.lost])],
        record: \.opportunity
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        var plan = Plan(records)
        try Closing.opportunity.cancel(opportunity, &plan, records)
        // A deal that runs through a sales process goes on in the stage where it was.
        let stage = try ProcessRun(of: opportunity, records)?.stage
        try plan.update(
            opportunity,
            [
                ("statecode", .option(OpportunityState.open)), ("actualvalue", .null), ("actualclosedate", .null),
                ("competitorid", .null),
                ("closeprobability", stage.map { records.value($0, "closeprobability") } ?? .null),
            ]
        )
        return plan
    }
}

extension Records {
    /// Refuses the end of an opportunity on a day to come, or while an offer stands: it would be one that nobody can accept any
    /// more.
    fileprivate func requireEnd(_ opportunity: RecordID, _ on: Int32?) throws(Refusal) {
        try requirePast(on, opportunity)
        let quotes = try referring(to: opportunity, "quote", "opportunityid")
        guard let quote = quotes.first(where: { state(of: $0) == QuoteState.active }) else { return }
        throw refusal(
            .quoteActive,
            opportunity,
            "\(schema.text(of: quote)) of \(name(opportunity)) is still active: win, close or revise it first."
        )
    }
}
