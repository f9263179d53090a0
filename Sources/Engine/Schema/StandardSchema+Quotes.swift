// What is offered and what is billed: quotes, invoices and their lines. Orders are in StandardSchema+Documents.swift.

extension SchemaBuilder {
    mutating func addQuoteEntities() {
        // One number through all revisions of an offer.
        entity(82, "quote", "Quote") { e in
            e.text("name", "Name", 300, required: true, ordered: true)
            e.states([
                (0, "Draft", [1: "Draft"]),
                (1, "Active", [2: "In Progress", 3: "Open"]),
                (2, "Won", [4: "Won"]),
                (3, "Closed", [5: "Lost", 6: "Canceled", 7: "Revised"]),
            ])
            e.text("quotenumber", "Quote number", 100)
            e.integer("revisionnumber", "Revision", 0...1_000_000_000)
            e.lookup("customerid", "Potential customer", to: "account", "contact", onDelete: .restrict)
            e.lookup("opportunityid", "Opportunity", to: "opportunity")
            e.lookup("campaignid", "Source campaign", to: "campaign")
            e.date("effectivefrom", "Effective from")
            e.date("effectiveto", "Effective to", ordered: true)
            e.date("requestdeliveryby", "Delivery requested by")
            e.date("expireson", "Due by")
            e.date("closedon", "Closed on")
            e.documentPrices()
            e.paymentTerms()
            e.freightTerms()
            e.shippingMethod()
            e.boolean("willcall", "Customer collects", default: false)
            e.documentAddress("billto", "Bill to")
            e.documentAddress("shipto", "Ship to")
            e.memo("description", "Description", 10_000)
            e.sourceDates()
            e.baseAmounts()
            e.primaryName("name")
            e.searched("name", "quotenumber")
            e.key("quotenumber", "revisionnumber")
        }

        entity(83, "quotedetail", "Quote line", ownership: .organisation) { e in
            e.text("productdescription", "Product, in words", 500)
            e.lookup("quoteid", "Quote", to: "quote", required: true, onDelete: .cascade)
            e.linePrices()
            e.date("requestdeliveryby", "Delivery requested by")
            e.lookup("salesrepid", "Salesperson", to: "systemuser")
            e.memo("description", "Description", 10_000)
            e.currency()
            e.baseAmounts()
            e.primaryName("productdescription")
        }
    }

    mutating func addInvoiceEntities() {
        // A closed invoice is one of the past: Dynamics gave the state up, and keeps it for records that have it.
        entity(84, "invoice", "Invoice") { e in
            e.text("name", "Name", 300, required: true, ordered: true)
            e.states([
                (0, "Active", [1: "New", 2: "Partially Shipped", 4: "Billed", 5: "Booked", 6: "Installed"]),
                (1, "Closed", [3: "Canceled (deprecated)", 7: "Paid in Full (deprecated)"]),
                (2, "Paid", [100_001: "Complete", 100_002: "Partial"]),
                (3, "Canceled", [100_003: "Canceled"]),
            ])
            e.text("invoicenumber", "Invoice number", 100)
            e.lookup("customerid", "Customer", to: "account", "contact", onDelete: .restrict)
            e.lookup("opportunityid", "Opportunity", to: "opportunity")
            e.lookup("salesorderid", "Order", to: "salesorder")
            e.date("datedelivered", "Delivered on")
            e.date("duedate", "Due on", ordered: true)
            e.documentPrices()
            e.boolean("ispricelocked", "Prices locked", default: false)
            e.option("prioritycode", "Priority", [1: "Default value"])
            e.paymentTerms()
            e.shippingMethod()
            e.boolean("willcall", "Customer collects", default: false)
            e.documentAddress("billto", "Bill to")
            e.documentAddress("shipto", "Ship to")
            e.memo("description", "Description", 10_000)
            e.sourceDates()
            e.baseAmounts()
            e.primaryName("name")
            e.searched("name", "invoicenumber")
            e.key("invoicenumber")
        }

        entity(85, "invoicedetail", "Invoice line", ownership: .organisation) { e in
            e.text("productdescription", "Product, in words", 500)
            e.lookup("invoiceid", "Invoice", to: "invoice", required: true, onDelete: .cascade)
            e.lookup("salesorderdetailid", "Order line", to: "salesorderdetail")
            e.linePrices()
            e.decimal("quantityshipped", "Quantity shipped", scale: 5, 0...1_000_000_000)
            e.decimal("quantitybackordered", "Quantity back-ordered", scale: 5, 0...1_000_000_000)
            e.decimal("quantitycancelled", "Quantity cancelled", scale: 5, 0...1_000_000_000)
            e.text("shippingtrackingnumber", "Shipment tracking number", 100)
            e.date("actualdeliveryon", "Delivered on")
            e.lookup("salesrepid", "Salesperson", to: "systemuser")
            e.memo("description", "Description", 10_000)
            e.currency()
            e.baseAmounts()
            e.primaryName("productdescription")
        }
    }
}

extension EntityBuilder {
    /// What a document's prices are found by, what is taken off and added, and what comes out.
    fileprivate mutating func documentPrices() {
        lookup("pricelevelid", "Price list", to: "pricelevel", onDelete: .restrict)
        currency()
        money("totallineitemamount", "Total of lines")
        decimal("discountpercentage", "Discount, per cent", scale: 2, 0...100)
        money("discountamount", "Discount")
        money("freightamount", "Freight")
        money("totallineitemdiscountamount", "Total discount of lines")
        money("totaldiscountamount", "Total discount")
        money("totalamountlessfreight", "Total before freight")
        money("totaltax", "Total tax")
        money("totalamount", "Total amount", ordered: true)
        pricingError()
    }

    /// The product of a line, its quantity, and what both come to.
    fileprivate mutating func linePrices() {
        lookup("productid", "Product", to: "product", onDelete: .restrict)
        boolean("isproductoverridden", "Write-in product", default: false)
        lookup("uomid", "Unit", to: "uom", onDelete: .restrict)
        integer("lineitemnumber", "Line", 0...1_000_000_000)
        decimal("quantity", "Quantity", scale: 5, 0...1_000_000_000)
        money("priceperunit", "Price per unit")
        boolean("ispriceoverridden", "Price overridden", default: false)
        money("volumediscountamount", "Volume discount per unit")
        money("baseamount", "Amount before discounts")
        decimal("discountpercentage", "Discount, per cent", scale: 2, 0...100)
        money("manualdiscountamount", "Manual discount")
        money("tax", "Tax")
        money("extendedamount", "Extended amount")
        pricingError()
    }
}
