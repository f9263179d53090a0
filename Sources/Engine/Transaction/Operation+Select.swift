extension Operation {
    /// The operation restricted to some rows; its columns live in `buffers`.
    func selecting(_ rows: [Int], buffers: inout [ColumnBuffer]) -> Operation {
        var selected = self
        selected.count = rows.count
        selected.columns = columns.map { column in
            let buffer = ColumnBuffer { writer in
                var builder = ColumnBuilder(kind: column.kind)
                for row in rows {
                    if !column.isValid(row) {
                        builder.appendNull()
                    } else if column.kind == .text {
                        builder.append(text: column.text(row))
                    } else {
                        builder.append(column.number(row))
                    }
                }
                builder.encode(into: &writer)
            }
            buffers.append(buffer)
            return buffer.column(kind: column.kind, count: rows.count)
        }
        if let ids { selected.ids = Operation.select(ids, rows, &buffers) }
        if let versions { selected.versions = Operation.select(versions, rows, &buffers) }
        return selected
    }

    private static func select(
        _ words: UnsafeRawPointer,
        _ rows: [Int],
        _ buffers: inout [ColumnBuffer]
    ) -> UnsafeRawPointer? {
        let buffer = ColumnBuffer { writer in
            writer.u8(0)
            for row in rows { writer.u64(words.loadUnaligned(fromByteOffset: row * 8, as: UInt64.self)) }
        }
        buffers.append(buffer)
        return buffer.column(kind: .id, count: rows.count).values
    }

    /// The column given for a table's column; nil when the operation does not give it.
    func column(of attribute: Int) -> ColumnView? {
        attributes.firstIndex(of: attribute).map { columns[$0] }
    }

    /// Adds a column that the engine derived.
    mutating func append(_ attribute: Int, _ column: ColumnView) {
        attributes.append(attribute)
        columns.append(column)
        if !references.isEmpty { references.append(nil) }
    }

    mutating func replace(_ attribute: Int, _ column: ColumnView) {
        if let index = attributes.firstIndex(of: attribute) {
            columns[index] = column
        } else {
            append(attribute, column)
        }
    }
}
