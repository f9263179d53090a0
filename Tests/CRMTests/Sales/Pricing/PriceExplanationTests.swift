// What is said of a price, to the letter.

import CRM
import Engine
import Testing

@Suite struct PriceExplanationTests {
    private func name(_ id: RecordID) -> String {
        switch id {
        case PricingWorld.list: "pricelevel/retail"
        case PricingWorld.product: "product/bolt"
        case PricingWorld.item: "productpricelevel/bolt"
        case PricingWorld.discounts: "discounttype/bulk"
        case PricingWorld.piece: "uom/piece"
        case PricingWorld.dozen: "uom/dozen"
        case PricingWorld.gross: "uom/gross"
        default: "?"
        }
    }

    private func line(_ bend: (inout PricingWorld) -> Void) -> [String] {
        var world = PricingWorld()
        bend(&world)
        return world.priced().explanation(ofLine: 0).map { $0.text(name) }
    }

    @Test func aMarkupWithEverything() {
        let text = line { world in
            world.changeItem { item in
                (item.method, item.percentage) = (3, percent(25))
                (item.roundingPolicy, item.roundingOption, item.roundingAmount) = (2, 1, money(0.99))
                (item.quantitySelling, item.discountList) = (2, PricingWorld.discounts)
            }
            world.changeProduct { $0.currentCost = money(10) }
            world.changeLine { ($0.quantity, $0.manualDiscount, $0.tax) = (quantity(12), money(21.28), money(5)) }
        }
        #expect(
            text == [
                "product/bolt is active",
                "pricelevel/retail is active, in force on 2024-10-04 and in the document's currency",
                "productpricelevel/bolt: percent markup on current cost",
                "current cost 10.00 for uom/piece",
                "uom/dozen is 12 of uom/piece",
                "× (100 + 25.00) %",
                "rounded up to end in 0.99: 150.99",
                "quantity 12, sold whole",
                "volume discount of discounttype/bulk: 5.00 %, 7.55 off each unit",
                "(150.99 - 7.55) × 12 = 1721.28",
                "manual discount 21.28",
                "tax 5.00",
                "extended amount 1705.00",
            ]
        )
    }

    @Test func aMarginInASmallerUnit() {
        let text = line { world in
            world.changeItem { item in
                (item.method, item.percentage) = (6, percent(20))
                (item.roundingPolicy, item.roundingOption, item.roundingAmount) = (4, 2, money(0.25))
            }
            world.changeProduct { ($0.standardCost, $0.defaultUnit) = (money(100), PricingWorld.gross) }
            world.changeLine { ($0.unit, $0.discountPercentage) = (PricingWorld.piece, percent(12.5)) }
        }
        #expect(
            text == [
                "product/bolt is active",
                "pricelevel/retail is active, in force on 2024-10-04 and in the document's currency",
                "productpricelevel/bolt: percent margin on standard cost",
                "standard cost 100.00 for uom/gross",
                "uom/piece is 1/144 of uom/gross",
                "÷ (100 - 20.00) %",
                "rounded to the nearest to a multiple of 0.25: 0.75",
                "quantity 10",
                "no volume discount",
                "(0.75 - 0.00) × 10 = 7.50",
                "manual discount of 12.50 %: 0.94",
                "extended amount 6.56",
            ]
        )
    }

    @Test func pricesThatAreEntered() {
        let writeIn = line { world in
            world.document.isDiscountPerUnit = true
            world.changeLine { line in
                (line.isWriteIn, line.pricePerUnit, line.manualDiscount) = (true, money(0.125), money(0.01))
            }
        }
        #expect(
            writeIn == [
                "a write-in", "price per unit as entered: 0.13", "(0.13 - 0.00) × 10 = 1.30",
                "manual discount off each unit: 0.01 × 10 = 0.10", "extended amount 1.20",
            ]
        )
        let locked = line { world in
            world.document.isPriceLocked = true
            world.changeLine { ($0.pricePerUnit, $0.volumeDiscount) = (money(9), money(0.5)) }
        }
        #expect(
            locked == [
                "prices are locked", "price per unit as entered: 9.00", "volume discount kept: 0.50 off each unit",
                "(9.00 - 0.50) × 10 = 85.00", "extended amount 85.00",
            ]
        )
    }

    /// A kept price needs no catalogue: the product is not there.
    @Test func aKeptPrice() {
        let kept = line { world in
            world.changeLine { line in
                (line.product, line.isKept, line.isPriceOverridden) = (nil, true, true)
                (line.pricePerUnit, line.volumeDiscount) = (money(9), money(0.5))
            }
        }
        #expect(
            kept == [
                "the line's price is kept", "price per unit as entered: 9.00",
                "volume discount kept: 0.50 off each unit", "(9.00 - 0.50) × 10 = 85.00", "extended amount 85.00",
            ]
        )
    }

    @Test func whatFailedComesLast() {
        let text = line { world in
            world.changeItem { ($0.method, $0.amount, $0.quantitySelling) = (1, money(3), 2) }
            world.changeLine { $0.quantity = quantity(1.5) }
        }
        #expect(
            text == [
                "product/bolt is active",
                "pricelevel/retail is active, in force on 2024-10-04 and in the document's currency",
                "productpricelevel/bolt: currency amount", "price per unit 3.00",
                "error 29: 1.5 is not whole, and only whole units are sold",
            ]
        )
    }

    @Test func aDocument() {
        var world = PricingWorld()
        world.document.discountPercentage = percent(10)
        world.document.discountAmount = money(2)
        world.document.freight = money(7.5)
        world.changeLine { ($0.manualDiscount, $0.tax) = (money(52), money(100)) }
        world.document.lines.append(PricingLine())
        let priced = world.priced()
        #expect(
            priced.explanation.map { $0.text(name) } == [
                "1 line: 1100.00", "of which manual discounts took 52.00", "discount of 10.00 %: 110.00",
                "discount 2.00",
                "before freight 988.00", "freight 7.50", "tax 100.00", "total amount 1095.50",
                "error 1: 1 line has an error",
            ]
        )
        #expect(priced.totalDiscountAmount == money(164))
        #expect(
            priced.explanation(ofLine: 1).map { $0.text(name) } == [
                "error 6: there is no product, and the line is no write-in"
            ]
        )
    }

    /// A price with more digits than the amount: 1,000 screws at 0.0035.
    @Test func pricesCanBeFinerThanAmounts() {
        var world = PricingWorld()
        world.document.pricePrecision = 4
        world.changeItem { ($0.method, $0.amount) = (1, money(0.0035)) }
        world.changeLine { $0.quantity = quantity(1000) }
        #expect(world.priced().lines[0].extendedAmount == money(3.5))
        world.document.pricePrecision = 2
        #expect(world.priced().lines[0].extendedAmount == .zero)
    }

    /// The halves go away from zero, above and below.
    @Test func halvesGoAwayFromZero() {
        var world = PricingWorld()
        world.changeLine { ($0.isWriteIn, $0.pricePerUnit, $0.quantity) = (true, money(0.01), quantity(12.5)) }
        #expect(world.priced().lines[0].baseAmount == money(0.13))
        world.changeLine { $0.pricePerUnit = money(-0.01) }
        #expect(world.priced().lines[0].baseAmount == money(-0.13))
    }
}
