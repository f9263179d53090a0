// How a word of a search text matches a word of a record.

/// Kinds of matches, best first.
public enum FindMatch: UInt8, Sendable, CaseIterable, Comparable {
    /// The same word.
    case exact = 0
    /// The record's word begins with it.
    case prefix = 1
    /// The record's word contains it.
    case infix = 2
    /// The record's word begins with something that is one mistake away.
    case typo = 3

    /// Better first.
    public static func < (a: FindMatch, b: FindMatch) -> Bool { a.rawValue < b.rawValue }

    /// The name that commands print.
    public var name: String {
        switch self {
        case .exact: "exact"
        case .prefix: "prefix"
        case .infix: "infix"
        case .typo: "typo"
        }
    }
}

/// A word of a search text: folded, at least one byte and at most `FindLimits.wordBytesMax`.
struct Pattern: Hashable, Sendable {
    let bytes: [UInt8]
    /// Offsets of its characters and the end.
    let offsets: [Int]
    let mayBeInfix: Bool
    let mayBeTypo: Bool

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        offsets = bytes.indices.filter { bytes[$0] & 0xC0 != 0x80 } + [bytes.count]
        mayBeInfix = bytes.count >= FindLimits.infixBytesMin
        mayBeTypo =
            offsets.count > FindLimits.typoCharactersMin && !bytes.contains { $0 &- 0x30 < 10 }
    }

    /// Whether a kind of match is possible at all.
    func allows(_ kind: FindMatch) -> Bool {
        switch kind {
        case .exact, .prefix: true
        case .infix: mayBeInfix
        case .typo: mayBeTypo
        }
    }

    /// The best way in which a word matches; nil when none. O(bytes of both).
    func match(_ word: UnsafeBufferPointer<UInt8>) -> FindMatch? {
        bytes.withUnsafeBufferPointer { pattern in
            if Pattern.hasPrefix(word, 0, pattern, 0) { return pattern.count == word.count ? .exact : .prefix }
            if mayBeInfix, Pattern.contains(word, pattern) { return .infix }
            return mayBeTypo && isOneMistakeAway(word, pattern) ? .typo : nil
        }
    }

    /// Whether what stands in `word` from `at` on begins with what stands in `pattern` from `from` on.
    @inline(__always)
    private static func hasPrefix(
        _ word: UnsafeBufferPointer<UInt8>,
        _ at: Int,
        _ pattern: UnsafeBufferPointer<UInt8>,
        _ from: Int
    ) -> Bool {
        let count = pattern.count - from
        guard count <= word.count - at else { return false }
        for offset in 0..<max(count, 0) where word[at + offset] != pattern[from + offset] { return false }
        return true
    }

    private static func contains(_ word: UnsafeBufferPointer<UInt8>, _ pattern: UnsafeBufferPointer<UInt8>) -> Bool {
        guard word.count >= pattern.count else { return false }
        let first = pattern[0]
        for start in 0...(word.count - pattern.count) where word[start] == first {
            if hasPrefix(word, start, pattern, 0) { return true }
        }
        return false
    }

    /// The mistake, if it is the only one, is where the two differ first: an earlier one would have to repeat what stands
    /// there, so that correcting it here gives the same. The pattern is no prefix of the word.
    private func isOneMistakeAway(
        _ word: UnsafeBufferPointer<UInt8>,
        _ pattern: UnsafeBufferPointer<UInt8>
    ) -> Bool {
        var common = 0
        while common < word.count, common < pattern.count, word[common] == pattern[common] { common += 1 }
        // Back to where a character begins in both.
        while common > 0,
            (common < pattern.count && pattern[common] & 0xC0 == 0x80)
                || (common < word.count && word[common] & 0xC0 == 0x80)
        {
            common -= 1
        }
        guard common < pattern.count else { return false }
        let next = min(common + WordCutter.lengthBytes(pattern[common]), pattern.count)
        // One too many.
        if Pattern.hasPrefix(word, common, pattern, next) { return true }
        guard common < word.count else { return false }
        let wordNext = common + WordCutter.lengthBytes(word[common])
        // One wrong, one too few.
        if Pattern.hasPrefix(word, wordNext, pattern, next) || Pattern.hasPrefix(word, wordNext, pattern, common) {
            return true
        }
        // Two neighbours swapped: what the pattern has first, the word has second.
        guard next < pattern.count else { return false }
        let afterNext = min(next + WordCutter.lengthBytes(pattern[next]), pattern.count)
        let (first, second) = (common..<next, next..<afterNext)
        guard word.count - common >= afterNext - common,
            second.enumerated().allSatisfy({ word[common + $0.offset] == pattern[$0.element] }),
            first.enumerated().allSatisfy({ word[common + second.count + $0.offset] == pattern[$0.element] })
        else { return false }
        return Pattern.hasPrefix(word, afterNext, pattern, afterNext)
    }
}
