// Frames of one read that are found before the first of them is executed. Executed one by one, each of 64 reads of one record
// waits for the memory; found first, they wait together (`Engine.prefetch`).
//
// Invariant: the frames borrow the bytes of the read and are gone before those are.

/// A complete frame, checked up to its body's checksum.
struct Frame {
    var header: WireHeader
    var body: UnsafeRawBufferPointer
    /// Where it ends in the bytes of the read.
    var endOffset: Int
}

/// The next frames of a read, in their order. Not copyable, so that emptying it keeps its memory.
struct FramesAhead: ~Copyable {
    /// As many records as are asked for together: 32 of 12 columns touch about 900 lines, little more than the first-level
    /// cache holds. Between 8 and 64 no difference was found beyond the noise.
    private static let countMax = 32

    private var frames: [Frame] = []
    private var nextIndex = 0
    /// Bodies of those that are reads.
    private(set) var reads: [UnsafeRawBufferPointer] = []
    /// Bodies of those that are transactions.
    private(set) var transactions: [UnsafeRawBufferPointer] = []

    init() {
        frames.reserveCapacity(FramesAhead.countMax)
        reads.reserveCapacity(FramesAhead.countMax)
        transactions.reserveCapacity(FramesAhead.countMax)
    }

    var isEmpty: Bool { nextIndex == frames.count }
    /// Whether there are some, none was taken yet, and all are reads by id.
    var areReads: Bool { nextIndex == 0 && !frames.isEmpty && reads.count == frames.count }
    var isFull: Bool { frames.count == FramesAhead.countMax }
    /// Where the last frame ends.
    var endOffset: Int { frames.last?.endOffset ?? 0 }

    mutating func append(_ frame: Frame) {
        frames.append(frame)
        switch WireOperation(rawValue: frame.header.operation) {
        case .read: reads.append(frame.body)
        case .execute: transactions.append(frame.body)
        default: break
        }
    }

    /// Takes the first frame.
    @inline(__always)
    mutating func next() -> Frame? {
        guard nextIndex < frames.count else { return nil }
        nextIndex += 1
        return frames[nextIndex - 1]
    }

    /// Makes the frame that was taken last the first again.
    mutating func putBack() { nextIndex -= 1 }

    mutating func removeAll() {
        frames.removeAll(keepingCapacity: true)
        reads.removeAll(keepingCapacity: true)
        transactions.removeAll(keepingCapacity: true)
        nextIndex = 0
    }
}
