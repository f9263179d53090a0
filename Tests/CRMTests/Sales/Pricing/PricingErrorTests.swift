// Every code of `pricingerrorcode` is reached, by each way to it, and the code is the one that docs/pricing.md says.

import CRM
import Engine
import Testing

/// A world that is bent, and the code that its line gets.
struct PricingErrorCase: Sendable, CustomTestStringConvertible {
    var code: PricingErrorCode
    var name: String
    /// Of the document; nil: 1, or 0 for a line without error.
    var document: PricingErrorCode?
    var bend: @Sendable (inout PricingWorld) -> Void

    var testDescription: String { "\(code.rawValue) \(name)" }

    init(
        _ code: PricingErrorCode,
        _ name: String,
        document: PricingErrorCode? = nil,
        _ bend: @escaping @Sendable (inout PricingWorld) -> Void
    ) {
        self.code = code
        self.name = name
        self.document = document
        self.bend = bend
    }
}

@Suite struct PricingErrorTests {
    private static let elsewhere = RecordID(entity: EntityID(66), origin: 0, sequence: 99)

    static let cases: [PricingErrorCase] =
        header + lines + catalogue + rounding + discounts + ranges

    private static let header = [
        PricingErrorCase(.none, "as it is") { _ in },
        PricingErrorCase(.missingPriceLevel, "no list", document: .missingPriceLevel) { $0.document.priceList = nil },
        PricingErrorCase(.inactivePriceLevel, "inactive", document: .inactivePriceLevel) {
            $0.changeList { $0.isActive = false }
        },
        PricingErrorCase(.inactivePriceLevel, "not there", document: .inactivePriceLevel) { $0.book.priceLists = [:] },
        PricingErrorCase(.inactivePriceLevel, "not yet", document: .inactivePriceLevel) {
            $0.changeList { $0.beginDate = 20_001 }
        },
        PricingErrorCase(.inactivePriceLevel, "no longer", document: .inactivePriceLevel) {
            $0.changeList { $0.endDate = 19_999 }
        },
        PricingErrorCase(.none, "on its first and last day") {
            $0.changeList { ($0.beginDate, $0.endDate) = (20_000, 20_000) }
        },
        PricingErrorCase(.none, "an inactive list that no line needs") {
            $0.changeList { $0.isActive = false }
            $0.changeLine { ($0.isPriceOverridden, $0.pricePerUnit) = (true, money(1)) }
        },
        PricingErrorCase(.invalidPriceLevelCurrency, "another", document: .invalidPriceLevelCurrency) {
            $0.changeList { $0.currency = PricingWorld.dollar }
        },
        PricingErrorCase(.invalidPriceLevelCurrency, "none", document: .invalidPriceLevelCurrency) {
            $0.changeList { $0.currency = nil }
        },
        PricingErrorCase(.invalidPricingPrecision, "currency", document: .invalidPricingPrecision) {
            $0.document.currencyPrecision = 5
        },
        PricingErrorCase(.invalidPricingPrecision, "prices", document: .invalidPricingPrecision) {
            $0.document.pricePrecision = -1
        },
        PricingErrorCase(.none, "the document's discount alone", document: .invalidDiscount) {
            $0.document.discountAmount = money(-1)
        },
        PricingErrorCase(.none, "the document's percentage alone", document: .invalidDiscount) {
            $0.document.discountPercentage = percent(100.01)
        },
    ]

