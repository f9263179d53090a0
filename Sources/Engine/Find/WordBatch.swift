// The words of many new records, entered together: in the order of the words, so that each is looked up once however many records
// have it, and the list is walked from one end to the other.

/// Words of records that are to be entered.
struct WordBatch {
    struct Item {
        var key: UInt128
        var start: UInt32
        var lengthBytes: UInt8
        var rank: UInt8
        var record: UInt64
    }

    /// By field.
    private(set) var items = [[Item]](repeating: [], count: SearchIndex.fieldCount)
    private(set) var bytes: [UInt8] = []

    mutating func add(_ words: RecordWords, record: UInt64) {
        for entry in words.entries {
            items[Int(entry.field)].append(
                Item(
                    key: entry.key,
                    start: UInt32(bytes.count),
                    lengthBytes: entry.lengthBytes,
                    rank: entry.rank,
                    record: record
                )
            )
            words.withBytes(entry) { bytes.append(contentsOf: $0) }
        }
    }
}

extension SearchIndex {
    /// Enters the words of new records.
    mutating func insert(_ batch: WordBatch) {
        for (field, items) in batch.items.enumerated() where !items.isEmpty {
            insert(items, batch.bytes, field: field)
        }
    }
}

extension WordList {
    /// Enters records under words. O(k log n), but each word is looked up once.
    mutating func insert(_ items: [WordBatch.Item], _ bytes: [UInt8]) {
        var sorted = items.indices.map { OrderedIndex<UInt128>.Entry(key: items[$0].key, row: UInt32($0)) }
        sorted.withUnsafeMutableBufferPointer { OrderedIndex<UInt128>.sort($0) }
        var postings: [OrderedIndex<UInt64>.Entry] = []
        postings.reserveCapacity(items.count)
        var last: (key: UInt128, number: UInt32)?
        bytes.withUnsafeBufferPointer { bytes in
            for entry in sorted {
                let item = items[Int(entry.row)]
                let posting = Posting(rank: item.rank, record: item.record)
                // Shorter than sixteen bytes, the key says it all.
                guard let known = last, known.key == item.key, item.key & 0xFF == 0 else {
                    let start = Int(item.start)
                    let word = UnsafeBufferPointer(rebasing: bytes[start..<start + Int(item.lengthBytes)])
                    let number = number(of: word, key: item.key) ?? add(word, key: item.key)
                    last = (item.key, number)
                    postings.append(OrderedIndex.Entry(key: posting.key(number), row: posting.row))
                    continue
                }
                postings.append(OrderedIndex.Entry(key: posting.key(known.number), row: posting.row))
            }
        }
        postings.withUnsafeBufferPointer { insert($0) }
    }
}
