// The rate at which a record's amounts count in the base currency.
//
// `transactioncurrency.exchangerate` says how many units of a currency are one unit of the base currency. A record keeps the
// rate of its currency as it was when one of its amounts, or its currency, was set or changed last; base amounts are calculated
// from it (`x / exchangerate`). So a change of a rate changes no record until somebody touches its amounts, as in Dynamics. A
// record without a currency is in the base currency and has no rate.
//
// The rate is an attribute that the engine adds to the operation: it stands in the entry, so that a replay needs no rule.

extension Engine {
    /// Adds the rates to a create (`rows` nil) or to an update of these rows that touches amounts or the currency.
    func copyRates(_ operation: inout Operation, rows: [UInt32]?) {
        let layout = tables[operation.place].layout
        guard let rates = layout.rates else { return }
        let currencies = operation.column(of: rates.currencyColumn)
        let touched = operation.attributes.indices.filter {
            operation.attributes[$0] == rates.currencyColumn || rates.moneyColumns.contains(operation.attributes[$0])
        }
        // A create without a currency is in the base currency.
        guard rows == nil ? currencies != nil : !touched.isEmpty else { return }
        let place = operation.place
        let buffer = ColumnBuffer { writer in
            var builder = ColumnBuilder(kind: .int64)
            for index in 0..<operation.count {
                let row = rows.map { Int($0[index]) }
                var currency = row.flatMap { id(place, rates.currencyColumn, $0) }
                if let currencies { currency = id(in: currencies, index) }
                let isTouched = touched.contains { column in
                    guard let row else { return true }
                    return tables[place].differs(operation.attributes[column], row, operation.columns[column], index)
                }
                var present: Int64?
                if let row, currency != nil, !isTouched {
                    present = number(place, rates.column, row)
                } else {
                    present = currency.flatMap { rate(of: $0, rates) }
                }
                if let present { builder.append(present) } else { builder.appendNull() }
            }
            builder.encode(into: &writer)
        }
        buffers.append(buffer)
        operation.append(rates.column, buffer.column(kind: .int64, count: operation.count))
    }

    private func id(in values: ColumnView, _ index: Int) -> RecordID? {
        values.isValid(index) ? RecordID(rawValue: UInt64(bitPattern: values.number(index))) : nil
    }

    private func id(_ place: Int, _ column: Int, _ row: Int) -> RecordID? {
        number(place, column, row).map { RecordID(rawValue: UInt64(bitPattern: $0)) }
    }

    private func number(_ place: Int, _ column: Int, _ row: Int) -> Int64? {
        guard let head = tables[place].head(column, row), head.isValid(row & 8191) else { return nil }
        return head.number(row & 8191, tables[place].layout.columns[column])
    }

    /// The rate of a currency at this moment; nil where it has none, or where the row fails because there is no such currency.
    private func rate(of currency: RecordID, _ rates: RateLayout) -> Int64? {
        let row = tables[rates.targetPlace].row(of: currency)
        return row == Table.noRow ? nil : number(rates.targetPlace, rates.targetColumn, Int(row))
    }
}

/// Where an entity's rate comes from.
struct RateLayout: Sendable {
    /// The attribute that the engine keeps.
    let column: Int
    /// The lookup `transactioncurrencyid`.
    let currencyColumn: Int
    /// Amounts whose change brings a new rate.
    let moneyColumns: [Int]
    /// Place of the currencies' entity, and its `exchangerate`.
    let targetPlace: Int
    let targetColumn: Int

    /// Names of the attributes that belong together.
    static let currencyName = "transactioncurrencyid"
    static let rateName = "exchangerate"

    /// Nil for entities without a rate.
    init?(_ entity: Entity, _ schema: Schema) {
        guard let column = entity.attributes.firstIndex(where: { $0.type == .exchangeRate }),
            let currency = entity.attributeID(RateLayout.currencyName),
            let target = entity[currency].type.lookupTargets.first.flatMap(schema.place(of:)),
            let rate = schema.entities[target].attributeID(RateLayout.rateName)
        else { return nil }
        self.column = column
        currencyColumn = Int(currency.rawValue)
        moneyColumns = entity.attributes.indices.filter { entity.attributes[$0].type == .money }
        targetPlace = target
        targetColumn = Int(rate.rawValue)
    }
}

extension Schema {
    /// Whether an entity with a rate has a currency to take it from: one rate at most, and a lookup to one entity whose
    /// `exchangerate` has the same digits.
    static func hasSoundRate(_ entity: Entity, _ entities: [Entity]) -> Bool {
        let count = entity.attributes.filter { $0.type == .exchangeRate }.count
        guard count > 0 else { return true }
        guard count == 1, let currency = entity.attributeID(RateLayout.currencyName) else { return false }
        let targets = entity[currency].type.lookupTargets
        guard targets.count == 1, let target = entities.first(where: { $0.id == targets[0] }),
            let rate = target.attributeID(RateLayout.rateName), case .decimal(let scale, _, _) = target[rate].type
        else { return false }
        return scale == AttributeType.rateScale
    }
}
