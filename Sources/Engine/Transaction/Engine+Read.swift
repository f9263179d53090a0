// Reading records by id: the hottest request of a CRM. One request names an entity, attributes and many ids.
//
//   request   u16 entity, u16 attributes, u16 × attributes, u32 rows, u64 × rows ids
//   reply     column of versions (int64; null: there is no such record), then one column per attribute

extension Engine {
    /// Up to this many rows all columns are asked for before the first is read: 64 rows of 12 columns are 100 KiB, which the
    /// second-level cache holds. Longer reads ask column by column (`Table.encode`).
    private static let prefetchedRowsMax = 64

    /// Executes an encoded read and appends the reply. Reads see every transaction executed so far.
    /// `environment` is asked for when an attribute is computed.
    /// - Complexity: O(rows × attributes).
    public func read(
        _ request: UnsafeRawBufferPointer,
        environment: @autoclosure () -> QueryEnvironment = QueryEnvironment(),
        into reply: inout ByteWriter
    ) throws(Refusal) {
        let (shape, ids) = try parts(of: request, reader)
        if shape.hasDerived { return try readDerived(ids, shape, environment(), into: &reply) }
        try readStored(ids, shape, into: &reply)
    }

    /// As `read(_:environment:into:)`, on the thread of `reader`: nobody may write meanwhile, others may read. Returns false,
    /// and has done nothing, when an attribute is computed: that needs a view, which only the writer can take.
    package func read(
        _ request: UnsafeRawBufferPointer,
        with reader: RecordReader,
        into reply: inout ByteWriter
    ) throws(Refusal) -> Bool {
        let (shape, ids) = try parts(of: request, reader)
        if shape.hasDerived { return false }
        try readStored(ids, shape, into: &reply)
        return true
    }

    @inline(__always)
    private func parts(
        of request: UnsafeRawBufferPointer,
        _ reader: RecordReader
    ) throws(Refusal) -> (ReadShape, ReadIDs) {
        reader.begin(self)
        do throws(DecodeError) {
            var bytes = ByteReader(request)
            let shape = try reader.shape(of: &bytes, in: self)
            return (shape, try ReadIDs(from: &bytes))
        } catch {
            throw Refusal(error)
        }
    }

    @inline(__always)
    private func readStored(_ ids: ReadIDs, _ shape: ReadShape, into reply: inout ByteWriter) throws(Refusal) {
        if ids.count == 1, shape.rowBytesMax <= Limits.readBytesMax {
            tables[shape.place].encodeRow(tables[shape.place].row(of: ids[0]), shape, into: &reply)
        } else {
            try readMany(ids, shape, into: &reply)
        }
    }

    private func readMany(_ ids: ReadIDs, _ shape: ReadShape, into reply: inout ByteWriter) throws(Refusal) {
        try tables[shape.place].withRows(of: ids) { (table: borrowing Table, rows) throws(Refusal) in
            let columns = shape.columns.lazy.map(\.column)
            try table.requireFits(columns, rows: rows, limitBytes: Limits.readBytesMax)
            if ids.count <= Engine.prefetchedRowsMax {
                for index in 0..<ids.count { table.prefetchSlots(ids[index], shape.columns) }
                for index in 0..<ids.count { table.prefetchTexts(ids[index], shape.columns) }
            }
            table.encode(Int(SystemAttribute.version.rawValue), rows: rows, into: &reply)
            for column in columns { table.encode(column, rows: rows, into: &reply) }
        }
    }
}

/// The ids of a read, as they stand in the request.
struct ReadIDs {
    let count: Int
    private let start: UnsafeRawPointer

    /// Reads them; they are the last thing in a request.
    @inline(__always)
    init(from reader: inout ByteReader) throws(DecodeError) {
        count = Int(try reader.u32())
        start = try reader.take(count, stride: 8)
        try reader.expectEnd()
        guard count <= Limits.operationRowsMax else { throw DecodeError("\(count) ids in one read", at: 4) }
    }

    @inline(__always)
    subscript(_ index: Int) -> RecordID {
        assert(index < count)
        return RecordID(rawValue: UInt64(littleEndian: start.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self)))
    }
}

extension Table {
    /// Runs `body` with the rows of some ids.
    func withRows<R, E: Error>(
        of ids: ReadIDs,
        _ body: (borrowing Table, RowSet) throws(E) -> R
    ) throws(E) -> R {
        let result = withUnsafeTemporaryAllocation(of: UInt32.self, capacity: ids.count) { list -> Result<R, E> in
            for index in 0..<ids.count { list.initializeElement(at: index, to: row(of: ids[index])) }
            let rows = RowSet(first: 0, count: ids.count, list: UnsafePointer(list.baseAddress))
            return Result { () throws(E) -> R in try body(self, rows) }
        }
        return try result.get()
    }
}

// Single values, for rules: a message asks for some ten of them. Here and not where rules are, since an entity that another module
// takes out of the schema is copied, with fifteen reference counts.
extension Engine {
    /// Place of the column of an attribute of the entity at a place; nil where there is none of this name. O(1).
    package func column(_ attribute: String, at place: Int) -> Int? {
        schema.entities[place].attributeID(attribute).map { Int($0.rawValue) }
    }

    /// A stored value of a record; null where the record or the attribute is not there. O(1).
    package func value(of id: RecordID, _ attribute: String) -> Value {
        guard let place = schema.place(of: id.entity), let column = column(attribute, at: place) else { return .null }
        let row = tables[place].row(of: id)
        return row == Table.noRow ? .null : tables[place].value(column, Int(row))
    }
}
