// Rows in the format that was asked for. CSV, NDJSON and JSON are written as the rows come; a table waits for all of them,
// because its columns are as wide as their widest cell.

import ArgumentParser
import Engine
import Kith

/// What `--format` takes.
enum RowFormat: String, CaseIterable, ExpressibleByArgument {
    case table, json, csv, ndjson
}

/// A column of an answer.
struct RowColumn: Sendable {
    var name: String
    var type: QueryType
}

/// Takes an answer: `begin` once, rows, `end` once.
protocol RowSink {
    mutating func begin(_ columns: [RowColumn], _ schema: Schema)
    mutating func append(_ row: [Value])
    mutating func end()
}

/// Keeps the rows.
struct RowCollector: RowSink {
    private(set) var columns: [RowColumn] = []
    private(set) var rows: [[Value]] = []
    private(set) var schema: Schema?

    mutating func begin(_ columns: [RowColumn], _ schema: Schema) { (self.columns, self.schema) = (columns, schema) }
    mutating func append(_ row: [Value]) { rows.append(row) }
    mutating func end() {}
}

/// Writes an answer to standard output.
struct RowWriter: RowSink {
    private let format: RowFormat
    private var columns: [RowColumn] = []
    private var schema = Schema(epoch: 0, entities: [], optionSets: [])
    /// Rows of a table.
    private var rows: [[Value]] = []
    private var rowCount = 0
    private var json = JSONWriter()

    init(_ format: RowFormat) { self.format = format }

    mutating func begin(_ columns: [RowColumn], _ schema: Schema) {
        self.columns = columns
        self.schema = schema
        switch format {
        case .csv: StandardOutput.write(CSVText.line(columns.map(\.name)))
        case .json: StandardOutput.write("[")
        case .table, .ndjson: break
        }
    }

    mutating func append(_ row: [Value]) {
        defer { rowCount += 1 }
        switch format {
        case .table: rows.append(row)
        case .csv: StandardOutput.write(CSVText.line(row.map { $0.text(in: schema) }))
        case .json:
            StandardOutput.write(rowCount == 0 ? "\n" : ",\n")
            StandardOutput.write(object(row))
        case .ndjson:
            StandardOutput.write(object(row))
            StandardOutput.write("\n")
        }
    }

    mutating func end() {
        switch format {
        case .table: StandardOutput.write(table)
        case .json: StandardOutput.write(rowCount == 0 ? "]\n" : "\n]\n")
        case .csv, .ndjson: break
        }
    }

    private mutating func object(_ row: [Value]) -> [UInt8] {
        json.removeAll()
        json.object { json in
            for (column, value) in zip(columns, row) {
                json.key(column.name)
                json.value(value, schema)
            }
        }
        return json.bytes
    }

    /// Numbers of a column get equally many digits behind the point, so that points stand below each other.
    private var table: String {
        var decimals = [Int](repeating: 0, count: columns.count)
        let shown = rows.map { row in row.map(\.rounded) }
        for row in shown {
            for (index, value) in row.enumerated() {
                if case .decimal(let decimal) = value { decimals[index] = max(decimals[index], decimal.neededDecimals) }
            }
        }
        var table = TextTable(columns.map { TextTable.Column(title: $0.name, isRightAligned: $0.type.isRightAligned) })
        for row in shown {
            table.append(
                row.enumerated().map { index, value in
                    if case .decimal(let decimal) = value { return decimal.text(decimals: decimals[index]) }
                    return value.text(in: schema) ?? ""
                }
            )
        }
        return table.text
    }
}

extension Value {
    /// For people: a binary number of everyday size with four digits behind the point, as more are noise of the division
    /// that it comes from. The other formats print all digits.
    fileprivate var rounded: Value {
        guard case .double(let number) = self, number == 0 || (0.001...1e12).contains(number.magnitude) else {
            return self
        }
        return .decimal(Decimal64(units: Int64((number * 10_000).rounded()), scale: 4))
    }
}

extension JSONWriter {
    /// Numbers with all their digits, texts for whatever JSON has no form of.
    mutating func value(_ value: Value, _ schema: Schema) {
        switch value {
        case .null: null()
        case .boolean(let isTrue): boolean(isTrue)
        case .integer(let value): number(value)
        case .decimal(let decimal): number(digits: decimal.shortText)
        case .option(let value): number(value)
        case .double(let value): number(value)
        case .date, .instant, .reference, .text: string(value.text(in: schema) ?? "")
        }
    }
}

/// CSV by RFC 4180, with lines that end as those of other Unix tools do.
enum CSVText {
    /// One line. Null is an empty cell, the empty text a quoted one.
    static func line(_ cells: [String?]) -> String {
        var line = ""
        for (index, cell) in cells.enumerated() {
            if index > 0 { line += "," }
            if let cell { line += quoted(cell) }
        }
        // A line of one null would be an empty line, which readers skip.
        if cells.count == 1, cells[0] == nil { line = "\"\"" }
        return line + "\n"
    }

    private static func quoted(_ cell: String) -> String {
        let needsQuotes =
            cell.isEmpty
            || cell.utf8.contains {
                $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\n")
                    || $0 == UInt8(ascii: "\r")
            }
        guard needsQuotes else { return cell }
        var quoted = "\""
        for scalar in cell.unicodeScalars {
            if scalar == "\"" { quoted.unicodeScalars.append("\"") }
            quoted.unicodeScalars.append(scalar)
        }
        return quoted + "\""
    }
}

extension QueryType {
    /// Whether values are aligned at the right.
    var isRightAligned: Bool { isNumber || isOption }

    private var isOption: Bool { if case .option = self { true } else { false } }
}
