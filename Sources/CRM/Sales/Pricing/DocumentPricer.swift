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
}

extension Records {
    /// Prices an opportunity, quote, order or invoice as of today.
    ///
    /// Throws `recordNotFound`, and `limitExceeded` for a document with more lines than one message can change; what is wrong
    /// with prices is in the result. O(lines × attributes, and the catalogue entries that they refer to).
    /// - Precondition: the record is of one of the four entities.
    package func prices(of document: RecordID) throws(Refusal) -> DocumentPrices {
        try require(document)
        guard let entity = schema.entity(document.entity), let form = DocumentForm.of(entity.name) else {
            preconditionFailure("\(schema.text(of: document)) has no prices")
        }
        var pricer = DocumentPricer(self, form)
        return try pricer.prices(of: document)
    }
}

/// Reads what one document needs; the catalogue is read once for all its lines.
struct DocumentPricer {
    /// Lines of a document and bands of a discount: ten million comparisons at most, some ten milliseconds of the writer.
    static let linesMax = 10_000
    static let bandsMax = 1000

    let records: Records
    let form: DocumentForm
    /// Of records without a currency.
    let baseCurrency: RecordID?
    var book = PriceBook()
    /// Products whose items were read: those of the document's price list are in the book.
    var itemsRead: Set<RecordID> = []

    init(_ records: Records, _ form: DocumentForm) {
        self.records = records
        self.form = form
        baseCurrency = records.organisation.flatMap { records.present($0, "basecurrencyid") }
    }

    mutating func prices(of id: RecordID) throws(Refusal) -> DocumentPrices {
        var document = header(id)
        let lines = try records.referring(to: id, form.line, form.lookup, countMax: DocumentPricer.linesMax)
        let columns = LineColumns(records, form.line)
        document.lines.reserveCapacity(lines.count)
        if let list = document.priceList { readPriceList(list) }
        for line in lines {
            let entered = columns.line(line, records)
            document.lines.append(entered)
            try readCatalogue(for: entered, document)
        }
        let priced = document.priced(with: book)

        var changes: [(record: RecordID, values: [(String, Value)])] = []
        let currency = records.value(id, "transactioncurrencyid")
        for (line, result) in zip(lines, priced.lines) {
            let values = columns.changes(line, result, currency, records)
            if !values.isEmpty { changes.append((line, values)) }
        }
        let values = headerValues(id, priced).filter { records.value(id, $0.0) != $0.1 }
        if !values.isEmpty { changes.append((id, values)) }
        return DocumentPrices(lines: lines, priced: priced, changes: changes)
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

/// The places of a line's attributes, found once for all lines. An attribute that the organisation has deleted reads as null and
/// is not written.
private struct LineColumns {
    let place: Int?
    let columns: [Int?]

    /// The attributes by their names, in the order of `columns`.
    private enum Name: Int, CaseIterable {
        case isproductoverridden, productid, uomid, quantity, ispriceoverridden, priceperunit, volumediscountamount
        case discountpercentage, manualdiscountamount, tax, baseamount, extendedamount, pricingerrorcode
        case transactioncurrencyid

        var attribute: String { String(describing: self) }
    }

    init(_ records: Records, _ entity: String) {
        let declared = records.schema.entity(named: entity)
        place = records.schema.place(named: entity)
        columns = Name.allCases.map { name in declared?.attributeID(name.attribute).map { Int($0.rawValue) } }
    }

    private func value(_ row: Int, _ name: Name, _ records: Records) -> Value {
        guard let place, let column = columns[name.rawValue] else { return .null }
        return records.engine.tables[place].value(column, row)
    }

    private func row(_ id: RecordID, _ records: Records) -> Int? {
        guard let place else { return nil }
        let row = records.engine.tables[place].row(of: id)
        return row == Table.noRow ? nil : Int(row)
    }

    /// What people entered.
    func line(_ id: RecordID, _ records: Records) -> PricingLine {
        var line = PricingLine()
        guard let row = row(id, records) else { return line }
        func value(_ name: Name) -> Value { self.value(row, name, records) }
        line.isWriteIn = value(.isproductoverridden) == .boolean(true)
        line.product = value(.productid).record
        line.unit = value(.uomid).record
        line.quantity = value(.quantity).units(Quantity.digits).map(Quantity.init)
        line.isPriceOverridden = value(.ispriceoverridden) == .boolean(true)
        line.pricePerUnit = value(.priceperunit).units(Money.digits).map(Money.init)
        line.volumeDiscount = value(.volumediscountamount).units(Money.digits).map(Money.init)
        line.discountPercentage = value(.discountpercentage).units(Percentage.digits).map(Percentage.init)
        line.manualDiscount = value(.manualdiscountamount).units(Money.digits).map(Money.init)
        line.tax = value(.tax).units(Money.digits).map(Money.init)
        return line
    }

    /// What differs; the line takes over the document's currency.
    func changes(
        _ id: RecordID,
        _ priced: PricedLine,
        _ currency: Value,
        _ records: Records
    ) -> [(String, Value)] {
        guard let row = row(id, records) else { return [] }
        var values: [(String, Value)] = []
        func set(_ name: Name, _ new: Value) {
            if value(row, name, records) != new { values.append((name.attribute, new)) }
        }
        set(.priceperunit, Value(priced.pricePerUnit))
        set(.volumediscountamount, Value(priced.volumeDiscount))
        set(.baseamount, Value(priced.baseAmount))
        set(.manualdiscountamount, Value(priced.manualDiscount))
        set(.tax, Value(priced.tax))
        set(.extendedamount, Value(priced.extendedAmount))
        set(.pricingerrorcode, .option(priced.error.rawValue))
        set(.transactioncurrencyid, currency)
        return values
    }
}
