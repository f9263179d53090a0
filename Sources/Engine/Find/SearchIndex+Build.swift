// An index from a table as it stands: words are numbered as they come and postings appended, then both are put in order, so
// that nothing is inserted one by one. The words get their final numbers in alphabetical order.

/// Collects the words of one field, for all records of a table.
private struct WordListBuilder {
    private struct Word {
        var key: UInt128
        var start: Int
        var lengthBytes: UInt8
        var postingCount: UInt32 = 0
    }

    private var words: [Word] = []
    private var heap: [UInt8] = []
    /// Open addressing: number of a word + 1, or 0.
    private var slots = [UInt32](repeating: 0, count: 1024)
    /// Per posting: its word as numbered here, rank and record.
    private var postingWords: [UInt32] = []
    private var postings: [UInt64] = []

    private static let recordBits: UInt64 = 52

    mutating func add(_ word: UnsafeBufferPointer<UInt8>, key: UInt128, _ posting: Posting) {
        let number = number(of: word, key: key)
        words[Int(number)].postingCount += 1
        postingWords.append(number)
        postings.append(UInt64(posting.rank) << WordListBuilder.recordBits | posting.record)
    }

    private static func hash(_ key: UInt128, _ count: Int) -> UInt64 {
        combinedHash(UInt64(truncatingIfNeeded: key >> 64) ^ UInt64(count), UInt64(truncatingIfNeeded: key))
    }

    private mutating func number(of word: UnsafeBufferPointer<UInt8>, key: UInt128) -> UInt32 {
        var slot = Int(truncatingIfNeeded: WordListBuilder.hash(key, word.count)) & (slots.count - 1)
        while slots[slot] != 0 {
            let number = slots[slot] - 1
            let found = words[Int(number)]
            if found.key == key, Int(found.lengthBytes) == word.count, word.count <= 16 || equals(found, word) {
                return number
            }
            slot = (slot + 1) & (slots.count - 1)
        }
        let number = UInt32(words.count)
        words.append(Word(key: key, start: heap.count, lengthBytes: UInt8(word.count)))
        heap.append(contentsOf: word)
        slots[slot] = number + 1
        if words.count * 2 > slots.count { grow() }
        return number
    }

    private func equals(_ found: Word, _ word: UnsafeBufferPointer<UInt8>) -> Bool {
        for index in 0..<word.count where heap[found.start + index] != word[index] { return false }
        return true
    }

    private mutating func grow() {
        var larger = [UInt32](repeating: 0, count: slots.count * 2)
        for (number, word) in words.enumerated() {
            var slot =
                Int(truncatingIfNeeded: WordListBuilder.hash(word.key, Int(word.lengthBytes))) & (larger.count - 1)
            while larger[slot] != 0 { slot = (slot + 1) & (larger.count - 1) }
            larger[slot] = UInt32(number) + 1
        }
        slots = larger
    }

    /// The numbers of the words in their order.
    private func sorted() -> [UInt32] {
        var entries = words.indices.map { OrderedIndex<UInt128>.Entry(key: words[$0].key, row: UInt32($0)) }
        entries.withUnsafeMutableBufferPointer { if !$0.isEmpty { OrderedIndex<UInt128>.sort($0) } }
        var numbers = entries.map(\.row)
        var start = 0
        while start < numbers.count {
            var end = start + 1
            while end < numbers.count, entries[end].key == entries[start].key { end += 1 }
            if end - start > 1 {
                heap.withUnsafeBufferPointer { heap in
                    numbers[start..<end].sort { Collation.compareBytes(text($0, heap), text($1, heap)) < 0 }
                }
            }
            start = end
        }
        return numbers
    }

    private func text(_ number: UInt32, _ heap: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
        let word = words[Int(number)]
        return UnsafeBufferPointer(rebasing: heap[word.start..<word.start + Int(word.lengthBytes)])
    }

    consuming func finish() -> WordList {
        let numbers = sorted()
        var texts: [Block] = []
        var signatures = WordSignatures()
        let order = OrderedIndex<UInt128>.Leaves(count: numbers.count)
        // Per word as numbered here: its final number and where its next posting goes.
        var finals = [UInt32](repeating: 0, count: numbers.count)
        var places = [Int](repeating: 0, count: numbers.count + 1)
        var next = 0
        heap.withUnsafeBufferPointer { heap in
            for (final, number) in numbers.enumerated() {
                let text = text(number, heap)
                if final & 8191 == 0 {
                    texts.append(Block(layout: .text, capacity: min(Block.rowCount, numbers.count - final)))
                }
                texts[final >> 13].setText(final & 8191, UnsafeRawBufferPointer(text))
                signatures.insert(text, number: UInt32(final))
                order.put(final, words[Int(number)].key, UInt32(final))
                finals[Int(number)] = UInt32(final)
                places[final] = next
                next += Int(words[Int(number)].postingCount)
            }
        }
        places[numbers.count] = next
        var sorted = [UInt64](repeating: 0, count: postings.count)
        var filled = places
        for (index, word) in postingWords.enumerated() {
            let final = Int(finals[Int(word)])
            sorted[filled[final]] = postings[index]
            filled[final] += 1
        }
        let leaves = OrderedIndex<UInt64>.Leaves(count: sorted.count)
        sorted.withUnsafeMutableBufferPointer { sorted in
            for final in numbers.indices {
                let range = places[final]..<places[final + 1]
                var isRising = true
                for index in range.dropFirst() where sorted[index - 1] > sorted[index] { isRising = false }
                if !isRising { sorted[range].sort() }
                for index in range {
                    let posting = Posting(
                        rank: UInt8(truncatingIfNeeded: sorted[index] >> WordListBuilder.recordBits),
                        record: sorted[index] & Posting.recordMask
                    )
                    leaves.put(index, posting.key(UInt32(final)), posting.row)
                }
            }
        }
        return WordList(
            texts: texts,
            order: OrderedIndex(order),
            signatures: signatures,
            postings: OrderedIndex(leaves),
            wordCount: UInt32(numbers.count)
        )
    }
}

extension SearchIndex {
    /// The index of a table's records. O(text + words × log).
    package init(of table: borrowing Table) {
        var builders = [WordListBuilder(), WordListBuilder()]
        var words = RecordWords()
        for row in 0..<table.rowCount where table.recordID(atRow: row) != .none {
            table.words(ofRow: row, into: &words)
            let record = table.searchRecord(atRow: row)
            for entry in words.entries {
                words.withBytes(entry) { word in
                    builders[Int(entry.field)]
                        .add(word, key: entry.key, Posting(rank: entry.rank, record: record))
                }
            }
        }
        // One after the other, so that what the first took is given back before the second is finished.
        let others = builders.removeLast().finish()
        self.init(names: builders.removeLast().finish(), others: others)
    }
}
