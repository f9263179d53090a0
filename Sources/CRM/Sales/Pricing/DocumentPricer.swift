// From records to prices and back: reads a document with its lines and the part of the catalogue that they refer to, prices it,
// and says which attributes of which records differ from what came out. Writes nothing.

import Engine

/// The prices of a document, and what has to be changed for its records to hold them.
package struct DocumentPrices {
    /// The document's lines, as in `priced.lines`.
    package var lines: [RecordID]
    package var priced: PricedDocument
    /// Only what differs, lines first; empty where all is as it should be.
    package var changes: [(record: RecordID, values: [(String, Value)])]
    /// The values of a line that is about to be added, with its prices; `lines` has `.none` for it, at the end.
    package var added: [(String, Value)] = []
}

/// What a message is about to do to a document's lines: priced before it is done, as if it were.
package enum LineEdit {
    case none
    /// A new line with these values.
    case add([(String, Value)])
    /// These values instead of those of a line.
    case change(RecordID, [(String, Value)])
    case remove(RecordID)

    /// What a line is given.
    fileprivate func values(of line: RecordID) -> [(String, Value)] {
        if case .change(line, let values) = self { values } else { [] }
    }

    /// What the price of a line is found by: without it, a change of the line is none of its price.
    private static let pricing: Set<String> = ["productid", "uomid", "quantity", "ispriceoverridden", "priceperunit"]

    /// Whether the price of a line that is there stays as it is. Without an edit all are found anew.
    fileprivate func keepsPrice(of line: RecordID) -> Bool {
        switch self {
        case .none: false
        case .add, .remove: true
        case .change(let changed, let values): changed != line || !values.contains { Self.pricing.contains($0.0) }
        }
    }
}

extension Records {
    /// Prices an opportunity, quote, order or invoice as of today, as it will be after an edit of its lines. A changed line's
    /// values are among the changes. Lines that the edit does not touch keep the prices that they have, as does a line of which
    /// neither unit, quantity nor price changes; those without a price, with an error or in another currency get a new one.
    ///
    /// Throws `recordNotFound`, and `limitExceeded` for a document with more lines than one message can change; what is wrong
    /// with prices is in the result. O(lines × attributes, and the catalogue entries that they refer to).
    /// - Precondition: the record is of one of the four entities.
    package func prices(of document: RecordID, with edit: LineEdit = .none) throws(Refusal) -> DocumentPrices {
        try require(document)
        guard let entity = schema.entity(document.entity), let form = DocumentForm.of(entity.name) else {
            preconditionFailure("\(schema.text(of: document)) has no prices")
        }
        var pricer = DocumentPricer(self, form)
        return try pricer.prices(of: document, with: edit)
    }
}

/// Reads what one document needs; the catalogue is read once for all its lines.
struct DocumentPricer {
    /// Lines of a document and bands of a discount: ten million comparisons at most, some ten milliseconds of the writer.
    static let linesMax = 10_000
    static let bandsMax = 1000
    /// Products whose items on all price lists are read together.
    static let productsAtOnce = 256

    let records: Records
    let form: DocumentForm
    /// Of records without a currency.
    let baseCurrency: RecordID?
    var book = PriceBook()

    init(_ records: Records, _ form: DocumentForm) {
        self.records = records
        self.form = form
        baseCurrency = records.organisation.flatMap { records.present($0, "basecurrencyid") }
    }

    mutating func prices(of id: RecordID, with edit: LineEdit) throws(Refusal) -> DocumentPrices {
        var document = header(id)
        var lines = try records.referring(to: id, form.line, form.lookup, countMax: DocumentPricer.linesMax)
        if case .remove(let line) = edit { lines.removeAll { $0 == line } }
        let stored = StoredLines(records, form.line, lines)
        document.lines.reserveCapacity(lines.count + 1)
        if let list = document.priceList { readPriceList(list) }
        for (index, line) in lines.enumerated() {
            var entered = stored.line(index, edit.values(of: line))
            entered.isKept =
                edit.keepsPrice(of: line)
                && stored.isPriced(index, in: document.currency, withoutOne: baseCurrency)
            document.lines.append(entered)
        }
        if case .add(let values) = edit {
            guard lines.count < DocumentPricer.linesMax else { throw records.tooMany(id, DocumentPricer.linesMax) }
            document.lines.append(stored.line(nil, values))
        }
        try readCatalogue(for: document.lines, document)
        let priced = document.priced(with: book, isExplained: false)

        var prices = DocumentPrices(lines: lines, priced: priced, changes: [])
        let currency = records.present(id, "transactioncurrencyid")
        for (index, line) in lines.enumerated() {
            let values = stored.changes(index, edit.values(of: line), priced.lines[index], currency)
            if !values.isEmpty { prices.changes.append((line, values)) }
        }
        if case .add(let values) = edit, let result = priced.lines.last {
            prices.lines.append(.none)
            prices.added = stored.changes(nil, values, result, currency)
        }
        let values = headerValues(id, priced).filter { records.value(id, $0.0) != $0.1 }
        if !values.isEmpty { prices.changes.append((id, values)) }
        return prices
    }

    // MARK: The document

    private func header(_ id: RecordID) -> PricingDocument {
        var document = PricingDocument(date: records.today)
        let own = records.present(id, "transactioncurrencyid")
        document.currency = own ?? baseCurrency
        if let currency = document.currency, case .integer(let digits) = records.value(currency, "currencyprecision") {
            document.currencyPrecision = Int(digits)
        }
        document.pricePrecision = document.currencyPrecision
        if let organisation = records.organisation {
            if case .integer(let digits) = records.value(organisation, "pricingdecimalprecision") {
                document.pricePrecision = Int(digits)
            }
            document.isDiscountPerUnit = records.option(organisation, "discountcalculationmethod") == 1
        }
        if let own { document.exchangeRate = records.decimal(own, "exchangerate")?.rescaled(to: 10)?.units }
        document.isPriceLocked = records.value(id, "ispricelocked") == .boolean(true)
        document.priceList = records.present(id, "pricelevelid")
        document.discountPercentage = records.percentage(id, "discountpercentage")
        document.discountAmount = records.money(id, "discountamount")
        document.freight = records.money(id, "freightamount")
        return document
    }

    /// What the document should hold.
    private func headerValues(_ id: RecordID, _ priced: PricedDocument) -> [(String, Value)] {
        let amounts: [(AmountName, Money?)] = [
            (.totalLineItemAmount, priced.totalLineItemAmount),
            (.totalLineItemDiscountAmount, priced.totalLineItemDiscountAmount),
            (.totalTax, priced.totalTax),
            (.discountAmount, priced.discountAmount),
            (.freight, priced.freight),
            (.totalDiscountAmount, priced.totalDiscountAmount),
            (.totalAmountLessFreight, priced.totalAmountLessFreight),
            (.totalAmount, priced.totalAmount),
        ]
        var values = amounts.map { ($0.0.rawValue, Value($0.1)) }
        if form.entity == DocumentForm.opportunity.entity,
            records.value(id, "isrevenuesystemcalculated") == .boolean(true),
            let total = priced.totalAmount
        {
            values.append(("estimatedvalue", Value(total)))
        }
        values.append(("pricingerrorcode", .option(priced.error.rawValue)))
        return values
    }
}
