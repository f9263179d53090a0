// A second pricing, slow and plain: fractions in lowest terms, formulas as they stand in docs/pricing.md, no shared code. It knows
// valid documents only.

import CRM
import Engine

/// A number as a fraction in lowest terms.
struct Fraction: Comparable {
    var top: Int128
    var bottom: Int128

    init(_ top: Int128, _ bottom: Int128 = 1) {
        var (a, b) = (top.magnitude, bottom.magnitude)
        while b != 0 { (a, b) = (b, a % b) }
        let divisor = Int128(max(a, 1)) * (bottom < 0 ? -1 : 1)
        (self.top, self.bottom) = (top / divisor, bottom / divisor)
    }

    init(_ money: Money?) { self.init(Int128(money?.units ?? 0), 10_000) }
    init(_ quantity: Quantity?) { self.init(Int128(quantity?.units ?? 0), 100_000) }
    init(_ percentage: Percentage?) { self.init(Int128(percentage?.units ?? 0), 100) }

    static func + (a: Fraction, b: Fraction) -> Fraction {
        Fraction(a.top * b.bottom + b.top * a.bottom, a.bottom * b.bottom)
    }
    static func - (a: Fraction, b: Fraction) -> Fraction { a + Fraction(-b.top, b.bottom) }
    static func * (a: Fraction, b: Fraction) -> Fraction { Fraction(a.top * b.top, a.bottom * b.bottom) }
    static func / (a: Fraction, b: Fraction) -> Fraction { Fraction(a.top * b.bottom, a.bottom * b.top) }
    static func < (a: Fraction, b: Fraction) -> Bool { a.top * b.bottom < b.top * a.bottom }

    /// The largest whole number that is not above.
    var floor: Int128 { top >= 0 ? top / bottom : -((-top + bottom - 1) / bottom) }

    /// With so many digits behind the point, half away from zero.
    func rounded(_ digits: Int) -> Fraction {
        let power = (0..<digits).reduce(Int128(1)) { product, _ in product * 10 }
        let magnitude = Fraction(top < 0 ? -top : top, bottom)
        let whole = (magnitude * Fraction(power) + Fraction(1, 2)).floor
        return Fraction(top < 0 ? -whole : whole, power)
    }
}

/// What the amounts must be.
struct PricingModel {
    var document: PricingDocument
    var book: PriceBook

    struct Line {
        var price = Fraction(0)
        var off = Fraction(0)
        var base = Fraction(0)
        var discount = Fraction(0)
        var tax = Fraction(0)
        var extended: Fraction { base - discount + tax }
    }

    func line(_ line: PricingLine) -> Line? {
        var result = Line()
        let amount = Fraction(line.quantity)
        let (digits, priceDigits) = (document.currencyPrecision, document.pricePrecision)
        if line.isWriteIn || line.isPriceOverridden || line.isKept || document.isPriceLocked {
            result.price = Fraction(line.pricePerUnit).rounded(priceDigits)
            if line.isKept || document.isPriceLocked { result.off = Fraction(line.volumeDiscount).rounded(priceDigits) }
        } else {
            guard let list = document.priceList, let product = line.product, let unit = line.unit,
                let item = book.items[PriceBook.ItemKey(priceList: list, product: product, unit: unit)],
                let price = listed(item, product, unit)
            else { return nil }
            result.price = price
            result.off = off(item, price, line).rounded(priceDigits)
        }
        result.base = ((result.price - result.off) * amount).rounded(digits)
        let isEach = document.isDiscountPerUnit
        if let percentage = line.discountPercentage {
            let whole = isEach ? result.price - result.off : result.base
            result.discount = (whole * Fraction(percentage) / Fraction(100)).rounded(isEach ? priceDigits : digits)
        } else {
            result.discount = Fraction(line.manualDiscount).rounded(isEach ? priceDigits : digits)
        }
        if isEach { result.discount = (result.discount * amount).rounded(digits) }
        result.tax = Fraction(line.tax).rounded(digits)
        return result
    }

    private func size(_ unit: RecordID) -> Fraction {
        guard let known = book.units[unit], let next = known.madeOf else { return Fraction(1) }
        return Fraction(known.quantity) * size(next)
    }

    private func listed(_ item: PriceListItem, _ id: RecordID, _ unit: RecordID) -> Fraction? {
        guard let product = book.products[id], let home = product.defaultUnit else { return nil }
        if item.method == 1 { return Fraction(item.amount).rounded(document.pricePrecision) }
        let each = size(unit) / size(home)
        let (rate, hundred) = (Fraction(item.percentage), Fraction(100))
        let exact: Fraction
        switch item.method {
        case 2: exact = Fraction(product.listPrice) * each * rate / hundred
        case 3: exact = Fraction(product.currentCost) * each * (hundred + rate) / hundred
        case 4:
            // As Microsoft writes it: cost + cost × percentage / (100 % - percentage).
            let cost = Fraction(product.currentCost) * each
            exact = cost + cost * rate / (hundred - rate)
        case 5: exact = Fraction(product.standardCost) * each * (hundred + rate) / hundred
        case 6:
            let cost = Fraction(product.standardCost) * each
            exact = cost + cost * rate / (hundred - rate)
        default: return nil
        }
        return allowed(exact, item)
    }

    /// The allowed price that the policy picks, found by going through the two around the exact one.
    private func allowed(_ exact: Fraction, _ item: PriceListItem) -> Fraction? {
        guard let policy = item.roundingPolicy, policy != 1 else { return exact.rounded(document.pricePrecision) }
        var step = Fraction(item.roundingAmount)
        var first = Fraction(0)
        if item.roundingOption == 1 {
            first = step
            step = Fraction(1)
            while step <= first { step = step * Fraction(10) }
        }
        if exact < first { return policy == 3 ? nil : first }
        let below = first + step * Fraction(((exact - first) / step).floor)
        let above = below == exact ? exact : below + step
        switch policy {
        case 2: return above
        case 3: return below
        default: return exact - below < above - exact ? below : above
        }
    }

    private func off(_ item: PriceListItem, _ price: Fraction, _ line: PricingLine) -> Fraction {
        guard let list = item.discountList.flatMap({ book.discountLists[$0] }), let quantity = line.quantity else {
            return Fraction(0)
        }
        let bands = list.bands.filter {
            ($0.low?.units ?? .min) <= quantity.units && quantity.units <= ($0.high?.units ?? .max)
        }
        // Of two that touch, the one that begins later.
        guard let band = bands.max(by: { ($0.low?.units ?? .min) < ($1.low?.units ?? .min) }) else {
            return Fraction(0)
        }
        return list.isAmount ? Fraction(band.amount) : price * Fraction(band.percentage) / Fraction(100)
    }
}
