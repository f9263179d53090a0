// Walks the log from a position to its end: gap-free, along the hash chain, from segment to segment, and says at the end
// whether the tail is whole, torn or damaged. Recovery, verification and readers all use this one walk.
//
// Which bytes count: segments are ordered by epoch, then by first position. A segment counts up to the first position of
// the next one; what stands in it beyond that was written again by a recovery, or was never durable.

/// A group's end and hash that something outside the log vouches for.
package struct LogAnchor: Hashable, Sendable {
    package var position: UInt64
    package var hash: SHA256Digest

    package init(position: UInt64, hash: SHA256Digest) {
        self.position = position
        self.hash = hash
    }
}

/// A last group that a crash left incomplete. Nothing in it was acknowledged.
public struct TornTail: Hashable, Sendable {
    public let file: String
    public let offset: UInt64
    /// The first position that was lost, and that is given out again.
    public let position: UInt64
    public let what: String
}

package struct LogScanResult: Sendable {
    /// The position that the next group will have.
    package var nextPosition: UInt64
    package var chain: SHA256Digest
    package var lastSegment: SegmentName
    /// Where the last segment's last whole frame ends.
    package var lastSegmentEnd: Int
    package var tornTail: TornTail?
    /// The last group, where nothing after it proves that it was synced.
    package var unproven: UnprovenGroup?
    package var groupCount = 0
    /// Entries delivered.
    package var entryCount: UInt64 = 0
    /// Bytes of the frames that hold delivered entries.
    package var deliveredBytes: UInt64 = 0
}

/// Where a group stands that recovery has to write again.
package struct UnprovenGroup: Sendable {
    package var segment: SegmentName
    package var offset: Int
    package var firstPosition: UInt64
    /// The chain before this group.
    package var previousHash: SHA256Digest
    package var entryCount: Int
    package var payloadBytes: Int
}

/// A borrowed entry: valid only during the call.
public typealias EntryBody = (_ position: UInt64, _ entry: UnsafeRawBufferPointer) throws -> Void

package struct LogScanner {
    let storage: any Storage
    let directory: DirectoryID
    /// In the order in which they count.
    package let segments: [SegmentName]

    package init(storage: any Storage, directory: DirectoryID, segments: [SegmentName]) {
        self.storage = storage
        self.directory = directory
        self.segments = LogScanner.ordered(segments)
    }

    package static func ordered(_ segments: [SegmentName]) -> [SegmentName] {
        segments.sorted { ($0.epoch, $0.firstPosition) < ($1.epoch, $1.firstPosition) }
    }

    /// The index of the segment that holds `position`, or would hold it next.
    package func index(of position: UInt64) -> Int? { segments.lastIndex { $0.firstPosition <= position } }

    /// Delivers the entries after `start` up to `limit`, in order. Without a limit, goes to the end and classifies it.
    package func scan(
        after start: UInt64,
        through limit: UInt64 = .max,
        anchors: [LogAnchor] = [],
        _ body: EntryBody
    ) throws(DirectoryError) -> LogScanResult {
        guard start < .max, let first = index(of: start + 1) else {
            throw .trimmed(firstPosition: segments.map(\.firstPosition).min() ?? 0)
        }
        var walk = Walk(scanner: self, start: start, limit: limit, anchors: anchors)
        for index in first..<segments.count {
            let next = index + 1 < segments.count ? segments[index + 1] : nil
            if let next, next.firstPosition < segments[index].firstPosition {
                throw .damaged(
                    Damage(
                        file: next.fileName,
                        offset: 0,
                        what: "the segment begins before \(segments[index].fileName), which is older",
                        consequence: "the order of the log is unknown"
                    )
                )
            }
            // Superseded as a whole: a later recovery began at the same position.
            if let next, next.firstPosition == segments[index].firstPosition { continue }
            let reachedLimit = try walk.read(segments[index], upTo: next?.firstPosition, body)
            if reachedLimit { break }
        }
        return try walk.finish()
    }
}

/// The state of one walk.
private struct Walk {
    let scanner: LogScanner
    let start: UInt64
    let limit: UInt64
    /// Those not met yet, in the order of their positions.
    var anchors: [LogAnchor]
    var provenPosition: UInt64 = 0
    var result: LogScanResult?

