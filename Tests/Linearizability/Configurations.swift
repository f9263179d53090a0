// Configurations of a search that were seen: which calls were taken, and the state that they left.
//
// A configuration is stored as it differs from its neighbours. Calls with an end are numbered by their beginnings, and those that
// were taken are all up to some number and a few behind it, no farther than the calls that overlap reach: so it holds the number of
// words of 64 that are full, and those behind them up to the last that has a bit. Of calls without an end it holds how many of each
// group were taken. Everything stands in one array; a table finds it by a hash of the taken calls with an end and the state.
//
// Exact: a hash only says where to look.

struct Configurations {
    /// What was taken of calls with an end.
    private var words: [UInt64]
    private var takenCount = 0
    /// Words at the front that are full.
    private var fullWords = 0
    /// Exclusive or of a random number for each of them.
    private var hash: UInt64 = 0
    private let keys: [UInt64]
    /// What was taken of each group of calls without an end.
    private var openCounts: [UInt16]

    /// Records: full words, words that follow, state, the next record of the chain; those words; two bytes for each group.
    private var records: [UInt32] = []
    private var heads: [UInt32] = Array(repeating: .max, count: 1 << 10)
    private var recordCount = 0

    init(closedCount: Int, openGroupCount: Int) {
        words = Array(repeating: 0, count: (closedCount + 63) / 64 + 1)
        openCounts = Array(repeating: 0, count: openGroupCount)
        var random = UInt64(0x9E37_79B9_7F4A_7C15)
        keys = (0..<closedCount).map { _ in
            random = Configurations.mixed(random &+ 0x9E37_79B9_7F4A_7C15)
            return random
        }
    }

    /// The finalizer of SplitMix64: every bit of the result depends on every bit of the number.
    private static func mixed(_ number: UInt64) -> UInt64 {
        var mixed = number
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// Bytes of all that is remembered.
    var byteCount: Int { (records.count + heads.count) * 4 }

    mutating func addClosed(_ number: Int) {
        words[number / 64] |= 1 << UInt64(number % 64)
        hash ^= keys[number]
        takenCount += 1
        while words[fullWords] == .max { fullWords += 1 }
    }

    mutating func removeClosed(_ number: Int) {
        words[number / 64] &= ~(1 << UInt64(number % 64))
        hash ^= keys[number]
        takenCount -= 1
        fullWords = min(fullWords, number / 64)
    }

    func openCount(_ group: Int) -> Int { Int(openCounts[group]) }
    mutating func addOpen(_ group: Int) { openCounts[group] += 1 }
    mutating func removeOpen(_ group: Int) { openCounts[group] -= 1 }

    /// Words behind the full ones, up to the last with a bit.
    private var windowCount: Int {
        var left = takenCount - fullWords * 64
        var count = 0
        while left > 0 {
            left -= words[fullWords + count].nonzeroBitCount
            count += 1
        }
        return count
    }

    /// Calls of one group at most: its count has sixteen bits.
    static let openCountMax = Int(UInt16.max)

    private static let headCount = 4
    private var openWordCount: Int { (openCounts.count + 1) / 2 }

    private func openWord(_ index: Int) -> UInt32 {
        let high = index * 2 + 1 < openCounts.count ? UInt32(openCounts[index * 2 + 1]) << 16 : 0
        return high | UInt32(openCounts[index * 2])
    }

    /// Remembers what is taken now, with the state. False if it, or one that could do as much, was seen before.
    mutating func remember(state: Int) -> Bool {
        let window = windowCount
        let slot = slot(hash, state)
        var record = heads[slot]
        while record != .max {
            if isCovered(by: Int(record), state, window) { return false }
            record = records[Int(record) + 3]
        }
        append(state, window, slot)
        if recordCount > heads.count { grow() }
        return true
    }

    private func slot(_ hash: UInt64, _ state: Int) -> Int {
        Int(truncatingIfNeeded: Configurations.mixed(hash ^ UInt64(state) &* 0xD6E8_FEB8_6659_FD93))
            & (heads.count - 1)
    }

    /// Whether the record has the same state and taken calls with an end, and of each group without an end no more.
    private func isCovered(by record: Int, _ state: Int, _ window: Int) -> Bool {
        guard records[record] == UInt32(fullWords), records[record + 1] == UInt32(window),
            records[record + 2] == UInt32(state)
        else { return false }
        var place = record + Configurations.headCount
        for index in 0..<window {
            let word = words[fullWords + index]
            guard records[place] == UInt32(truncatingIfNeeded: word), records[place + 1] == UInt32(word >> 32) else {
                return false
            }
            place += 2
        }
        for index in 0..<openWordCount {
            let (stored, now) = (records[place + index], openWord(index))
            guard stored & 0xFFFF <= now & 0xFFFF, stored >> 16 <= now >> 16 else { return false }
        }
        return true
    }

    private mutating func append(_ state: Int, _ window: Int, _ slot: Int) {
        let record = UInt32(records.count)
        records.append(UInt32(fullWords))
        records.append(UInt32(window))
        records.append(UInt32(state))
        records.append(heads[slot])
        for index in 0..<window {
            let word = words[fullWords + index]
            records.append(UInt32(truncatingIfNeeded: word))
            records.append(UInt32(word >> 32))
        }
        for index in 0..<openWordCount { records.append(openWord(index)) }
        heads[slot] = record
        recordCount += 1
    }

    /// Doubles the table. The hash of a record is worked out again from its bits.
    private mutating func grow() {
        heads = Array(repeating: .max, count: heads.count * 2)
        var prefixes: [UInt64] = [0]
        for word in 0..<words.count {
            var prefix = prefixes[word]
            for number in word * 64..<max(word * 64, min(word * 64 + 64, keys.count)) { prefix ^= keys[number] }
            prefixes.append(prefix)
        }
        var record = 0
        while record < records.count {
            let (full, window) = (Int(records[record]), Int(records[record + 1]))
            var hash = prefixes[full]
            for index in 0..<window {
                let place = record + Configurations.headCount + index * 2
                var bits = UInt64(records[place]) | UInt64(records[place + 1]) << 32
                while bits != 0 {
                    hash ^= keys[(full + index) * 64 + bits.trailingZeroBitCount]
                    bits &= bits - 1
                }
            }
            let slot = slot(hash, Int(records[record + 2]))
            records[record + 3] = heads[slot]
            heads[slot] = UInt32(record)
            record += Configurations.headCount + window * 2 + openWordCount
        }
    }
}
