/// One row's values in the order of a plan's cells, before the records that it refers to are looked up. Reused from row
/// to row.
package struct TypedRow: Sendable {
    package enum Cell: Sendable, Equatable {
        case null
        /// Any kind of fixed width: yes/no as 0 and 1, an option's number, days, microseconds, scaled units.
        case number(Int64)
        /// Where the text, or the key of the record that a lookup refers to, lies in `text`.
        case text(Range<Int>)
    }

    package internal(set) var cells: [Cell] = []
    package internal(set) var text: [UInt8] = []

    package init() {}

    mutating func reset() {
        cells.removeAll(keepingCapacity: true)
        text.removeAll(keepingCapacity: true)
    }

    /// The text of a cell, for keys, messages and tests; nil when it is null or a number.
    package func string(_ index: Int) -> String? {
        guard case .text(let range) = cells[index] else { return nil }
        return String(decoding: text[range], as: UTF8.self)
    }
}

/// Why a row is rejected: one sentence, and the column that is to blame when one is.
package struct RowFault: Error, Sendable, Equatable, CustomStringConvertible {
    /// Name of the column, or of the attribute when the value comes from several columns or none.
    package var column: String
    package var reason: String

    package init(column: String, _ reason: String) {
        self.column = column
        self.reason = reason
    }

    package var description: String { column.isEmpty ? reason : "\(column): \(reason)" }
}
