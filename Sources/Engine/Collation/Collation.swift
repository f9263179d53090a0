// The general collation, which is the default: texts that differ only in case, accents, width or invisible characters are equal,
// and order is the order of the Unicode scalars of the folded text (equal to the order of its UTF-8 bytes). What names, labels and
// quick find compare is always compared so; a column may declare another collation (Collation+Declared.swift).
//
// Guarantees, for any bytes, valid UTF-8 or not (a byte that is not UTF-8 folds to itself):
// - equal(a, b)  ⇔  compare(a, b) == 0  ⇔  fold(a) == fold(b);  equal texts have equal hashes and equal prefix keys.
// - prefixKey(a) < prefixKey(b)  ⇒  compare(a, b) < 0.
// - Folding is context-free and idempotent: fold(a + b) == fold(a) + fold(b), fold(fold(a)) == fold(a).
// - Nothing but `fold` allocates. Results depend on the bytes and `Collation.version` only.
// ASCII is handled eight bytes at a time; the table is touched only by other scalars.

/// How the texts of a column are compared, hashed and ordered, over raw UTF-8. The numbers are part of the schema's bytes.
public enum Collation: UInt8, Hashable, Sendable, CaseIterable {
    /// Case, accents, width and invisible characters do not count.
    case general = 0
    /// Every difference counts; the order is that of Unicode scalars.
    case exact = 1

    /// Rises whenever some text folds differently; what was ordered or keyed under another version is rebuilt.
    package static let version: UInt16 = FoldingTable.version

    /// Negative, zero or positive as `a` comes before, is equal to or comes after `b`.
    package static func compare(_ a: UnsafeBufferPointer<UInt8>, _ b: UnsafeBufferPointer<UInt8>) -> Int {
        let shared = commonASCII(a, b)
        if let order = shared.order { return order }
        var left = FoldCursor(a, from: shared.count)
        var right = FoldCursor(b, from: shared.count)
        while true {
            let (x, y) = (left.next(), right.next())
            if x != y { return x < y ? -1 : 1 }
            if x < 0 { return 0 }
        }
    }

    /// As `compare`; texts equal under the collation are ordered by their bytes, so that only identical ones tie.
    package static func compareWithTieBreak(
        _ a: UnsafeBufferPointer<UInt8>,
        _ b: UnsafeBufferPointer<UInt8>
    ) -> Int {
        let order = compare(a, b)
        return order != 0 ? order : compareBytes(a, b)
    }

    /// Order of the bytes themselves.
    package static func compareBytes(_ a: UnsafeBufferPointer<UInt8>, _ b: UnsafeBufferPointer<UInt8>) -> Int {
        for index in 0..<min(a.count, b.count) where a[index] != b[index] { return a[index] < b[index] ? -1 : 1 }
        return a.count - b.count
    }

    /// Whether the texts are the same under the collation.
    package static func equal(_ a: UnsafeBufferPointer<UInt8>, _ b: UnsafeBufferPointer<UInt8>) -> Bool {
        compare(a, b) == 0
    }

    /// The first eight bytes of the folded text, the first one highest, padded with zeros: compares as the texts do, but
    /// for ties.
    package static func prefixKey(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
        if bytes.count >= 8, let base = bytes.baseAddress {
            let word = load(base)
            if isASCII(word) { return lowercased(word).byteSwapped }
        }
        var cursor = FoldCursor(bytes, from: 0)
        var key: UInt64 = 0
        for shift in stride(from: UInt64(56), through: 0, by: -8) {
            let byte = cursor.next()
            if byte < 0 { break }
            key |= UInt64(byte) << shift
        }
        return key
    }

    /// The first sixteen bytes of the folded text, the first one highest, padded with zeros.
    package static func prefixKey128(_ bytes: UnsafeRawBufferPointer) -> UInt128 {
        guard let base = bytes.asBytes.baseAddress else { return 0 }
        let first = tail(base, 0, bytes.count)
        let second = bytes.count > 8 ? tail(base, 8, bytes.count) : 0
        guard isASCII(first | second) else { return foldedPrefixKey128(bytes) }
        return UInt128(lowercased(first).byteSwapped) << 64 | UInt128(lowercased(second).byteSwapped)
    }

