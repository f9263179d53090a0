// The suite's contacts as transactions of the library. Made before the clock starts, as requests to servers are.

import BenchData
import Kith

extension Dataset {
    /// The same batch as over the wire.
    static let rowsPerBatch = 1_000

    /// Batches of rows, in order.
    var batches: [Range<Int>] {
        stride(from: 0, to: recordCount, by: Dataset.rowsPerBatch).map { first in
            first..<min(first + Dataset.rowsPerBatch, recordCount)
        }
    }

    /// Makes what contacts refer to; returns the transactions, 10,000 accounts each.
    func accounts(_ schema: Schema) throws -> [Transaction] {
        try stride(from: 0, to: accountCount, by: 10_000).map { first in
            var batch = try RecordBatch(schema, .create, "account", attributes: ["name"])
            for row in first..<min(first + 10_000, accountCount) { try batch.append([.text("Account \(row)")]) }
            var transaction = Transaction(schema)
            transaction.append(batch)
            return transaction
        }
    }

    /// Makes contacts; accounts have a run of ids.
    func contacts(_ schema: Schema, _ rows: Range<Int>, firstAccount: UInt64) throws -> Transaction {
        var batch = try RecordBatch(schema, .create, "contact", attributes: columns.map(\.name))
        for row in rows {
            for place in columns.indices { append(place, row, 0, column: place, firstAccount, to: &batch) }
            batch.endRow()
        }
        var transaction = Transaction(schema)
        transaction.append(batch)
        return transaction
    }

    /// Changes telephone and income of contacts.
    func changes(_ schema: Schema, _ rows: Range<Int>, _ ids: [RecordID], generation: Int) throws -> Transaction {
        var batch = try RecordBatch(schema, .update, "contact", attributes: updateColumns.map { columns[$0].name })
        for row in rows {
            for (column, place) in updateColumns.enumerated() {
                append(place, row, generation, column: column, 0, to: &batch)
            }
            batch.endRow(id: ids[row])
        }
        var transaction = Transaction(schema)
        transaction.append(batch)
        return transaction
    }

    private func append(
        _ place: Int,
        _ row: Int,
        _ generation: Int,
        column: Int,
        _ firstAccount: UInt64,
        to batch: inout RecordBatch
    ) {
        switch columns[place].kind {
        case .text: text(place, row, generation).withUnsafeBytes { batch.appendText(column: column, $0) }
        case .account: batch.appendNumber(column: column, Int64(firstAccount) + number(place, row, generation))
        case .bool, .int32, .int64: batch.appendNumber(column: column, number(place, row, generation))
        }
    }

    /// A value as a read returns it.
    func value(_ place: Int, _ row: Int, generation: Int, firstAccount: UInt64) -> Value {
        let column = columns[place]
        if column.kind == .text { return .text(String(decoding: text(place, row, generation), as: UTF8.self)) }
        let number = number(place, row, generation)
        return switch column.name {
        case "parentcustomerid": .reference(RecordID(rawValue: firstAccount + UInt64(number)))
        case "creditonhold": .boolean(number != 0)
        case "annualincome": .decimal(Decimal64(units: number, scale: 4))
        case "birthdate": .date(Int32(number))
        case "numberofchildren": .integer(number)
        default: .option(Int32(number))
        }
    }
}
