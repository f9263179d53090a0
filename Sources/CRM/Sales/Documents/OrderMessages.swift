// An order: made from a quote or an opportunity, submitted, fulfilled in one or several deliveries, or canceled.

import Engine

/// Numbers of states and statuses of an order, as docs/schema.md lists them.
enum OrderState {
    static let active: Int32 = 0
    static let submitted: Int32 = 1
    static let canceled: Int32 = 2
    static let fulfilled: Int32 = 3
    static let invoiced: Int32 = 4
    static let statusComplete: Int32 = 100_001
    static let statusPartial: Int32 = 100_002
}

/// Makes an order from a quote, which is won by it.
public struct OrderQuote: Message {
    /// The quote.
    public var quote = RecordID.none
    /// The order's number.
    public var number: String?

    public init() {}

    /// A request to make an order from a quote.
    public init(_ quote: RecordID, number: String? = nil) { (self.quote, self.number) = (quote, number) }

    static let orderedAlready = Rule("ordered-already", "There is an order from this quote that is not canceled.")

    public static let declaration = MessageDeclaration<OrderQuote>(
        101,
        "order",
        "Makes an order from a quote, with its lines and prices, and closes the quote as won if it is active.",
        to: [MessageTarget("quote", states: [QuoteState.active, QuoteState.won])],
        record: \.quote,
        arguments: [.text(1, "number", \.number, lengthBytesMax: 100, "The order's number.")],
        rules: [orderedAlready]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        let orders = try records.referring(to: quote, "salesorder", "quoteid")
        if let order = orders.first(where: { records.state(of: $0) != OrderState.canceled }) {
            throw records.refusal(
                Self.orderedAlready,
                quote,
                "\(records.name(quote)) was ordered already: \(records.schema.text(of: order))."
            )
        }
        var plan = Plan(records)
        if records.state(of: quote) == QuoteState.active {
            try Closing.quote.write(
                quote,
                "Won",
                [("actualrevenue", records.value(quote, "totalamount"))],
                &plan,
                records
            )
            try plan.update(
                quote,
                [("statecode", .option(QuoteState.won)), ("closedon", .date(records.today))]
            )
        }
        try DocumentForm.order.make(
            from: quote,
            .quote,
            [
                ("quoteid", .reference(quote)), ("orderdate", .date(records.today)),
                ("ordernumber", number.map(Value.text) ?? .null),
            ],
            &plan,
            records
        )
        return plan
    }
}

/// Makes an order from an opportunity, without a quote.
public struct OrderOpportunity: Message {
    /// The opportunity.
    public var opportunity = RecordID.none
    /// The order's number.
    public var number: String?

    public init() {}

    /// A request to make an order from an opportunity.
    public init(_ opportunity: RecordID, number: String? = nil) {
        (self.opportunity, self.number) = (opportunity, number)
    }

    public static let declaration = MessageDeclaration<OrderOpportunity>(
        102,
        "order",
        "Makes an order from an opportunity, with its customer, price list, lines and prices.",
        to: [MessageTarget("opportunity", states: [OpportunityState.open, OpportunityState.won])],
        record: \.opportunity,
        arguments: [.text(1, "number", \.number, lengthBytesMax: 100, "The order's number.")],
        rules: [.documentCustomerMissing]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        try records.requireCustomer(opportunity)
        var plan = Plan(records)
        try DocumentForm.order.make(
            from: opportunity,
            .opportunity,
            [
                ("opportunityid", .reference(opportunity)), ("orderdate", .date(records.today)),
                ("ordernumber", number.map(Value.text) ?? .null),
            ],
            &plan,
            records
        )
        return plan
    }
}

/// Hands an order over to whoever fulfils it.
public struct SubmitOrder: Message {
    /// The order.
    public var order = RecordID.none

    public init() {}

    /// A request to submit an order.
    public init(_ order: RecordID) { self.order = order }

    public static let declaration = MessageDeclaration<SubmitOrder>(
        103,
        "submit",
        "Hands an order over to whoever fulfils it.",
        to: [MessageTarget("salesorder", states: [OrderState.active])],
        record: \.order,
        rules: [.documentCustomerMissing, .pricingError]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        try records.requireCustomer(order)
        try records.requirePrices(order)
        var plan = Plan(records)
        try plan.update(
            order,
            [("statecode", .option(OrderState.submitted)), ("submitdate", .date(records.today))]
        )
        return plan
    }
}

/// Cancels an order of which nothing was delivered.
public struct CancelOrder: Message {
    /// The order.
    public var order = RecordID.none
    /// What is to be said about it.
    public var description: String?

    public init() {}

    /// A request to cancel an order.
    public init(_ order: RecordID) { self.order = order }

    public static let declaration = MessageDeclaration<CancelOrder>(
        104,
        "cancel",
        "Cancels an order of which nothing was delivered, and writes a closing activity.",
        to: [MessageTarget("salesorder", states: [OrderState.active, OrderState.submitted])],
        record: \.order,
        arguments: [
            .text(1, "description", \.description, lengthBytesMax: 10_000, "What is to be said about it.")
        ]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        var plan = Plan(records)
        try Closing.order.write(
            order,
            "Canceled",
            [("actualrevenue", 0), ("description", Value(description))],
            &plan,
            records
        )
        try plan.update(order, [("statecode", .option(OrderState.canceled))])
        return plan
    }
}
