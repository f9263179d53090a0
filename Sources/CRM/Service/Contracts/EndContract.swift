// A contract that rests, and one that ends before its time.

import Engine

/// Puts an active contract on hold.
public struct HoldContract: Message {
    /// The contract.
    public var contract = RecordID.none

    public init() {}

    /// A request to put a contract on hold.
    public init(_ contract: RecordID) { self.contract = contract }

    public static let declaration = MessageDeclaration<HoldContract>(
        244,
        "hold",
        "Puts an active contract on hold: nothing is taken of its lines meanwhile. Its last day stays.",
        to: [MessageTarget("contract", states: [ContractState.active])],
        record: \.contract
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        var plan = Plan(records)
        try plan.update(contract, [("statecode", .option(ContractState.onHold))])
        return plan
    }
}

/// Goes on with a contract that is on hold.
public struct ReleaseContract: Message {
    /// The contract.
    public var contract = RecordID.none

    public init() {}

    /// A request to go on with a contract.
    public init(_ contract: RecordID) { self.contract = contract }

    public static let declaration = MessageDeclaration<ReleaseContract>(
        245,
        "release",
        "Goes on with a contract that is on hold.",
        to: [MessageTarget("contract", states: [ContractState.onHold])],
        record: \.contract
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        var plan = Plan(records)
        try plan.update(contract, [("statecode", .option(ContractState.active))])
        return plan
    }
}

/// Ends a contract before its time.
public struct CancelContract: Message {
    /// The contract.
    public var contract = RecordID.none
    /// The day on which it was canceled: days since 1970-01-01.
    public var on: Int32?

    public init() {}

    /// A request to end a contract.
    public init(_ contract: RecordID, on: Int32? = nil) { (self.contract, self.on) = (contract, on) }

    public static let declaration = MessageDeclaration<CancelContract>(
        246,
        "cancel",
        "Ends a contract before its time, with the lines that it has; those that were renewed stay so. A draft is deleted instead.",
        to: [
            MessageTarget("contract", states: [ContractState.invoiced, ContractState.active, ContractState.onHold])
        ],
        record: \.contract,
        arguments: [.date(1, "on", \.on, "The day on which it was canceled; today where it is not given.")],
        rules: [.dayInFuture]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        try records.requirePast(on, contract)
        var plan = Plan(records)
        try plan.update(
            contract,
            [
                ("statecode", .option(ContractState.canceled)), ("cancelon", .date(on ?? records.today)),
                ("activatesat", .null), ("endsat", .null),
            ]
        )
        try plan.update(
            try records.lines(of: contract, in: [ContractLineState.existing]),
            [("statecode", .option(ContractLineState.canceled))]
        )
        return plan
    }
}
