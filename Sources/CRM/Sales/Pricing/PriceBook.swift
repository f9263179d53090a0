// What documents are priced by: the part of the catalogue that their lines refer to. Plain values, looked up by id; the order in
// which they were put in means nothing.

import Engine

/// The catalogue, as far as some documents need it.
package struct PriceBook: Sendable {
    package var priceLists: [RecordID: PriceList] = [:]
    package var items = RecordMap<ItemKey, PriceListItem>()
    package var products = RecordMap<RecordID, PricedProduct>()
    package var units: [RecordID: UnitOfMeasure] = [:]
    package var discountLists: [RecordID: DiscountList] = [:]

    package init() {}

    /// What finds an item.
    package struct ItemKey: RecordMapKey {
        package var priceList: RecordID
        package var product: RecordID
        package var unit: RecordID

        package init(priceList: RecordID, product: RecordID, unit: RecordID) {
            self.priceList = priceList
            self.product = product
            self.unit = unit
        }

        package var mixed: UInt64 { Self.mixed(Self.mixed(priceList.mixed, product), unit) }
    }
}

/// `pricelevel`.
package struct PriceList: Hashable, Sendable {
    package var isActive = true
    /// First and last day on which it is in force; nil: open.
    package var beginDate: Int32?
    package var endDate: Int32?
    /// Nil where the organisation has no base currency and the list names none.
    package var currency: RecordID?

    package init() {}
}

/// `productpricelevel`, with option values as they are in the record.
package struct PriceListItem: Hashable, Sendable {
    package var id: RecordID
    package var method: Int32?
    package var amount: Money?
    package var percentage: Percentage?
    package var roundingPolicy: Int32?
    package var roundingOption: Int32?
    package var roundingAmount: Money?
    package var quantitySelling: Int32?
    package var discountList: RecordID?

    package init(id: RecordID) { self.id = id }
}

/// `product`.
package struct PricedProduct: Hashable, Sendable {
    package var isActive = true
    package var validFrom: Int32?
    package var validTo: Int32?
    /// Of one default unit.
    package var listPrice: Money?
    package var currentCost: Money?
    package var standardCost: Money?
    package var defaultUnit: RecordID?
    package var unitGroup: RecordID?
    /// Digits of a quantity behind the point.
    package var quantityDigits = 0

    package init() {}
}

/// `uom`: so many of another unit, or the base unit of its group.
package struct UnitOfMeasure: Hashable, Sendable {
    package var group: RecordID
    /// Nil: this is the base unit.
    package var madeOf: RecordID?
    package var quantity: Quantity?

    package init(group: RecordID, madeOf: RecordID? = nil, quantity: Quantity? = nil) {
        self.group = group
        self.madeOf = madeOf
        self.quantity = quantity
    }
}

/// `discounttype` with its `discount` records.
package struct DiscountList: Hashable, Sendable {
    /// 0 active, 1 inactive.
    package var state: Int32 = 0
    package var isAmount = false
    package var currency: RecordID?
    package var bands: [DiscountBand] = []

    package init() {}
}

/// `discount`: what is off for quantities from `low` to `high`, both included; nil is open.
package struct DiscountBand: Hashable, Sendable {
    package var low: Quantity?
    package var high: Quantity?
    package var percentage: Percentage?
    package var amount: Money?

    package init(low: Quantity?, high: Quantity?, percentage: Percentage? = nil, amount: Money? = nil) {
        self.low = low
        self.high = high
        self.percentage = percentage
        self.amount = amount
    }
}
