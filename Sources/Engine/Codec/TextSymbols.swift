// Compression for many texts that resemble one another: names, addresses, numbers in one format. Up to 255 pieces of one to
// eight bytes that are frequent, the symbols, are written as codes of one byte. Found in a sample beforehand, so that every
// block of a column uses the same list and blocks are independent. After Boncz, Neumann and Leis, "FSST: fast random access
// string compression", VLDB 2020.
//
// Reading is one table look-up and one store of eight bytes a code, about 2 GB/s; a general compressor finds a third more to
// save in such texts and reads them at 0.8 GB/s.
//
//   u8  symbols       0 to 255
//   …                 their lengths of one byte each, 1 to 8; then their bytes
//   u32 bytes of codes
//   …                 codes: the number of a symbol, or 255 and a byte that stands for itself

/// A list of symbols and what finds them in a text. Immutable.
package struct TextSymbols: Sendable {
    private static let countMax = 255
    private static let lengthMax = 8
    private static let escape: UInt8 = 255
    /// Below this a list costs more than it saves.
    private static let sampleBytesMin = 512
    /// Symbols grow by joining two of the round before: three rounds reach eight bytes, the others choose better.
    private static let rounds = 5

    private let symbols: [Symbol]
    private let lookup: Lookup

    /// Finds the symbols of a sample; nil where the sample is too small to tell.
    package init?(sample: [UInt8]) {
        guard sample.count >= TextSymbols.sampleBytesMin else { return nil }
        var found: [Symbol] = []
        for round in 1...TextSymbols.rounds {
            found = TextSymbols.improved(found, sample, joining: round < TextSymbols.rounds)
        }
        symbols = found
        lookup = Lookup(found)
    }

    private struct Symbol: Hashable {
        /// The bytes, the first one lowest; zero behind the last.
        var word: UInt64
        var length: Int

        static func byte(_ byte: UInt8) -> Symbol { Symbol(word: UInt64(byte), length: 1) }

        func joined(_ next: Symbol) -> Symbol? {
            guard length + next.length <= TextSymbols.lengthMax else { return nil }
            return Symbol(word: word | next.word << UInt64(8 * length), length: length + next.length)
        }
    }

    // MARK: Finding symbols

    /// The symbols that would save most: of those in use, single bytes, and pairs of either.
    private static func improved(_ symbols: [Symbol], _ sample: [UInt8], joining: Bool) -> [Symbol] {
        let lookup = Lookup(symbols)
        // Numbers of symbols, and from 256 on bytes.
        let width = 512
        var counts = [Int](repeating: 0, count: width)
        var pairCounts = [UInt32](repeating: 0, count: width * width)
        var pairs: [Int] = []
        var offset = 0
        var previous: Int?
        while offset < sample.count {
            let match = lookup.match(TextSymbols.word(sample, offset), sample.count - offset)
            let current = match.code == escape ? 256 + Int(sample[offset]) : Int(match.code)
            counts[current] += 1
            if joining, let previous {
                let pair = previous * width + current
                if pairCounts[pair] == 0 { pairs.append(pair) }
                pairCounts[pair] += 1
            }
            previous = current
            offset += match.length
        }
        func symbol(_ number: Int) -> Symbol { number < 256 ? symbols[number] : .byte(UInt8(number - 256)) }
        var gains: [Symbol: Int] = [:]
        for (number, count) in counts.enumerated() where count > 0 {
            let symbol = symbol(number)
            // A byte without a symbol takes two codes, and rarely found ones add up.
            gains[symbol, default: 0] += count * (symbol.length == 1 ? 8 : symbol.length)
        }
        for pair in pairs {
            guard let joined = symbol(pair / width).joined(symbol(pair % width)) else { continue }
            gains[joined, default: 0] += Int(pairCounts[pair]) * joined.length
        }
        // The order is total: the same sample gives the same symbols.
        let ranked = gains.sorted { a, b in
            (a.value, a.key.length, a.key.word) > (b.value, b.key.length, b.key.word)
        }
        return ranked.prefix(countMax).map(\.key)
    }

    /// The eight bytes from an offset on, the first one lowest; zeros behind the end.
    private static func word(_ bytes: [UInt8], _ offset: Int) -> UInt64 {
        var word: UInt64 = 0
        for index in 0..<min(8, bytes.count - offset) { word |= UInt64(bytes[offset + index]) << UInt64(8 * index) }
        return word
    }

    // MARK: Writing

    /// The bytes as codes behind the list of symbols; nil where that does not save a tenth, or where the number of codes, at
    /// most two a byte, might not fit its field.
    func encoded(_ bytes: UnsafeRawBufferPointer) -> [UInt8]? {
        guard let base = bytes.baseAddress, bytes.count >= TextSymbols.sampleBytesMin,
            bytes.count <= Int(UInt32.max) / 2
        else { return nil }
        var list: [UInt8] = [UInt8(symbols.count)]
        for symbol in symbols { list.append(UInt8(symbol.length)) }
        for symbol in symbols {
            for index in 0..<symbol.length { list.append(UInt8(truncatingIfNeeded: symbol.word >> UInt64(8 * index))) }
        }
        let headBytes = list.count + 4
        let limit = bytes.count - bytes.count / 10
        let coded = [UInt8](unsafeUninitializedCapacity: headBytes + 2 * bytes.count) { buffer, count in
            list.withUnsafeBytes { UnsafeMutableRawBufferPointer(buffer).copyMemory(from: $0) }
            var used = headBytes
            var offset = 0
            while offset < bytes.count {
                let left = bytes.count - offset
                var word: UInt64 = 0
                if left >= 8 {
                    word = UInt64(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
                } else {
                    for index in 0..<left { word |= UInt64(bytes[offset + index]) << UInt64(8 * index) }
                }
                let match = lookup.match(word, left)
                buffer[used] = match.code
                used += 1
                if match.code == TextSymbols.escape {
                    buffer[used] = UInt8(truncatingIfNeeded: word)
                    used += 1
                }
                offset += match.length
            }
            UnsafeMutableRawBufferPointer(buffer).storeBytes(
                of: UInt32(used - headBytes).littleEndian,
                toByteOffset: list.count,
                as: UInt32.self
            )
            count = used
        }
        return coded.count <= limit ? coded : nil
    }

    // MARK: Reading

    /// What a code stands for: its bytes, and their number; `unknown` for codes without a symbol.
    private struct Entry {
        static let unknown: UInt64 = 1 << 8
        var word: UInt64 = 0
        var length: UInt64 = Entry.unknown
    }

    /// Reads exactly `byteCount` bytes into the memory that `target` gives once it is known that they may be there.
    static func decode(
        from reader: inout ByteReader,
        _ byteCount: Int,
        into target: () -> UnsafeMutableRawPointer
    ) throws(DecodeError) {
        let at = reader.offset
        let symbolCount = Int(try reader.u8())
        let lengths = try reader.take(symbolCount)
        var entries = [Entry](repeating: Entry(), count: 256)
        for number in 0..<symbolCount {
            let length = Int(lengths.load(fromByteOffset: number, as: UInt8.self))
            guard 1...lengthMax ~= length else { throw DecodeError("a symbol of \(length) bytes", at: at) }
            let bytes = try reader.take(length)
            var word: UInt64 = 0
            for index in 0..<length {
                word |= UInt64(bytes.load(fromByteOffset: index, as: UInt8.self)) << UInt64(8 * index)
            }
            entries[number] = Entry(word: word, length: UInt64(length))
        }
        let codeCount = Int(try reader.u32())
        let codes = try reader.take(codeCount)
        guard byteCount <= codeCount * lengthMax else { throw DecodeError("too few codes", at: at) }
        let isWhole = entries.withUnsafeBufferPointer { entries in
            expand(codes, codeCount, entries, into: target(), byteCount)
        }
        guard isWhole else { throw DecodeError("codes of other texts", at: at) }
    }

    /// Writes what the codes stand for; false where that is not exactly `byteCount` bytes, or a code stands for nothing.
    private static func expand(
        _ codes: UnsafeRawPointer,
        _ codeCount: Int,
        _ entries: UnsafeBufferPointer<Entry>,
        into target: UnsafeMutableRawPointer,
        _ byteCount: Int
    ) -> Bool {
        var read = 0
        var written = 0
        // Four codes write at most 32 bytes, each store eight, whatever the length.
        while read + 4 <= codeCount, written + 32 <= byteCount {
            let four = UInt32(littleEndian: codes.loadUnaligned(fromByteOffset: read, as: UInt32.self))
            let inverse = ~four
            if (inverse &- 0x0101_0101) & four & 0x8080_8080 == 0 {
                let a = entries[Int(four & 0xFF)]
                let b = entries[Int(four >> 8 & 0xFF)]
                let c = entries[Int(four >> 16 & 0xFF)]
                let d = entries[Int(four >> 24)]
                guard (a.length | b.length | c.length | d.length) < Entry.unknown else { return false }
                (target + written).storeBytes(of: a.word.littleEndian, as: UInt64.self)
                written &+= Int(truncatingIfNeeded: a.length)
                (target + written).storeBytes(of: b.word.littleEndian, as: UInt64.self)
                written &+= Int(truncatingIfNeeded: b.length)
                (target + written).storeBytes(of: c.word.littleEndian, as: UInt64.self)
                written &+= Int(truncatingIfNeeded: c.length)
                (target + written).storeBytes(of: d.word.littleEndian, as: UInt64.self)
                written &+= Int(truncatingIfNeeded: d.length)
                read += 4
            } else if !expandOne(codes, codeCount, entries, target, byteCount, &read, &written) {
                return false
            }
        }
        while read < codeCount {
            if !expandOne(codes, codeCount, entries, target, byteCount, &read, &written) { return false }
        }
        return written == byteCount
    }

    @inline(__always)
    private static func expandOne(
        _ codes: UnsafeRawPointer,
        _ codeCount: Int,
        _ entries: UnsafeBufferPointer<Entry>,
        _ target: UnsafeMutableRawPointer,
        _ byteCount: Int,
        _ read: inout Int,
        _ written: inout Int
    ) -> Bool {
        let code = codes.load(fromByteOffset: read, as: UInt8.self)
        read += 1
        if code == escape {
            guard read < codeCount, written < byteCount else { return false }
            target.storeBytes(
                of: codes.load(fromByteOffset: read, as: UInt8.self),
                toByteOffset: written,
                as: UInt8.self
            )
            read += 1
            written += 1
            return true
        }
        let entry = entries[Int(code)]
        let length = Int(truncatingIfNeeded: entry.length)
        guard entry.length < Entry.unknown, length <= byteCount - written else { return false }
        for index in 0..<length {
            let byte = UInt8(truncatingIfNeeded: entry.word >> UInt64(8 * index))
            target.storeBytes(of: byte, toByteOffset: written + index, as: UInt8.self)
        }
        written += length
        return true
    }

    // MARK: Finding the longest symbol

    /// Symbols by their first bytes. Of longer ones that begin alike or meet in the table, the first in the list is found.
    private struct Lookup: Sendable {
        private struct Long {
            var word: UInt64 = 1
            /// No word is 1 without its lowest bit: nothing matches.
            var mask: UInt64 = 0
            var code: UInt8 = 0
            var length: UInt8 = 0
        }

        private static let longBits: UInt32 = 11
        /// By hash of the first three bytes: one symbol of at least three.
        private var long = [Long](repeating: Long(), count: 1 << Int(longBits))
        /// By the first two bytes: code and, in the upper half, length of a symbol of two bytes, or of one, or the escape.
        private var short: [UInt16]
        private var single: [UInt16]

        init(_ symbols: [Symbol]) {
            single = Array(repeating: UInt16(TextSymbols.escape) | 1 << 8, count: 256)
            for (code, symbol) in symbols.enumerated() where symbol.length == 1 {
                single[Int(symbol.word)] = UInt16(code) | 1 << 8
            }
            short = []
            short.reserveCapacity(65_536)
            for _ in 0..<256 { short.append(contentsOf: single) }
            for (code, symbol) in symbols.enumerated() {
                if symbol.length == 2 { short[Int(symbol.word)] = UInt16(code) | 2 << 8 }
                guard symbol.length > 2 else { continue }
                let place = Lookup.hash(symbol.word)
                guard long[place].length == 0 else { continue }
                long[place] = Long(
                    word: symbol.word,
                    mask: .max >> UInt64(64 - 8 * symbol.length),
                    code: UInt8(code),
                    length: UInt8(symbol.length)
                )
            }
        }

        @inline(__always)
        private static func hash(_ word: UInt64) -> Int {
            Int(((UInt32(truncatingIfNeeded: word) & 0xFF_FFFF) &* 0x9E37_79B1) >> (32 - longBits))
        }

        /// The code for the start of a text of which eight bytes (or all, then zeros) stand in `word`, and how many bytes
        /// it stands for.
        @inline(__always)
        func match(_ word: UInt64, _ left: Int) -> (code: UInt8, length: Int) {
            let candidate = long[Lookup.hash(word)]
            if word & candidate.mask == candidate.word, Int(candidate.length) <= left {
                return (candidate.code, Int(candidate.length))
            }
            var entry = short[Int(word & 0xFFFF)]
            if Int(entry >> 8) > left { entry = single[Int(word & 0xFF)] }
            return (UInt8(truncatingIfNeeded: entry), Int(entry >> 8))
        }
    }
}
