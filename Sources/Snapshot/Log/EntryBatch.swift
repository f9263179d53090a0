// Entries on their way to the log, already in the form that a group's payload has: each a length and its bytes.

/// One or more log entries with consecutive positions, handed over together. Reuse one with `removeAll`: it keeps its
/// memory. Not shared between threads.
public struct EntryBatch: Sendable {
    package private(set) var bytes: [UInt8] = []
    /// Number of entries.
    public private(set) var count = 0

    public init() {}

    /// Bytes that the batch takes in the log, frame header and padding not counted.
    public var lengthBytes: Int { bytes.count }

    public mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        count = 0
    }

    /// Appends one entry that `write` appends to the array it is given, whose earlier content it must not touch. An
    /// entry of 4 GiB or more makes the batch too large for any queue, and is refused there.
    @inlinable
    public mutating func append<E: Error>(writing write: (inout [UInt8]) throws(E) -> Void) throws(E) {
        let start = beginEntry()
        do throws(E) {
            try write(&_bytes)
        } catch {
            cancelEntry(at: start)
            throw error
        }
        endEntry(at: start)
    }

    /// Appends a copy of one entry.
    public mutating func append(_ entry: UnsafeRawBufferPointer) {
        let start = beginEntry()
        bytes.append(contentsOf: entry)
        endEntry(at: start)
    }

    /// Appends a copy of one entry.
    public mutating func append(_ entry: [UInt8]) {
        entry.withUnsafeBytes { append($0) }
    }

    @usableFromInline
    var _bytes: [UInt8] {
        get { bytes }
        _modify { yield &bytes }
    }

    @usableFromInline
    mutating func beginEntry() -> Int {
        let start = bytes.count
        withUnsafeBytes(of: UInt32(0)) { bytes.append(contentsOf: $0) }
        return start
    }

    @usableFromInline
    mutating func cancelEntry(at start: Int) { bytes.removeSubrange(start...) }

    @usableFromInline
    mutating func endEntry(at start: Int) {
        let length = UInt32(truncatingIfNeeded: bytes.count - start - 4)
        bytes.withUnsafeMutableBytes { $0.store(length, at: start) }
        count += 1
    }
}
