// Tables for people: columns as wide as their widest cell, numbers at the right, two spaces between columns, no lines
// beside the one below the header.

/// A table that is laid out when all of it is known.
struct TextTable {
    /// A column's head.
    struct Column {
        var title: String
        var isRightAligned = false
    }

    private let columns: [Column]
    private var rows: [[String]] = []

    init(_ columns: [Column]) { self.columns = columns }

    /// Adds a row; cells beyond the columns are not shown.
    mutating func append(_ cells: [String]) { rows.append(cells.map(\.printable)) }

    /// The lines, each with its end.
    var text: String {
        var widths = columns.map { $0.title.printable.displayColumns }
        for row in rows {
            for (index, cell) in row.enumerated() where index < widths.count {
                widths[index] = max(widths[index], cell.displayColumns)
            }
        }
        var text = line(columns.map { $0.title.printable }, widths)
        text += line(widths.map { String(repeating: "-", count: $0) }, widths)
        for row in rows { text += line(row, widths) }
        return text
    }

    private func line(_ cells: [String], _ widths: [Int]) -> String {
        var text = ""
        for (index, width) in widths.enumerated() {
            let cell = index < cells.count ? cells[index] : ""
            let space = String(repeating: " ", count: max(0, width - cell.displayColumns))
            if index > 0 { text += "  " }
            text += columns[index].isRightAligned ? space + cell : cell + space
        }
        while text.last == " " { text.removeLast() }
        return text + "\n"
    }
}
