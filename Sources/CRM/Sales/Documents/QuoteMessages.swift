// A quote: drafted from an opportunity, activated, revised, and won or closed.

import Engine

/// Numbers of states and statuses of a quote, as docs/schema.md lists them.
enum QuoteState {
    static let draft: Int32 = 0
    static let active: Int32 = 1
    static let won: Int32 = 2
    static let closed: Int32 = 3
    static let statusLost: Int32 = 5
    static let statusRevised: Int32 = 7
}

/// Drafts a quote from an opportunity.
public struct QuoteOpportunity: Message {
    /// The opportunity.
    public var opportunity = RecordID.none
    /// The quote's name, instead of the opportunity's.
    public var name: String?

    public init() {}

    /// A request to draft a quote.
    public init(_ opportunity: RecordID) { self.opportunity = opportunity }

    public static let declaration = MessageDeclaration<QuoteOpportunity>(
        96,
        "quote",
        "Drafts a quote from an opportunity, with its customer, price list, lines and prices.",
        to: [MessageTarget("opportunity", states: [OpportunityState.open])],
        record: \.opportunity,
        arguments: [
            .text(1, "name", \.name, lengthBytesMax: 300, "The quote's name, instead of the opportunity's.")
        ],
        rules: [.documentCustomerMissing]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        try records.requireCustomer(opportunity)
        var plan = Plan(records)
        var values: [(String, Value)] = [
            ("opportunityid", .reference(opportunity)), ("revisionnumber", .integer(0)),
        ]
        if let name { values.append(("name", .text(name))) }
        try DocumentForm.quote.make(from: opportunity, .opportunity, values, &plan, records)
        return plan
    }
}

/// Offers a drafted quote.
public struct ActivateQuote: Message {
    /// The quote.
    public var quote = RecordID.none

    public init() {}

    /// A request to offer a quote.
    public init(_ quote: RecordID) { self.quote = quote }

    static let datesMissing = Rule("dates-missing", "An offer says from when and to when it stands.")
    static let opportunityClosed = Rule("opportunity-closed", "The opportunity of the quote is won or lost already.")
    static let datesReversed = Rule("dates-reversed", "The offer would end before it begins.")

    public static let declaration = MessageDeclaration<ActivateQuote>(
        97,
        "activate",
        "Offers a drafted quote: from now on it is changed by revisions only.",
        to: [MessageTarget("quote", states: [QuoteState.draft])],
        record: \.quote,
        rules: [.documentCustomerMissing, opportunityClosed, datesMissing, datesReversed, .pricingError]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        try records.requireCustomer(quote)
        let opportunity = records.reference(quote, "opportunityid")
        if let state = records.state(of: opportunity), state != OpportunityState.open {
            throw records.refusal(
                Self.opportunityClosed,
                quote,
                "\(records.name(opportunity)) is \(records.stateLabel(state, of: "opportunity")): reopen it before it is offered."
            )
        }
        guard case .date(let from) = records.value(quote, "effectivefrom"),
            case .date(let to) = records.value(quote, "effectiveto")
        else {
            throw records.refusal(
                Self.datesMissing,
                quote,
                "\(records.name(quote)) does not say how long it stands: fill in effectivefrom and effectiveto."
            )
        }
        guard from <= to else {
            throw records.refusal(
                Self.datesReversed,
                quote,
                "\(records.name(quote)) ends on \(CalendarText.text(days: to)), before it begins on "
                    + "\(CalendarText.text(days: from))."
            )
        }
        try records.requirePrices(quote)
        var plan = Plan(records)
        try plan.update(quote, [("statecode", .option(QuoteState.active))])
        return plan
    }
}

/// Closes an active quote as won.
public struct WinQuote: Message {
    /// The quote.
    public var quote = RecordID.none
    /// The day of the decision: days since 1970-01-01.
    public var on: Int32?
    /// What is to be said about it.
    public var description: String?

    public init() {}

    /// A request to close a quote as won.
    public init(_ quote: RecordID) { self.quote = quote }

