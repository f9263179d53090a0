import Engine
import Kith
import NIOCore

/// An answer that a client fetches block by block. One block is computed ahead, so that the last one can be told as such.
///
/// What it keeps between two fetches (of a sorted or grouped answer all that is left of it, and the block ahead on top) is taken
/// from the memory of its connection and of the server, and given back when it ends. The blocks of the view that it pins are
/// not counted: they cost memory only as far as the data have changed since.
///
/// It takes a place among the cursors of its connection when its first block is not the last one, on the pool: so queries that
/// are under way together cannot pass the limit together, and those with short answers need no place.
///
/// `@unchecked` because two threads use it in turn, never at once: a call on the pool has it while `isBusy`, which only the
/// connection's event loop sets and clears.
final class OpenCursor: @unchecked Sendable {
    let id: UInt64
    /// Position of the view.
    let position: Position
    /// nil when it was freed.
    private var cursor: QueryCursor?
    /// The state of the past that it reads, if it is one.
    private var past: PastState?
    private var ahead: QueryResult?
    private let places: Allowance
    private var hasPlace = false
    private let memories: [Allowance]
    private var takenBytes = 0
    private let columnCount: Int

    // The loop's.
    var isBusy = false
    /// When the sweep first saw it unused.
    var idleSince: NIODeadline?
    /// Whether the last block was sent, or there will be none. Set by the call, read by the loop after it.
    private(set) var isAtEnd = false

    init(
        id: UInt64,
        position: Position,
        places: Allowance,
        memories: [Allowance],
        columnCount: Int,
        past: PastState? = nil,
        _ cursor: QueryCursor
    ) throws(QueryError) {
        self.past = past
        self.id = id
        self.position = position
        self.places = places
        self.memories = memories
        self.columnCount = columnCount
        self.cursor = cursor
        ahead = try cursor.next()
    }

    deinit { giveBack() }

    /// Appends the next block: cursor id, or 0 with the last one, position, columns. Returns its rows.
    func encodeNext(into writer: inout ByteWriter) throws(WireFailure) -> Int {
        let block = ahead
        do { ahead = block == nil ? nil : try cursor?.next() } catch { throw .query(error) }
        if ahead == nil {
            end()
        } else {
            try takePlace()
            try takeMemory()
        }
        writer.u64(isAtEnd ? 0 : id)
        writer.u64(position)
        guard let block else {
            // An answer without rows has its columns all the same, each empty.
            for _ in 0..<columnCount { writer.u8(0) }
            return 0
        }
        for column in block.columns { column.encode(into: &writer) }
        return block.rowCount
    }

    /// Nothing more is to be had from it: frees what it holds, on the thread of the call that came to the end.
    func end() {
        isAtEnd = true
        free()
        giveBack()
    }

    private func takePlace() throws(WireFailure) {
        if hasPlace { return }
        guard places.take(1) else {
            throw .wire(WireError(.cursorLimit, "The connection has as many cursors as it may: close one first."))
        }
        hasPlace = true
    }

    private func takeMemory() throws(WireFailure) {
        let bytes = (cursor?.keptBytes ?? 0) + (ahead?.byteCount ?? 0)
        for (index, memory) in memories.enumerated() where !memory.take(bytes - takenBytes) {
            for memory in memories.prefix(index) { _ = memory.take(takenBytes - bytes) }
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

    /// Gives back its place and what it took for what it keeps: at its end, or on the loop when it is closed, so that the
    /// client's next query may have it.
    func giveBack() {
        if hasPlace { _ = places.take(-1) }
        hasPlace = false
        for memory in memories { _ = memory.take(-takenBytes) }
        takenBytes = 0
    }
}

extension OpenCursor: Discardable {
    func free() {
        cursor = nil
        ahead = nil
        past = nil
    }
}
