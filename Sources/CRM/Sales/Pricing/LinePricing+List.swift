// The price per unit from the price list: the item, its method, units, the rounding policy; and the volume discount.

import Engine

extension LinePricing {
    /// The item for the line's product and unit, and the price that it makes.
    mutating func listedPrice(
        _ line: PricingLine,
        _ product: (id: RecordID, product: PricedProduct)
    ) throws(PriceFault) -> (PriceListItem, Money) {
        _ = try priceList.get()
        guard let list = terms.priceList else { throw .noPriceList }
        note(.priceList(list, terms.date))
        guard let unit = line.unit else { throw .noUnit }
        guard let item = book.items[PriceBook.ItemKey(priceList: list, product: product.id, unit: unit)] else {
            throw .noItem(product: product.id, unit: unit)
        }
        guard let code = item.method else { throw .noMethod(item.id) }
        guard let method = PricingMethod(rawValue: code) else { throw .methodUnknown(item.id, code) }
        note(.item(item.id, method))
        guard let basis = method.basis else { return (item, try listedAmount(item)) }
        let exact = try percentagePrice(item, method, basis, product, unit)
        return (item, try roundedPrice(exact, item))
    }

    private mutating func listedAmount(_ item: PriceListItem) throws(PriceFault) -> Money {
        guard let amount = item.amount else { throw .noAmount(item.id) }
        guard amount.units >= 0 else { throw .amountNegative(item.id, amount) }
        let price = try checked(amount, priceStep, .pricePerUnit)
        note(.listedAmount(price))
        return price
    }

    /// Methods 2 to 6, exactly.
    private mutating func percentagePrice(
        _ item: PriceListItem,
        _ method: PricingMethod,
        _ basis: PriceBasis,
        _ product: (id: RecordID, product: PricedProduct),
        _ unit: RecordID
    ) throws(PriceFault) -> ExactRatio {
        guard let percentage = item.percentage else { throw .noPercentage(item.id) }
        guard percentage.units >= 0 else { throw .percentageNegative(item.id, percentage) }
        let whole = Percentage.whole.units
        if method.isMargin, percentage.units >= whole { throw .marginTooLarge(item.id, percentage) }
        let given =
            switch basis {
            case .listPrice: product.product.listPrice
            case .currentCost: product.product.currentCost
            case .standardCost: product.product.standardCost
            }
        guard let given else { throw .noBasis(basis, product.id) }
        guard given.units >= 0 else { throw .basisNegative(basis, given) }
        guard let defaultUnit = product.product.defaultUnit else { throw .noDefaultUnit(product.id) }
        note(.basis(basis, given, defaultUnit))

        var price = ExactRatio(Int128(given.units))
        if unit != defaultUnit {
            guard let group = product.product.unitGroup else { throw .noUnitGroup(product.id) }
            price = try converted(price, from: defaultUnit, to: unit, group)
        }
        let share =
            switch method {
            case .amount, .percentOfList: (percentage.units, whole)
            case .markupOnCurrentCost, .markupOnStandardCost: (try total(whole, percentage.units), whole)
            case .marginOnCurrentCost, .marginOnStandardCost: (whole, whole - percentage.units)
            }
        guard let exact = price.times(Int128(share.0), over: Int128(share.1)) else { throw .tooManyDigits }
        note(.percentage(method, percentage))
        return exact
    }

    private func total(_ a: Int64, _ b: Int64) throws(PriceFault) -> Int64 {
        let (sum, overflow) = a.addingReportingOverflow(b)
        guard !overflow else { throw .tooManyDigits }
        return sum
    }

    // MARK: Units

    /// A price for one unit as one for another.
    private mutating func converted(
        _ price: ExactRatio,
        from: RecordID,
        to: RecordID,
        _ group: RecordID
    ) throws(PriceFault) -> ExactRatio {
        let (toRoot, toSize) = try baseUnits(of: to, from, to, group)
        let (fromRoot, fromSize) = try baseUnits(of: from, from, to, group)
        guard toRoot == fromRoot, fromSize.numerator > 0 else { throw .unitsUnrelated(from, to) }
        guard let factor = toSize.times(fromSize.denominator, over: fromSize.numerator)?.reduced,
            let result = price.times(factor.numerator, over: factor.denominator)
        else { throw .tooManyDigits }
        if let numerator = Int64(exactly: factor.numerator), let denominator = Int64(exactly: factor.denominator) {
            note(.converted(from: from, to: to, numerator: numerator, denominator: denominator))
        }
        return result
    }

    /// Links from a unit to its base unit: more is a circle.
    private static let unitChainMax = 32

