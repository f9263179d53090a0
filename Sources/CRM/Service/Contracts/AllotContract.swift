// Lines of a contract that is agreed on get more, and those that were added to it since come into force.

import Engine

/// Gives lines of a contract that is agreed on what they have.
public struct AllotContract: Message {
    /// The contract.
    public var contract = RecordID.none
    /// The line that gets more.
    public var line = RecordID.none
    /// So many more cases or minutes.
    public var more: Int64?

    public init() {}

    /// A request to count anew what the lines of a contract have, or to give one of them more.
    public init(_ contract: RecordID, line: RecordID = .none, more: Int64? = nil) {
        (self.contract, self.line, self.more) = (contract, line, more)
    }

    static let lineMissing = Rule("line-missing", "It is not said which line gets more.")
    static let notItsLine = Rule("not-its-line", "The line is not the contract's, or over.")

    public static let declaration = MessageDeclaration<AllotContract>(
        248,
        "allot",
        """
        Counts anew what is left of the lines of a contract that is agreed on, by what they have and what cases have taken: of those that were added to the contract \
        since, which get their days and their price by it, and of those whose total was changed. With --line it is that line alone, with --more after it got so much more. The \
        contract's own prices stay as they were agreed on.
        """,
        said: "allot more to it",
        to: [
            MessageTarget("contract", states: [ContractState.invoiced, ContractState.active, ContractState.onHold])
        ],
        record: \.contract,
        arguments: [
            .record(1, "line", \.line, to: ["contractdetail"], "One line of it; all where it is not given."),
            .integer(2, "more", \.more, 1...1_000_000_000, "So many more cases or minutes of the line."),
        ],
        rules: [
            lineMissing, notItsLine, .contractDatesMissing, .contractDatesReversed, .allotmentsMissing,
            .allotmentsBelowUsed, .lineOutside,
        ]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        guard more == nil || line != .none else {
            throw records.refusal(Self.lineMissing, contract, "Which line gets more? Give --line.")
        }
        var lines = try records.lines(of: contract, in: [ContractLineState.existing, ContractLineState.renewed])
        if line != .none {
            guard lines.contains(line) else {
                throw records.refusal(
                    Self.notItsLine,
                    contract,
                    "\(records.name(line)) is no line of \(records.name(contract)) that is in force."
                )
            }
            lines = [line]
        }
        let period = try records.requirePeriod(
            records.date(contract, "activeon"),
            records.date(contract, "expireson"),
            contract
        )
        var rows: [(record: RecordID, values: [(String, Value)])] = []
        for line in lines {
            let values = try records.agreed(line, of: contract, in: period, more: more ?? 0, refusing: contract)
            rows.append((line, values + [("net", records.net(of: line))]))
        }
        var plan = Plan(records)
        try plan.update(rows: rows)
        return plan
    }
}