    private static let lines = [
        PricingErrorCase(.missingQuantity, "listed") { $0.changeLine { $0.quantity = nil } },
        PricingErrorCase(.missingQuantity, "write-in") {
            $0.changeLine { ($0.isWriteIn, $0.pricePerUnit, $0.quantity) = (true, money(1), nil) }
        },
        PricingErrorCase(.missingUnitPrice, "write-in") { $0.changeLine { $0.isWriteIn = true } },
        PricingErrorCase(.missingUnitPrice, "overridden") { $0.changeLine { $0.isPriceOverridden = true } },
        PricingErrorCase(.missingUnitPrice, "locked") { $0.document.isPriceLocked = true },
        PricingErrorCase(.missingProduct, "listed") { $0.changeLine { $0.product = nil } },
        PricingErrorCase(.missingProduct, "overridden") {
            $0.changeLine { ($0.product, $0.isPriceOverridden, $0.pricePerUnit) = (nil, true, money(1)) }
        },
        PricingErrorCase(.none, "a write-in without product") {
            $0.changeLine { ($0.product, $0.isWriteIn, $0.pricePerUnit) = (nil, true, money(1)) }
        },
        PricingErrorCase(.invalidProduct, "inactive") { $0.changeProduct { $0.isActive = false } },
        PricingErrorCase(.invalidProduct, "not there") { $0.book.products = [:] },
        PricingErrorCase(.invalidProduct, "not yet sold") { $0.changeProduct { $0.validFrom = 20_001 } },
        PricingErrorCase(.invalidProduct, "no longer sold") { $0.changeProduct { $0.validTo = 19_999 } },
        PricingErrorCase(.none, "locked, of a product that is gone") {
            $0.book.products = [:]
            $0.document.isPriceLocked = true
            $0.changeLine { $0.pricePerUnit = money(1) }
        },
        PricingErrorCase(.missingUOM, "listed") { $0.changeLine { $0.unit = nil } },
        PricingErrorCase(.none, "no unit, overridden") {
            $0.changeLine { ($0.unit, $0.isPriceOverridden, $0.pricePerUnit) = (nil, true, money(1)) }
        },
        PricingErrorCase(.invalidQuantity, "negative") { $0.changeLine { $0.quantity = quantity(-1) } },
        PricingErrorCase(.invalidQuantity, "not whole") {
            $0.changeItem { $0.quantitySelling = 2 }
            $0.changeLine { $0.quantity = quantity(1.5) }
        },
        PricingErrorCase(.invalidQuantity, "too fine") {
            $0.changeItem { $0.quantitySelling = 3 }
            $0.changeProduct { $0.quantityDigits = 1 }
            $0.changeLine { $0.quantity = quantity(1.25) }
        },
        PricingErrorCase(.none, "as fine as the product") {
            $0.changeItem { $0.quantitySelling = 3 }
            $0.changeProduct { $0.quantityDigits = 2 }
            $0.changeLine { $0.quantity = quantity(1.25) }
        },
        PricingErrorCase(.none, "no control") { $0.changeLine { $0.quantity = quantity(1.23456) } },
        PricingErrorCase(.invalidQuantity, "unknown option") { $0.changeItem { $0.quantitySelling = 4 } },
    ]

