// The key of an ordered text index, straight from a block: a restore computes millions.

extension Collation {
    /// As `prefixKey128` of a valid text; a short one is read as it stands in its slot.
    @inline(__always)
    static func prefixKey128(_ head: BlockHead, _ index: Int) -> UInt128 {
        let slot = TextSlot(word: head.values.load(fromByteOffset: index * 8, as: UInt64.self))
        let bytes = slot.word >> 8
        if slot.isInline, isASCII(bytes) { return UInt128(lowercased(bytes).byteSwapped) << 64 }
        return prefixKey128(head.text(index))
    }
}
