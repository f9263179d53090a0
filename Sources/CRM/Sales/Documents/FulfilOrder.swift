// A delivery: the whole of what is outstanding, one line, or a part of one.

import Engine

/// Notes what was delivered of an order.
public struct FulfilOrder: Message {
    /// The order.
    public var order = RecordID.none
    /// The line that was delivered; all of them where it is not given.
    public var line = RecordID.none
    /// How much of the line.
    public var quantity: Decimal64?
    /// The day of the delivery: days since 1970-01-01.
    public var on: Int32?

    public init() {}

    /// A request to note a delivery.
    public init(_ order: RecordID, line: RecordID = .none, quantity: Decimal64? = nil) {
        (self.order, self.line, self.quantity) = (order, line, quantity)
    }

    static let nothingOutstanding = Rule("nothing-outstanding", "All that was ordered is delivered or canceled.")
    static let quantityWithoutLine = Rule("quantity-without-line", "A quantity is one of a line, and none is given.")
    static let quantityTooLarge = Rule("quantity-too-large", "More would be delivered than is outstanding.")
    static let quantityNotPositive = Rule("quantity-not-positive", "A delivery is of something.")

    public static let declaration = MessageDeclaration<FulfilOrder>(
        105,
        "fulfil",
        """
        Notes a delivery: all that is outstanding, a line, or a quantity of it. The order is fulfilled, completely or in part, and \
        each delivery writes a closing activity.
        """,
        to: [
            MessageTarget("salesorder", states: [OrderState.active, OrderState.submitted, OrderState.fulfilled])
        ],
        record: \.order,
        arguments: [
            .record(
                1,
                "line",
                \.line,
                to: ["salesorderdetail"],
                "The line that was delivered; all where it is not given."
            ),
            .decimal(2, "quantity", \.quantity, "How much of the line; all that is outstanding where it is not given."),
            .date(3, "on", \.on, "The day of the delivery; today where it is not given."),
        ],
        rules: [
            nothingOutstanding, .lineOfAnother, quantityWithoutLine, quantityTooLarge, quantityNotPositive,
            .dayInFuture,
        ]
    )

    /// Digits behind the point of a quantity.
    private static let scale: UInt8 = 5

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        try records.requirePast(on, order)
        let lines = try DocumentForm.order.lines(of: order, records)
        guard line == .none || lines.contains(line) else {
            throw records.refusal(
                .lineOfAnother,
                order,
                "\(records.schema.text(of: line)) is no line of \(records.name(order))."
            )
        }
        guard line != .none || quantity == nil else {
            throw records.refusal(Self.quantityWithoutLine, order, "Say of which line so much was delivered: --line.")
        }
        var shipped: [(record: RecordID, values: [(String, Value)])] = []
        var isComplete = true
        for each in lines {
            let outstanding =
                units(each, "quantity", records) - units(each, "quantityshipped", records)
                - units(each, "quantitycancelled", records)
            guard outstanding > 0 else { continue }
            guard line == .none || line == each else {
                isComplete = false
                continue
            }
            let delivered = try delivered(of: outstanding, records)
            if delivered < outstanding { isComplete = false }
            let units = units(each, "quantityshipped", records) + delivered
            shipped.append((each, [("quantityshipped", .decimal(Decimal64(units: units, scale: Self.scale)))]))
        }
        guard !shipped.isEmpty else {
            throw records.refusal(
                Self.nothingOutstanding,
                order,
                "Nothing of \(line == .none ? records.name(order) : records.schema.text(of: line)) is outstanding."
            )
        }
        var plan = Plan(records)
        try plan.update(rows: shipped)
        try Closing.order.write(
            order,
            isComplete ? "Fulfilled" : "Fulfilled in part",
            on: on,
            [("actualrevenue", isComplete ? records.value(order, "totalamount") : .null)],
            &plan,
            records
        )
        try plan.update(
            order,
            records.close(
                order,
                OrderState.fulfilled,
                isComplete ? OrderState.statusComplete : OrderState.statusPartial
            ) + (isComplete ? [("datefulfilled", .date(on ?? records.today))] : [])
        )
        return plan
    }

    /// How much is delivered of what is outstanding of a line.
    private func delivered(of outstanding: Int64, _ records: Records) throws(Refusal) -> Int64 {
        guard let quantity else { return outstanding }
        guard let units = quantity.rescaled(to: Self.scale)?.units, units <= outstanding else {
            let shown = Decimal64(units: outstanding, scale: Self.scale)
            throw records.refusal(
                Self.quantityTooLarge,
                order,
                "\(quantity) of \(records.schema.text(of: line)) cannot be delivered: \(shown) is outstanding."
            )
        }
        guard units > 0 else {
            throw records.refusal(Self.quantityNotPositive, order, "A delivery of \(quantity) is none.")
        }
        return units
    }

    /// A quantity of a line. The standard's bounds (10^9 whole units) keep sums of three far inside 64 bits; an administrator
    /// may have widened them, and such a quantity is cut to a fourth of what 64 bits hold.
    private func units(_ line: RecordID, _ attribute: String, _ records: Records) -> Int64 {
        let units = records.decimal(line, attribute)?.rescaled(to: Self.scale)?.units ?? 0
        return min(max(units, .min / 4), .max / 4)
    }
}
