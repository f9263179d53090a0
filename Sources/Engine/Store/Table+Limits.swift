extension Table {
    /// Refuses what would not fit before memory is taken for it: values of `columns` in some rows, encoded.
    ///
    /// O(columns) where the declared lengths say that they fit, O(columns × rows) otherwise.
    func requireFits(
        _ columns: some Sequence<Int>,
        rows: RowSet,
        limitBytes: Int
    ) throws(Refusal) {
        var boundBytes = 0
        for column in columns { boundBytes += layout.valueBytesMax[column] * rows.count }
        if boundBytes <= limitBytes { return }
        var bytes = 0
        for column in columns {
            bytes += layout.kinds[column].strideBytes * rows.count
            if layout.columns[column] == .text {
                for index in 0..<rows.count {
                    let row = rows[index]
                    guard row < rowCount, let head = head(column, row), head.isValid(row & 8191) else { continue }
                    bytes += head.text(row & 8191).count
                }
            }
            guard bytes <= limitBytes else {
                throw Refusal(
                    .limitExceeded,
                    entity: layout.entity.name,
                    "The values of these \(rows.count) records take more than \(limitBytes) bytes. Ask for fewer."
                )
            }
        }
    }
}
