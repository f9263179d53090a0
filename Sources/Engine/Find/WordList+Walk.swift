// The words of a list that match a word of a search text in one way, in alphabetical order, until the caller has enough.

extension WordList {
    /// Calls `body` with the number of each such word, until it returns false; false then. `tick` is told how much was looked
    /// at in between, and ends the walk by false too.
    ///
    /// Complexity: exact and prefix O(log n + words); infix O(n / 4,096 lines + words of the groups that are left); typo some
    /// hundred times O(log n), and O(words).
    func forEachWord(
        _ pattern: Pattern,
        _ kind: FindMatch,
        tick: (Int) -> Bool,
        _ body: (UInt32) -> Bool
    ) -> Bool {
        switch kind {
        case .exact: forExact(pattern, body)
        case .prefix: forEachPrefix(pattern, body)
        case .infix: forEachInfix(pattern, tick, body)
        case .typo: forEachTypo(pattern, tick, body)
        }
    }

    private func forExact(_ pattern: Pattern, _ body: (UInt32) -> Bool) -> Bool {
        let number = pattern.bytes.withUnsafeBufferPointer { self.number(of: $0, key: RecordWords.key($0)) }
        return number.map { body($0) } ?? true
    }

    private func forEachPrefix(_ pattern: Pattern, _ body: (UInt32) -> Bool) -> Bool {
        let range = PrefixRange(pattern.bytes)
        return forEachInOrder(range) { key, number in
            // Shorter than sixteen bytes, a key that begins with it and is not it says it all.
            let matches = pattern.bytes.count < 16 ? key != range.low : pattern.match(text(number)) == .prefix
            return matches ? body(number) : true
        }
    }

    /// Words of a range of keys, in order; those whose keys are the same are compared.
    private func forEachInOrder(_ range: PrefixRange, _ body: (UInt128, UInt32) -> Bool) -> Bool {
        var run: [UInt32] = []
        var runKey: UInt128 = 0
        var goesOn = true
        func flush() {
            if run.count > 1 { run.sort { Collation.compareBytes(text($0), text($1)) < 0 } }
            for number in run where goesOn { goesOn = body(runKey, number) }
            run.removeAll(keepingCapacity: true)
        }
        order.forEach(from: range.low, through: range.high) { key, number in
            if !run.isEmpty, key != runKey { flush() }
            guard goesOn else { return false }
            // Only words of sixteen bytes and more can have the same key.
            if key & 0xFF == 0 {
                goesOn = body(key, number)
            } else {
                runKey = key
                run.append(number)
            }
            return goesOn
        }
        if goesOn { flush() }
        return goesOn
    }

    // MARK: Infix

    private func forEachInfix(_ pattern: Pattern, _ tick: (Int) -> Bool, _ body: (UInt32) -> Bool) -> Bool {
        let rows = pattern.bytes.withUnsafeBufferPointer { WordSignatures.rows(of: $0) }
        let pageCount = (Int(wordCount) + WordSignatures.pageWords - 1) / WordSignatures.pageWords
        let firstLatePage = Int(sortedCount) / WordSignatures.pageWords
        // Words that came after the list was made have to be sorted.
        var late: [UInt32] = []
        for page in firstLatePage..<max(pageCount, firstLatePage) {
            let goesOn = forEachInfix(pattern, rows, page) { number in
                if number >= sortedCount { late.append(number) }
                return true
            }
            guard goesOn, tick(8 * rows.count) else { return false }
        }
        late.sort { Collation.compareBytes(text($0), text($1)) < 0 }
        var next = 0
        for page in 0..<(Int(sortedCount) + WordSignatures.pageWords - 1) / WordSignatures.pageWords {
            let goesOn = forEachInfix(pattern, rows, page) { number in
                guard number < sortedCount else { return true }
                while next < late.count, Collation.compareBytes(text(late[next]), text(number)) < 0 {
                    next += 1
                    if !body(late[next - 1]) { return false }
                }
                return body(number)
            }
            guard goesOn, tick(8 * rows.count) else { return false }
        }
        while next < late.count {
            if !body(late[next]) { return false }
            next += 1
        }
        return true
    }

    /// The words of a page that contain the pattern, by number; words that have ended may be among them.
    private func forEachInfix(_ pattern: Pattern, _ rows: [Int], _ page: Int, _ body: (UInt32) -> Bool) -> Bool {
        // A page of signatures lies within one block of texts.
        guard let block = texts[safe: page * WordSignatures.pageWords / Block.rowCount] else { return true }
        let head = block.head
        return signatures.forEachGroup(page: page, rows: rows) { first in
            for number in first..<min(first + 8, wordCount) {
                let text = head.text(Int(number & 8191)).asBytes
                if pattern.isInfix(of: text), !body(number) { return false }
            }
            return true
        }
    }