    /// The base unit that a unit leads to, and how many of it the unit is. All on the way are of the product's group.
    private func baseUnits(
        of unit: RecordID,
        _ from: RecordID,
        _ to: RecordID,
        _ group: RecordID
    ) throws(PriceFault) -> (root: RecordID, size: ExactRatio) {
        var (place, size) = (unit, ExactRatio(1))
        for _ in 0...LinePricing.unitChainMax {
            guard let known = book.units[place], known.group == group else { throw .unitsUnrelated(from, to) }
            guard let next = known.madeOf else { return (place, size) }
            guard let quantity = known.quantity, quantity.units > 0 else { throw .unitsUnrelated(from, to) }
            guard let product = size.times(Int128(quantity.units), over: Int128(Quantity.one.units)) else {
                throw .tooManyDigits
            }
            (place, size) = (next, product)
        }
        throw .unitsUnrelated(from, to)
    }

    // MARK: Rounding

    private mutating func roundedPrice(_ exact: ExactRatio, _ item: PriceListItem) throws(PriceFault) -> Money {
        guard let policy = item.roundingPolicy, policy != 1 else {
            guard let units = exact.rounded(toMultipleOf: Int128(priceStep)) else { throw .tooManyDigits }
            let price = try checked(units, .pricePerUnit)
            note(.roundedToPrecision(price))
            return price
        }
        let direction: StepRounding
        switch policy {
        case 2: direction = .up
        case 3: direction = .down
        case 4: direction = .nearest
        default: throw .roundingPolicyUnknown(item.id, policy)
        }
        guard let option = item.roundingOption, option == 1 || option == 2 else {
            throw .roundingOptionUnknown(item.id, item.roundingOption)
        }
        guard let amount = item.roundingAmount, amount.units >= (option == 2 ? 1 : 0), amount.units % priceStep == 0
        else { throw .roundingAmountInvalid(item.id, item.roundingAmount) }
        let step = option == 2 ? Int128(amount.units) : LinePricing.endingStep(above: amount)
        let least = option == 2 ? 0 : Int128(amount.units)
        guard let count = exact.steps(of: step, from: least, direction) else { throw .tooManyDigits }
        if count < 0, direction == .down { throw .nothingToRoundDownTo(amount) }
        let (distance, overflow) = max(count, 0).multipliedReportingOverflow(by: step)
        // Steps and counts are not negative, and `least` is below 2^63.
        guard !overflow, distance <= Int128(Int64.max) else { throw .outOfRange(.pricePerUnit) }
        let price = try checked(least + distance, .pricePerUnit)
        note(.rounded(StepPolicy(direction: policy, option: option), amount, price))
        return price
    }

    /// What prices that end alike are apart: the least of 1, 10, 100, … above the ending.
    private static func endingStep(above ending: Money) -> Int128 {
        var step: Int128 = 10_000
        while step <= Int128(ending.units) { step *= 10 }
        return step
    }

    // MARK: Volume discount

    /// What is off each unit.
    mutating func volumeDiscount(
        _ item: PriceListItem,
        _ price: Money,
        _ quantity: Quantity
    ) throws(PriceFault) -> Money {
        guard let id = item.discountList else {
            note(.noVolumeDiscount)
            return .zero
        }
        guard let list = book.discountLists[id] else { throw .discountListUnknown(id) }
        guard list.state != 1 else { throw .discountListInactive(id) }
        guard list.state == 0 else { throw .discountListState(id, list.state) }
        if list.isAmount, list.currency != (try priceList.get()).currency { throw .discountListCurrency(id) }
        guard let band = try band(of: list, id, quantity) else {
            note(.noBand(id, quantity))
            return .zero
        }
        if list.isAmount {
            guard let amount = band.amount else { throw .bandEmpty(id, quantity) }
            guard amount.units >= 0, amount.units <= price.units else { throw .volumeDiscountInvalid(id, amount) }
            let off = try checked(amount, priceStep, .volumeDiscount)
            note(.volumeAmount(id, off))
            return off
        }
        guard let percentage = band.percentage else { throw .bandEmpty(id, quantity) }
        guard percentage.isShare else { throw .volumePercentageInvalid(id, percentage) }
        let off = try checked(share(percentage, of: Int128(price.units), priceStep), .volumeDiscount)
        note(.volumePercentage(id, percentage, off))
        return off
    }

    /// The band that holds the quantity; where two touch, the one that begins there.
    private func band(
        of list: DiscountList,
        _ id: RecordID,
        _ quantity: Quantity
    ) throws(PriceFault) -> DiscountBand? {
        var found: DiscountBand?
        for band in list.bands {
            let (low, high) = (band.low?.units ?? .min, band.high?.units ?? .max)
            guard low <= high else { throw .bandBackwards(id) }
            guard low <= quantity.units, quantity.units <= high else { continue }
            guard let other = found else {
                found = band
                continue
            }
            let isBegun = band.low == quantity && other.low != quantity && other.high == quantity
            let isEnded = other.low == quantity && band.low != quantity && band.high == quantity
            guard isBegun || isEnded else { throw .bandsOverlap(id, quantity) }
            if isBegun { found = band }
        }
        return found
    }
}
