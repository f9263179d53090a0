// Requests of one record each depend on three things one after the other, each a line of memory away: directory, slots, texts
// outside their slots. Executed one by one they wait three times each; here every step is asked for all of them at once,
// before the first is executed.

extension Engine {
    /// Records that are asked for together at most: what they touch must be in the caches still when their turn comes.
    private static let prefetchedRecordsMax = 64

    /// What a request will touch: a record and some of its columns.
    private typealias Touched = (place: Int, id: RecordID, columns: UnsafeMutableBufferPointer<ReadColumn>)

    /// Asks the memory for what these requests will touch: reads by id, and transactions that update one record (the others
    /// are passed over, as are malformed ones). Changes nothing.
    package func prefetch(
        reads: UnsafeBufferPointer<UnsafeRawBufferPointer>,
        transactions: UnsafeBufferPointer<UnsafeRawBufferPointer>
    ) {
        updateShapes.collect()
        prefetch(reads, transactions, reader)
    }

    /// As `prefetch(reads:transactions:)`, on the thread of `reader`: nobody may write meanwhile, others may read.
    package func prefetch(reads: UnsafeBufferPointer<UnsafeRawBufferPointer>, with reader: RecordReader) {
        prefetch(reads, UnsafeBufferPointer(start: nil, count: 0), reader)
    }

    @inline(__always)
    private func prefetch(
        _ reads: UnsafeBufferPointer<UnsafeRawBufferPointer>,
        _ transactions: UnsafeBufferPointer<UnsafeRawBufferPointer>,
        _ reader: RecordReader
    ) {
        reader.begin(self)
        withUnsafeTemporaryAllocation(of: Touched.self, capacity: Engine.prefetchedRecordsMax) { records in
            var count = 0
            func add(_ record: Touched) {
                guard count < records.count else { return }
                tables[record.place].prefetchDirectory(record.id)
                records.initializeElement(at: count, to: record)
                count += 1
            }
            for read in reads {
                var bytes = ByteReader(read)
                guard let shape = try? reader.shape(of: &bytes, in: self), let ids = try? ReadIDs(from: &bytes)
                else { continue }
                for index in 0..<min(ids.count, Engine.prefetchedRecordsMax) {
                    add((shape.place, ids[index], shape.columns))
                }
            }
            for transaction in transactions {
                var bytes = ByteReader(transaction)
                guard let header = try? TransactionHeader(from: &bytes), header.operationCount == 1,
                    let shape = try? updateShapes.shape(of: &bytes, in: self), !shape.isGeneral,
                    let id = try? bytes.u64()
                else { continue }
                add((shape.place, RecordID(rawValue: id), shape.touched))
            }
            for record in records[..<count] { tables[record.place].prefetchSlots(record.id, record.columns) }
            for record in records[..<count] { tables[record.place].prefetchTexts(record.id, record.columns) }
        }
    }
}
