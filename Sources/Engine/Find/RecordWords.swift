// The words of one record, as the index has them: each once, sorted, in the best place where it stands.

/// A word's place in a record, in one byte that orders as the ranking does: its number in the text, then the number of words
/// in the text, both up to 16.
enum WordPlace {
    static func rank(position: Int, wordCount: Int) -> UInt8 {
        UInt8(min(position, 15) << 4 | (min(wordCount, 16) - 1))
    }
}

/// The words of a record. One thread; reused.
struct RecordWords {
    struct Entry {
        /// The first sixteen bytes, the first one highest, padded with zeros, which no word contains.
        var key: UInt128
        var start: UInt32
        var lengthBytes: UInt8
        /// 0: the primary name; 1: other columns.
        var field: UInt8
        var rank: UInt8
    }

    /// Sorted by word, each word once, in the primary name where it stands there.
    private(set) var entries: [Entry] = []
    private var bytes: [UInt8] = []
    private var cutter = WordCutter()

    mutating func removeAll() {
        entries.removeAll(keepingCapacity: true)
        bytes.removeAll(keepingCapacity: true)
    }

    /// Adds the words of a text; `finish` comes after the last.
    mutating func add(_ text: UnsafeRawBufferPointer, field: UInt8) {
        cutter.cut(text)
        for (position, word) in cutter.words.enumerated() {
            let start = bytes.count
            bytes.append(contentsOf: cutter.bytes[word])
            entries.append(
                Entry(
                    key: cutter.bytes.withUnsafeBufferPointer {
                        RecordWords.key(UnsafeBufferPointer(rebasing: $0[word]))
                    },
                    start: UInt32(start),
                    lengthBytes: UInt8(word.count),
                    field: field,
                    rank: WordPlace.rank(position: position, wordCount: cutter.words.count)
                )
            )
        }
    }

    /// Sorts what was added and keeps each word's best place.
    mutating func finish() {
        guard entries.count > 1 else { return }
        bytes.withUnsafeBufferPointer { bytes in
            entries.sort { a, b in
                let order = RecordWords.compare(a, bytes, b, bytes)
                return order != 0 ? order < 0 : (a.field, a.rank) < (b.field, b.rank)
            }
            var kept = 1
            for index in 1..<entries.count
            where RecordWords.compare(entries[kept - 1], bytes, entries[index], bytes) != 0 {
                entries[kept] = entries[index]
                kept += 1
            }
            entries.removeSubrange(kept...)
        }
    }

    /// The word of an entry; valid within `body`.
    @inline(__always)
    func withBytes<R>(_ entry: Entry, _ body: (UnsafeBufferPointer<UInt8>) -> R) -> R {
        bytes.withUnsafeBufferPointer { bytes in
            body(UnsafeBufferPointer(rebasing: bytes[Int(entry.start)..<Int(entry.start) + Int(entry.lengthBytes)]))
        }
    }

    /// Walks this record's words and another's in order: each with whether it is here, there, or the same in both.
    func forEachDifference(from old: RecordWords, removed: (Entry) -> Void, added: (Entry) -> Void) {
        bytes.withUnsafeBufferPointer { newBytes in
            old.bytes.withUnsafeBufferPointer { oldBytes in
                var (before, after) = (0, 0)
                while before < old.entries.count || after < entries.count {
                    let order =
                        before == old.entries.count
                        ? 1
                        : after == entries.count
                            ? -1 : RecordWords.compare(old.entries[before], oldBytes, entries[after], newBytes)
                    if order == 0 {
                        let (a, b) = (old.entries[before], entries[after])
                        if a.field != b.field || a.rank != b.rank {
                            removed(a)
                            added(b)
                        }
                        before += 1
                        after += 1
                    } else if order < 0 {
                        removed(old.entries[before])
                        before += 1
                    } else {
                        added(entries[after])
                        after += 1
                    }
                }
            }
        }
    }

    private static func compare(
        _ a: Entry,
        _ aBytes: UnsafeBufferPointer<UInt8>,
        _ b: Entry,
        _ bBytes: UnsafeBufferPointer<UInt8>
    ) -> Int {
        if a.key != b.key { return a.key < b.key ? -1 : 1 }
        if a.lengthBytes <= 16, b.lengthBytes <= 16 { return Int(a.lengthBytes) - Int(b.lengthBytes) }
        let left = aBytes[Int(a.start)..<Int(a.start) + Int(a.lengthBytes)]
        let right = bBytes[Int(b.start)..<Int(b.start) + Int(b.lengthBytes)]
        return Collation.compareBytes(UnsafeBufferPointer(rebasing: left), UnsafeBufferPointer(rebasing: right))
    }

    /// The first sixteen bytes of a word as a number that orders as the words do, but for ties.
    @inline(__always)
    static func key(_ word: UnsafeBufferPointer<UInt8>) -> UInt128 {
        guard let base = word.baseAddress else { return 0 }
        let high = Collation.tail(base, 0, word.count)
        let low = word.count > 8 ? Collation.tail(base, 8, word.count) : 0
        return UInt128(high.byteSwapped) << 64 | UInt128(low.byteSwapped)
    }
}