    init(scanner: LogScanner, start: UInt64, limit: UInt64, anchors: [LogAnchor]) {
        self.scanner = scanner
        self.start = start
        self.limit = limit
        self.anchors = anchors.sorted { $0.position < $1.position }
    }

    /// Reads one segment up to `end`, or the last one to where it ends. Returns whether the limit was reached.
    mutating func read(_ name: SegmentName, upTo end: UInt64?, _ body: EntryBody) throws(DirectoryError) -> Bool {
        let reader = try SegmentReader(name, in: scanner.storage, directory: scanner.directory)
        var state = try enter(reader)
        var offset = LogFormat.sectorBytes
        while true {
            if let end {
                if state.nextPosition == end { break }
                guard state.nextPosition < end else {
                    throw damage(reader, offset, "the next segment begins inside a group", state.nextPosition)
                }
            }
            if state.nextPosition > limit { break }
            let position = state.nextPosition
            switch try reader.frame(at: offset, position: position, chain: state.chain) {
            case .frame(let header, let frame):
                let frameOffset = offset
                offset += header.frameBytes
                try take(header, frame, reader, frameOffset, &state, body)
                state.lastSegmentEnd = offset
            case .foreign(let what):
                throw damage(reader, offset, what, position)
            case .torn(let what):
                try classifyEnd(reader, offset, what, isTorn: true, hasNext: end != nil, &state)
                result = state
                return false
            case .absent(let startsLikeFrame):
                let what = startsLikeFrame ? "the group's header is damaged" : "no group stands here"
                try classifyEnd(reader, offset, what, isTorn: startsLikeFrame, hasNext: end != nil, &state)
                result = state
                return false
            }
        }
        result = state
        return state.nextPosition > limit
    }

    /// The state at a segment's beginning.
    private mutating func enter(_ reader: SegmentReader) throws(DirectoryError) -> LogScanResult {
        let header = reader.header
        guard var state = result else {
            if header.firstPosition == 1, header.previousHash != header.directory.chainStart {
                throw damage(reader, 0, "the first segment does not begin the chain", 1)
            }
            let state = LogScanResult(
                nextPosition: header.firstPosition,
                chain: header.previousHash,
                lastSegment: reader.name,
                lastSegmentEnd: LogFormat.sectorBytes
            )
            try compareWithAnchor(state, reader, 0)
            return state
        }
        guard header.firstPosition == state.nextPosition, header.previousHash == state.chain else {
            throw damage(reader, 0, "the segment does not continue the one before it", state.nextPosition)
        }
        state.lastSegment = reader.name
        state.lastSegmentEnd = LogFormat.sectorBytes
        // A segment's header is written only when everything before it is durable.
        state.unproven = nil
        return state
    }

    private mutating func take(
        _ header: FrameHeader,
        _ frame: UnsafeRawBufferPointer,
        _ reader: SegmentReader,
        _ offset: Int,
        _ state: inout LogScanResult,
        _ body: EntryBody
    ) throws(DirectoryError) {
        guard header.durablePosition == header.firstPosition &- 1 else {
            throw damage(reader, offset, "the group names a wrong durable position", header.firstPosition)
        }
        if header.kind == .seal {
            guard header.entryCount == 0, header.payloadBytes == 0 else {
                throw damage(reader, offset, "a seal holds entries", header.firstPosition)
            }
            state.unproven = nil
            return
        }
        let (following, overflow) = header.firstPosition.addingReportingOverflow(UInt64(header.entryCount))
        guard header.entryCount > 0, !overflow else {
            throw damage(reader, offset, "the group holds no entries", header.firstPosition)
        }
        state.unproven = UnprovenGroup(
            segment: reader.name,
            offset: offset,
            firstPosition: header.firstPosition,
            previousHash: header.previousHash,
            entryCount: Int(header.entryCount),
            payloadBytes: Int(header.payloadBytes)
        )
        try deliver(header, frame.part(LogFormat.frameHeaderBytes..<frame.count), reader, offset, &state, body)
        state.nextPosition = following
        state.chain = SHA256Digest(of: frame.part(LogFormat.hashedFrom..<frame.count))
        state.groupCount += 1
        try compareWithAnchor(state, reader, offset)
    }

