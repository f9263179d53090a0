// From a text to its words: folded, cut at everything that is no letter and no digit (docs/find.md).
//
// The text is folded into a buffer of its own, then cut in place; the words are ranges of that buffer. Hostile texts cost no
// more than `FindLimits.textScanBytesMax` bytes of work.

/// Cuts texts into words. One thread; reused, so that it allocates once.
package struct WordCutter {
    /// Holds the words, and between and behind them what does not matter.
    package private(set) var bytes: [UInt8] = []
    /// Where the words stand in `bytes`, in the order of the text.
    package private(set) var words: [Range<Int>] = []
    /// The words whose text has no letter are its digits, in one word.
    private var hasLetter = false
    /// Whether the last text was made one word of several.
    private(set) var hasJoined = false
    /// The bytes of a word that count.
    private let wordBytesMax: Int

    /// A cutter that cuts words off behind so many bytes.
    package init(wordBytesMax: Int = FindLimits.wordBytesMax) { self.wordBytesMax = wordBytesMax }

    private enum ByteClass {
        static let separator: UInt8 = 0
        static let letter: UInt8 = 1
        static let digit: UInt8 = 2
        static let apostrophe: UInt8 = 3

        @inline(__always)
        static func of(_ byte: UInt8) -> UInt8 {
            // Folded: no capital letters.
            if byte &- 0x61 < 26 { return letter }
            if byte &- 0x30 < 10 { return digit }
            return byte == 0x27 ? apostrophe : separator
        }
    }

    /// Cuts a text; with `joinsNumbers`, a text without letters is one word.
    package mutating func cut(_ text: UnsafeRawBufferPointer, joinsNumbers: Bool = true) {
        words.removeAll(keepingCapacity: true)
        let count = fold(WordCutter.scanned(text))
        hasLetter = false
        bytes.withUnsafeMutableBufferPointer {
            WordCutter.cut(UnsafeMutableBufferPointer(rebasing: $0[..<count]), wordBytesMax, &words, &hasLetter)
        }
        hasJoined = joinsNumbers && !hasLetter && words.count > 1
        if hasJoined { join() }
    }

    /// What of a text is looked at: whole characters.
    private static func scanned(_ text: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        guard text.count > FindLimits.textScanBytesMax else { return text }
        var end = FindLimits.textScanBytesMax
        while end > 0, text[end] & 0xC0 == 0x80 { end -= 1 }
        return UnsafeRawBufferPointer(rebasing: text[..<end])
    }

    /// Folds a text into the beginning of `bytes`, and returns how many bytes that are.
    private mutating func fold(_ text: UnsafeRawBufferPointer) -> Int {
        let text = text.asBytes
        guard Collation.isASCII(text) else {
            bytes.removeAll(keepingCapacity: true)
            Collation.fold(text, into: &bytes)
            return bytes.count
        }
        // Folding eight bytes at a time writes up to seven behind the end.
        if bytes.count < text.count + 8 {
            bytes.append(contentsOf: repeatElement(0, count: text.count + 8 - bytes.count))
        }
        bytes.withUnsafeMutableBufferPointer { buffer in
            if let base = buffer.baseAddress { Collation.foldASCII(text, into: base) }
        }
        return text.count
    }

    private static func cut(
        _ bytes: UnsafeMutableBufferPointer<UInt8>,
        _ wordBytesMax: Int,
        _ words: inout [Range<Int>],
        _ hasLetter: inout Bool
    ) {
        var at = 0
        // Where the next byte of a word goes: behind what was left out.
        var end = 0
        var start = 0
        func finish() {
            if end > start { words.append(start..<WordCutter.bound(bytes, start, end, wordBytesMax)) }
            start = end
        }
        while at < bytes.count, words.count < FindLimits.textWordCountMax {
            let byte = bytes[at]
            if byte >= 0x80 {
                let length = min(WordCutter.lengthBytes(byte), bytes.count - at)
                if WordCutter.isPunctuation(bytes, at) {
                    finish()
                } else {
                    hasLetter = true
                    for offset in 0..<length { bytes[end + offset] = bytes[at + offset] }
                    end += length
                }
                at += length
                continue
            }
            switch ByteClass.of(byte) {
            case ByteClass.letter:
                hasLetter = true
                bytes[end] = byte
                end += 1
            case ByteClass.digit:
                bytes[end] = byte
                end += 1
            case ByteClass.apostrophe:
                // Left out where the word goes on behind it.
                if !(end > start && at + 1 < bytes.count && WordCutter.isWord(bytes, at + 1)) { finish() }
            default: finish()
            }
            at += 1
        }
        if words.count < FindLimits.textWordCountMax { finish() }
    }

    /// The end of a word that begins and ends there, cut to the bytes that count, between characters.
    private static func bound(
        _ bytes: UnsafeMutableBufferPointer<UInt8>,
        _ start: Int,
        _ end: Int,
        _ wordBytesMax: Int
    ) -> Int {
        guard end - start > wordBytesMax else { return end }
        var bound = start + wordBytesMax
        while bound > start, bytes[bound] & 0xC0 == 0x80 { bound -= 1 }
        // Only bytes that are no UTF-8 have no character to cut behind.
        return bound > start ? bound : start + wordBytesMax
    }

    /// Bytes of the character that begins with this byte.
    @inline(__always)
    package static func lengthBytes(_ lead: UInt8) -> Int {
        lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
    }

    private static func isWord(_ bytes: UnsafeMutableBufferPointer<UInt8>, _ at: Int) -> Bool {
        if bytes[at] >= 0x80 { return !isPunctuation(bytes, at) }
        let kind = ByteClass.of(bytes[at])
        return kind == ByteClass.letter || kind == ByteClass.digit
    }

    /// U+0080–00BF, U+2000–206F, U+3000–303F but for the characters U+3005 to U+3007, which repeat others or mean zero.
    private static func isPunctuation(_ bytes: UnsafeMutableBufferPointer<UInt8>, _ at: Int) -> Bool {
        switch bytes[at] {
        case 0xC2: return true
        case 0xE2:
            guard at + 2 < bytes.count else { return false }
            return bytes[at + 1] == 0x80 || (bytes[at + 1] == 0x81 && bytes[at + 2] < 0xB0)
        case 0xE3:
            guard at + 2 < bytes.count else { return false }
            return bytes[at + 1] == 0x80 && !(0x85...0x87 ~= bytes[at + 2])
        default: return false
        }
    }

    /// Makes one word of all.
    private mutating func join() {
        var end = 0
        for word in words {
            for index in word where end < wordBytesMax {
                bytes[end] = bytes[index]
                end += 1
            }
        }
        words = [0..<end]
    }
}
