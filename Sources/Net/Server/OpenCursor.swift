import Engine
import NIOCore

/// An answer that a client fetches block by block. One block is computed ahead, so that the last one can be told as such.
///
/// `@unchecked` because two threads use it in turn, never at once: a call on the pool has it while `isBusy`, which only the
/// connection's event loop sets and clears.
final class OpenCursor: @unchecked Sendable {
    let id: UInt64
    /// Position of the view.
    let position: Position
    private let cursor: QueryCursor
    private var ahead: QueryResult?

    // The loop's.
    var isBusy = false
    /// When the sweep first saw it unused.
    var idleSince: NIODeadline?
    /// Whether the last block was sent. Set by the call, read by the loop after it.
    private(set) var isAtEnd = false

    init(id: UInt64, position: Position, _ cursor: QueryCursor) throws(QueryError) {
        self.id = id
        self.position = position
        self.cursor = cursor
        ahead = try cursor.next()
    }

    /// Appends the next block: cursor id, or 0 with the last one, position, columns. Returns its rows.
    func encodeNext(into writer: inout ByteWriter) throws(WireFailure) -> Int {
        let block = ahead
        do { ahead = block == nil ? nil : try cursor.next() } catch { throw .query(error) }
        isAtEnd = ahead == nil
        writer.u64(isAtEnd ? 0 : id)
        writer.u64(position)
        guard let block else { return 0 }
        for column in block.columns { column.encode(into: &writer) }
        return block.rowCount
    }
}