    /// Hands over the entries of a group, after its payload has proven to be made of exactly so many.
    private func deliver(
        _ header: FrameHeader,
        _ payload: UnsafeRawBufferPointer,
        _ reader: SegmentReader,
        _ offset: Int,
        _ state: inout LogScanResult,
        _ body: EntryBody
    ) throws(DirectoryError) {
        var cursor = 0
        var count: UInt32 = 0
        while count < header.entryCount {
            guard payload.count - cursor >= 4 else { break }
            let length = Int(payload.load(cursor, as: UInt32.self))
            guard length <= payload.count - cursor - 4 else { break }
            cursor += 4 + length
            count += 1
        }
        guard count == header.entryCount, cursor == payload.count else {
            throw damage(reader, offset, "the entries do not fill their group", header.firstPosition)
        }
        let last = header.firstPosition + UInt64(header.entryCount) - 1
        guard last > start else { return }
        state.deliveredBytes += UInt64(header.frameBytes)
        cursor = 0
        var position = header.firstPosition
        while cursor < payload.count, position <= limit {
            let length = Int(payload.load(cursor, as: UInt32.self))
            if position > start {
                do {
                    try body(position, payload.part(cursor + 4..<cursor + 4 + length))
                } catch let error as DirectoryError {
                    throw error
                } catch {
                    throw .entryRejected(position: position, reason: String(describing: error))
                }
                state.entryCount += 1
            }
            cursor += 4 + length
            position += 1
        }
    }

    private mutating func compareWithAnchor(
        _ state: LogScanResult,
        _ reader: SegmentReader,
        _ offset: Int
    ) throws(DirectoryError) {
        while let anchor = anchors.first, state.nextPosition - 1 >= anchor.position {
            guard state.nextPosition - 1 == anchor.position, state.chain == anchor.hash else {
                throw foreignAnchor(anchor, reader.name, offset)
            }
            provenPosition = anchor.position
            anchors.removeFirst()
        }
    }

    private func foreignAnchor(_ anchor: LogAnchor, _ segment: SegmentName, _ offset: Int) -> DirectoryError {
        .damaged(
            Damage(
                file: segment.fileName,
                offset: UInt64(offset),
                what: "the group that ends at position \(anchor.position) is not the one the snapshot was made after",
                consequence: "snapshot and log belong to different histories"
            )
        )
    }

    /// Nothing valid stands at `offset`: the end, a torn last group, or damage to something that was durable.
    private func classifyEnd(
        _ reader: SegmentReader,
        _ offset: Int,
        _ what: String,
        isTorn: Bool,
        hasNext: Bool,
        _ state: inout LogScanResult
    ) throws(DirectoryError) {
        guard !hasNext else { throw damage(reader, offset, what, state.nextPosition) }
        // A reader with a limit reads durable positions only, so that there is no torn tail to tell from damage.
        guard limit == .max else { throw damage(reader, offset, what, state.nextPosition) }
        guard UInt64(reader.fileBytes) >= reader.header.segmentBytes else {
            let made = reader.header.segmentBytes
            throw damage(reader, reader.fileBytes, "the file was cut; it was \(made) bytes long", state.nextPosition)
        }
        let later = try reader.laterFrame(from: offset + LogFormat.sectorBytes, position: state.nextPosition)
        if let later {
            let proof = "\(what), but a later group stands at byte \(later.offset)"
            throw damage(reader, offset, proof, state.nextPosition)
        }
        if isTorn {
            state.tornTail = TornTail(
                file: reader.name.fileName,
                offset: UInt64(offset),
                position: state.nextPosition,
                what: what
            )
        }
    }

    func finish() throws(DirectoryError) -> LogScanResult {
        guard var state = result else { throw .trimmed(firstPosition: 0) }
        guard limit == .max else { return state }
        if let anchor = anchors.first {
            throw .damaged(
                Damage(
                    file: state.lastSegment.fileName,
                    offset: UInt64(state.lastSegmentEnd),
                    what: "the log ends at position \(state.nextPosition - 1), but \(anchor.position) was durable",
                    consequence: "acknowledged entries after position \(state.nextPosition - 1) are missing"
                )
            )
        }
        if state.nextPosition - 1 == provenPosition { state.unproven = nil }
        return state
    }

    private func damage(
        _ reader: SegmentReader,
        _ offset: Int,
        _ what: String,
        _ position: UInt64
    ) -> DirectoryError {
        .damaged(
            Damage(
                file: reader.name.fileName,
                offset: UInt64(offset),
                what: what,
                consequence: "entries from position \(position) on cannot be read"
            )
        )
    }
}
