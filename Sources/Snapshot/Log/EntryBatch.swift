// Entries on their way to the log, already in the form that a group's payload has: each a length and its bytes.

import Engine

/// One or more log entries with consecutive positions, handed over together. Reuse one with `removeAll`: it keeps its
/// memory. Not shared between threads.
public struct EntryBatch: ~Copyable, Sendable {
    private var writer = ByteWriter()
    /// Number of entries.
    public private(set) var count = 0

    /// An empty batch.
    public init() {}

    /// Bytes that the batch takes in the log, frame header and padding not counted.
    public var lengthBytes: Int { writer.count }

    /// Empties the batch and keeps its memory.
    public mutating func removeAll() {
        writer.removeAll()
        count = 0
    }

    /// Appends one entry that `write` appends to the writer it is given, whose earlier content it must not touch; none when it
    /// throws or returns false. An entry of 4 GiB or more makes the batch too large for any queue, and is refused there.
    @inline(__always)
    package mutating func append<E: Error>(writing write: (inout ByteWriter) throws(E) -> Bool) throws(E) {
        let start = writer.reserve(4)
        let isThere: Bool
        do throws(E) {
            isThere = try write(&writer)
        } catch {
            writer.truncate(start)
            throw error
        }
        guard isThere else { return writer.truncate(start) }
        writer.patch(UInt32(truncatingIfNeeded: writer.count - start - 4), at: start)
        count += 1
    }

    /// Appends a copy of one entry.
    public mutating func append(_ entry: UnsafeRawBufferPointer) {
        append { (writer) throws(Never) in
            writer.raw(entry)
            return true
        }
    }

    /// Appends a copy of one entry.
    public mutating func append(_ entry: [UInt8]) {
        entry.withUnsafeBytes { append($0) }
    }

    /// Lends the entries, each behind its length.
    package func withUnsafeBytes(_ body: (UnsafeRawBufferPointer) -> Void) { writer.withUnsafeBytes(body) }
}