    public static let declaration = MessageDeclaration<WinQuote>(
        98,
        "win",
        """
        Closes an active quote as won and writes a closing activity. The opportunity stays open: it is won by a message of its own.
        """,
        to: [MessageTarget("quote", states: [QuoteState.active])],
        record: \.quote,
        arguments: [
            .date(1, "on", \.on, "The day of the decision; today where it is not given."),
            .text(2, "description", \.description, lengthBytesMax: 10_000, "What is to be said about it."),
        ],
        rules: [.dayInFuture]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        try records.requirePast(on, quote)
        var plan = Plan(records)
        try Closing.quote.write(
            quote,
            "Won",
            on: on,
            [("actualrevenue", records.value(quote, "totalamount")), ("description", Value(description))],
            &plan,
            records
        )
        try plan.update(
            quote,
            [("statecode", .option(QuoteState.won)), ("closedon", .date(on ?? records.today))]
        )
        return plan
    }
}

/// Closes an active quote that was not won.
public struct CloseQuote: Message {
    /// The quote.
    public var quote = RecordID.none
    /// How: Lost or Canceled.
    public var status: Int32?
    /// The day of the decision: days since 1970-01-01.
    public var on: Int32?
    /// What is to be said about it.
    public var description: String?

    public init() {}

    /// A request to close a quote.
    public init(_ quote: RecordID, status: Int32? = nil) { (self.quote, self.status) = (quote, status) }

    public static let declaration = MessageDeclaration<CloseQuote>(
        99,
        "close",
        "Closes an active quote that was not won and writes a closing activity.",
        to: [MessageTarget("quote", states: [QuoteState.active])],
        record: \.quote,
        arguments: [
            .option(
                1,
                "status",
                \.status,
                of: "quote",
                "statuscode",
                "How: Lost or Canceled; Lost where it is not given."
            ),
            .date(2, "on", \.on, "The day of the decision; today where it is not given."),
            .text(3, "description", \.description, lengthBytesMax: 10_000, "What is to be said about it."),
        ],
        rules: [.status, .dayInFuture]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        try records.requirePast(on, quote)
        // Revised is what a revision makes of it.
        guard status != QuoteState.statusRevised else {
            throw records.refusal(.status, quote, "A quote becomes Revised by 'revise', which makes the next one.")
        }
        let close = try records.close(quote, QuoteState.closed, status)
        var plan = Plan(records)
        try Closing.quote.write(
            quote,
            records.label(status ?? QuoteState.statusLost, "quote", "statuscode"),
            on: on,
            [("actualrevenue", 0), ("description", Value(description))],
            &plan,
            records
        )
        try plan.update(
            quote,
            close + [("closedon", .date(on ?? records.today))]
        )
        return plan
    }
}

/// Closes an active quote as revised and drafts the next revision.
public struct ReviseQuote: Message {
    /// The quote.
    public var quote = RecordID.none

    public init() {}

    /// A request to revise a quote.
    public init(_ quote: RecordID) { self.quote = quote }

    public static let declaration = MessageDeclaration<ReviseQuote>(
        100,
        "revise",
        """
        Closes an active quote as revised, writes a closing activity, and drafts a copy with its lines, the same number and the next \
        revision number.
        """,
        to: [MessageTarget("quote", states: [QuoteState.active])],
        record: \.quote
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        var plan = Plan(records)
        try Closing.quote.write(
            quote,
            records.label(QuoteState.statusRevised, "quote", "statuscode"),
            [],
            &plan,
            records
        )
        try plan.update(
            quote,
            records.close(quote, QuoteState.closed, QuoteState.statusRevised)
                + [("closedon", .date(records.today))]
        )
        let revision = records.integer(quote, "revisionnumber") ?? 0
        try DocumentForm.quote.make(
            from: quote,
            .quote,
            [("revisionnumber", .integer(revision == .max ? revision : revision + 1))]
                + records.copied(quote, ["quotenumber", "effectivefrom", "effectiveto"].map { ($0, $0) }),
            &plan,
            records
        )
        return plan
    }
}
