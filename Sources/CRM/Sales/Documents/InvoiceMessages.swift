// An invoice: made from an order or an opportunity, paid or canceled; and the lock on prices of what is agreed.

import Engine

/// Numbers of states of an invoice, as docs/schema.md lists them.
enum InvoiceState {
    static let active: Int32 = 0
    static let paid: Int32 = 2
    static let canceled: Int32 = 3
}

extension Records {
    /// When an invoice of today is due under a document's payment terms; nil without any.
    fileprivate func dueDay(_ document: RecordID) -> Int32? {
        // The options of paymenttermscode: net 30, 2 % in 10 days else net 30, net 45, net 60.
        let days: [Int32: Int32] = [1: 30, 2: 30, 3: 45, 4: 60]
        return option(document, "paymenttermscode").flatMap { days[$0] }.map { today + $0 }
    }
}

/// Makes an invoice from an order.
public struct InvoiceOrder: Message {
    /// The order.
    public var order = RecordID.none
    /// The invoice's number.
    public var number: String?

    public init() {}

    /// A request to make an invoice from an order.
    public init(_ order: RecordID, number: String? = nil) { (self.order, self.number) = (order, number) }

    public static let declaration = MessageDeclaration<InvoiceOrder>(
        106,
        "invoice",
        """
        Makes an invoice from an order, with its lines and prices, due as the payment terms say, and closes the order as \
        invoiced.
        """,
        to: [
            MessageTarget("salesorder", states: [OrderState.active, OrderState.submitted, OrderState.fulfilled])
        ],
        record: \.order,
        arguments: [.text(1, "number", \.number, lengthBytesMax: 100, "The invoice's number.")],
        rules: [.documentCustomerMissing, .pricingError]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        try records.requireCustomer(order)
        try records.requirePrices(order)
        var plan = Plan(records)
        try plan.update(order, [("statecode", .option(OrderState.invoiced))])
        try DocumentForm.invoice.make(
            from: order,
            .order,
            [
                ("salesorderid", .reference(order)), ("invoicenumber", number.map(Value.text) ?? .null),
                ("duedate", records.dueDay(order).map(Value.date) ?? .null),
            ],
            &plan,
            records
        )
        return plan
    }
}

/// Makes an invoice from an opportunity, without an order.
public struct InvoiceOpportunity: Message {
    /// The opportunity.
    public var opportunity = RecordID.none
    /// The invoice's number.
    public var number: String?

    public init() {}

    /// A request to make an invoice from an opportunity.
    public init(_ opportunity: RecordID, number: String? = nil) {
        (self.opportunity, self.number) = (opportunity, number)
    }

    public static let declaration = MessageDeclaration<InvoiceOpportunity>(
        107,
        "invoice",
        "Makes an invoice from an opportunity, with its customer, price list, lines and prices.",
        to: [MessageTarget("opportunity", states: [OpportunityState.open, OpportunityState.won])],
        record: \.opportunity,
        arguments: [.text(1, "number", \.number, lengthBytesMax: 100, "The invoice's number.")],
        rules: [.documentCustomerMissing, .pricingError]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        try records.requireCustomer(opportunity)
        try records.requirePrices(opportunity)
        var plan = Plan(records)
        try DocumentForm.invoice.make(
            from: opportunity,
            .opportunity,
            [
                ("opportunityid", .reference(opportunity)), ("invoicenumber", number.map(Value.text) ?? .null),
            ],
            &plan,
            records
        )
        return plan
    }
}

/// Closes an invoice as paid.
public struct PayInvoice: Message {
    /// The invoice.
    public var invoice = RecordID.none
    /// Whether completely or in part: a status of Paid.
    public var status: Int32?

    public init() {}

    /// A request to close an invoice as paid.
    public init(_ invoice: RecordID, status: Int32? = nil) { (self.invoice, self.status) = (invoice, status) }

    public static let declaration = MessageDeclaration<PayInvoice>(
        108,
        "pay",
        "Closes an invoice as paid.",
        to: [MessageTarget("invoice", states: [InvoiceState.active])],
        record: \.invoice,
        arguments: [
            .option(
                1,
                "status",
                \.status,
                of: "invoice",
                "statuscode",
                "Complete or Partial; Complete where it is not given."
            )
        ],
        rules: [.status, .pricingError]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        try records.requirePrices(invoice)
        var plan = Plan(records)
        try plan.update(invoice, records.close(invoice, InvoiceState.paid, status))
        return plan
    }
}

/// Cancels an invoice that was not paid.
public struct CancelInvoice: Message {
    /// The invoice.
    public var invoice = RecordID.none

    public init() {}

    /// A request to cancel an invoice.
    public init(_ invoice: RecordID) { self.invoice = invoice }

    public static let declaration = MessageDeclaration<CancelInvoice>(
        109,
        "cancel",
        "Cancels an invoice that was not paid.",
        to: [MessageTarget("invoice", states: [InvoiceState.active])],
        record: \.invoice
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        var plan = Plan(records)
        try plan.update(invoice, [("statecode", .option(InvoiceState.canceled))])
        return plan
    }
}

/// Locks the prices of an order or an invoice: they are calculated no more.
public struct LockPrices: Message {
    /// The order or invoice.
    public var document = RecordID.none

    public init() {}

    /// A request to lock prices.
    public init(_ document: RecordID) { self.document = document }

    static let locked = Rule("locked", "The prices are locked already.")

    public static let declaration = MessageDeclaration<LockPrices>(
        110,
        "lock-prices",
        "Locks the prices of an order or an invoice as they are: they are calculated no more.",
        said: "lock its prices",
        to: [
            MessageTarget("salesorder", states: [OrderState.active, OrderState.submitted]),
            MessageTarget("invoice", states: [InvoiceState.active]),
        ],
        record: \.document,
        rules: [locked]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        guard records.value(document, "ispricelocked") != .boolean(true) else {
            throw records.refusal(Self.locked, document, "The prices of \(records.name(document)) are locked already.")
        }
        var plan = Plan(records)
        try plan.update(document, [("ispricelocked", .boolean(true))])
        return plan
    }
}

/// Lets the prices of an order or an invoice be calculated again.
public struct UnlockPrices: Message {
    /// The order or invoice.
    public var document = RecordID.none

    public init() {}

    /// A request to unlock prices.
    public init(_ document: RecordID) { self.document = document }

    static let notLocked = Rule("not-locked", "The prices are not locked.")

    public static let declaration = MessageDeclaration<UnlockPrices>(
        111,
        "unlock-prices",
        "Lets the prices of an order or an invoice be calculated again.",
        said: "unlock its prices",
        to: [
            MessageTarget("salesorder", states: [OrderState.active, OrderState.submitted]),
            MessageTarget("invoice", states: [InvoiceState.active]),
        ],
        record: \.document,
        rules: [notLocked]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        guard records.value(document, "ispricelocked") == .boolean(true) else {
            throw records.refusal(Self.notLocked, document, "The prices of \(records.name(document)) are not locked.")
        }
        var plan = Plan(records)
        try plan.update(document, [("ispricelocked", .boolean(false))])
        return plan
    }
}
