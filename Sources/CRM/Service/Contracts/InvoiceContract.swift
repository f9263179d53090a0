// A contract is agreed on, and comes into force when its time has come.

import Engine

/// Invoices a contract: what it says is agreed on.
public struct InvoiceContract: Message {
    /// The contract.
    public var contract = RecordID.none

    public init() {}

    /// A request to invoice a contract.
    public init(_ contract: RecordID) { self.contract = contract }

    static let customerMissing = Rule("customer-missing", "A contract needs a customer.")
    static let linesMissing = Rule("lines-missing", "A contract needs lines.")

    public static let declaration = MessageDeclaration<InvoiceContract>(
        241,
        "invoice",
        """
        Says that a contract is agreed on: adds up its lines, gives each its allotments less what cases have taken, and lets it come into force on its first day and expire after \
        its last. Lines without days of their own have the contract's.
        """,
        to: [MessageTarget("contract", states: [ContractState.draft])],
        record: \.contract,
        rules: [
            customerMissing, .contractDatesMissing, .contractDatesReversed, linesMissing,
            .allotmentsMissing, .allotmentsBelowUsed, .lineOutside,
        ]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        guard records.reference(contract, "customerid") != .none else {
            throw records.refusal(Self.customerMissing, contract, "\(records.name(contract)) has no customer.")
        }
        let period = try records.requirePeriod(
            records.date(contract, "activeon"),
            records.date(contract, "expireson"),
            contract
        )
        let lines = try records.lines(of: contract, in: [ContractLineState.existing])
        guard !lines.isEmpty else {
            throw records.refusal(Self.linesMissing, contract, "\(records.name(contract)) has no lines.")
        }
        var total: (price: Int64, discount: Int64) = (0, 0)
        var rows: [(record: RecordID, values: [(String, Value)])] = []
        for line in lines {
            let price = records.units(line, "price")
            let discount = records.units(line, "discount")
            total = (total.price.addingClamped(price), total.discount.addingClamped(discount))
            let values = try records.agreed(line, of: contract, in: period, refusing: contract)
            rows.append((line, values + [("net", records.net(of: line))]))
        }
        var plan = Plan(records)
        try plan.update(rows: rows)
        try plan.update(
            contract,
            [
                ("statecode", .option(ContractState.invoiced)),
                ("totalprice", .decimal(Decimal64(units: total.price, scale: 4))),
                ("totaldiscount", .decimal(Decimal64(units: total.discount, scale: 4))),
                ("netprice", .decimal(Decimal64(units: total.price.subtractingClamped(total.discount), scale: 4))),
                ("activatesat", .instant(records.firstMoment(ofDay: period.from))),
                ("endsat", records.end(ofDay: period.to)),
            ]
        )
        return plan
    }
}

extension Records {
    /// The moment after a day; null of the calendar's last one, which has no end.
    fileprivate func end(ofDay day: Int32) -> Value {
        day < ArgumentType.days.upperBound ? .instant(firstMoment(ofDay: day + 1)) : .null
    }

    /// What a line costs in all.
    func net(of line: RecordID) -> Value {
        .decimal(Decimal64(units: units(line, "price").subtractingClamped(units(line, "discount")), scale: 4))
    }

    /// An amount of money in ten-thousandths; 0 where none is filled in.
    fileprivate func units(_ id: RecordID, _ attribute: String) -> Int64 {
        decimal(id, attribute)?.rescaled(to: 4)?.units ?? 0
    }
}

/// Brings a contract into force: sent by the clock.
public struct ActivateContract: Message {
    /// The contract.
    public var contract = RecordID.none

    public init() {}

    /// A request to bring a contract into force whose first day has come.
    public init(_ contract: RecordID) { self.contract = contract }

    public static let declaration = MessageDeclaration<ActivateContract>(
        242,
        "activate",
        """
        Brings an invoiced contract into force, which the clock does when its first day begins. One whose first day was put off waits for that, and one that is not Invoiced any more stays as it is.
        """,
        to: [MessageTarget("contract")],
        record: \.contract,
        rules: [.notDue]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        _ = try records.requireDue(contract, "activatesat")
        let isInvoiced = records.state(of: contract) == ContractState.invoiced
        var plan = Plan(records)
        if isInvoiced, let from = records.date(contract, "activeon"), from > records.today {
            // A plain change put the first day off.
            try plan.update(contract, [("activatesat", .instant(records.firstMoment(ofDay: from)))])
            return plan
        }
        try plan.update(
            contract,
            (isInvoiced ? [("statecode", .option(ContractState.active))] : []) + [("activatesat", .null)]
        )
        return plan
    }
}

/// Ends a contract whose time is over: sent by the clock.
public struct ExpireContract: Message {
    /// The contract.
    public var contract = RecordID.none

    public init() {}

    /// A request to end a contract whose last day is over.
    public init(_ contract: RecordID) { self.contract = contract }

    private static let running = [ContractState.invoiced, ContractState.active, ContractState.onHold]

    public static let declaration = MessageDeclaration<ExpireContract>(
        243,
        "expire",
        """
        Ends a contract, which the clock does when its last day is over, also on hold; its lines expire but for those that were renewed or canceled. One whose \
        last day was put off goes on to that, and one that ended otherwise stays as it is.
        """,
        to: [MessageTarget("contract")],
        record: \.contract,
        rules: [.notDue]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        _ = try records.requireDue(contract, "endsat")
        var plan = Plan(records)
        guard let state = records.state(of: contract), Self.running.contains(state) else {
            try plan.update(contract, [("endsat", .null)])
            return plan
        }
        if let to = records.date(contract, "expireson"), to >= records.today {
            // A plain change put the last day off.
            try plan.update(contract, [("endsat", records.end(ofDay: to))])
            return plan
        }
        try plan.update(
            contract,
            [("statecode", .option(ContractState.expired)), ("endsat", .null), ("activatesat", .null)]
        )
        try plan.update(
            try records.lines(of: contract, in: [ContractLineState.existing]),
            [("statecode", .option(ContractLineState.expired))]
        )
        return plan
    }
}
