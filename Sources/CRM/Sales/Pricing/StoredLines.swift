// The lines of a document as they are stored, and what differs from new prices. Each value is read once.

import Engine

/// Numbers as they are stored: ten-thousandths of an amount, an id, 1 for yes. An attribute that the organisation has deleted reads
/// as null and is not written.
struct StoredLines {
    private let numbers: StoredNumbers<Name>

    private enum Name: Int, StoredAttribute {
        case isproductoverridden, productid, uomid, quantity, ispriceoverridden, priceperunit, volumediscountamount
        case discountpercentage, manualdiscountamount, tax, baseamount, extendedamount, pricingerrorcode
        case transactioncurrencyid

        static let attributes = allCases.map { String(describing: $0) }

        var kind: StoredKind {
            switch self {
            case .quantity: .decimal(digits: Quantity.digits)
            case .discountpercentage: .decimal(digits: Percentage.digits)
            case .priceperunit, .volumediscountamount, .manualdiscountamount, .tax, .baseamount, .extendedamount:
                .decimal(digits: Money.digits)
            case .isproductoverridden, .ispriceoverridden: .boolean
            case .productid, .uomid, .transactioncurrencyid: .lookup
            case .pricingerrorcode: .option
            }
        }

        /// The stored form of a value; nil for null, and for what has more digits.
        func number(_ value: Value) -> Int64? {
            switch value {
            case .boolean(let isTrue): isTrue ? 1 : 0
            case .reference(let id): Int64(bitPattern: id.rawValue)
            case .option(let option): Int64(option)
            case .decimal: if case .decimal(let digits) = kind { value.units(digits) } else { nil }
            default: nil
            }
        }

        /// The value of a stored number.
        func value(_ number: Int64?) -> Value {
            guard let number else { return .null }
            return switch kind {
            case .boolean: .boolean(number != 0)
            case .lookup: .reference(RecordID(rawValue: UInt64(bitPattern: number)))
            case .option, .state: .option(Int32(truncatingIfNeeded: number))
            case .date: .date(Int32(truncatingIfNeeded: number))
            case .integer: .integer(number)
            case .instant: .instant(number)
            case .decimal(let digits): .decimal(Decimal64(units: number, scale: UInt8(digits)))
            }
        }
    }

    /// Reads lines of an entity. O(lines × attributes).
    init(_ records: Records, _ entity: String, _ lines: [RecordID]) {
        numbers = StoredNumbers(records, entity, lines)
    }

    private func stored(_ name: Name, _ line: Int?) -> Int64? { line.flatMap { numbers[name, $0] } }

    private static func given(_ name: Name, _ given: [(String, Value)]) -> Value? {
        given.isEmpty ? nil : given.first { $0.0 == name.attribute }?.1
    }

    /// What people entered, now or before; nil is a line that is not there yet.
    func line(_ index: Int?, _ given: [(String, Value)]) -> PricingLine {
        // Nothing is given for all lines but one.
        if let index, given.isEmpty {
            line { numbers[$0, index] }
        } else {
            line { name in
                if let value = StoredLines.given(name, given) { name.number(value) } else { stored(name, index) }
            }
        }
    }

    @inline(__always)
    private func line(_ number: (Name) -> Int64?) -> PricingLine {
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
