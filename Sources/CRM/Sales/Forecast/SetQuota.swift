// What a salesperson is to win in a period of the fiscal calendar.

import Engine

/// Sets the quota of a salesperson for a period.
public struct SetQuota: Message {
    /// The salesperson.
    public var salesperson = RecordID.none
    /// The fiscal year, by its name.
    public var year: Int64?
    /// The period of the year, from 1.
    public var period: Int64?
    /// What is to be won.
    public var amount: Decimal64?
    /// The amount's currency; the base currency where it is not given.
    public var currency = RecordID.none

    public init() {}

    /// A request to set a quota.
    public init(_ salesperson: RecordID, year: Int64, period: Int64, amount: Decimal64) {
        (self.salesperson, self.year, self.period, self.amount) = (salesperson, year, period, amount)
    }

    static let noSuchPeriod = Rule("no-such-period", "The fiscal calendar has no such period.")
    static let isNegative = Rule("quota-negative", "A quota is not below 0.")

    public static let declaration = MessageDeclaration<SetQuota>(
        45,
        "set-quota",
        """
        Sets what a salesperson is to win in a period of the fiscal calendar, instead of what was set before for the period.
        """,
        said: "set its quota",
        to: [MessageTarget("systemuser")],
        record: \.salesperson,
        arguments: [
            .integer(1, "year", \.year, 1900...2199, isRequired: true, "The fiscal year, by its name."),
            .integer(2, "period", \.period, 1...13, isRequired: true, "The period of the year, from 1."),
            .decimal(3, "amount", \.amount, isRequired: true, "What is to be won."),
            .record(
                4,
                "currency",
                \.currency,
                to: ["transactioncurrency"],
                "The amount's currency; the base currency where it is not given."
            ),
        ],
        rules: [noSuchPeriod, isNegative]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        let year = year ?? 0
        let period = period ?? 0
        guard period <= records.fiscalPeriodCount else {
            throw records.refusal(
                Self.noSuchPeriod,
                salesperson,
                "A fiscal year has \(records.fiscalPeriodCount) periods; there is no period \(period)."
            )
        }
        guard let amount, amount.units >= 0 else {
            throw records.refusal(
                Self.isNegative,
                salesperson,
                "A quota of \(amount?.description ?? "nothing") is none."
            )
        }
        let values: [(String, Value)] = [
            ("amount", .decimal(amount)),
            ("transactioncurrencyid", currency == .none ? .null : .reference(currency)),
        ]
        let present = try records.referring(to: salesperson, "quota", "salespersonid").first {
            records.integer($0, "fiscalyear") == year && records.integer($0, "fiscalperiod") == period
        }
        var plan = Plan(records)
        if let present {
            try plan.update(present, values)
        } else {
            let made = try plan.create(
                "quota",
                [
                    ("salespersonid", .reference(salesperson)), ("fiscalyear", .integer(year)),
                    ("fiscalperiod", .integer(period)),
                ] + values
            )
            guard made != nil else { throw records.missing("quota") }
        }
        return plan
    }
}
