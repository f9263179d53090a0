// What people enter of a document's line, and the rules that it meets before it is priced.
//
// A line is priced together with its document in the transaction that adds, changes or removes it, so that totals never
// disagree with lines. What the catalogue does not know of a line is no refusal but a code (docs/pricing.md); what nobody can
// have meant is refused here.

import Engine

extension Rule {
    static let lineOfAnother = Rule("line-of-another", "The line belongs to another document.")
    static let quantityInvalid = Rule(
        "quantity-invalid",
        "A quantity is above 0 and has at most 5 digits behind the point."
    )
    static let amountInvalid = Rule(
        "amount-invalid",
        "Amounts have at most 4 digits behind the point, percentages 2; a discount is not negative, a percentage not above 100."
    )
    static let discountTwice = Rule("discount-twice", "A discount is an amount or a percentage, not both.")
    static let unitOfAnotherGroup = Rule("unit-of-another-group", "The unit is not of the product's unit group.")
    static let productInactive = Rule("product-inactive", "The product is not sold any more.")
    static let pricesLocked = Rule("prices-locked", "The prices of the document are locked.")
}

extension Records {
    /// Refuses a document whose prices are locked.
    func requireUnlockedPrices(_ document: RecordID) throws(Refusal) {
        guard value(document, "ispricelocked") == .boolean(true) else { return }
        throw refusal(.pricesLocked, document, "The prices of \(name(document)) are locked: unlock them first.")
    }

    /// Refuses a line of another document.
    func requireLine(_ line: RecordID, of document: RecordID, _ form: DocumentForm) throws(Refusal) {
        guard schema.entity(line.entity)?.name == form.line, reference(line, form.lookup) == document else {
            throw refusal(.lineOfAnother, document, "\(schema.text(of: line)) is no line of \(name(document)).")
        }
    }

    /// Refuses a product that is not sold.
    func requireActive(product: RecordID, _ record: RecordID) throws(Refusal) {
        guard let state = state(of: product), state != 0 else { return }
        throw refusal(
            .productInactive,
            record,
            "\(name(product)) is \(stateLabel(state, of: "product")): activate it, or take another product."
        )
    }

    /// Refuses a quantity that is none.
    func requireQuantity(_ quantity: Decimal64?, _ record: RecordID) throws(Refusal) {
        guard let quantity else { return }
        guard let units = quantity.rescaled(to: UInt8(Quantity.digits))?.units, units > 0 else {
            throw refusal(
                .quantityInvalid,
                record,
                "\(quantity) is no quantity: it is above 0 and has at most \(Quantity.digits) digits behind the point."
            )
        }
    }

    /// The unit in which a product is counted: the one that is given, else its default unit.
    func unit(_ given: RecordID, of product: RecordID, _ record: RecordID) throws(Refusal) -> RecordID {
        let standard = reference(product, "defaultuomid")
        guard given != .none else { return standard }
        let own = reference(product, "defaultuomscheduleid")
        let group = own == .none ? reference(standard, "uomscheduleid") : own
        guard group == .none || reference(given, "uomscheduleid") == group else {
            throw refusal(
                .unitOfAnotherGroup,
                record,
                "\(name(product)) is sold in units of \(name(group)); \(name(given)) is none of them."
            )
        }
        return given
    }
}

/// The amounts that are entered with a line.
struct LineEntry {
    var quantity: Decimal64?
    var price: Decimal64?
    var discount: Decimal64?
    var percentage: Decimal64?
    var tax: Decimal64?
    var description: String?

    /// Refuses what nobody can have meant.
    func check(_ record: RecordID, _ records: Records) throws(Refusal) {
        try records.requireQuantity(quantity, record)
        guard discount == nil || percentage == nil else {
            throw records.refusal(.discountTwice, record, "A line has --discount or --percentage, not both.")
        }
        let amounts: [(name: String, amount: Decimal64?, least: Int64)] = [
            ("price", price, .min), ("discount", discount, 0), ("tax", tax, .min),
        ]
        for (name, amount, least) in amounts {
            guard let amount else { continue }
            guard let units = amount.rescaled(to: UInt8(Money.digits))?.units, units >= least else {
                throw invalid(name, amount, record, records)
            }
        }
        guard let percentage else { return }
        let digits = UInt8(Percentage.digits)
        let whole = Decimal64(units: 100, scale: 0).rescaled(to: digits)?.units ?? 0
        guard let units = percentage.rescaled(to: digits)?.units, (0...whole).contains(units) else {
            throw invalid("percentage", percentage, record, records)
        }
    }

    private func invalid(_ name: String, _ amount: Decimal64, _ record: RecordID, _ records: Records) -> Refusal {
        records.refusal(.amountInvalid, record, "--\(name) \(amount) cannot be: \(Rule.amountInvalid.summary)")
    }

    /// The attributes that are written. A price that is entered overrides the catalogue's; a discount replaces one of the
    /// other kind.
    var values: [(String, Value)] {
        var values: [(String, Value)] = []
        if let quantity { values.append(("quantity", .decimal(quantity))) }
        if let price { values += [("priceperunit", .decimal(price)), ("ispriceoverridden", true)] }
        if let discount { values += [("manualdiscountamount", .decimal(discount)), ("discountpercentage", .null)] }
        if let percentage { values.append(("discountpercentage", .decimal(percentage))) }
        if let tax { values.append(("tax", .decimal(tax))) }
        if let description { values.append(("description", .text(description))) }
        return values
    }
}

extension Plan {
    /// Carries an edit of a document's lines out, with the prices that follow from it.
    mutating func edit(_ edit: LineEdit, _ document: RecordID, _ form: DocumentForm, _ records: Records) throws(Refusal)
    {
        let prices = try records.prices(of: document, with: edit)
        if case .remove(let line) = edit { try delete(line) }
        if !prices.added.isEmpty { try create(form.line, prices.added) }
        try update(rows: prices.changes)
    }
}
