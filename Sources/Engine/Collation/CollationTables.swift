// The folding table as it is used: two steps from a scalar to its folded bytes, built once from `FoldingTable.tokens`.
//
//   pages[scalar >> 7]                    number of a page of 128 entries; page 0 is empty
//   entries[page * 128 + (scalar & 127)]  0: folds to itself; else offset << 8 | length + 1 of its bytes in `folded`

/// The decoded folding table: immutable, shared by all threads, alive as long as the process.
struct CollationTables: Sendable {
    private let pages: [UInt16]
    private let entries: [UInt32]
    // Cursors keep pointers into it, so its address must not depend on a reference.
    private let folded: FoldedBytes

    private struct FoldedBytes: @unchecked Sendable {
        // Unchecked: written before it is shared, never again, never freed.
        let base: UnsafePointer<UInt8>
    }

    static let shared = CollationTables()

    /// Bytes that the scalar folds to (perhaps none), or nil when it folds to itself.
    @inline(__always)
    func folded(_ scalar: UInt32) -> UnsafeBufferPointer<UInt8>? {
        let entry = entries[Int(pages[Int(scalar >> 7)]) << 7 | Int(scalar & 127)]
        guard entry != 0 else { return nil }
        return UnsafeBufferPointer(start: folded.base + Int(entry >> 8), count: Int(entry & 0xFF) - 1)
    }

    private init() {
        var pages = [UInt16](repeating: 0, count: 0x110000 >> 7)
        var entries = [UInt32](repeating: 0, count: 128)
        var bytes: [UInt8] = []

        func add(_ scalar: UInt32, _ scalars: some Sequence<UInt32>) {
            let start = bytes.count
            for scalar in scalars {
                guard let scalar = Unicode.Scalar(scalar) else { preconditionFailure("folding table: not a scalar") }
                bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            }
            let page = Int(scalar >> 7)
            if pages[page] == 0 {
                pages[page] = UInt16(entries.count >> 7)
                entries.append(contentsOf: repeatElement(0, count: 128))
            }
            entries[Int(pages[page]) << 7 | Int(scalar & 127)] = UInt32(start << 8 | (bytes.count - start + 1))
        }

        var reader = TokenReader(FoldingTable.tokens)
        var scalar: UInt32 = 0x80
        while !reader.isAtEnd {
            scalar += reader.number()
            let kind = reader.byte()
            let first = reader.number()
            switch kind {
            case UInt8(ascii: "-"):
                for offset in 0..<first { add(scalar + offset, EmptyCollection()) }
                scalar += first
            case UInt8(ascii: "="):
                var scalars = [first]
                while !reader.isAtTokenEnd {
                    _ = reader.byte()
                    scalars.append(reader.number())
                }
                add(scalar, scalars)
                scalar += 1
            default:
                let step: UInt32 = kind == UInt8(ascii: "*") ? 2 : 1
                _ = reader.byte()
                let target = reader.number()
                for index in 0..<first { add(scalar + index * step, CollectionOfOne(target + index * step)) }
                scalar += (first - 1) * step + 1
            }
            if !reader.isAtEnd { _ = reader.byte() }
        }

        let storage = UnsafeMutablePointer<UInt8>.allocate(capacity: bytes.count)
        storage.initialize(from: bytes, count: bytes.count)
        self.pages = pages
        self.entries = entries
        folded = FoldedBytes(base: storage)
    }
}

/// Reads the tokens of the generated table, whose form the generator guarantees.
private struct TokenReader {
    private let base: UnsafePointer<UInt8>
    private let count: Int
    private var offset = 0

    init(_ text: StaticString) {
        base = text.utf8Start
        count = text.utf8CodeUnitCount
    }

    var isAtEnd: Bool { offset == count }
    var isAtTokenEnd: Bool { offset == count || base[offset] == UInt8(ascii: " ") }

    mutating func byte() -> UInt8 {
        precondition(offset < count)
        offset += 1
        return base[offset - 1]
    }

    /// A number in base 36.
    mutating func number() -> UInt32 {
        var value: UInt32 = 0
        while offset < count {
            let digit: UInt8
            switch base[offset] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = base[offset] - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "z"): digit = base[offset] - UInt8(ascii: "a") + 10
            default: return value
            }
            value = value * 36 + UInt32(digit)
            offset += 1
        }
        return value
    }
}
