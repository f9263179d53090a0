// 8,192 rows of a table: one optional block per column. A column that is null in every row of a chunk has no block, so a
// wide, mostly empty entity costs what it holds.
//
// Chunks of 65,536 rows scan a single eight-byte column about 1.4 times faster (contiguous memory), but chunk and block of
// one size need one index fewer on every point read and make the chunk itself the unit that views pin. See
// docs/architecture.md.

/// Thread rule as for `Block`: mutable only while one reference exists, and then only by the writer.
package final class Chunk: @unchecked Sendable {
    package let columnCount: Int
    /// One for each column. Plain memory and no array, since every value that is written goes through it.
    private let blocks: UnsafeMutablePointer<Block?>
    /// Per column a copy of the block's head (zero pointers where there is no block), so that a point read follows
    /// pointers without counting references.
    let heads: UnsafeMutablePointer<BlockHead?>

    package init(columnCount: Int) {
        self.columnCount = columnCount
        blocks = .allocate(capacity: columnCount)
        blocks.initialize(repeating: nil, count: columnCount)
        heads = .allocate(capacity: columnCount)
        heads.initialize(repeating: nil, count: columnCount)
    }

    private init(copying other: Chunk, columnCount: Int) {
        self.columnCount = columnCount
        let added = columnCount - other.columnCount
        blocks = .allocate(capacity: columnCount)
        blocks.initialize(from: other.blocks, count: other.columnCount)
        (blocks + other.columnCount).initialize(repeating: nil, count: added)
        heads = .allocate(capacity: columnCount)
        heads.initialize(from: other.heads, count: other.columnCount)
        (heads + other.columnCount).initialize(repeating: nil, count: added)
    }

    deinit {
        blocks.deinitialize(count: columnCount)
        blocks.deallocate()
        heads.deallocate()
    }

    package func copy() -> Chunk { Chunk(copying: self, columnCount: columnCount) }

    /// A copy with more columns, null in every row.
    package func widened(to columnCount: Int) -> Chunk {
        precondition(columnCount >= self.columnCount)
        return Chunk(copying: self, columnCount: columnCount)
    }

    package func block(_ column: Int) -> Block? {
        precondition(column < columnCount)
        return blocks[column]
    }

    /// Head of the column's block; nil when all its values are null.
    @inline(__always)
    package func head(_ column: Int) -> BlockHead? {
        assert(column < columnCount)
        return heads[column]
    }

    /// Runs `body` on the column's block, unshared and with room for `capacity` values; makes the block when there is none.
    @inline(__always)
    package func withMutableBlock(_ column: Int, layout: ColumnLayout, capacity: Int, _ body: (Block) -> Void) {
        precondition(column < columnCount)
        if heads[column] == nil {
            blocks[column] = Block(layout: layout, capacity: capacity)
        } else if !isKnownUniquelyReferenced(&blocks[column]) {
            blocks[column] = blocks[column]!.copy()
        }
        // Lent without being counted: it stands in `blocks` all the while, since `body` cannot reach the chunk. Read as what it
        // is in memory, an address, since reading it as a reference would count it.
        guard let lent = UnsafeRawPointer(blocks + column).load(as: Unmanaged<Block>?.self) else {
            preconditionFailure("a column without the block that was just made")
        }
        lent._withUnsafeGuaranteedRef { block in
            block.reserve(capacity)
            body(block)
            heads[column] = block.head
        }
    }

    /// Writes a number, in stored form, of a column that is not text.
    @inline(__always)
    func setNumber(_ column: Int, _ layout: ColumnLayout, _ index: Int, _ number: Int64) {
        withMutableBlock(column, layout: layout, capacity: index + 1) { $0.setNumber(index, number) }
    }

    /// Makes a value null.
    @inline(__always)
    func setNull(_ column: Int, _ layout: ColumnLayout, _ index: Int) {
        guard heads[column] != nil else { return }
        withMutableBlock(column, layout: layout, capacity: 0) { $0.setNull(index) }
    }

    /// Takes a block out: its column is null in every row.
    func removeBlock(_ column: Int) {
        precondition(column < columnCount)
        blocks[column] = nil
        heads[column] = nil
    }

    /// Puts a finished block in place.
    package func setBlock(_ column: Int, _ block: Block) {
        precondition(column < columnCount)
        blocks[column] = block
        heads[column] = block.head
    }
}