    private static let catalogue = [
        PricingErrorCase(.productNotInPriceLevel, "unit") {
            $0.changeLine { $0.unit = PricingErrorTests.elsewhere }
        },
        PricingErrorCase(.missingPricingCode, "none") { $0.changeItem { $0.method = nil } },
        PricingErrorCase(.invalidPricingCode, "7") { $0.changeItem { $0.method = 7 } },
        PricingErrorCase(.invalidPricingCode, "0") { $0.changeItem { $0.method = 0 } },
        PricingErrorCase(.missingPriceLevelAmount, "none") { $0.changeItem { $0.method = 1 } },
        PricingErrorCase(.invalidPriceLevelAmount, "negative") {
            $0.changeItem { ($0.method, $0.amount) = (1, money(-1)) }
        },
        PricingErrorCase(.missingPriceLevelPercentage, "none") { $0.changeItem { $0.percentage = nil } },
        PricingErrorCase(.invalidPriceLevelPercentage, "negative") { $0.changeItem { $0.percentage = percent(-1) } },
        PricingErrorCase(.invalidPriceLevelPercentage, "margin") {
            $0.changeItem { ($0.method, $0.percentage) = (4, percent(100)) }
        },
        PricingErrorCase(.none, "the largest margin") {
            $0.changeItem { ($0.method, $0.percentage) = (6, percent(99.99)) }
        },
        PricingErrorCase(.missingPrice, "none") { $0.changeProduct { $0.listPrice = nil } },
        PricingErrorCase(.invalidPrice, "negative") { $0.changeProduct { $0.listPrice = money(-1) } },
        PricingErrorCase(.missingCurrentCost, "none") {
            $0.changeItem { $0.method = 3 }
            $0.changeProduct { $0.currentCost = nil }
        },
        PricingErrorCase(.invalidCurrentCost, "negative") {
            $0.changeItem { ($0.method, $0.percentage) = (4, percent(10)) }
            $0.changeProduct { $0.currentCost = money(-1) }
        },
        PricingErrorCase(.missingStandardCost, "none") {
            $0.changeItem { $0.method = 5 }
            $0.changeProduct { $0.standardCost = nil }
        },
        PricingErrorCase(.invalidStandardCost, "negative") {
            $0.changeItem { $0.method = 5 }
            $0.changeProduct { $0.standardCost = money(-1) }
        },
        PricingErrorCase(.missingProductDefaultUOM, "none") { $0.changeProduct { $0.defaultUnit = nil } },
        PricingErrorCase(.missingProductUOMSchedule, "none") { $0.changeProduct { $0.unitGroup = nil } },
        PricingErrorCase(.none, "no group, in the default unit") {
            $0.changeProduct { ($0.unitGroup, $0.defaultUnit) = (nil, PricingWorld.dozen) }
        },
        PricingErrorCase(.none, "an amount needs no default unit") {
            $0.changeItem { ($0.method, $0.amount) = (1, money(1)) }
            $0.changeProduct { ($0.unitGroup, $0.defaultUnit) = (nil, nil) }
        },
        PricingErrorCase(.priceCalculationError, "unit of another group") {
            $0.book.units[PricingWorld.dozen]?.group = PricingErrorTests.elsewhere
        },
        PricingErrorCase(.priceCalculationError, "unit made of nothing") {
            $0.book.units[PricingWorld.dozen]?.quantity = nil
        },
        PricingErrorCase(.priceCalculationError, "default unit of size 0") {
            $0.changeProduct { $0.defaultUnit = PricingWorld.gross }
            $0.book.units[PricingWorld.gross]?.quantity = quantity(0)
        },
        PricingErrorCase(.priceCalculationError, "units in a circle") {
            $0.book.units[PricingWorld.piece]?.madeOf = PricingWorld.gross
            $0.book.units[PricingWorld.piece]?.quantity = quantity(1)
        },
        PricingErrorCase(.priceCalculationError, "two base units") {
            $0.book.units[PricingWorld.dozen]?.madeOf = nil
        },
        PricingErrorCase(.none, "a long chain of units") {
            var unit = PricingWorld.piece
            for step in 0..<24 {
                let next = RecordID(entity: EntityID(66), origin: 0, sequence: UInt64(1000 + step))
                $0.book.units[next] = UnitOfMeasure(
                    group: PricingWorld.group,
                    madeOf: unit,
                    quantity: quantity(step % 2 == 0 ? 12 : 0.5)
                )
                unit = next
            }
            $0.book.units[PricingWorld.dozen]?.madeOf = unit
            // The price fits: 8 × 12 × 6^12 is 2 × 10^11.
            $0.changeLine { $0.quantity = quantity(1) }
        },
        PricingErrorCase(.priceCalculationError, "too many digits") {
            var unit = PricingWorld.piece
            for step in 0..<9 {
                let next = RecordID(entity: EntityID(66), origin: 0, sequence: UInt64(1000 + step))
                $0.book.units[next] = UnitOfMeasure(
                    group: PricingWorld.group,
                    madeOf: unit,
                    quantity: Quantity(units: 99_999_999_999_989)
                )
                unit = next
            }
            $0.book.units[PricingWorld.dozen]?.madeOf = unit
        },
    ]

    private static let rounding = [
        PricingErrorCase(.invalidRoundingPolicy, "5") { $0.changeItem { $0.roundingPolicy = 5 } },
        PricingErrorCase(.none, "no policy") { $0.changeItem { $0.roundingPolicy = nil } },
        PricingErrorCase(.invalidRoundingOption, "none") { $0.changeItem { $0.roundingPolicy = 2 } },
        PricingErrorCase(.invalidRoundingOption, "3") {
            $0.changeItem { ($0.roundingPolicy, $0.roundingOption) = (2, 3) }
        },
        PricingErrorCase(.invalidRoundingAmount, "none") {
            $0.changeItem { ($0.roundingPolicy, $0.roundingOption) = (2, 1) }
        },
        PricingErrorCase(.invalidRoundingAmount, "negative") {
            $0.changeItem { ($0.roundingPolicy, $0.roundingOption, $0.roundingAmount) = (2, 1, money(-0.01)) }
        },
        PricingErrorCase(.invalidRoundingAmount, "multiple of 0") {
            $0.changeItem { ($0.roundingPolicy, $0.roundingOption, $0.roundingAmount) = (2, 2, .zero) }
        },
        PricingErrorCase(.none, "ends in 0") {
            $0.changeItem { ($0.roundingPolicy, $0.roundingOption, $0.roundingAmount) = (2, 1, .zero) }
        },
        PricingErrorCase(.invalidRoundingAmount, "finer than prices") {
            $0.changeItem { ($0.roundingPolicy, $0.roundingOption, $0.roundingAmount) = (2, 2, money(0.005)) }
        },
        PricingErrorCase(.none, "rounding of an amount is not looked at") {
            $0.changeItem { ($0.method, $0.amount, $0.roundingPolicy) = (1, money(1), 9) }
        },
        PricingErrorCase(.priceCalculationError, "nothing to round down to") {
            $0.changeItem { ($0.roundingPolicy, $0.roundingOption, $0.roundingAmount) = (3, 1, money(999.99)) }
        },
    ]

