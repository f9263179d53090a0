// Texts of a chunk that are too many for one part of an image: cut by rows into pieces that are blocks of their own, and put
// together again. A part of a snapshot has at most 64 MiB, and 8,192 texts may have 8 GiB.
//
// - A piece's texts take at most `pieceBytesMax`, or are one text. So there are at most 8,192 pieces, which is what the
//   thirteen bits of `ImagePart.index` above the chunk's number tell apart.
// - Pieces follow one another by rows, without a gap in their numbers.

extension ImagePart {
    /// Chunks are numbered in so many bits: 2³² rows in chunks of 8,192.
    private static let chunkBits: UInt32 = 19

    /// A piece of a column's block.
    init(entity: EntityID, column: Int, chunk: Int, piece: Int) {
        precondition(chunk < 1 << ImagePart.chunkBits && piece < Block.rowCount)
        self.init(
            kind: ImagePart.blockKind,
            entity: entity.rawValue,
            column: UInt32(column),
            index: UInt32(piece) << ImagePart.chunkBits | UInt32(chunk)
        )
    }

    /// The chunk that a block or a piece of one belongs to.
    package var chunk: Int { Int(index & (1 << ImagePart.chunkBits - 1)) }

    /// Number of a piece of a block; 0 where it is whole.
    package var piece: Int { Int(index >> ImagePart.chunkBits) }
}

extension Block {
    /// Bytes of the texts in a piece: some times what parts best have, so that only few blocks are cut, and little beside the
    /// memory that encoding takes anyway.
    private static let pieceBytesMax = 8 << 20

    /// The rows of the pieces that the block is to be written in: mostly one. O(1) then, O(rows) for long texts.
    func pieces() -> [Range<Int>] {
        // Texts outside the heap have seven bytes each at most.
        guard layout == .text, heapUsed > Block.pieceBytesMax else { return [0..<Block.rowCount] }
        var pieces: [Range<Int>] = []
        var start = 0
        var bytes = 0
        for row in 0..<capacity where head.isValid(row) {
            let length = head.text(row).count
            if bytes > 0, bytes + length > Block.pieceBytesMax {
                pieces.append(start..<row)
                start = row
                bytes = 0
            }
            bytes += length
        }
        return pieces + [start..<Block.rowCount]
    }

    /// Puts pieces together, in their order.
    static func joined(_ pieces: [Block]) throws(DecodeError) -> Block {
        var heapBytes = 0
        var end = 0
        for piece in pieces {
            let first = (0..<rowCount).first { piece.head.isValid($0) } ?? rowCount
            guard piece.layout == .text, first >= end else {
                throw DecodeError("pieces of a block that do not follow one another", at: 0)
            }
            heapBytes += piece.heapUsed
            end = max(end, piece.usedCount)
        }
        guard heapBytes < TextSlot.heapBytesMax else { throw DecodeError("\(heapBytes) bytes of texts", at: 0) }
        let block = Block(layout: .text, capacity: end)
        block.makeHeap(heapBytes)
        let slots = block.head.values.bindMemory(to: UInt64.self, capacity: block.capacity)
        var used = 0
        for piece in pieces {
            if piece.heapUsed > 0 {
                (block.head.heap + used).copyMemory(from: piece.head.heap, byteCount: piece.heapUsed)
            }
            for row in 0..<piece.usedCount where piece.head.isValid(row) {
                let slot = TextSlot(word: piece.head.values.load(fromByteOffset: row * 8, as: UInt64.self))
                slots[row] =
                    slot.isInline
                    ? slot.word : TextSlot(lengthBytes: slot.lengthBytes, heapOffset: used + slot.heapOffset).word
                block.markValid(row, 1)
            }
            used += piece.heapUsed
        }
        return block
    }
}

extension EngineRestore {
    /// The blocks with those together that came in pieces.
    static func whole(
        _ blocks: [(part: ImagePart, block: Block)]
    ) throws(DecodeError) -> [(part: ImagePart, block: Block)] {
        guard blocks.contains(where: { $0.part.piece > 0 }) else { return blocks }
        var whole: [(part: ImagePart, block: Block)] = []
        var pieces: [ImagePart: [(number: Int, block: Block)]] = [:]
        for (part, block) in blocks {
            var first = part
            first.index = UInt32(part.chunk)
            pieces[first, default: []].append((part.piece, block))
        }
        for (part, found) in pieces {
            let found = found.sorted { $0.number < $1.number }
            // A block that is whole may have come twice, and the last one counts.
            guard let last = found.last, last.number > 0 else {
                whole += found.map { (part: part, block: $0.block) }
                continue
            }
            guard found.map(\.number) == Array(0...last.number) else {
                throw DecodeError("pieces of a block are missing", at: 0)
            }
            whole.append((part: part, block: try Block.joined(found.map(\.block))))
        }
        return whole
    }
}
