// Where texts lie that functions compute.
//
// Such a text lives in the evaluator's arena until whoever began the batch gives the arena back to the mark that it took
// before: a condition or a number gives back what it needed on the way, `Execution.push` what a batch needed. So a scan of
// any length needs the room of one batch. Whoever keeps texts longer (group keys, sort keys, smallest values) copies them
// into a `TextKeeper` of its own; texts of the view and of the query's constants stay where they are.

/// Memory for texts that is given back in the opposite order.
final class TextArena {
    /// 2,048 names of people or firms fit in one chunk.
    private static let chunkBytes = 1 << 18

    private var chunks: [UnsafeMutableBufferPointer<UInt8>] = []
    private var used = 0

    /// A state of the arena.
    struct Mark {
        fileprivate var chunkCount: Int
        fileprivate var used: Int
    }

    deinit { for chunk in chunks { chunk.deallocate() } }

    var mark: Mark { Mark(chunkCount: chunks.count, used: used) }

    /// Room for `count` bytes in the last chunk; nil when there is none.
    @inline(__always)
    func room(_ count: Int) -> UnsafeMutablePointer<UInt8>? {
        guard let chunk = chunks.last, let base = chunk.baseAddress, count <= chunk.count - used else { return nil }
        defer { used += count }
        return base + used
    }

    /// Size of the chunk that a text of so many bytes will need.
    func chunkBytes(for count: Int) -> Int { max(count, Self.chunkBytes) }

    /// Adds a chunk, of which `count` bytes are taken.
    func grow(_ count: Int) -> UnsafeMutablePointer<UInt8> {
        let chunk = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: chunkBytes(for: count))
        chunks.append(chunk)
        used = count
        return chunk.baseAddress.unsafelyUnwrapped
    }

    /// Gives back what was taken since the mark, and returns the bytes of the chunks that are freed. One chunk of usual
    /// size stays.
    func release(to mark: Mark) -> Int {
        var freed = 0
        while chunks.count > max(mark.chunkCount, 1)
            || chunks.count > mark.chunkCount && chunks[0].count > Self.chunkBytes
        {
            let chunk = chunks.removeLast()
            freed += chunk.count
            chunk.deallocate()
        }
        used = chunks.count > mark.chunkCount ? 0 : mark.used
        return freed
    }
}

/// Copies of texts that outlive their batch. Freed with the keeper.
final class TextKeeper {
    private let arena = TextArena()
    /// Bytes taken since they were last asked for. A batch's texts were in the budget before they are copied, so it can be
    /// exceeded by one batch.
    private var newBytes = 0

    func copy(_ text: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
        guard let source = text.baseAddress, !text.isEmpty else { return text }
        let place: UnsafeMutablePointer<UInt8>
        if let room = arena.room(text.count) {
            place = room
        } else {
            newBytes += arena.chunkBytes(for: text.count)
            place = arena.grow(text.count)
        }
        place.update(from: source, count: text.count)
        return UnsafeBufferPointer(start: place, count: text.count)
    }

    /// Bytes for the budget, once.
    func takeNewBytes() -> Int {
        defer { newBytes = 0 }
        return newBytes
    }
}

extension Evaluator {
    /// Room for a text of `count` bytes, within the budget.
    @inline(__always)
    func room(_ count: Int) throws(QueryError) -> UnsafeMutablePointer<UInt8> {
        if let room = arena.room(count) { return room }
        return try growArena(count)
    }

    private func growArena(_ count: Int) throws(QueryError) -> UnsafeMutablePointer<UInt8> {
        let bytes = arena.chunkBytes(for: count)
        // Writing a text costs about as much as looking at a row for every 64 bytes.
        try meter.step(bytes >> 6)
        try meter.keep(rows: 0, bytes: bytes)
        return arena.grow(count)
    }

    /// Frees the texts that were computed since the mark.
    @inline(__always)
    func release(to mark: TextArena.Mark) {
        let freed = arena.release(to: mark)
        if freed > 0 { meter.giveBack(bytes: freed) }
    }
}
