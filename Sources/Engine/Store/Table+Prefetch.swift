import CKernels

// A record of a row store is one or two cache lines; here each of its columns stands in a line of its own, and so does each
// validity word. Read one after the other, every line would be waited for (about 100 ns each, thirty of them for twelve
// columns); asked for together, they arrive together.

extension BlockHead {
    /// Asks for the lines of a value and of its validity bit.
    @inline(__always)
    fileprivate func prefetch(_ index: Int, _ stride: Int) {
        kith_prefetch(validity + index >> 6)
        kith_prefetch(values + index * stride)
    }
}

extension Table {
    /// Asks for the lines that reading this column of this row will touch. Rows that are not there cost nothing.
    @inline(__always)
    func prefetch(_ column: Int, _ stride: Int, _ row: Int) {
        guard row < rowCount, let head = head(column, row) else { return }
        head.prefetch(row & 8191, stride)
    }

    /// Asks for the line of the directory that says where the record is.
    @inline(__always)
    func prefetchDirectory(_ id: RecordID) {
        if id.origin == 0 { directory.prefetch(Int(id.sequence)) }
    }

    /// Asks for the slots of some attributes and of the version.
    func prefetchSlots(_ id: RecordID, _ columns: UnsafeMutableBufferPointer<ReadColumn>) {
        let row = row(of: id)
        guard row < rowCount else { return }
        let heads = heads(atRow: Int(row))
        let index = Int(row) & 8191
        for column in columns {
            heads[column.column]?.prefetch(index, column.strideBytes)
        }
        if let version = heads[Int(SystemAttribute.version.rawValue)] { kith_prefetch(version.values + index * 8) }
    }

    /// Asks for the texts that stand outside their slots, once these are there.
    func prefetchTexts(_ id: RecordID, _ columns: UnsafeMutableBufferPointer<ReadColumn>) {
        let row = row(of: id)
        guard row < rowCount else { return }
        let heads = heads(atRow: Int(row))
        let index = Int(row) & 8191
        for column in columns where column.form == .text {
            guard let head = heads[column.column], head.isValid(index) else { continue }
            kith_prefetch(head.text(index).baseAddress)
        }
    }
}