    private static let discounts = [
        PricingErrorCase(.invalidDiscountType, "not there") {
            $0.changeItem { $0.discountList = PricingErrorTests.elsewhere }
        },
        PricingErrorCase(.invalidDiscountType, "amounts in another currency") {
            $0.changeDiscounts { ($0.isAmount, $0.currency) = (true, PricingWorld.dollar) }
        },
        PricingErrorCase(.none, "percentages in another currency") {
            $0.changeDiscounts { $0.currency = PricingWorld.dollar }
        },
        PricingErrorCase(.discountTypeInvalidState, "2") { $0.changeDiscounts { $0.state = 2 } },
        PricingErrorCase(.inactiveDiscountType, "1") { $0.changeDiscounts { $0.state = 1 } },
        PricingErrorCase(.invalidDiscount, "band backwards") {
            $0.changeDiscounts { $0.bands.append(DiscountBand(low: quantity(3), high: quantity(2))) }
        },
        PricingErrorCase(.invalidDiscount, "bands overlap") {
            $0.changeDiscounts {
                $0.bands.append(DiscountBand(low: quantity(5), high: quantity(11), percentage: percent(1)))
            }
        },
        PricingErrorCase(.invalidDiscount, "the same band twice") { $0.changeDiscounts { $0.bands += $0.bands } },
        PricingErrorCase(.none, "an overlap elsewhere") {
            $0.changeDiscounts {
                $0.bands.append(DiscountBand(low: quantity(100), high: quantity(200), percentage: percent(1)))
            }
        },
        PricingErrorCase(.invalidDiscount, "no percentage") { $0.changeDiscounts { $0.bands[0].percentage = nil } },
        PricingErrorCase(.invalidDiscount, "over the whole") {
            $0.changeDiscounts { $0.bands[0].percentage = percent(101) }
        },
        PricingErrorCase(.invalidDiscount, "negative percentage") {
            $0.changeDiscounts { $0.bands[0].percentage = percent(-1) }
        },
        PricingErrorCase(.invalidDiscount, "no amount") {
            $0.changeDiscounts { ($0.isAmount, $0.currency) = (true, PricingWorld.euro) }
        },
        PricingErrorCase(.invalidDiscount, "amount over the price") {
            $0.changeDiscounts {
                ($0.isAmount, $0.currency, $0.bands[0].amount) = (true, PricingWorld.euro, money(116))
            }
        },
        PricingErrorCase(.invalidDiscount, "negative amount") {
            $0.changeDiscounts {
                ($0.isAmount, $0.currency, $0.bands[0].amount) = (true, PricingWorld.euro, money(-1))
            }
        },
        PricingErrorCase(.invalidDiscount, "manual, negative") { $0.changeLine { $0.manualDiscount = money(-0.01) } },
        PricingErrorCase(.invalidDiscount, "manual, over the whole") {
            $0.changeLine { $0.discountPercentage = percent(100.01) }
        },
    ]

