import Engine
import NIOCore

/// An answer that a client fetches block by block. One block is computed ahead, so that the last one can be told as such.
///
/// What it keeps between two fetches (of a sorted or grouped answer all that is left of it, and the block ahead on top) is taken
/// from the memory of its connection and of the server, and given back when it ends. The blocks of the view that it pins are
/// not counted: they cost memory only as far as the data have changed since.
///
/// `@unchecked` because two threads use it in turn, never at once: a call on the pool has it while `isBusy`, which only the
/// connection's event loop sets and clears.
final class OpenCursor: @unchecked Sendable {
    let id: UInt64
    /// Position of the view.
    let position: Position
    private let cursor: QueryCursor
    private var ahead: QueryResult?
    private let memories: [CursorMemory]
    private var takenBytes = 0

    // The loop's.
    var isBusy = false
    /// When the sweep first saw it unused.
    var idleSince: NIODeadline?
    /// Whether the last block was sent, or there will be none. Set by the call, read by the loop after it.
    private(set) var isAtEnd = false

    init(id: UInt64, position: Position, memories: [CursorMemory], _ cursor: QueryCursor) throws(QueryError) {
        self.id = id
        self.position = position
        self.memories = memories
        self.cursor = cursor
        ahead = try cursor.next()
    }

    deinit { giveBack(takenBytes, memories.count) }

    /// Appends the next block: cursor id, or 0 with the last one, position, columns. Returns its rows.
    func encodeNext(into writer: inout ByteWriter) throws(WireFailure) -> Int {
        let block = ahead
        do { ahead = block == nil ? nil : try cursor.next() } catch { throw .query(error) }
        isAtEnd = ahead == nil
        if !isAtEnd { try takeMemory() }
        writer.u64(isAtEnd ? 0 : id)
        writer.u64(position)
        guard let block else { return 0 }
        for column in block.columns { column.encode(into: &writer) }
        return block.rowCount
    }

    /// Nothing more is to be had from it.
    func end() {
        isAtEnd = true
        ahead = nil
    }

    private func takeMemory() throws(WireFailure) {
        let bytes = cursor.keptBytes + (ahead?.byteCount ?? 0)
        for (index, memory) in memories.enumerated() where !memory.take(bytes - takenBytes) {
            giveBack(bytes - takenBytes, index)
            let whose = index == 0 ? "The connection's cursors keep" : "The cursors of all connections keep"
            throw .wire(
                WireError(
                    .cursorLimit,
                    "\(whose) as many bytes as they may, and this one wants \(bytes): close one first, or ask for fewer rows."
                )
            )
        }
        takenBytes = bytes
    }

    private func giveBack(_ bytes: Int, _ count: Int) {
        for memory in memories.prefix(count) { _ = memory.take(-bytes) }
    }
}
