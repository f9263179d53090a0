// What is sold and what was ordered: products, orders and their lines.

extension SchemaBuilder {
    mutating func addCatalogueEntities() {
        entity(64, "product", "Product", ownership: .organisation) { e in
            e.text("name", "Name", 100, required: true, ordered: true)
            e.activeInactive()
            e.text("productnumber", "Product number", 100)
            e.option(
                "producttypecode",
                "Product type",
                [1: "Sales inventory", 2: "Miscellaneous charges", 3: "Services", 4: "Flat fees"]
            )
            e.text("productfamily", "Product family", 100)
            e.lookup("subjectid", "Subject", to: "subject")
            e.lookup("supplierid", "Supplier", to: "account")
            e.text("suppliername", "Supplier name", 100)
            e.text("vendorname", "Vendor", 100)
            e.text("vendorpartnumber", "Vendor's part number", 100)
            e.money("price", "List price", ordered: true)
            e.money("standardcost", "Standard cost")
            e.money("currentcost", "Current cost")
            e.currency()
            e.boolean("isstockitem", "Stock item", default: false)
            e.boolean("iskit", "Kit", default: false)
            e.decimal("quantityonhand", "Quantity on hand", scale: 5, 0...1_000_000_000)
            e.decimal("quantityonorder", "Quantity on order", scale: 5, 0...1_000_000_000)
            e.decimal("reorderlevel", "Reorder level", scale: 5, 0...1_000_000_000)
            e.integer("quantitydecimal", "Decimals of a quantity", 0...5, default: 0)
            e.text("quantityperunit", "Quantity per unit", 100)
            e.text("size", "Size", 200)
            e.decimal("stockvolume", "Stock volume", scale: 5, 0...1_000_000_000)
            e.decimal("stockweight", "Stock weight", scale: 5, 0...1_000_000_000)
            e.text("producturl", "Website", 255)
            e.date("validfromdate", "Valid from")
            e.date("validtodate", "Valid to")
            e.memo("description", "Description", 100_000)
            e.baseAmounts()
            e.lookup("defaultuomscheduleid", "Unit group", to: "uomschedule", onDelete: .restrict)
            e.lookup("defaultuomid", "Default unit", to: "uom", onDelete: .restrict)
            e.lookup("pricelevelid", "Default price list", to: "pricelevel")
            e.primaryName("name")
            e.searched("name", "productnumber")
            e.key("productnumber")
        }
    }

    mutating func addDocumentEntities() {
        entity(80, "salesorder", "Order") { e in
            e.text("name", "Name", 300, required: true, ordered: true)
            e.states([
                (0, "Active", [1: "New", 2: "Pending"]),
                (1, "Submitted", [3: "In Progress"]),
                (2, "Canceled", [4: "No Money"]),
                (3, "Fulfilled", [100_001: "Complete", 100_002: "Partial"]),
                (4, "Invoiced", [100_003: "Invoiced"]),
            ])
            e.text("ordernumber", "Order number", 100)
            e.lookup("customerid", "Customer", to: "account", "contact", onDelete: .restrict)
            e.lookup("opportunityid", "Opportunity", to: "opportunity")
            e.lookup("campaignid", "Source campaign", to: "campaign")
            e.lookup("shipperid", "Shipped by", to: "account")
            e.date("orderdate", "Ordered on", ordered: true)
            e.date("requestdeliveryby", "Delivery requested by")
            e.date("datefulfilled", "Fulfilled on")
            e.date("submitdate", "Submitted on")
            e.money("totallineitemamount", "Total of lines")
            e.decimal("discountpercentage", "Discount, per cent", scale: 2, 0...100)
            e.money("discountamount", "Discount")
            e.money("freightamount", "Freight")
            e.money("totaldiscountamount", "Total discount")
            e.money("totaltax", "Total tax")
            e.money("totalamount", "Total amount", ordered: true)
            e.currency()
            e.option("prioritycode", "Priority", [1: "Default value"])
            e.paymentTerms()
            e.freightTerms()
            e.shippingMethod()
            e.boolean("ispricelocked", "Prices locked", default: false)
            e.boolean("willcall", "Customer collects", default: false)
            e.documentAddress("billto", "Bill to")
            e.documentAddress("shipto", "Ship to")
            e.memo("description", "Description", 10_000)
            e.sourceDates()
            e.baseAmounts()
            e.lookup("pricelevelid", "Price list", to: "pricelevel", onDelete: .restrict)
            e.lookup("quoteid", "Quote", to: "quote")
            e.pricingError()
            e.furtherTotals()
            e.primaryName("name")
            e.searched("name", "ordernumber")
            e.key("ordernumber")
        }

        // A line of an order: a product of the catalogue, or a write-in described in words.
        entity(81, "salesorderdetail", "Order line", ownership: .organisation) { e in
            e.text("productdescription", "Product, in words", 500)
            e.lookup("salesorderid", "Order", to: "salesorder", required: true, onDelete: .cascade)
            e.lookup("productid", "Product", to: "product", onDelete: .restrict)
            e.boolean("isproductoverridden", "Write-in product", default: false)
            e.integer("lineitemnumber", "Line", 0...1_000_000_000)
            e.decimal("quantity", "Quantity", scale: 5, 0...1_000_000_000)
            e.money("priceperunit", "Price per unit")
            e.boolean("ispriceoverridden", "Price overridden", default: false)
            e.decimal("discountpercentage", "Discount, per cent", scale: 2, 0...100)
            e.money("baseamount", "Amount before discounts")
            e.money("manualdiscountamount", "Manual discount")
            e.money("volumediscountamount", "Volume discount per unit")
            e.money("tax", "Tax")
            e.money("extendedamount", "Extended amount")
            e.pricingError()
            e.decimal("quantityshipped", "Quantity shipped", scale: 5, 0...1_000_000_000)
            e.decimal("quantitybackordered", "Quantity back-ordered", scale: 5, 0...1_000_000_000)
            e.decimal("quantitycancelled", "Quantity cancelled", scale: 5, 0...1_000_000_000)
            e.date("requestdeliveryby", "Delivery requested by")
            e.lookup("salesrepid", "Salesperson", to: "systemuser")
            e.memo("description", "Description", 10_000)
            e.currency()
            e.baseAmounts()
            e.lookup("uomid", "Unit", to: "uom", onDelete: .restrict)
            e.lookup("quotedetailid", "Quote line", to: "quotedetail")
            e.primaryName("productdescription")
        }
    }
}

extension EntityBuilder {
    /// Totals that came after the amounts in the base currency.
    mutating func furtherTotals() {
        money("totallineitemdiscountamount", "Total discount of lines")
        money("totalamountlessfreight", "Total before freight")
        baseAmount("totallineitemdiscountamount", "totalamountlessfreight")
    }
}
