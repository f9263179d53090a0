// What quotes, orders, invoices and opportunities have in common: a head with a customer and totals, and lines.
//
// One is made from another by copying what both have under the same names: prices and totals as they stand, since what was agreed
// on is not calculated anew by the next document.

import Engine

/// A kind of document: its entity, that of its lines, and how these refer to it.
struct DocumentForm: Sendable {
    let entity: String
    let line: String
    /// The lookup of a line to its document, and of another document to the one that it was made from.
    let lookup: String
    /// The lookup in which a line of the next document names the line that it was made from.
    let lineLookup: String

    static let opportunity = DocumentForm(
        entity: "opportunity",
        line: "opportunityproduct",
        lookup: "opportunityid",
        lineLookup: ""
    )
    static let quote = DocumentForm(
        entity: "quote",
        line: "quotedetail",
        lookup: "quoteid",
        lineLookup: "quotedetailid"
    )
    static let order = DocumentForm(
        entity: "salesorder",
        line: "salesorderdetail",
        lookup: "salesorderid",
        lineLookup: "salesorderdetailid"
    )
    static let invoice = DocumentForm(
        entity: "invoice",
        line: "invoicedetail",
        lookup: "invoiceid",
        lineLookup: "invoicedetailid"
    )

    /// The form of an entity's records; nil where they are no documents.
    static func of(_ entity: String) -> DocumentForm? {
        [opportunity, quote, order, invoice].first { $0.entity == entity }
    }

    /// What a document's head hands on.
    private static let headAttributes =
        [
            "ownerid", "name", "customerid", "campaignid", "opportunityid", "pricelevelid", "transactioncurrencyid",
            "totallineitemamount", "discountpercentage", "discountamount", "freightamount",
            "totallineitemdiscountamount", "totaldiscountamount", "totalamountlessfreight", "totaltax", "totalamount",
            "pricingerrorcode", "paymenttermscode", "freighttermscode", "shippingmethodcode", "willcall",
            "requestdeliveryby", "description",
        ]
        + ["billto", "shipto"].flatMap { address in
            [
                "name", "contactname", "line1", "line2", "line3", "city", "stateorprovince", "postalcode", "country",
                "telephone", "fax",
            ].map { "\(address)_\($0)" }
        }

    /// What a line hands on.
    private static let lineAttributes = [
        "productid", "isproductoverridden", "productdescription", "uomid", "lineitemnumber", "quantity", "priceperunit",
        "ispriceoverridden", "baseamount", "discountpercentage", "manualdiscountamount", "volumediscountamount", "tax",
        "extendedamount", "pricingerrorcode", "requestdeliveryby", "salesrepid", "description", "transactioncurrencyid",
    ]

    /// The lines of a document, in the order in which people see them: by number, then as they were made.
    func lines(of document: RecordID, _ records: Records) throws(Refusal) -> [RecordID] {
        let lines = try records.referring(to: document, line, lookup)
        let numbers = lines.map { records.integer($0, "lineitemnumber") ?? .max }
        return zip(numbers, lines).sorted { $0 < $1 }.map(\.1)
    }

    /// Makes a document of this form from another, with its lines. `values` are its own, which win over those copied.
    @discardableResult
    func make(
        from source: RecordID,
        _ form: DocumentForm,
        _ values: [(String, Value)],
        _ plan: inout Plan,
        _ records: Records
    ) throws(Refusal) -> RecordID? {
        let own = Set(values.map(\.0))
        let copied = records.copied(source, Self.headAttributes.filter { !own.contains($0) }.map { ($0, $0) })
        guard let made = try plan.create(entity, values + copied) else { return nil }
        // In lines of the same entity the attribute of this name is their own id.
        let hasOrigin = form.entity != entity && !form.lineLookup.isEmpty
        var lines: [[(String, Value)]] = []
        for line in try form.lines(of: source, records) {
            lines.append(
                [(lookup, .reference(made))] + (hasOrigin ? [(form.lineLookup, .reference(line))] : [])
                    + records.copied(line, Self.lineAttributes.map { ($0, $0) })
            )
        }
        try plan.create(line, rows: lines)
        return made
    }
}

extension Rule {
    static let documentCustomerMissing = Rule("customer-missing", "A document needs a customer.")
    static let pricingError = Rule(
        "pricing-error",
        "The prices could not be calculated: pricingerrorcode says why, on the document or its lines."
    )
}

extension Records {
    /// Refuses a document without a customer.
    func requireCustomer(_ document: RecordID) throws(Refusal) {
        guard reference(document, "customerid") == .none else { return }
        throw refusal(.documentCustomerMissing, document, "\(name(document)) has no customer: fill in customerid.")
    }

    /// Refuses a document whose prices are wrong.
    func requirePrices(_ document: RecordID) throws(Refusal) {
        guard let code = option(document, "pricingerrorcode"), code != 0 else { return }
        let entity = schema.entity(document.entity)?.name ?? ""
        throw refusal(
            .pricingError,
            document,
            "\(name(document)) has a pricing error (\(code), \(label(code, entity, "pricingerrorcode"))): mend its lines "
                + "and recalculate it."
        )
    }
}