    private static func foldedPrefixKey128(_ bytes: UnsafeRawBufferPointer) -> UInt128 {
        var cursor = FoldCursor(bytes.asBytes, from: 0)
        var key: UInt128 = 0
        for shift in stride(from: 120, through: 0, by: -8) {
            let byte = cursor.next()
            if byte < 0 { break }
            key |= UInt128(byte) << UInt128(shift)
        }
        return key
    }

    /// Appends the folded text. Complexity: O(n); a scalar folds to at most 18.
    package static func fold(_ bytes: UnsafeBufferPointer<UInt8>, into folded: inout [UInt8]) {
        var cursor = FoldCursor(bytes, from: 0)
        while true {
            let byte = cursor.next()
            if byte < 0 { return }
            folded.append(UInt8(truncatingIfNeeded: byte))
        }
    }

    /// Whether the text is ASCII, so that folding changes nothing but the case of letters.
    package static func isASCII(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let base = bytes.baseAddress else { return true }
        var all: UInt64 = 0
        var offset = 0
        while offset + 8 <= bytes.count {
            all |= load(base + offset)
            offset += 8
        }
        return isASCII(all | tail(base, offset, bytes.count))
    }

    /// Writes the folded form of an ASCII text, which is as long, to `folded`, eight bytes at a time: up to seven bytes
    /// behind the end are written too.
    package static func foldASCII(_ bytes: UnsafeBufferPointer<UInt8>, into folded: UnsafeMutablePointer<UInt8>) {
        guard let base = bytes.baseAddress else { return }
        for offset in stride(from: 0, to: bytes.count, by: 8) {
            let word = lowercased(tail(base, offset, bytes.count)).littleEndian
            UnsafeMutableRawPointer(folded + offset).storeBytes(of: word, as: UInt64.self)
        }
    }
}

extension Collation {
    static let multiplier: UInt64 = 0x9E37_79B9_7F4A_7C15

    /// A 64-bit hash of the folded text, the same on every machine. `seed` keeps clients who choose the texts from
    /// choosing the collisions; tables of one process may share one seed.
    ///
    /// The folded bytes are taken eight at a time, whatever they were before folding: each step is a 64×64→128-bit
    /// multiplication with its halves added by exclusive or.
    package static func hash(_ bytes: UnsafeBufferPointer<UInt8>, seed: UInt64) -> UInt64 {
        // The general way below, for a text that turns out to be ASCII: nothing is ever pending but the tail.
        if let base = bytes.baseAddress {
            var state = seed ^ hashStart
            var offset = 0
            var all: UInt64 = 0
            while offset + 8 <= bytes.count {
                let word = load(base + offset)
                all |= word
                state = mixed(state ^ lowercased(word), multiplier)
                offset += 8
            }
            let word = offset < bytes.count ? tail(base, offset, bytes.count) : 0
            if isASCII(all | word) {
                return mixed(mixed(state ^ lowercased(word), multiplier) ^ UInt64(bytes.count), hashEnd)
            }
        }
        return foldedHash(bytes, seed: seed)
    }

    static let hashStart: UInt64 = 0xA076_1D64_78BD_642F
    static let hashEnd: UInt64 = 0xE703_7ED1_A0B4_28DB

    private static func foldedHash(_ bytes: UnsafeBufferPointer<UInt8>, seed: UInt64) -> UInt64 {
        var state = seed ^ hashStart
        var pending: UInt64 = 0
        var pendingBits: UInt64 = 0
        var total: UInt64 = 0
        var cursor = FoldCursor(bytes, from: 0)
        while true {
            if let word = cursor.nextASCIIWord() {
                state = mixed(state ^ pending ^ (word << pendingBits), multiplier)
                // In two steps, since a shift by 64 would leave the word as it is.
                pending = (word >> 1) >> (63 - pendingBits)
                total &+= 8
                continue
            }
            if let (word, count) = cursor.nextASCIITail() {
                pending |= word << pendingBits
                total &+= UInt64(count)
                if pendingBits + UInt64(8 * count) >= 64 {
                    state = mixed(state ^ pending, multiplier)
                    pending = (word >> 1) >> (63 - pendingBits)
                }
                break
            }
            let byte = cursor.next()
            if byte < 0 { break }
            pending |= UInt64(byte) << pendingBits
            pendingBits += 8
            total &+= 1
            if pendingBits == 64 {
                state = mixed(state ^ pending, multiplier)
                pending = 0
                pendingBits = 0
            }
        }
        return mixed(mixed(state ^ pending, multiplier) ^ total, hashEnd)
    }

