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

    /// Everything that the prices of lines may depend on, product by product: most lines of a long document are about what others
    /// are about.
    mutating func readCatalogue(for lines: [PricingLine], _ document: PricingDocument) throws(Refusal) {
        guard !document.isPriceLocked else { return }
        var products = RecordMap<RecordID, Void>()
        var listed = RecordMap<RecordID, Void>()
        var pairs = RecordMap<PriceBook.ItemKey, Void>()
        for line in lines where !line.isKept && !line.isWriteIn {
            guard let product = line.product else { continue }
            guard !line.isPriceOverridden, let list = document.priceList else {
                products.insert((), for: product)
                continue
            }
            let pair = PriceBook.ItemKey(priceList: list, product: product, unit: line.unit ?? .none)
            guard pairs.insert((), for: pair) else { continue }
            products.insert((), for: product)
            listed.insert((), for: product)
            if let unit = line.unit { readUnits(from: unit) }
        }
        for (entity, ids) in byEntity(products.keys) { readProducts(ids, of: entity) }
        guard let list = document.priceList else { return }
        for (_, ids) in byEntity(listed.keys) {
            // Of a group at a time: a product may be on thousands of price lists, of which one is looked for.
            for start in stride(from: 0, to: ids.count, by: DocumentPricer.productsAtOnce) {
                try readItems(of: ids[start..<min(start + DocumentPricer.productsAtOnce, ids.count)], on: list)
            }
        }
    }

    /// Lines refer to the standard's products, but where an organisation made a lookup of its own.
    private func byEntity(_ ids: [RecordID]) -> [(EntityID, [RecordID])] {
        guard let entity = ids.first?.entity else { return [] }
        if ids.allSatisfy({ $0.entity == entity }) { return [(entity, ids)] }
        return Dictionary(grouping: ids, by: \.entity).sorted { $0.key < $1.key }
    }

    private enum ProductName: Int, StoredAttribute {
        case statecode, validfromdate, validtodate, price, currentcost, standardcost, defaultuomid, defaultuomscheduleid
        case quantitydecimal

        static let attributes = allCases.map { String(describing: $0) }

        var kind: StoredKind {
            switch self {
            case .statecode: .state
            case .validfromdate, .validtodate: .date
            case .price, .currentcost, .standardcost: .decimal(digits: Money.digits)
            case .defaultuomid, .defaultuomscheduleid: .lookup
            case .quantitydecimal: .integer
            }
        }
    }

    private mutating func readProducts(_ ids: [RecordID], of entity: EntityID) {
        let numbers = StoredNumbers<ProductName>(records, at: records.schema.place(of: entity), ids)
        for (index, id) in ids.enumerated() where records.exists(id) {
            func money(_ name: ProductName) -> Money? { numbers[name, index].map(Money.init) }
            var product = PricedProduct()
            product.isActive = numbers[.statecode, index] ?? 0 == 0
            product.validFrom = numbers.option(.validfromdate, index)
            product.validTo = numbers.option(.validtodate, index)
            product.listPrice = money(.price)
            product.currentCost = money(.currentcost)
            product.standardCost = money(.standardcost)
            product.defaultUnit = numbers.record(.defaultuomid, index)
            product.unitGroup = numbers.record(.defaultuomscheduleid, index)
            if let digits = numbers[.quantitydecimal, index] { product.quantityDigits = Int(digits) }
            book.products.set(product, for: id)
            if let unit = product.defaultUnit { readUnits(from: unit) }
        }
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

    private enum ItemName: Int, StoredAttribute {
        case productid, uomid, pricingmethodcode, amount, percentage, roundingpolicycode, roundingoptioncode
        case roundingoptionamount, quantitysellingcode, discounttypeid

        static let attributes = allCases.map { String(describing: $0) }

        var kind: StoredKind {
            switch self {
            case .productid, .uomid, .discounttypeid: .lookup
            case .pricingmethodcode, .roundingpolicycode, .roundingoptioncode, .quantitysellingcode: .option
            case .amount, .roundingoptionamount: .decimal(digits: Money.digits)
            case .percentage: .decimal(digits: Percentage.digits)
            }
        }
    }

    /// Read of the items of all price lists, of which a product may be on many.
    private enum ListName: Int, StoredAttribute {
        case pricelevelid

        static let attributes = allCases.map { String(describing: $0) }
        var kind: StoredKind { .lookup }
    }

    /// The products' items on the price list, in every unit. Where an organisation gave up the key and two are for one unit, the
    /// first counts.
    private mutating func readItems(of products: ArraySlice<RecordID>, on list: RecordID) throws(Refusal) {
        let everywhere = try records.referring(toEach: products, "productpricelevel", "productid")
        let lists = StoredNumbers<ListName>(records, "productpricelevel", everywhere)
        let ids = everywhere.indices.lazy.filter { lists.record(.pricelevelid, $0) == list }.map { everywhere[$0] }
        let numbers = StoredNumbers<ItemName>(records, "productpricelevel", Array(ids))
        for (index, id) in ids.enumerated() {
            let key = PriceBook.ItemKey(
                priceList: list,
                product: numbers.record(.productid, index) ?? .none,
                unit: numbers.record(.uomid, index) ?? .none
            )
            var item = PriceListItem(id: id)
            item.method = numbers.option(.pricingmethodcode, index)
            item.amount = numbers[.amount, index].map(Money.init)
            item.percentage = numbers[.percentage, index].map(Percentage.init)
            item.roundingPolicy = numbers.option(.roundingpolicycode, index)
            item.roundingOption = numbers.option(.roundingoptioncode, index)
            item.roundingAmount = numbers[.roundingoptionamount, index].map(Money.init)
            item.quantitySelling = numbers.option(.quantitysellingcode, index)
            item.discountList = numbers.record(.discounttypeid, index)
            guard book.items.insert(item, for: key) else { continue }
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
