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

    let records: Records
    let form: DocumentForm
    /// Of records without a currency.
    let baseCurrency: RecordID?
    var book = PriceBook()
    /// Products whose items were read: those of the document's price list are in the book.
    var itemsRead: Set<RecordID> = []
    /// What lines with a price from the catalogue are about, as far as it was read.
    var pairsRead: Set<Pair> = []

    struct Pair: Hashable {
        var product: RecordID
        var unit: RecordID?
    }

    init(_ records: Records, _ form: DocumentForm) {
        self.records = records
        self.form = form
        baseCurrency = records.organisation.flatMap { records.present($0, "basecurrencyid") }
    }

    mutating func prices(of id: RecordID, with edit: LineEdit) throws(Refusal) -> DocumentPrices {
        var document = header(id)
        var lines = try records.referring(to: id, form.line, form.lookup, countMax: DocumentPricer.linesMax)
        if case .remove(let line) = edit { lines.removeAll { $0 == line } }
        let columns = LineColumns(records, form.line)
        document.lines.reserveCapacity(lines.count + 1)
        if let list = document.priceList { readPriceList(list) }
        var entered = lines.map { id in
            var line = columns.line(id, edit.values(of: id), records)
            line.isKept =
                edit.keepsPrice(of: id)
                && columns.isPriced(id, in: document.currency, withoutOne: baseCurrency, records)
            return line
        }
        if case .add(let values) = edit {
            guard lines.count < DocumentPricer.linesMax else { throw records.tooMany(id, DocumentPricer.linesMax) }
            lines.append(.none)
            entered.append(columns.line(.none, values, records))
        }
        for line in entered {
            document.lines.append(line)
            if !line.isKept { try readCatalogue(for: line, document) }
        }
        let priced = document.priced(with: book, isExplained: false)

        var prices = DocumentPrices(lines: lines, priced: priced, changes: [])
        let currency = records.value(id, "transactioncurrencyid")
        for (line, result) in zip(lines, priced.lines) {
            if line == .none, case .add(let values) = edit {
                prices.added = columns.changes(line, values, result, currency, records)
                continue
            }
            let values = columns.changes(line, edit.values(of: line), result, currency, records)
            if !values.isEmpty { prices.changes.append((line, values)) }
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

/// The places of a line's attributes, found once for all lines. An attribute that the organisation has deleted reads as null and
/// is not written.
private struct LineColumns {
    let place: Int?
    let columns: [Int?]
    /// Digits behind the point of their stored numbers, of those that are decimals.
    let digits: [Int?]

    /// The attributes by their names, in the order of `columns`.
    private enum Name: Int, CaseIterable {
        case isproductoverridden, productid, uomid, quantity, ispriceoverridden, priceperunit, volumediscountamount
        case discountpercentage, manualdiscountamount, tax, baseamount, extendedamount, pricingerrorcode
        case transactioncurrencyid

        /// Made once: a case is asked for its name some twenty times a line.
        private static let attributes = allCases.map { String(describing: $0) }
        var attribute: String { Name.attributes[rawValue] }
    }

    init(_ records: Records, _ entity: String) {
        let declared = records.schema.standardEntity(named: entity)
        place = records.schema.standardPlace(named: entity)
        columns = Name.allCases.map { name in declared?.attributeID(name.attribute).map { Int($0.rawValue) } }
        digits = columns.map { column in column.flatMap { declared?.attributes[$0].type.decimalScale }.map { Int($0) } }
    }

    /// What is given now, else what is stored.
    private func value(_ row: Int?, _ name: Name, _ given: [(String, Value)], _ records: Records) -> Value {
        if !given.isEmpty, let value = given.first(where: { $0.0 == name.attribute })?.1 { return value }
        guard let place, let row, let column = columns[name.rawValue] else { return .null }
        return records.engine.tables.value(place, column, row)
    }

    /// A decimal with so many digits behind the point. Where nothing is given and it is stored so, it is read without a detour: a
    /// document of a thousand lines reads fifteen thousand of them.
    private func units(
        _ row: Int?,
        _ name: Name,
        _ digits: Int,
        _ given: [(String, Value)],
        _ records: Records
    ) -> Int64? {
        guard given.isEmpty, let place, let row, let column = columns[name.rawValue],
            self.digits[name.rawValue] == digits
        else { return value(row, name, given, records).units(digits) }
        return records.engine.tables.number(place, column, row)
    }

    private func row(_ id: RecordID, _ records: Records) -> Int? {
        guard let place else { return nil }
        let row = records.engine.tables.row(place, of: id)
        return row == Table.noRow ? nil : Int(row)
    }

    /// What people entered, now or before.
    func line(_ id: RecordID, _ given: [(String, Value)], _ records: Records) -> PricingLine {
        var line = PricingLine()
        let row = row(id, records)
        func value(_ name: Name) -> Value { self.value(row, name, given, records) }
        func money(_ name: Name) -> Money? { units(row, name, Money.digits, given, records).map(Money.init) }
        line.isWriteIn = value(.isproductoverridden) == .boolean(true)
        line.product = value(.productid).record
        line.unit = value(.uomid).record
        line.quantity = units(row, .quantity, Quantity.digits, given, records).map(Quantity.init)
        line.isPriceOverridden = value(.ispriceoverridden) == .boolean(true)
        line.pricePerUnit = money(.priceperunit)
        line.volumeDiscount = money(.volumediscountamount)
        line.discountPercentage = units(row, .discountpercentage, Percentage.digits, given, records)
            .map(Percentage.init)
        line.manualDiscount = money(.manualdiscountamount)
        line.tax = money(.tax)
        return line
    }

    /// Whether a line has a price that was found without an error, in a document's currency. A line without a currency has the
    /// base currency, as a document has.
    func isPriced(_ id: RecordID, in currency: RecordID?, withoutOne base: RecordID?, _ records: Records) -> Bool {
        let row = row(id, records)
        func value(_ name: Name) -> Value { self.value(row, name, [], records) }
        switch value(.pricingerrorcode) {
        case .null, .option(PricingErrorCode.none.rawValue): break
        default: return false
        }
        return value(.priceperunit) != .null && (value(.transactioncurrencyid).record ?? base) == currency
    }

    /// What is given and what differs from it; the line takes over the document's currency.
    func changes(
        _ id: RecordID,
        _ given: [(String, Value)],
        _ priced: PricedLine,
        _ currency: Value,
        _ records: Records
    ) -> [(String, Value)] {
        let row = row(id, records)
        var values: [(String, Value)] = given
        func set(_ name: Name, _ new: Money?) {
            let isStored = given.isEmpty && digits[name.rawValue] == Money.digits
            if isStored, units(row, name, Money.digits, given, records) == new?.units { return }
            set(name, Value(new))
        }
        func set(_ name: Name, _ new: Value) {
            guard value(row, name, given, records) != new else { return }
            if given.isEmpty {
                if values.isEmpty { values.reserveCapacity(Name.allCases.count) }
            } else {
                values.removeAll { $0.0 == name.attribute }
            }
            values.append((name.attribute, new))
        }
        set(.priceperunit, priced.pricePerUnit)
        set(.volumediscountamount, priced.volumeDiscount)
        set(.baseamount, priced.baseAmount)
        set(.manualdiscountamount, priced.manualDiscount)
        set(.tax, priced.tax)
        set(.extendedamount, priced.extendedAmount)
        set(.pricingerrorcode, .option(priced.error.rawValue))
        set(.transactioncurrencyid, currency)
        return values
    }
}
