// What a snapshot is made of, seen from outside: opaque blocks with keys, a source that makes them and a sink that takes
// them. This module knows where blocks are and that they are intact; what they mean is the engine's.

/// Names a block within its snapshot. Sorted as the fields are.
public struct SnapshotBlockKey: Hashable, Comparable, Sendable, CustomStringConvertible {
    public var kind: UInt16
    public var entity: UInt16
    public var column: UInt32
    public var index: UInt32

    public init(kind: UInt16, entity: UInt16, column: UInt32, index: UInt32) {
        self.kind = kind
        self.entity = entity
        self.column = column
        self.index = index
    }

    public static func < (left: Self, right: Self) -> Bool {
        (left.kind, left.entity, left.column, left.index) < (right.kind, right.entity, right.column, right.index)
    }

    public var description: String { "\(kind)/\(entity)/\(column)/\(index)" }
}

/// Makes the blocks of one state. Called from several threads at once, for different blocks.
public protocol SnapshotSource: Sendable {
    var blockCount: Int { get }
    /// Appends the bytes of a block to `bytes`, which is empty, and returns the block's key. At most
    /// `snapshotBlockLimitBytes`; blocks of 64 KiB to 1 MiB are best.
    func encode(block index: Int, into bytes: inout [UInt8]) throws -> SnapshotBlockKey
    /// Whether the bytes of a block are packed already, so that they are stored as they are.
    func isPacked(_ key: SnapshotBlockKey) -> Bool
}

extension SnapshotSource {
    /// By default nothing is.
    public func isPacked(_ key: SnapshotBlockKey) -> Bool { false }
}

/// Takes the blocks of a snapshot.
public protocol SnapshotSink: Sendable {
    /// Begins a restore with the keys of all blocks that will come, in the order of the source. A second call begins
    /// anew and discards what came before: the snapshot tried first was damaged.
    func prepare(_ keys: [SnapshotBlockKey]) throws
    /// Takes a block; `bytes` is valid only during the call. Called from several threads at once, in any order.
    func decode(_ key: SnapshotBlockKey, _ bytes: UnsafeRawBufferPointer) throws
    /// All blocks came, each of them intact: whatever follows from them may be begun, beside the caller.
    func complete()
}

extension SnapshotSink {
    /// By default nothing is begun.
    public func complete() {}
}

/// The largest block, before compression: no reader allocates more for one, whatever a file says.
public let snapshotBlockLimitBytes = 64 << 20

/// A snapshot on the disk.
public struct SnapshotInfo: Hashable, Sendable {
    /// The state is that after the transaction with this position.
    public let position: UInt64
    public let blockCount: Int
    public let fileBytes: UInt64
    /// The blocks before compression.
    public let blockBytes: UInt64
}
