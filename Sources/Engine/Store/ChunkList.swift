// A table's chunks in order, and beside them where each one's block heads stand, so that a point read follows two pointers and
// counts no reference.
//
// Invariant: `heads[i]` is the head array of `chunks[i]`, which keeps it where it is for life.

/// The chunks of a table. Value semantics: a copy shares the chunks, and the writer unshares those that it writes.
///
/// `@unchecked` because of the pointers, which lead into the chunks that stand beside them.
struct ChunkList: @unchecked Sendable {
    private var chunks: [Chunk] = []
    private var heads: [UnsafeMutablePointer<BlockHead?>] = []

    var count: Int { chunks.count }

    subscript(_ index: Int) -> Chunk { chunks[index] }

    mutating func append(_ chunk: Chunk) {
        chunks.append(chunk)
        heads.append(chunk.heads)
    }

    /// Heads of the chunk's blocks, by column; nil where all values are null. Valid until the chunk is written.
    @inline(__always)
    func heads(_ index: Int) -> UnsafeMutablePointer<BlockHead?> { heads[index] }

    /// The chunk, for writing: copied first when a view shares it.
    @inline(__always)
    mutating func unshared(_ index: Int) -> Chunk {
        if !isKnownUniquelyReferenced(&chunks[index]) {
            chunks[index] = chunks[index].copy()
            heads[index] = chunks[index].heads
        }
        return chunks[index]
    }
}