    @inline(__always)
    static func mixed(_ a: UInt64, _ b: UInt64) -> UInt64 {
        // Zero would stay zero for every following word.
        let product = (a == 0 ? b : a).multipliedFullWidth(by: b)
        return product.high ^ product.low
    }
}

extension Collation {
    @inline(__always)
    static func load(_ base: UnsafePointer<UInt8>) -> UInt64 {
        UInt64(littleEndian: UnsafeRawPointer(base).loadUnaligned(as: UInt64.self))
    }

    /// The bytes from `offset` to `count`, at most eight, the first one lowest, padded with zeros.
    @inline(__always)
    static func tail(_ base: UnsafePointer<UInt8>, _ offset: Int, _ count: Int) -> UInt64 {
        let rest = count - offset
        if rest >= 8 { return load(base + offset) }
        // The last eight bytes of a longer text contain the wanted ones at their end. (In two steps: a shift by 64 would
        // leave the word as it is.)
        if count >= 8 { return (load(base + count - 8) >> 8) >> UInt64(8 * (7 - rest)) }
        var word: UInt64 = 0
        for index in 0..<rest { word |= UInt64(base[offset + index]) << UInt64(8 * index) }
        return word
    }

    @inline(__always)
    static func isASCII(_ word: UInt64) -> Bool { word & 0x8080_8080_8080_8080 == 0 }

    /// Eight ASCII bytes in lower case. Adding 0x3F carries into the top bit from `A` on, adding 0x25 from `[` on.
    @inline(__always)
    static func lowercased(_ word: UInt64) -> UInt64 {
        let fromA = word &+ 0x3F3F_3F3F_3F3F_3F3F
        let fromBracket = word &+ 0x2525_2525_2525_2525
        return word | ((fromA & ~fromBracket & 0x8080_8080_8080_8080) >> 2)
    }

    /// How many bytes at the start of both are the same ASCII but for case, and the order where ASCII already decides.
    @inline(__always)
    private static func commonASCII(
        _ a: UnsafeBufferPointer<UInt8>,
        _ b: UnsafeBufferPointer<UInt8>
    ) -> (count: Int, order: Int?) {
        guard let left = a.baseAddress, let right = b.baseAddress else { return (0, nil) }
        let count = min(a.count, b.count)
        var offset = 0
        while offset + 8 <= count {
            let (x, y) = (load(left + offset), load(right + offset))
            guard isASCII(x | y) else { break }
            let (p, q) = (lowercased(x), lowercased(y))
            if p != q { return (offset, p.byteSwapped < q.byteSwapped ? -1 : 1) }
            offset += 8
        }
        // What is left, padded with zeros: a text that ends comes before one that goes on.
        let (x, y) = (tail(left, offset, a.count), tail(right, offset, b.count))
        guard isASCII(x | y) else { return (offset, nil) }
        let (p, q) = (lowercased(x), lowercased(y))
        if p != q { return (offset, p.byteSwapped < q.byteSwapped ? -1 : 1) }
        // Equal with different lengths is possible only with zero bytes in the text.
        return a.count == b.count && a.count - offset <= 8 ? (offset, 0) : (offset, nil)
    }
}

