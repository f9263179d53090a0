// A small catalogue and a document of one line that prices without error: what the tests of pricing bend.

import CRM
import Engine

struct PricingWorld {
    static let euro = RecordID(entity: EntityID(20), origin: 0, sequence: 1)
    static let dollar = RecordID(entity: EntityID(20), origin: 0, sequence: 2)
    static let list = RecordID(entity: EntityID(67), origin: 0, sequence: 1)
    static let product = RecordID(entity: EntityID(64), origin: 0, sequence: 1)
    static let item = RecordID(entity: EntityID(68), origin: 0, sequence: 1)
    static let discounts = RecordID(entity: EntityID(69), origin: 0, sequence: 1)
    static let group = RecordID(entity: EntityID(65), origin: 0, sequence: 1)
    static let piece = RecordID(entity: EntityID(66), origin: 0, sequence: 1)
    static let dozen = RecordID(entity: EntityID(66), origin: 0, sequence: 2)
    /// Twelve dozens.
    static let gross = RecordID(entity: EntityID(66), origin: 0, sequence: 3)

    var document: PricingDocument
    var book = PriceBook()

    /// One line: 10 dozens at 120 % of the list price of 8.00 a piece.
    init() {
        document = PricingDocument(date: 20_000)
        document.currency = PricingWorld.euro
        document.priceList = PricingWorld.list
        var line = PricingLine()
        line.product = PricingWorld.product
        line.unit = PricingWorld.dozen
        line.quantity = quantity(10)
        document.lines = [line]

        book.units = [
            PricingWorld.piece: UnitOfMeasure(group: PricingWorld.group),
            PricingWorld.dozen: UnitOfMeasure(
                group: PricingWorld.group,
                madeOf: PricingWorld.piece,
                quantity: quantity(12)
            ),
            PricingWorld.gross: UnitOfMeasure(
                group: PricingWorld.group,
                madeOf: PricingWorld.dozen,
                quantity: quantity(12)
            ),
        ]
        var product = PricedProduct()
        product.listPrice = money(8)
        product.currentCost = money(5)
        product.standardCost = money(4)
        product.defaultUnit = PricingWorld.piece
        product.unitGroup = PricingWorld.group
        book.products.set(product, for: PricingWorld.product)
        var list = PriceList()
        list.currency = PricingWorld.euro
        book.priceLists[PricingWorld.list] = list
        var item = PriceListItem(id: PricingWorld.item)
        item.method = 2
        item.percentage = percent(120)
        item.roundingPolicy = 1
        item.quantitySelling = 1
        add(item)
        var discounts = DiscountList()
        discounts.bands = [
            DiscountBand(low: quantity(10), high: quantity(20), percentage: percent(5)),
            DiscountBand(low: quantity(20), high: nil, percentage: percent(10)),
        ]
        book.discountLists[PricingWorld.discounts] = discounts
    }

    /// The item is the same for every unit, so that a line can be in any of them.
    mutating func add(_ item: PriceListItem) {
        for unit in [PricingWorld.piece, PricingWorld.dozen, PricingWorld.gross] {
            book.items.set(
                item,
                for: PriceBook.ItemKey(priceList: PricingWorld.list, product: PricingWorld.product, unit: unit)
            )
        }
    }

    mutating func changeItem(_ change: (inout PriceListItem) -> Void) {
        let key = PriceBook.ItemKey(
            priceList: PricingWorld.list,
            product: PricingWorld.product,
            unit: PricingWorld.dozen
        )
        guard var item = book.items[key] else { return }
        change(&item)
        add(item)
    }

    mutating func changeProduct(_ change: (inout PricedProduct) -> Void) {
        var product = book.products[PricingWorld.product] ?? PricedProduct()
        change(&product)
        book.products.set(product, for: PricingWorld.product)
    }

    mutating func changeList(_ change: (inout PriceList) -> Void) {
        change(&book.priceLists[PricingWorld.list, default: PriceList()])
    }

    mutating func changeDiscounts(_ change: (inout DiscountList) -> Void) {
        changeItem { $0.discountList = PricingWorld.discounts }
        change(&book.discountLists[PricingWorld.discounts, default: DiscountList()])
    }

    mutating func changeLine(_ change: (inout PricingLine) -> Void) { change(&document.lines[0]) }

    func priced() -> PricedDocument { document.priced(with: book, isExplained: true) }
}

/// Ten-thousandths of whole units, and so on.
func money(_ whole: Double) -> Money { Money(units: Int64((whole * 10_000).rounded())) }
func quantity(_ whole: Double) -> Quantity { Quantity(units: Int64((whole * 100_000).rounded())) }
func percent(_ whole: Double) -> Percentage { Percentage(units: Int64((whole * 100).rounded())) }
