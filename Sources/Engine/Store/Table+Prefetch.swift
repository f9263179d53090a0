import CKernels

// A record of a row store is one or two cache lines; here each of its columns stands in a line of its own, and so does each
// validity word. Read one after the other, every line would be waited for (about 100 ns each, thirty of them for twelve
// columns); asked for together, they arrive together.

extension Table {
    /// Asks for the lines that reading this column of this row will touch. Rows that are not there cost nothing.
    @inline(__always)
    func prefetch(_ column: Int, _ stride: Int, _ row: Int) {
        guard row < rowCount, let head = head(column, row) else { return }
        let index = row & 8191
        kith_prefetch(head.validity + index >> 6)
        kith_prefetch(head.values + index * stride)
    }

    /// Asks for everything that reading some attributes (u16 each), the version and the identifier of some rows will touch.
    func prefetch(_ rows: RowSet, _ attributes: UnsafeRawPointer, _ attributeCount: Int) {
        for index in 0..<attributeCount {
            let column = Int(attributes.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self))
            let stride = layout.columns[column].strideBytes
            for i in 0..<rows.count { prefetch(column, stride, rows[i]) }
        }
        let version = Int(SystemAttribute.version.rawValue)
        for i in 0..<rows.count { prefetch(version, 8, rows[i]) }
        // By now the first lines are there: the texts that stand outside their slots.
        for index in 0..<attributeCount {
            let column = Int(attributes.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self))
            guard layout.columns[column] == .text else { continue }
            for i in 0..<rows.count where rows[i] < rowCount {
                guard let head = head(column, rows[i]), head.isValid(rows[i] & 8191) else { continue }
                kith_prefetch(head.text(rows[i] & 8191).baseAddress)
            }
        }
    }
}
