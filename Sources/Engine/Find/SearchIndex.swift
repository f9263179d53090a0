// The quick-find index of one table: the words of the primary name, and those of the other searched columns.
//
// Invariant: it holds exactly what `Table.words(ofRow:)` gives for every living row.

/// Words and postings of an entity's records. Value semantics.
package struct SearchIndex: Sendable {
    static let fieldCount = 2

    /// By field: the primary name, other columns.
    private(set) var lists: [WordList]

    init() { lists = [WordList(), WordList()] }

    init(names: WordList, others: WordList) { lists = [names, others] }

    /// Replaces a record's words by others; each may be empty.
    mutating func replace(_ old: RecordWords, by new: RecordWords, record: UInt64) {
        new.forEachDifference(from: old) { entry in
            old.withBytes(entry) { word in
                lists[Int(entry.field)].remove(word, key: entry.key, Posting(rank: entry.rank, record: record))
            }
        } added: { entry in
            new.withBytes(entry) { word in
                lists[Int(entry.field)].insert(word, key: entry.key, Posting(rank: entry.rank, record: record))
            }
        }
    }

    /// Enters words of one field.
    mutating func insert(_ items: [WordBatch.Item], _ bytes: [UInt8], field: Int) { lists[field].insert(items, bytes) }

    /// Puts what waits where readers find it: a view is about to be made.
    mutating func mergePending() { for field in lists.indices { lists[field].mergePending() } }

    package var memoryBytes: Int { lists.reduce(0) { $0 + $1.memoryBytes } }

    /// Every word with its records, in order: tests.
    func checkEquals(_ other: SearchIndex) {
        for (list, expected) in zip(lists, other.lists) {
            precondition(list.content == expected.content, "quick find: the index differs from the records")
        }
    }
}

extension WordList {
    /// All words with their postings, in order.
    fileprivate var content: [[UInt8]: Set<Posting>] {
        var content: [[UInt8]: Set<Posting>] = [:]
        order.forEach { _, number in
            var found: Set<Posting> = []
            postings.forEach(from: UInt64(number) << 32, through: UInt64(number) << 32 | 0xFFFF_FFFF) { key, row in
                found.insert(Posting(key: key, row: row))
                return true
            }
            precondition(!found.isEmpty && content.updateValue(found, forKey: Array(text(number))) == nil)
            return true
        }
        return content
    }
}
