// A line of a document that changes or goes, priced with its document.

import Engine

/// Changes a line of a document.
public struct ChangeLine: Message {
    /// The opportunity, quote, order or invoice.
    public var document = RecordID.none
    /// The line.
    public var line = RecordID.none
    /// How much.
    public var quantity: Decimal64?
    /// In which unit.
    public var unit = RecordID.none
    /// The price of a unit, instead of the catalogue's.
    public var price: Decimal64?
    /// Whether the catalogue's price comes back.
    public var cataloguePrice = false
    /// What is taken off.
    public var discount: Decimal64?
    /// What is taken off, in per cent.
    public var percentage: Decimal64?
    /// The tax on it.
    public var tax: Decimal64?
    /// What is to be said about it.
    public var description: String?

    public init() {}

    /// A request to change the quantity of a line.
    public init(_ document: RecordID, line: RecordID, quantity: Decimal64? = nil) {
        (self.document, self.line, self.quantity) = (document, line, quantity)
    }

    static let nothingToChange = Rule("nothing-to-change", "It is not said what changes.")
    static let priceTwice = Rule("price-twice", "A price is entered or the catalogue's, not both.")
    static let noCataloguePrice = Rule("no-catalogue-price", "A write-in has no price in the catalogue.")

    public static let declaration = MessageDeclaration<ChangeLine>(
        114,
        "change-line",
        """
        Changes a line of a document and calculates the document's totals, and the line's price where its quantity, unit or price \
        changes. The other lines keep their prices. Another product is another line: remove the one and add the other.
        """,
        said: "change a line of it",
        to: AddLine.targets,
        record: \.document,
        arguments: [
            lineArgument(\.line),
            .decimal(2, "quantity", \.quantity, "How much."),
            .record(3, "unit", \.unit, to: ["uom"], "In which unit."),
            .decimal(4, "price", \.price, "The price of a unit, instead of the catalogue's."),
            .flag(5, "catalogue-price", \.cataloguePrice, "The catalogue's price comes back."),
            .decimal(6, "discount", \.discount, "An amount that is taken off, instead of a percentage."),
            .decimal(7, "percentage", \.percentage, "What is taken off, in per cent."),
            .decimal(8, "tax", \.tax, "The tax on it."),
            .text(9, "description", \.description, lengthBytesMax: 10_000, "What is to be said about it."),
        ],
        rules: [
            .pricesLocked, .lineOfAnother, nothingToChange, priceTwice, noCataloguePrice, .unitOfAnotherGroup,
            .quantityInvalid, .amountInvalid, .discountTwice,
        ]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        let form = try DocumentForm.required(document, records)
        try records.requireUnlockedPrices(document)
        try records.requireLine(line, of: document, form)
        let entry = LineEntry(
            quantity: quantity,
            price: price,
            discount: discount,
            percentage: percentage,
            tax: tax,
            description: description
        )
        try entry.check(document, records)
        var values = entry.values
        if cataloguePrice { values += try backToCatalogue(records) }
        if unit != .none {
            let product = records.reference(line, "productid")
            values.append(("uomid", .reference(try records.unit(unit, of: product, document))))
        }
        guard !values.isEmpty else {
            throw records.refusal(
                Self.nothingToChange,
                document,
                "Say what of the line changes: --quantity, --price, …"
            )
        }
        var plan = Plan(records)
        try plan.edit(.change(line, values), document, form, records)
        return plan
    }

    private func backToCatalogue(_ records: Records) throws(Refusal) -> [(String, Value)] {
        guard price == nil else {
            throw records.refusal(Self.priceTwice, document, "Give --price or --catalogue-price, not both.")
        }
        guard records.value(line, "isproductoverridden") != .boolean(true) else {
            throw records.refusal(
                Self.noCataloguePrice,
                document,
                "\(records.name(line)) is a write-in: the catalogue has no price for it."
            )
        }
        return [("ispriceoverridden", false)]
    }
}

/// Removes a line of a document.
public struct RemoveLine: Message {
    /// The opportunity, quote, order or invoice.
    public var document = RecordID.none
    /// The line.
    public var line = RecordID.none

    public init() {}

    /// A request to remove a line.
    public init(_ document: RecordID, line: RecordID) { (self.document, self.line) = (document, line) }

    public static let declaration = MessageDeclaration<RemoveLine>(
        115,
        "remove-line",
        "Removes a line of a document and calculates the document's totals. The other lines keep their prices.",
        said: "remove a line of it",
        to: AddLine.targets,
        record: \.document,
        arguments: [lineArgument(\.line)],
        rules: [.pricesLocked, .lineOfAnother]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        let form = try DocumentForm.required(document, records)
        try records.requireUnlockedPrices(document)
        try records.requireLine(line, of: document, form)
        var plan = Plan(records)
        try plan.edit(.remove(line), document, form, records)
        return plan
    }
}

/// The argument that says which line of the document.
private func lineArgument<M>(_ path: WritableKeyPath<M, RecordID> & Sendable) -> MessageArgument<M> {
    .record(
        1,
        "line",
        path,
        to: ["opportunityproduct", "quotedetail", "salesorderdetail", "invoicedetail"],
        isRequired: true,
        "The line."
    )
}
