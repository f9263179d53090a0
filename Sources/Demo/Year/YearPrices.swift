// What things cost, as the company decided it when the year began: a price list of fixed amounts, discounts by volume, and what a salesperson takes
// off. The ledger works out every amount itself, in cents; the CRM's pricing is not asked.

/// A line as it was agreed on.
struct YearLine: Sendable {
    /// Place in `DemoWords.products`.
    var product: Int
    var quantity: Int
    /// Taken off by the salesperson, in hundredths of a per cent.
    var discount: Int

    /// What a unit costs after the discount by volume: bench scales and sensors are cheaper by the ten and by the fifty.
    private var unitCents: Int {
        let price = DemoWords.products[product].price * 100
        guard YearLine.isDiscounted(product) else { return price }
        let percent = quantity >= 50 ? 10 : quantity >= 10 ? 5 : 0
        return price - price * percent / 100
    }

    /// The amount of the line, rounded half away from zero.
    var cents: Int {
        let base = unitCents * quantity
        return base - (base * discount + 5_000) / 10_000
    }

    /// Whether a product has discounts by volume.
    static func isDiscounted(_ product: Int) -> Bool { [0, 2].contains(DemoWords.products[product].family) }
}

extension [YearLine] {
    var cents: Int { reduce(0) { $0 + $1.cents } }
    var units: Int { reduce(0) { $0 + $1.quantity } }
}

extension RecordStream {
    /// A line: dear products alone, cheap ones by the dozen. Half of the lines have something taken off.
    mutating func line() -> YearLine {
        let product = below(DemoWords.products.count)
        let most = max(1, 24_000 / DemoWords.products[product].price)
        return YearLine(
            product: product,
            quantity: 1 + min(below(most), below(most)),
            discount: chance(500) ? 0 : 25 * within(1...30)
        )
    }
}
