/// One row of a text table: its cells as UTF-8 without quotes, and where it began. Owns its bytes, so that it can
/// outlive the reader's window; reused from row to row, it allocates nothing once its buffers have grown.
package struct CSVRecord: Sendable {
    /// The row's bytes as they stand in the file, followed by the cells that had to be decoded or unescaped.
    package internal(set) var bytes: [UInt8] = []
    /// Where each cell lies in `bytes`.
    package internal(set) var cells: [Range<Int>] = []
    /// Physical line on which the row starts, from 1; line breaks inside quotes count.
    package internal(set) var line = 0

    package init() {}

    package var cellCount: Int { cells.count }

    /// Where cell `index` (from 0, below `cellCount`) lies in `bytes`.
    package func range(_ index: Int) -> Range<Int> { cells[index] }

    /// The text of a cell, for messages and tests.
    package func text(_ index: Int) -> String { String(decoding: bytes[range(index)], as: UTF8.self) }

    mutating func reset(line: Int) {
        bytes.removeAll(keepingCapacity: true)
        cells.removeAll(keepingCapacity: true)
        self.line = line
    }
}

/// Why a row cannot be cut into cells. The reader goes on with the physical line after the one where the row began.
package enum CSVFault: Error, Sendable, Equatable, CustomStringConvertible {
    case unclosedQuote
    case tooManyCells(limit: Int)
    case cellTooLong(limitBytes: Int)
    case recordTooLong(limitBytes: Int)
    /// A cell (from 0) is not valid in the encoding that the mapping demands.
    case invalidUTF8(cell: Int)
    case nulByte(cell: Int)

    package var description: String {
        switch self {
        case .unclosedQuote: "a quote at the beginning of a cell is never closed"
        case .tooManyCells(let limit): "the row has more than \(limit) cells; is the delimiter right?"
        case .cellTooLong(let limit): "a cell is longer than \(limit) bytes"
        case .recordTooLong(let limit): "the row is longer than \(limit) bytes; is a quote missing?"
        case .invalidUTF8: "the cell is not valid UTF-8; if the file is older, say 'encoding: windows-1252'"
        case .nulByte: "the cell contains a NUL byte"
        }
    }
}
