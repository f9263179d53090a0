// Random documents under every method, rounding policy, option and way of discounting: each amount is what the model says, and
// totals are the sums of the lines.

import CRM
import Engine
import Snapshot
import Testing

@Suite struct PricingPropertyTests {
    struct Way: Sendable, CustomTestStringConvertible {
        var method: Int32
        var policy: Int32
        var option: Int32
        var testDescription: String { "method \(method), policy \(policy), option \(option)" }
    }

    static let ways: [Way] = (1...6).flatMap { method in
        (1...4).flatMap { policy in
            (1...2).map { Way(method: Int32(method), policy: Int32(policy), option: Int32($0)) }
        }
    }

    @Test(arguments: ways) func amountsAreTheModels(_ way: Way) throws {
        let seed = UInt64(way.method) << 8 | UInt64(way.policy) << 4 | UInt64(way.option)
        var random = SplitMix64(seed: seed)
        for round in 0..<60 {
            let world = Self.world(way, &random)
            let model = PricingModel(document: world.document, book: world.book)
            let priced = world.priced()
            var (amount, discounts, tax) = (Fraction(0), Fraction(0), Fraction(0))
            var extended: Int64 = 0
            for (index, line) in world.document.lines.enumerated() {
                let mine = priced.lines[index]
                let place = "seed \(seed), round \(round), line \(index)"
                guard let expected = model.line(line) else {
                    #expect(mine.error == .priceCalculationError && mine.extendedAmount == nil, "\(place)")
                    continue
                }
                #expect(mine.error == .none, "\(place)")
                let (base, total) = try (#require(mine.baseAmount), #require(mine.extendedAmount))
                #expect(Fraction(mine.pricePerUnit) == expected.price, "\(place)")
                #expect(Fraction(mine.volumeDiscount) == expected.off, "\(place)")
                #expect(Fraction(base) == expected.base, "\(place)")
                #expect(Fraction(total) == expected.extended, "\(place)")
                (amount, discounts, tax) = (
                    amount + expected.base - expected.discount, discounts + expected.discount, tax + expected.tax
                )
                extended += total.units
            }
            let digits = world.document.currencyPrecision
            let percentage = Fraction(world.document.discountPercentage) / Fraction(100)
            let off = (amount * percentage).rounded(digits) + Fraction(world.document.discountAmount).rounded(digits)
            let freight = Fraction(world.document.freight).rounded(digits)
            let place = "seed \(seed), round \(round)"
            #expect(Fraction(priced.totalLineItemAmount) == amount, "\(place)")
            #expect(Fraction(priced.totalLineItemDiscountAmount) == discounts, "\(place)")
            #expect(Fraction(priced.totalTax) == tax, "\(place)")
            #expect(Fraction(priced.totalDiscountAmount) == discounts + off, "\(place)")
            #expect(Fraction(priced.totalAmountLessFreight) == amount - off, "\(place)")
            #expect(Fraction(priced.totalAmount) == amount - off + freight + tax, "\(place)")
            // The lines add up to the document, in the units in which they are stored.
            let lines = try #require(priced.totalLineItemAmount).units + #require(priced.totalTax).units
            #expect(extended == lines, "\(place)")
        }
    }

    /// Valid but for prices too low to be rounded down.
    static func world(_ way: Way, _ random: inout SplitMix64) -> PricingWorld {
        var world = PricingWorld()
        func number(_ bound: Int) -> Int64 { Int64(random.below(bound)) }
        world.document.currencyPrecision = random.below(5)
        world.document.pricePrecision = random.below(5)
        world.document.isDiscountPerUnit = random.below(3) == 0
        world.document.isPriceLocked = random.below(8) == 0
        if random.below(2) == 0 { world.document.discountPercentage = Percentage(units: number(10_001)) }
        if random.below(2) == 0 { world.document.discountAmount = Money(units: number(1_000_000)) }
        if random.below(2) == 0 { world.document.freight = Money(units: number(1_000_000)) }

        let step = Decimal64.powersOfTen[4 - world.document.pricePrecision]
        let percentage = way.method == 4 || way.method == 6 ? number(10_000) : number(30_000)
        let (amount, rounding) = (Money(units: number(10_000_000)), (number(20_000) + 1) * step)
        let isDiscounted = random.below(2) == 0
        let selling = Int32(random.below(3) + 1)
        world.changeItem { item in
            item.method = way.method
            item.amount = amount
            item.percentage = Percentage(units: percentage)
            item.roundingPolicy = way.policy
            item.roundingOption = way.option
            item.roundingAmount = Money(units: rounding)
            item.quantitySelling = selling
            item.discountList = isDiscounted ? PricingWorld.discounts : nil
        }
        let (list, current, standard) = (number(10_000_000), number(10_000_000), number(10_000_000))
        let home = [PricingWorld.piece, PricingWorld.dozen, PricingWorld.gross][random.below(3)]
        world.changeProduct { product in
            product.listPrice = Money(units: list)
            product.currentCost = Money(units: current)
            product.standardCost = Money(units: standard)
            product.defaultUnit = home
            product.quantityDigits = 5
        }
        world.book.units[PricingWorld.dozen]?.quantity = Quantity(units: number(3_000_000) + 1)
        if isDiscounted {
            let shares = [number(10_001), number(10_001)]
            world.changeDiscounts { discounts in
                discounts.bands[0].percentage = Percentage(units: shares[0])
                discounts.bands[1].percentage = Percentage(units: shares[1])
            }
        }
        world.document.lines = (0..<random.below(6)).map { _ in Self.line(selling, &random) }
        return world
    }

    private static func line(_ selling: Int32, _ random: inout SplitMix64) -> PricingLine {
        var line = PricingLine()
        func number(_ bound: Int) -> Int64 { Int64(random.below(bound)) }
        line.product = PricingWorld.product
        line.unit = [PricingWorld.piece, PricingWorld.dozen, PricingWorld.gross][random.below(3)]
        // Often at the ends of the bands.
        line.quantity =
            switch random.below(4) {
            case 0: quantity(10)
            case 1: quantity(20)
            case 2: quantity(Double(random.below(50)))
            default: selling == 2 ? quantity(3) : Quantity(units: number(5_000_000))
            }
        line.isWriteIn = random.below(8) == 0
        line.isPriceOverridden = random.below(8) == 0
        line.isKept = random.below(8) == 0
        line.pricePerUnit = Money(units: number(10_000_000) - 1_000_000)
        line.volumeDiscount = Money(units: number(10_000))
        if random.below(3) == 0 { line.discountPercentage = Percentage(units: number(10_001)) }
        if random.below(3) == 0 { line.manualDiscount = Money(units: number(100_000)) }
        if random.below(2) == 0 { line.tax = Money(units: number(100_000) - 10_000) }
        return line
    }

    /// Rates between one and nearly nothing: an amount fits in the base currency exactly if the quotient does.
    @Test func baseAmountsFitWhereTheQuotientDoes() {
        var random = SplitMix64(seed: 7)
        for _ in 0..<2_000 {
            var world = PricingWorld()
            let rate = Int64(random.below(10_000_000_000)) + 1
            world.document.exchangeRate = rate
            (world.document.currencyPrecision, world.document.pricePrecision) = (4, 4)
            // Around the limit: 2^63 × rate.
            let limit = Int64(clamping: Int128(Int64.max) * Int128(rate) / 10_000_000_000)
            let near = limit.subtractingReportingOverflow(Int64(random.below(9)) - 4)
            guard !near.overflow else { continue }
            let units = random.below(2) == 0 ? near.partialValue : -near.partialValue
            world.changeLine { line in
                (line.isWriteIn, line.pricePerUnit, line.quantity) = (true, Money(units: units), .one)
            }
            let quotient = Fraction(Int128(units) * 10_000_000_000, Int128(rate)).rounded(0)
            let expected: PricingErrorCode =
                quotient.top > Int128(Int64.max)
                ? .baseCurrencyAttributeOverflow
                : quotient.top < Int128(Int64.min) ? .baseCurrencyAttributeUnderflow : .none
            #expect(world.priced().lines[0].error == expected, "rate \(rate), units \(units)")
        }
    }
}