    // MARK: Typo

    private func forEachTypo(_ pattern: Pattern, _ tick: (Int) -> Bool, _ body: (UInt32) -> Bool) -> Bool {
        guard let ranges = typoRanges(pattern, tick) else { return false }
        for range in ranges {
            let goesOn = forEachInOrder(range) { _, number in
                guard tick(1) else { return false }
                return pattern.match(text(number)) == .typo ? body(number) : true
            }
            if !goesOn { return false }
        }
        return true
    }

    /// Ranges, rising and apart, in which all words stand that begin with something one mistake away; nil when `tick` ends it.
    private func typoRanges(_ pattern: Pattern, _ tick: (Int) -> Bool) -> [PrefixRange]? {
        let bytes = pattern.bytes
        var ranges: [PrefixRange] = []
        func add(_ variant: [UInt8]) {
            let range = PrefixRange(variant)
            if let first = order.first(from: range.low), first.key <= range.high { ranges.append(range) }
        }
        let characterCount = pattern.offsets.count - 1
        for place in 0..<characterCount {
            let at = pattern.offsets[place]
            // Keys have sixteen bytes: from here on, whatever begins with what stands before is looked at.
            if at + 4 > 16 {
                add(Array(bytes[..<at]))
                break
            }
            let before = Array(bytes[..<at])
            let next = pattern.offsets[place + 1]
            let rest = Array(bytes[next...])
            add(before + rest)
            if next < bytes.count {
                let afterNext = pattern.offsets[place + 2]
                add(before + bytes[next..<afterNext] + bytes[at..<next] + bytes[afterNext...])
            }
            let isComplete = forEachNext(before) { character in
                guard tick(3) else { return false }
                add(before + character + rest)
                add(before + character + bytes[at...])
                return true
            }
            guard isComplete else { return nil }
        }
        return PrefixRange.union(ranges)
    }

    /// Calls `body` with each character that follows `before` in some word, until it returns false; false then.
    private func forEachNext(_ before: [UInt8], _ body: ([UInt8]) -> Bool) -> Bool {
        let whole = PrefixRange(before)
        var low = whole.low
        while let entry = order.first(from: low), entry.key <= whole.high {
            var character: [UInt8] = []
            let lead = UInt8(truncatingIfNeeded: entry.key >> UInt128(120 - 8 * before.count))
            if lead != 0 {
                for offset in 0..<min(WordCutter.lengthBytes(lead), 16 - before.count) {
                    character.append(
                        UInt8(truncatingIfNeeded: entry.key >> UInt128(120 - 8 * (before.count + offset)))
                    )
                }
                if !body(character) { return false }
            }
            let range = lead == 0 ? PrefixRange(low: entry.key, high: entry.key) : PrefixRange(before + character)
            guard range.high < .max else { return true }
            low = range.high + 1
        }
        return true
    }
}

/// The keys of all words that begin with some bytes, of which the first sixteen count.
struct PrefixRange {
    var low: UInt128
    var high: UInt128

    init(low: UInt128, high: UInt128) {
        self.low = low
        self.high = high
    }

    init(_ bytes: [UInt8]) {
        low = bytes.withUnsafeBufferPointer { RecordWords.key($0) }
        high = bytes.count >= 16 ? low : low | UInt128.max >> UInt128(8 * bytes.count)
    }

    /// The same keys, rising and apart: ranges of prefixes lie inside each other or apart.
    static func union(_ ranges: [PrefixRange]) -> [PrefixRange] {
        var union: [PrefixRange] = []
        for range in ranges.sorted(by: { $0.low != $1.low ? $0.low < $1.low : $0.high > $1.high }) {
            if let last = union.last, range.high <= last.high { continue }
            union.append(range)
        }
        return union
    }
}

extension Pattern {
    /// Whether it stands inside of a word and not at its beginning.
    @inline(__always)
    func isInfix(of word: UnsafeBufferPointer<UInt8>) -> Bool {
        guard word.count > bytes.count else { return false }
        return bytes.withUnsafeBufferPointer { pattern in
            let first = pattern[0]
            var isInfix = false
            for start in 0...(word.count - pattern.count) where word[start] == first {
                var offset = 1
                while offset < pattern.count, word[start + offset] == pattern[offset] { offset += 1 }
                guard offset == pattern.count else { continue }
                if start == 0 { return false }
                isInfix = true
            }
            return isInfix
        }
    }
}

extension Array {
    fileprivate subscript(safe index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}
