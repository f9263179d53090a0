// A contract goes on for another period: as a draft, so that somebody looks at it before it is agreed on.

import Engine

/// Drafts the next period of a contract.
public struct RenewContract: Message {
    /// The contract.
    public var contract = RecordID.none
    /// The first day of the next period: days since 1970-01-01.
    public var from: Int32?
    /// Its last day.
    public var to: Int32?

    public init() {}

    /// A request to renew a contract.
    public init(_ contract: RecordID, from: Int32? = nil, to: Int32? = nil) {
        (self.contract, self.from, self.to) = (contract, from, to)
    }

    static let isRenewed = Rule("renewed-already", "The contract has been renewed already.")

    private static let copied = [
        "title", "contracttemplateid", "customerid", "billingcustomerid", "ownerid", "allotmenttypecode",
        "contractservicelevelcode", "billingfrequencycode", "slaid", "transactioncurrencyid", "description",
    ].map { ($0, $0) }
    private static let copiedOfLines = [
        "title", "lineitemorder", "productid", "productserialnumber", "uomid", "initialquantity", "totalallotments",
        "price", "discount", "transactioncurrencyid",
    ].map { ($0, $0) }
    private static let continuing = [ContractLineState.existing, ContractLineState.renewed, ContractLineState.expired]

    public static let declaration = MessageDeclaration<RenewContract>(
        247,
        "renew",
        """
        Drafts a contract for the next period, as long as the last one, with the same terms, lines and allotments. The lines of the old one, but for those that were \
        canceled, are Renewed, and in force until their own end. A contract is renewed once, unless the renewal was canceled or deleted.
        """,
        to: [
            MessageTarget("contract", states: [ContractState.active, ContractState.onHold, ContractState.expired])
        ],
        record: \.contract,
        arguments: [
            .date(1, "from", \.from, "The first day of the next period; the day after the last where it is not given."),
            .date(
                2,
                "to",
                \.to,
                "Its last day; where it is not given, the period has as many months as the last one, or else as many days."
            ),
        ],
        rules: [.contractDatesMissing, .contractDatesReversed, isRenewed]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        let renewals = try records.referring(to: contract, "contract", "originatingcontract")
        if let renewal = renewals.first(where: { records.state(of: $0) != ContractState.canceled }) {
            throw records.refusal(
                Self.isRenewed,
                contract,
                "\(records.name(contract)) has been renewed already, by \(records.schema.text(of: renewal))."
            )
        }
        let last = try records.requirePeriod(
            records.date(contract, "activeon"),
            records.date(contract, "expireson"),
            contract
        )
        let from = from ?? last.to.addingClamped(1)
        let period = try records.requirePeriod(from, to ?? Self.end(from: from, after: last), contract)
        let dates: [(String, Value)] = [("activeon", .date(period.from)), ("expireson", .date(period.to))]
        let lines = try records.lines(of: contract, in: Self.continuing)
        var plan = Plan(records)
        let renewal = try plan.create(
            "contract",
            records.copied(contract, Self.copied) + dates + [("originatingcontract", .reference(contract))]
        )
        if let renewal {
            try plan.create(
                "contractdetail",
                rows: lines.map { line in
                    records.copied(line, Self.copiedOfLines) + [("contractid", .reference(renewal))]
                }
            )
        }
        try plan.update(lines, [("statecode", .option(ContractLineState.renewed))])
        return plan
    }

    /// The last day of a period as long as the last one: of as many months where that had whole months, so that a year follows a year
    /// whether or not it has a leap day; else of as many days.
    private static func end(from: Int32, after last: (from: Int32, to: Int32)) -> Int32 {
        let (begin, next) = (CivilDay(Int(last.from)), CivilDay(Int(last.to) + 1))
        guard begin.day == next.day else { return Int32(clamping: Int(from) + Int(last.to) - Int(last.from)) }
        let months = next.monthIndex - begin.monthIndex
        return Int32(clamping: CivilDay(Int(from)).adding(months: months) - 1)
    }
}
