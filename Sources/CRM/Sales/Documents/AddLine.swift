// A new line of a quote, an order, an invoice or an opportunity, priced with its document.

import Engine

/// Adds a line to a document.
public struct AddLine: Message {
    /// The opportunity, quote, order or invoice.
    public var document = RecordID.none
    /// What is sold, from the catalogue.
    public var product = RecordID.none
    /// What is sold, in words, where it is not in the catalogue.
    public var writeIn: String?
    /// In which unit; the product's default unit where it is not given.
    public var unit = RecordID.none
    /// How much.
    public var quantity: Decimal64?
    /// The price of a unit, instead of the catalogue's.
    public var price: Decimal64?
    /// What is taken off.
    public var discount: Decimal64?
    /// What is taken off, in per cent.
    public var percentage: Decimal64?
    /// The tax on it.
    public var tax: Decimal64?
    /// What is to be said about it.
    public var description: String?

    public init() {}

    /// A request to add so much of a product.
    public init(_ document: RecordID, product: RecordID, quantity: Decimal64) {
        (self.document, self.product, self.quantity) = (document, product, quantity)
    }

    static let productMissing = Rule("product-missing", "A line is of a product, or of a write-in.")
    static let productAndWriteIn = Rule("product-and-write-in", "A write-in is no product of the catalogue.")
    static let priceMissing = Rule("price-missing", "A write-in has no price in the catalogue: it is entered.")

    /// The states in which a document's lines are changed.
    static let targets = [
        MessageTarget("opportunity", states: [OpportunityState.open]),
        MessageTarget("quote", states: [QuoteState.draft]),
        MessageTarget("salesorder", states: [OrderState.active]),
        MessageTarget("invoice", states: [InvoiceState.active]),
    ]

    public static let declaration = MessageDeclaration<AddLine>(
        113,
        "add-line",
        """
        Adds a line to a document, behind its other lines, and calculates its price and the document's totals. The other lines \
        keep their prices. What the catalogue cannot say is a pricingerrorcode of the line, as when prices are recalculated.
        """,
        said: "add a line to it",
        to: targets,
        record: \.document,
        arguments: [
            .record(1, "product", \.product, to: ["product"], "What is sold, from the catalogue."),
            .text(2, "write-in", \.writeIn, lengthBytesMax: 2000, "What is sold, in words, where no product is."),
            .decimal(3, "quantity", \.quantity, isRequired: true, "How much."),
            .record(
                4,
                "unit",
                \.unit,
                to: ["uom"],
                "In which unit; the product's default unit where it is not given."
            ),
            .decimal(5, "price", \.price, "The price of a unit, instead of the catalogue's."),
            .decimal(6, "discount", \.discount, "An amount that is taken off."),
            .decimal(7, "percentage", \.percentage, "What is taken off, in per cent."),
            .decimal(8, "tax", \.tax, "The tax on it."),
            .text(9, "description", \.description, lengthBytesMax: 10_000, "What is to be said about it."),
        ],
        rules: [
            .pricesLocked, productMissing, productAndWriteIn, .productInactive, .unitOfAnotherGroup, .quantityInvalid,
            priceMissing, .amountInvalid, .discountTwice,
        ]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        let form = try DocumentForm.required(document, records)
        try records.requireUnlockedPrices(document)
        let what = try subject(records)
        let entry = LineEntry(
            quantity: quantity,
            price: price,
            discount: discount,
            percentage: percentage,
            tax: tax,
            description: description
        )
        try entry.check(document, records)
        let numbers = try form.lines(of: document, records).map { records.integer($0, "lineitemnumber") ?? 0 }
        let last = numbers.max() ?? 0
        var values: [(String, Value)] = [(form.lookup, .reference(document))] + what + entry.values
        // A number that is as high as it can be leaves the next line without one: it still comes last.
        if last < AddLine.numberMax { values.append(("lineitemnumber", .integer(last + 1))) }
        var plan = Plan(records)
        try plan.edit(.add(values), document, form, records)
        return plan
    }

    private static let numberMax: Int64 = 1_000_000_000

    /// The product with its unit, or the words.
    private func subject(_ records: Records) throws(Refusal) -> [(String, Value)] {
        guard let words = writeIn, !words.isEmpty else {
            guard product != .none else {
                throw records.refusal(
                    Self.productMissing,
                    document,
                    "Say what is sold: --product, or --write-in for what is not in the catalogue."
                )
            }
            try records.requireActive(product: product, document)
            let unit = try records.unit(unit, of: product, document)
            return [("productid", .reference(product)), ("uomid", unit == .none ? .null : .reference(unit))]
        }
        guard product == .none else {
            throw records.refusal(
                Self.productAndWriteIn,
                document,
                "A line is of \(records.name(product)) or of '\(words)', not of both."
            )
        }
        guard price != nil else {
            throw records.refusal(Self.priceMissing, document, "'\(words)' has no price: --price.")
        }
        return [("isproductoverridden", true), ("productdescription", .text(words))]
    }
}

extension DocumentForm {
    /// The form of a document. A message's targets are documents; the refusal is for an organisation's own schema.
    static func required(_ document: RecordID, _ records: Records) throws(Refusal) -> DocumentForm {
        let name = records.schema.entity(document.entity)?.name ?? ""
        guard let form = DocumentForm.of(name) else {
            throw Refusal(
                .wrongReferenceEntity,
                entity: name,
                record: document,
                "\(records.schema.text(of: document)) has no lines."
            )
        }
        return form
    }
}
