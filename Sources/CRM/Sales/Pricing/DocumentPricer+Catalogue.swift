// The part of the catalogue that a document's lines refer to, each entry read once.

import Engine

extension DocumentPricer {
    mutating func readPriceList(_ id: RecordID) {
        guard records.exists(id) else { return }
        var list = PriceList()
        list.isActive = records.state(of: id) ?? 0 == 0
        list.beginDate = records.day(id, "begindate")
        list.endDate = records.day(id, "enddate")
        list.currency = records.present(id, "transactioncurrencyid") ?? baseCurrency
        book.priceLists[id] = list
    }

    /// Everything that a line's price may depend on.
    mutating func readCatalogue(for line: PricingLine, _ document: PricingDocument) throws(Refusal) {
        guard let product = line.product, !line.isWriteIn, !document.isPriceLocked else { return }
        // Most lines of a long document are about what others are about.
        guard line.isPriceOverridden || pairsRead.insert(Pair(product: product, unit: line.unit)).inserted else {
            return
        }
        if book.products[product] == nil { readProduct(product) }
        guard !line.isPriceOverridden, let list = document.priceList else { return }
        if itemsRead.insert(product).inserted { try readItems(of: product, on: list) }
        if let unit = line.unit { readUnits(from: unit) }
    }

    private mutating func readProduct(_ id: RecordID) {
        guard records.exists(id) else { return }
        var product = PricedProduct()
        product.isActive = records.state(of: id) ?? 0 == 0
        product.validFrom = records.day(id, "validfromdate")
        product.validTo = records.day(id, "validtodate")
        product.listPrice = records.money(id, "price")
        product.currentCost = records.money(id, "currentcost")
        product.standardCost = records.money(id, "standardcost")
        product.defaultUnit = records.present(id, "defaultuomid")
        product.unitGroup = records.present(id, "defaultuomscheduleid")
        if case .integer(let digits) = records.value(id, "quantitydecimal") { product.quantityDigits = Int(digits) }
        book.products[id] = product
        if let unit = product.defaultUnit { readUnits(from: unit) }
    }

    /// A unit and those that it is made of; a circle ends where it began.
    private mutating func readUnits(from first: RecordID) {
        var next: RecordID? = first
        while let id = next, book.units[id] == nil, records.exists(id) {
            let unit = UnitOfMeasure(
                group: records.reference(id, "uomscheduleid"),
                madeOf: records.present(id, "baseuom"),
                quantity: records.value(id, "quantity").units(Quantity.digits).map(Quantity.init)
            )
            book.units[id] = unit
            next = unit.madeOf
        }
    }

    /// A product's items on the price list, in every unit. Where an organisation gave up the key and two are for one unit, the
    /// first counts.
    private mutating func readItems(of product: RecordID, on list: RecordID) throws(Refusal) {
        for id in try records.referring(to: product, "productpricelevel", "productid")
        where records.reference(id, "pricelevelid") == list {
            let key = PriceBook.ItemKey(
                priceList: list,
                product: product,
                unit: records.reference(id, "uomid")
            )
            if book.items[key] != nil { continue }
            var item = PriceListItem(id: id)
            item.method = records.option(id, "pricingmethodcode")
            item.amount = records.money(id, "amount")
            item.percentage = records.percentage(id, "percentage")
            item.roundingPolicy = records.option(id, "roundingpolicycode")
            item.roundingOption = records.option(id, "roundingoptioncode")
            item.roundingAmount = records.money(id, "roundingoptionamount")
            item.quantitySelling = records.option(id, "quantitysellingcode")
            item.discountList = records.present(id, "discounttypeid")
            book.items[key] = item
            if let discounts = item.discountList, book.discountLists[discounts] == nil { try readDiscounts(discounts) }
        }
    }

    private mutating func readDiscounts(_ id: RecordID) throws(Refusal) {
        guard records.exists(id) else { return }
        var list = DiscountList()
        list.state = records.state(of: id) ?? 0
        list.isAmount = records.value(id, "isamounttype") == .boolean(true)
        list.currency = records.present(id, "transactioncurrencyid") ?? baseCurrency
        for band in try records.referring(to: id, "discount", "discounttypeid", countMax: DocumentPricer.bandsMax) {
            list.bands.append(
                DiscountBand(
                    low: records.value(band, "lowquantity").units(Quantity.digits).map(Quantity.init),
                    high: records.value(band, "highquantity").units(Quantity.digits).map(Quantity.init),
                    percentage: records.percentage(band, "percentage"),
                    amount: records.money(band, "amount")
                )
            )
        }
        book.discountLists[id] = list
    }
}

// Values as pricing takes them.
extension Records {
    /// The first `organization`, as for calendars.
    var organisation: RecordID? {
        guard let place = schema.standardPlace(named: "organization") else { return nil }
        let rows = 0..<engine.tables[place].rowCount
        // `.none` stands in the rows of deleted records.
        return rows.lazy.map { engine.tables[place].recordID(atRow: $0) }.first { $0 != .none }
    }

    /// What a lookup refers to.
    func present(_ id: RecordID, _ attribute: String) -> RecordID? { value(id, attribute).record }

    func day(_ id: RecordID, _ attribute: String) -> Int32? {
        if case .date(let day) = value(id, attribute) { day } else { nil }
    }

    func money(_ id: RecordID, _ attribute: String) -> Money? {
        value(id, attribute).units(Money.digits).map(Money.init)
    }

    func percentage(_ id: RecordID, _ attribute: String) -> Percentage? {
        value(id, attribute).units(Percentage.digits).map(Percentage.init)
    }
}

extension Value {
    /// An amount as a money attribute holds it.
    init(_ money: Money?) {
        self = money.map { .decimal(Decimal64(units: $0.units, scale: UInt8(Money.digits))) } ?? .null
    }

    var record: RecordID? { if case .reference(let id) = self { id } else { nil } }

    /// A decimal with so many digits behind the point; nil also where it has more.
    func units(_ digits: Int) -> Int64? {
        if case .decimal(let number) = self { number.rescaled(to: UInt8(digits))?.units } else { nil }
    }
}
