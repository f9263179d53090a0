// The collation that a column declares, or a comparison takes from what it compares.
//
// Each collation keeps what Collation.swift guarantees: equal texts have equal hashes and equal prefix keys, and
// prefixKey128(a) < prefixKey128(b) ⇒ compare(a, b) < 0. An exact text is its bytes, so that equal means identical and nothing is
// left to break ties by.

extension Collation {
    /// What it is called in files.
    package var name: String { "\(self)" }

    /// How two texts are compared of which each has its collation: exactly when either is exact. Who declares that case
    /// matters does not want to find what differs by it; constants and computed texts are general and so say nothing.
    @inline(__always)
    func joined(with other: Collation) -> Collation { self == .exact || other == .exact ? .exact : .general }

    /// Negative, zero or positive as `a` comes before, is equal to or comes after `b`. O(n).
    @inline(__always)
    package func compare(_ a: UnsafeBufferPointer<UInt8>, _ b: UnsafeBufferPointer<UInt8>) -> Int {
        self == .general ? Collation.compare(a, b) : Collation.compareBytes(a, b)
    }

    /// As `compare`; texts that are equal and not identical are ordered by their bytes.
    @inline(__always)
    package func compareWithTieBreak(_ a: UnsafeBufferPointer<UInt8>, _ b: UnsafeBufferPointer<UInt8>) -> Int {
        self == .general ? Collation.compareWithTieBreak(a, b) : Collation.compareBytes(a, b)
    }

    /// Whether the texts are the same.
    @inline(__always)
    package func equal(_ a: UnsafeBufferPointer<UInt8>, _ b: UnsafeBufferPointer<UInt8>) -> Bool {
        self == .general ? Collation.equal(a, b) : a.count == b.count && Collation.compareBytes(a, b) == 0
    }

    /// A 64-bit hash, the same on every machine; that of another collation is another function.
    @inline(__always)
    package func hash(_ bytes: UnsafeBufferPointer<UInt8>, seed: UInt64) -> UInt64 {
        self == .general ? Collation.hash(bytes, seed: seed) : Collation.hashBytes(bytes, seed: seed)
    }

    /// The first sixteen bytes that are compared, the first one highest, padded with zeros.
    @inline(__always)
    package func prefixKey128(_ bytes: UnsafeRawBufferPointer) -> UInt128 {
        self == .general ? Collation.prefixKey128(bytes) : Collation.bytePrefix128(bytes)
    }

    /// As `prefixKey128` of a valid text of a block: a restore computes millions.
    @inline(__always)
    func prefixKey128(_ head: BlockHead, _ index: Int) -> UInt128 {
        self == .general ? Collation.prefixKey128(head, index) : Collation.bytePrefix128(head.text(index))
    }

    private static func bytePrefix128(_ bytes: UnsafeRawBufferPointer) -> UInt128 {
        guard let base = bytes.asBytes.baseAddress else { return 0 }
        let first = tail(base, 0, bytes.count)
        let second = bytes.count > 8 ? tail(base, 8, bytes.count) : 0
        return UInt128(first.byteSwapped) << 64 | UInt128(second.byteSwapped)
    }

    /// The steps of `hash` on the bytes as they are.
    private static func hashBytes(_ bytes: UnsafeBufferPointer<UInt8>, seed: UInt64) -> UInt64 {
        var state = seed ^ hashStart
        guard let base = bytes.baseAddress else { return mixed(state, hashEnd) }
        for offset in stride(from: 0, to: bytes.count, by: 8) {
            state = mixed(state ^ tail(base, offset, bytes.count), multiplier)
        }
        return mixed(state ^ UInt64(bytes.count), hashEnd)
    }
}
