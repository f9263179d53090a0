// A document: its lines one by one, then its totals.

import Engine

extension PricingDocument {
    /// Prices every line and adds up the document. Pure; never fails: what is wrong stands in the result, and the rules that were
    /// followed, if they are asked for.
    /// - Complexity: O(lines × discount bands of their lists).
    package func priced(with book: PriceBook, isExplained: Bool) -> PricedDocument {
        if let fault = precisionFault { return unpriced(fault) }
        var pricing = LinePricing(
            terms: self,
            book: book,
            priceStep: Decimal64.powersOfTen[Money.digits - pricePrecision],
            amountStep: Decimal64.powersOfTen[Money.digits - currencyPrecision],
            baseRange: BaseAmountRange(rate: exchangeRate),
            priceList: checkedPriceList(book),
            isExplained: isExplained
        )
        var priced = PricedDocument()
        priced.lines.reserveCapacity(lines.count)
        for line in lines { priced.lines.append(pricing.price(line)) }

        let start = pricing.steps.count
        var fault: PriceFault?
        do throws(PriceFault) {
            try total(&priced, &pricing)
        } catch {
            fault = error
        }
        if let cause = documentFault(priced.lines, pricing.priceList, fault) {
            pricing.note(.failed(cause))
            priced.error = cause.code
        }
        priced.steps = pricing.steps
        priced.ownSteps = start..<priced.steps.count
        return priced
    }

    /// What the document reports: its price list, then its totals, then its lines.
    private func documentFault(
        _ lines: [PricedLine],
        _ priceList: Result<PriceList, PriceFault>,
        _ totals: PriceFault?
    ) -> PriceFault? {
        if case .failure(let fault) = priceList, lines.contains(where: { $0.error == fault.code }) { return fault }
        if let totals { return totals }
        let failed = lines.count { $0.error != .none }
        return failed > 0 ? .linesInError(failed) : nil
    }

    /// Nothing can be rounded: no line has amounts.
    private func unpriced(_ fault: PriceFault) -> PricedDocument {
        var priced = PricedDocument(error: fault.code)
        for line in lines {
            let step = priced.steps.count
            var unpriced = PricedLine(error: fault.code, steps: step..<step + 1)
            (unpriced.manualDiscount, unpriced.tax) = (line.manualDiscount, line.tax)
            if line.isWriteIn || line.isPriceOverridden || isPriceLocked { unpriced.pricePerUnit = line.pricePerUnit }
            if isPriceLocked { unpriced.volumeDiscount = line.volumeDiscount }
            priced.lines.append(unpriced)
            priced.steps.append(.failed(fault))
        }
        priced.ownSteps = priced.steps.count..<priced.steps.count + 1
        priced.steps.append(.failed(fault))
        (priced.discountAmount, priced.freight) = (discountAmount, freight)
        return priced
    }

    private var precisionFault: PriceFault? {
        for digits in [currencyPrecision, pricePrecision] where !(0...Money.digits ~= digits) {
            return .precisionInvalid(digits)
        }
        return nil
    }

    /// The price list, for the lines that need one.
    private func checkedPriceList(_ book: PriceBook) -> Result<PriceList, PriceFault> {
        guard let id = priceList else { return .failure(.noPriceList) }
        guard let list = book.priceLists[id] else { return .failure(.priceListUnknown(id)) }
        guard list.isActive else { return .failure(.priceListInactive(id)) }
        guard date >= list.beginDate ?? .min, date <= list.endDate ?? .max else {
            return .failure(.priceListNotInForce(id, date))
        }
        return list.currency == currency ? .success(list) : .failure(.priceListCurrency(id))
    }

    // MARK: Totals

    private func total(_ priced: inout PricedDocument, _ pricing: inout LinePricing) throws(PriceFault) {
        (priced.discountAmount, priced.freight) = (discountAmount, freight)
        // Sums of up to 2^32 lines of 64 bits fit in 128.
        var (amount, discounts, tax): (Int128, Int128, Int128) = (0, 0, 0)
        var failed = 0
        for line in priced.lines {
            guard let base = line.baseAmount else {
                failed += 1
                continue
            }
            amount += Int128(base.units) - Int128(line.appliedDiscount.units)
            discounts += Int128(line.appliedDiscount.units)
            tax += Int128(line.tax?.units ?? 0)
        }
        let lineTotal = try pricing.checked(amount, .totalLineItemAmount)
        priced.totalLineItemAmount = lineTotal
        pricing.note(.lines(priced.lines.count - failed, lineTotal))
        let lineDiscounts = try pricing.checked(discounts, .totalLineItemDiscountAmount)
        priced.totalLineItemDiscountAmount = lineDiscounts
        if discounts != 0 { pricing.note(.lineDiscounts(lineDiscounts)) }
        priced.totalTax = try pricing.checked(tax, .totalTax)

        let off = try discount(of: lineTotal, &priced, &pricing)
        priced.totalDiscountAmount = try pricing.checked(discounts + off, .totalDiscountAmount)
        let net = try pricing.checked(amount - off, .totalAmountLessFreight)
        priced.totalAmountLessFreight = net
        pricing.note(.lessFreight(net))

        var total = Int128(net.units) + tax
        if let entered = self.freight {
            let freight = try pricing.checked(entered, pricing.amountStep, .freight)
            priced.freight = freight
            pricing.note(.freight(freight))
            total += Int128(freight.units)
        }
        if let tax = priced.totalTax { pricing.note(.totalTax(tax)) }
        let sum = try pricing.checked(total, .totalAmount)
        priced.totalAmount = sum
        pricing.note(.total(sum))
    }

    /// What the document's own discounts take off the lines.
    private func discount(
        of lineTotal: Money,
        _ priced: inout PricedDocument,
        _ pricing: inout LinePricing
    ) throws(PriceFault) -> Int128 {
        var off: Int128 = 0
        if let percentage = discountPercentage {
            guard percentage.isShare else { throw .percentageNoShare(percentage) }
            let share = pricing.share(percentage, of: Int128(lineTotal.units), pricing.amountStep)
            let amount = try pricing.checked(share, .totalDiscountAmount)
            pricing.note(.shareOfTotal(percentage, amount))
            off += share
        }
        if let entered = discountAmount {
            guard entered.units >= 0 else { throw .manualDiscountInvalid(entered) }
            let amount = try pricing.checked(entered, pricing.amountStep, .discountAmount)
            priced.discountAmount = amount
            pricing.note(.discountAmount(amount))
            off += Int128(amount.units)
        }
        return off
    }
}