/// Yields the folded bytes of a text one after another.
package struct FoldCursor {
    private let base: UnsafePointer<UInt8>?
    private let count: Int
    private var offset: Int
    // What is left of the last scalar's folded form: up to eight bytes in a word, the rest in the table or the text.
    private var pending: UnsafePointer<UInt8>?
    private var pendingCount = 0
    private var hangul: UInt64 = 0
    private var hangulTail: UInt8 = 0

    /// Begins at a byte offset, which must be the start of a scalar.
    package init(_ bytes: UnsafeBufferPointer<UInt8>, from offset: Int) {
        base = bytes.baseAddress
        count = bytes.count
        self.offset = offset
    }

    /// The next folded byte, or -1 at the end.
    @inline(__always)
    package mutating func next() -> Int {
        if pendingCount == 0, offset < count, let base {
            let byte = base[offset]
            if byte < 0x80 {
                offset += 1
                // `A` to `Z` are 26 values from 0x41.
                return Int(byte &- 0x41 < 26 ? byte | 0x20 : byte)
            }
        }
        return nextSlow()
    }

    /// Eight folded bytes at once, the first one lowest, when the next eight bytes are ASCII and nothing is pending.
    @inline(__always)
    fileprivate mutating func nextASCIIWord() -> UInt64? {
        guard pendingCount == 0, offset + 8 <= count, let base else { return nil }
        let word = Collation.load(base + offset)
        guard Collation.isASCII(word) else { return nil }
        offset += 8
        return Collation.lowercased(word)
    }

    /// The last one to seven folded bytes when they are ASCII and nothing is pending.
    @inline(__always)
    fileprivate mutating func nextASCIITail() -> (word: UInt64, count: Int)? {
        let rest = count - offset
        guard pendingCount == 0, rest > 0, rest < 8, let base else { return nil }
        let word = Collation.tail(base, offset, count)
        guard Collation.isASCII(word) else { return nil }
        offset = count
        return (Collation.lowercased(word), rest)
    }

    @inline(never)
    private mutating func nextSlow() -> Int {
        while pendingCount == 0 {
            guard offset < count, let base else { return -1 }
            let byte = base[offset]
            if byte < 0x80 {
                offset += 1
                return Int(byte &- 0x41 < 26 ? byte | 0x20 : byte)
            }
            let (scalar, length) = Self.decode(base + offset, count - offset)
            let start = base + offset
            offset += length
            guard scalar != 0 else { return Int(byte) }
            if scalar >= 0xAC00, scalar <= 0xD7A3 {
                decomposeHangul(scalar)
            } else if let folded = CollationTables.shared.folded(scalar) {
                pending = folded.baseAddress
                pendingCount = folded.count
            } else {
                pending = start
                pendingCount = length
            }
        }
        pendingCount -= 1
        if let next = pending {
            pending = next + 1
            return Int(next.pointee)
        }
        let byte = pendingCount == 0 ? hangulTail : UInt8(truncatingIfNeeded: hangul)
        hangul >>= 8
        return Int(byte)
    }

    /// A syllable is its leading consonant, vowel and perhaps trailing consonant: three bytes each. Up to eight bytes stand
    /// in `hangul`; the last byte, whichever it is, stands in `hangulTail`.
    private mutating func decomposeHangul(_ scalar: UInt32) {
        let index = scalar - 0xAC00
        let parts = (0x1100 + index / 588, 0x1161 + index % 588 / 28, 0x11A7 + index % 28)
        func encoded(_ scalar: UInt32) -> UInt64 {
            UInt64(0xE0 | scalar >> 12) | UInt64(0x80 | scalar >> 6 & 0x3F) << 8 | UInt64(0x80 | scalar & 0x3F) << 16
        }
        pending = nil
        hangul = encoded(parts.0) | encoded(parts.1) << 24
        if parts.2 == 0x11A7 {
            pendingCount = 6
            hangulTail = UInt8(truncatingIfNeeded: hangul >> 40)
        } else {
            pendingCount = 9
            let last = encoded(parts.2)
            hangul |= last << 48
            hangulTail = UInt8(truncatingIfNeeded: last >> 16)
        }
    }

    /// The scalar at `bytes`, of which `count` (at least 1) can be read, and its length; scalar 0 and length 1 where
    /// the bytes are not UTF-8.
    private static func decode(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> (scalar: UInt32, length: Int) {
        let first = UInt32(bytes[0])
        func continuation(_ index: Int) -> UInt32? {
            guard index < count, bytes[index] & 0xC0 == 0x80 else { return nil }
            return UInt32(bytes[index] & 0x3F)
        }
        if first >= 0xC2, first < 0xE0, let a = continuation(1) { return ((first & 0x1F) << 6 | a, 2) }
        if first >= 0xE0, first < 0xF0, let a = continuation(1), let b = continuation(2) {
            let scalar = (first & 0x0F) << 12 | a << 6 | b
            if scalar >= 0x800, scalar < 0xD800 || scalar > 0xDFFF { return (scalar, 3) }
        }
        if first >= 0xF0, first < 0xF5, let a = continuation(1), let b = continuation(2), let c = continuation(3) {
            let scalar = (first & 0x07) << 18 | a << 12 | b << 6 | c
            if scalar >= 0x10000, scalar <= 0x10FFFF { return (scalar, 4) }
        }
        return (0, 1)
    }
}
