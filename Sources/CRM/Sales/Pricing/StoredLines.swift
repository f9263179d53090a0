// The lines of a document as they are stored: what pricing reads of them, column by column, and what differs from new prices. A
// document of a thousand lines has some fifteen thousand values; each is read once.

import Engine

/// Numbers as they are stored: ten-thousandths of an amount, an id, 1 for yes. An attribute that the organisation has deleted reads
/// as null and is not written.
struct StoredLines {
    /// By attribute, then by line.
    private let numbers: [Int64?]
    private let lineCount: Int

    /// The attributes by their names, in the order of `numbers`.
    private enum Name: Int, CaseIterable {
        case isproductoverridden, productid, uomid, quantity, ispriceoverridden, priceperunit, volumediscountamount
        case discountpercentage, manualdiscountamount, tax, baseamount, extendedamount, pricingerrorcode
        case transactioncurrencyid

        /// Made once: a case is asked for its name some ten times a line.
        private static let attributes = allCases.map { String(describing: $0) }
        var attribute: String { Name.attributes[rawValue] }

        /// Digits behind the point as pricing takes them; nil: no decimal.
        var digits: Int? {
            switch self {
            case .quantity: Quantity.digits
            case .discountpercentage: Percentage.digits
            case .priceperunit, .volumediscountamount, .manualdiscountamount, .tax, .baseamount, .extendedamount:
                Money.digits
            case .isproductoverridden, .productid, .uomid, .ispriceoverridden, .pricingerrorcode,
                .transactioncurrencyid:
                nil
            }
        }

        /// Whether a column of this type holds it. An organisation may have deleted the standard's attribute and made one of its own of the
        /// same name.
        func isHeld(by type: AttributeType) -> Bool {
            switch (self, type) {
            case (.isproductoverridden, .boolean), (.ispriceoverridden, .boolean), (.productid, .lookup),
                (.uomid, .lookup),
                (.transactioncurrencyid, .lookup), (.pricingerrorcode, .option):
                true
            case (_, .decimal), (_, .money): digits != nil
            default: false
            }
        }

        /// The stored form of a value; nil for null, and for what has more digits.
        func number(_ value: Value) -> Int64? {
            switch value {
            case .boolean(let isTrue): isTrue ? 1 : 0
            case .reference(let id): Int64(bitPattern: id.rawValue)
            case .option(let option): Int64(option)
            case .decimal: digits.flatMap { value.units($0) }
            default: nil
            }
        }

        /// The value of a stored number.
        func value(_ number: Int64?) -> Value {
            guard let number else { return .null }
            return switch self {
            case .isproductoverridden, .ispriceoverridden: .boolean(number != 0)
            case .productid, .uomid, .transactioncurrencyid: .reference(RecordID(rawValue: UInt64(bitPattern: number)))
            case .pricingerrorcode: .option(Int32(truncatingIfNeeded: number))
            case .quantity, .discountpercentage, .priceperunit, .volumediscountamount, .manualdiscountamount, .tax,
                .baseamount,
                .extendedamount:
                .decimal(Decimal64(units: number, scale: UInt8(digits ?? 0)))
            }
        }
    }

    /// Reads lines of an entity. O(lines × attributes).
    init(_ records: Records, _ entity: String, _ lines: [RecordID]) {
        lineCount = lines.count
        let tables = records.engine.tables
        let place = records.schema.standardPlace(named: entity)
        let rows = place.map { place in lines.map { tables.row(place, of: $0) } } ?? []
        var numbers: [Int64?] = []
        numbers.reserveCapacity(Name.allCases.count * lineCount)
        for name in Name.allCases {
            guard let place, let column = records.schema.entities[place].attributeID(name.attribute),
                name.isHeld(by: records.schema.entities[place][column].type)
            else {
                numbers.append(contentsOf: repeatElement(nil, count: lineCount))
                continue
            }
            let stored = tables.numbers(place, Int(column.rawValue), rows: rows)
            let scale = records.schema.entities[place][column].type.decimalScale
            if let digits = name.digits, let scale, scale != digits {
                numbers += stored.map { $0.flatMap { Value.decimal(Decimal64(units: $0, scale: scale)).units(digits) } }
            } else {
                numbers += stored
            }
        }
        self.numbers = numbers
    }

    private func stored(_ name: Name, _ line: Int?) -> Int64? {
        line.flatMap { numbers[name.rawValue * lineCount + $0] }
    }

    private static func given(_ name: Name, _ given: [(String, Value)]) -> Value? {
        given.isEmpty ? nil : given.first { $0.0 == name.attribute }?.1
    }

    /// What people entered, now or before; nil is a line that is not there yet.
    func line(_ index: Int?, _ given: [(String, Value)]) -> PricingLine {
        func number(_ name: Name) -> Int64? {
            if let value = StoredLines.given(name, given) { name.number(value) } else { stored(name, index) }
        }
        func record(_ name: Name) -> RecordID? { number(name).map { RecordID(rawValue: UInt64(bitPattern: $0)) } }
        func money(_ name: Name) -> Money? { number(name).map(Money.init) }
        var line = PricingLine()
        line.isWriteIn = number(.isproductoverridden) == 1
        line.product = record(.productid)
        line.unit = record(.uomid)
        line.quantity = number(.quantity).map(Quantity.init)
        line.isPriceOverridden = number(.ispriceoverridden) == 1
        line.pricePerUnit = money(.priceperunit)
        line.volumeDiscount = money(.volumediscountamount)
        line.discountPercentage = number(.discountpercentage).map(Percentage.init)
        line.manualDiscount = money(.manualdiscountamount)
        line.tax = money(.tax)
        return line
    }

    /// Whether a line has a price that was found without an error, in a document's currency. A line without a currency has the
    /// base currency, as a document has.
    func isPriced(_ index: Int, in currency: RecordID?, withoutOne base: RecordID?) -> Bool {
        let own = stored(.transactioncurrencyid, index).map { RecordID(rawValue: UInt64(bitPattern: $0)) }
        return stored(.pricingerrorcode, index) ?? 0 == Int64(PricingErrorCode.none.rawValue)
            && stored(.priceperunit, index) != nil && (own ?? base) == currency
    }

    /// What is given and what differs from it; the line takes over the document's currency.
    func changes(
        _ index: Int?,
        _ given: [(String, Value)],
        _ priced: PricedLine,
        _ currency: RecordID?
    ) -> [(String, Value)] {
        var values = given
        func set(_ name: Name, _ new: Int64?) {
            if let value = StoredLines.given(name, given) {
                guard value != name.value(new) else { return }
                values.removeAll { $0.0 == name.attribute }
            } else {
                guard stored(name, index) != new else { return }
                if values.isEmpty { values.reserveCapacity(Name.allCases.count) }
            }
            values.append((name.attribute, name.value(new)))
        }
        set(.priceperunit, priced.pricePerUnit?.units)
        set(.volumediscountamount, priced.volumeDiscount?.units)
        set(.baseamount, priced.baseAmount?.units)
        set(.manualdiscountamount, priced.manualDiscount?.units)
        set(.tax, priced.tax?.units)
        set(.extendedamount, priced.extendedAmount?.units)
        set(.pricingerrorcode, Int64(priced.error.rawValue))
        set(.transactioncurrencyid, currency.map { Int64(bitPattern: $0.rawValue) })
        return values
    }
}
