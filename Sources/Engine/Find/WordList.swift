// The distinct words of one field of an entity's records, and for each word the records that have it.
//
// Invariants
// - `order` has exactly the living words: those with at least one posting. Its row is the word's number.
// - Numbers below `sortedCount` were given in the order of the words; their words never change, and the numbers are not
//   used again. Numbers from there on are given as words come, and used again when their words have ended.
// - `postings` holds (number, rank, id) once for each record that has the word.
//
// A posting has 96 bits: number (32), rank (8), origin and sequence of the record id (56); so that it is an entry of an
// ordered index, and a word's postings come in the order of the ranking.

/// What an index knows of a record that has a word.
struct Posting: Hashable, Sendable {
    /// See `WordPlace`.
    var rank: UInt8
    /// Origin and sequence of the record's id.
    var record: UInt64

    static let recordMask: UInt64 = (1 << 52) - 1
    private static let rowBits: UInt64 = 28

    init(rank: UInt8, record: UInt64) {
        self.rank = rank
        self.record = record
    }

    @inline(__always)
    init(key: UInt64, row: UInt32) {
        rank = UInt8(truncatingIfNeeded: key >> 24)
        record = (key & 0xFF_FFFF) << Posting.rowBits | UInt64(row)
    }

    @inline(__always)
    func key(_ word: UInt32) -> UInt64 { UInt64(word) << 32 | UInt64(rank) << 24 | record >> Posting.rowBits }
    @inline(__always)
    var row: UInt32 { UInt32(record & ((1 << Posting.rowBits) - 1)) }
}

/// Words and postings of one field. Value semantics: everything is shared, and copied by the writer piece by piece.
struct WordList: Sendable {
    private(set) var texts: [Block] = []
    private(set) var order = OrderedIndex<UInt128>()
    private(set) var signatures = WordSignatures()
    private(set) var postings = OrderedIndex<UInt64>()
    /// Numbers given so far.
    private(set) var wordCount: UInt32 = 0
    /// See the invariants above.
    private(set) var sortedCount: UInt32 = 0
    /// Stack of numbers to be used again.
    private var freeNumbers = PagedArray<UInt32>(empty: .max)
    private var freeCount = 0

    init() {}

    /// A list that was made at once: SearchIndex+Build.swift.
    init(
        texts: [Block],
        order: OrderedIndex<UInt128>,
        signatures: WordSignatures,
        postings: OrderedIndex<UInt64>,
        wordCount: UInt32
    ) {
        self.texts = texts
        self.order = order
        self.signatures = signatures
        self.postings = postings
        self.wordCount = wordCount
        sortedCount = wordCount
    }

    /// The bytes of a word; valid until the list is written.
    @inline(__always)
    func text(_ number: UInt32) -> UnsafeBufferPointer<UInt8> {
        texts[Int(number >> 13)].head.text(Int(number & 8191)).asBytes
    }

    /// The number of a word; nil when no record has it. O(log n).
    func number(of word: UnsafeBufferPointer<UInt8>, key: UInt128) -> UInt32? {
        guard let first = order.first(from: key), first.key == key else { return nil }
        // Shorter than sixteen bytes, the key says it all.
        if word.count < 16 { return first.row }
        var found: UInt32?
        order.forEach(from: key, through: key) { _, number in
            if Collation.compareBytes(text(number), word) == 0 { found = number }
            return found == nil
        }
        return found
    }

    // MARK: Writing

    /// Enters a record under a word. O(log n).
    mutating func insert(_ word: UnsafeBufferPointer<UInt8>, key: UInt128, _ posting: Posting) {
        let number = number(of: word, key: key) ?? add(word, key: key)
        postings.insert(posting.key(number), row: posting.row)
    }

    /// Enters postings.
    mutating func insert(_ entries: UnsafeBufferPointer<OrderedIndex<UInt64>.Entry>) { postings.insert(entries) }

    /// Takes a record out from under a word, which must be there. O(log n).
    mutating func remove(_ word: UnsafeBufferPointer<UInt8>, key: UInt128, _ posting: Posting) {
        guard let number = number(of: word, key: key) else {
            preconditionFailure("quick find: a word that is not there")
        }
        let beside = postings.remove(posting.key(number), row: posting.row)
        if hasPostings(number, beside) { return }
        order.remove(key, row: number)
        guard number >= sortedCount else { return }
        freeNumbers.set(freeCount, number)
        freeCount += 1
    }

    /// Whether a word has a posting left, of which one stood between these.
    private func hasPostings(_ number: UInt32, _ beside: OrderedIndex<UInt64>.Neighbours) -> Bool {
        func isOwn(_ key: UInt64) -> Bool { UInt32(key >> 32) == number }
        if let before = beside.before, isOwn(before) { return true }
        if let after = beside.after, isOwn(after) { return true }
        if beside.before != nil, beside.after != nil { return false }
        // It stood at the end of its leaf.
        return postings.first(from: UInt64(number) << 32).map { isOwn($0.key) } ?? false
    }

    mutating func add(_ word: UnsafeBufferPointer<UInt8>, key: UInt128) -> UInt32 {
        let number: UInt32
        var isPageStale = false
        if freeCount > 0 {
            freeCount -= 1
            number = freeNumbers[freeCount]
            isPageStale = signatures.noteReuse(number: number)
        } else {
            precondition(wordCount < .max, "quick find: more words than numbers")
            number = wordCount
            wordCount += 1
        }
        setText(number, word)
        if isPageStale {
            makeSignatures(pageOf: number)
        } else {
            signatures.insert(word, number: number)
        }
        order.insert(key, row: number)
        return number
    }

    private mutating func setText(_ number: UInt32, _ word: UnsafeBufferPointer<UInt8>) {
        let block = Int(number >> 13)
        if block == texts.count { texts.append(Block(layout: .text)) }
        if !isKnownUniquelyReferenced(&texts[block]) { texts[block] = texts[block].copy() }
        texts[block].reserve(Int(number & 8191) + 1)
        texts[block].setText(Int(number & 8191), UnsafeRawBufferPointer(word))
    }

    private mutating func makeSignatures(pageOf number: UInt32) {
        signatures.clearPage(of: number)
        let first = number & ~UInt32(WordSignatures.pageWords - 1)
        for other in first..<min(first + UInt32(WordSignatures.pageWords), wordCount) {
            signatures.insert(text(other), number: other)
        }
    }

    /// Puts what waits where readers find it: a view is about to be made.
    mutating func mergePending() { postings.mergePending(releasing: true) }

    var memoryBytes: Int {
        texts.reduce(0) { $0 + $1.memoryBytes } + order.memoryBytes + signatures.memoryBytes + postings.memoryBytes
            + freeNumbers.memoryBytes
    }
}