    private static let ranges = [
        PricingErrorCase(.priceAttributeOutOfRange, "price") {
            $0.changeProduct { $0.listPrice = Money(units: .max) }
        },
        PricingErrorCase(.priceAttributeOutOfRange, "amount") {
            $0.changeItem { ($0.method, $0.amount) = (1, Money(units: .max / 100 * 100)) }
        },
        PricingErrorCase(.priceAttributeOutOfRange, "amount of a large quantity") {
            $0.changeLine {
                ($0.isWriteIn, $0.pricePerUnit, $0.quantity) = (
                    true, Money(units: .min / 100 * 100), Quantity(units: .max)
                )
            }
        },
        PricingErrorCase(.priceAttributeOutOfRange, "tax") { $0.changeLine { $0.tax = Money(units: .max) } },
        PricingErrorCase(.priceAttributeOutOfRange, "extended amount") {
            $0.changeLine { $0.tax = Money(units: .max / 100 * 100) }
        },
        PricingErrorCase(.none, "freight alone", document: .priceAttributeOutOfRange) {
            $0.document.freight = Money(units: .max / 100 * 100)
        },
        PricingErrorCase(.none, "total of lines", document: .priceAttributeOutOfRange) {
            $0.changeLine {
                ($0.isWriteIn, $0.pricePerUnit, $0.quantity) = (true, Money(units: .max / 200 * 100), quantity(1.5))
            }
            $0.document.lines += $0.document.lines
        },
        PricingErrorCase(.baseCurrencyAttributeOverflow, "line") {
            // A currency of which 0.001 is one of the base: 1,000 times as much there.
            $0.document.exchangeRate = 10_000_000
            $0.changeLine { ($0.isWriteIn, $0.pricePerUnit) = (true, money(922_337_203_685.48)) }
        },
        PricingErrorCase(.none, "the largest that fits") {
            $0.document.exchangeRate = 10_000_000
            $0.changeLine {
                ($0.isWriteIn, $0.pricePerUnit, $0.quantity) = (true, money(922_337_203_685.47), quantity(1))
            }
        },
        PricingErrorCase(.baseCurrencyAttributeUnderflow, "line") {
            $0.document.exchangeRate = 10_000_000
            $0.changeLine {
                ($0.isWriteIn, $0.pricePerUnit, $0.quantity) = (true, money(-922_337_203_685.48), quantity(1))
            }
        },
        PricingErrorCase(.none, "total alone", document: .baseCurrencyAttributeOverflow) {
            $0.document.exchangeRate = 10_000_000
            $0.document.freight = money(922_337_203_685.47)
        },
    ]

    @Test(arguments: cases) func theLineHasTheCode(_ error: PricingErrorCase) {
        var world = PricingWorld()
        error.bend(&world)
        let priced = world.priced()
        #expect(priced.lines[0].error == error.code)
        #expect(priced.error == error.document ?? (error.code == .none ? .none : .detailError))

        // A line in error has no amounts and is in no total; its explanation ends with the fault.
        #expect((priced.lines[0].extendedAmount == nil) == (error.code != .none))
        #expect((priced.lines[0].baseAmount == nil) == (error.code != .none))
        if error.code != .none, priced.totalLineItemAmount != nil {
            #expect(priced.totalLineItemAmount == .zero && priced.totalTax == .zero)
        }
        if error.code != .none {
            guard case .failed(let fault) = priced.explanation(ofLine: 0).last else {
                Issue.record("no fault at the end")
                return
            }
            #expect(fault.code == error.code)
            #expect(!fault.text { Schema.standard.text(of: $0) }.isEmpty)
        }
    }

    /// 1 is the document's own: it is expected above wherever a line fails.
    @Test func everyCodeIsReached() {
        let reached = Set(Self.cases.map(\.code) + Self.cases.compactMap(\.document) + [.detailError])
        #expect(PricingErrorCode.allCases.filter { !reached.contains($0) } == [])
        #expect(PricingErrorCode.allCases.map(\.rawValue) == Array(0...37))
    }

    /// The labels of the schema are the codes'.
    @Test(arguments: [
        "opportunity", "opportunityproduct", "quote", "quotedetail", "salesorder", "salesorderdetail", "invoice",
        "invoicedetail",
    ])
    func everyDocumentHasTheCodes(entity: String) throws {
        let entity = try #require(Schema.standard.entity(named: entity))
        let attribute = entity[try #require(entity.attributeID("pricingerrorcode"))]
        let options = Schema.standard[try #require(attribute.type.optionSet)].options
        #expect(options.map(\.value) == PricingErrorCode.allCases.map(\.rawValue))
        for (option, code) in zip(options, PricingErrorCode.allCases) {
            let name = String(describing: code).lowercased()
            #expect(option.label.lowercased().filter(\.isLetter) == name || code == .none)
        }
    }

    @Test func theListComesBeforeTheTotalsAndTheyBeforeTheLines() {
        var world = PricingWorld()
        world.document.discountAmount = money(-1)
        world.changeLine { $0.quantity = nil }
        #expect(world.priced().error == .invalidDiscount)
        world.changeLine { $0.quantity = quantity(1) }
        world.document.priceList = nil
        #expect(world.priced().error == .missingPriceLevel)
        world.document.currencyPrecision = 9
        #expect(world.priced().error == .invalidPricingPrecision)
    }
}
