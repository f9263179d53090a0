// What can be read of a damaged log: its intact groups in order, and where entries are missing between them.

struct LogRemains {
    let directory: DirectoryID
    private(set) var groups: [FoundGroup] = []
    private(set) var missing: [MissingEntries] = []
    private(set) var flaws: [Damage] = []
    private(set) var lostEnds: [Damage] = []
    private(set) var tornTail: TornTail?
    private let storage: any Storage

    init(_ segments: [SegmentName], in storage: any Storage, directory: DirectoryID) {
        self.directory = directory
        self.storage = storage
        let ordered = LogScanner.ordered(segments)
        for (index, name) in ordered.enumerated() {
            let end = ordered[(index + 1)...].map(\.firstPosition).min()
            // Superseded as a whole, or out of order: what it holds is told again behind it, or by nothing that can be ordered.
            if let end, end <= name.firstPosition { continue }
            let remains = SegmentRemains(name, upTo: end, in: storage, directory: directory)
            groups += remains.groups
            missing += remains.missing
            flaws += remains.flaws
            lostEnds += remains.lostEnds
            if end == nil { tornTail = remains.tornTail }
        }
        noteGaps()
    }

    /// Positions between those of the groups that no file is meant to hold, because a file is gone.
    private mutating func noteGaps() {
        let known =
            groups.map { ($0.firstPosition, $0.lastPosition) } + missing.map { ($0.firstPosition, $0.lastPosition) }
        var next: UInt64?
        for (first, last) in known.sorted(by: { $0.0 < $1.0 }) {
            if let next, first > next, let group = groups.first(where: { $0.firstPosition > next }) {
                missing.append(
                    MissingEntries(
                        segment: group.segment,
                        offset: 0,
                        firstPosition: next,
                        lastPosition: first - 1,
                        what: "the file before this one is missing"
                    )
                )
            }
            next = max(next ?? 0, last + 1)
        }
        missing.sort { $0.firstPosition < $1.firstPosition }
    }

    /// The first position that the files are meant to hold; nil without any.
    var firstPosition: UInt64? {
        [groups.first?.firstPosition, missing.first?.firstPosition].compactMap { $0 }.min()
    }

    /// The groups that follow a state at `position` without a gap and along the chain, up to where there is none. `anchor` is
    /// what the state's snapshot knows of the log; groups of another history follow nothing.
    func continuation(of position: UInt64, anchor: LogAnchor?) -> ArraySlice<FoundGroup> {
        guard let first = groups.firstIndex(where: { $0.lastPosition > position }),
            groups[first].firstPosition <= position + 1
        else { return [] }
        let start =
            anchor.flatMap { $0.position == position ? $0.hash : nil } ?? (position == 0 ? directory.chainStart : nil)
        if let start, groups[first].firstPosition == position + 1, groups[first].previousHash != start { return [] }
        var end = first + 1
        while end < groups.count, groups[end].firstPosition == groups[end - 1].lastPosition + 1,
            groups[end].previousHash == groups[end - 1].hash
        {
            end += 1
        }
        let found = groups[first..<end]
        if let anchor, let group = found.first(where: { $0.lastPosition >= anchor.position }),
            group.lastPosition != anchor.position || group.hash != anchor.hash, anchor.position > position
        {
            return []
        }
        return found
    }

    /// Delivers the entries of groups after `position`, up to `limit`. The bytes are read once more, and checked once more.
    func deliver(
        _ found: ArraySlice<FoundGroup>,
        after position: UInt64,
        through limit: UInt64,
        _ body: EntryBody
    ) throws(DirectoryError) {
        var open: (name: SegmentName, bytes: SalvagedBytes)?
        for group in found where group.firstPosition <= limit {
            if open?.name != group.segment {
                open = (group.segment, SalvagedBytes(of: group.segment.fileName, in: storage))
            }
            guard let bytes = open?.bytes.all, let entries = entries(of: group, bytes) else {
                throw .damaged(
                    Damage(
                        file: group.segment.fileName,
                        offset: UInt64(group.offset),
                        what: "the group reads differently the second time",
                        consequence: "the disk does not hold what it is given"
                    )
                )
            }
            for (index, entry) in entries.enumerated() {
                let current = group.firstPosition + UInt64(index)
                guard current > position, current <= limit else { continue }
                do {
                    try body(current, entry)
                } catch {
                    throw error as? DirectoryError
                        ?? .entryRejected(position: current, reason: String(describing: error))
                }
            }
        }
    }

    private func entries(of group: FoundGroup, _ bytes: UnsafeRawBufferPointer) -> [UnsafeRawBufferPointer]? {
        guard bytes.count - group.offset >= LogFormat.frameHeaderBytes,
            let header = FrameHeader.decode(
                bytes.part(group.offset..<group.offset + LogFormat.frameHeaderBytes),
                checksumSeed: directory.checksumSeed
            )
        else { return nil }
        let end = group.offset + LogFormat.frameHeaderBytes + Int(header.payloadBytes)
        guard bytes.count >= end,
            SHA256Digest(of: bytes.part(group.offset + LogFormat.hashedFrom..<end)) == group.hash
        else { return nil }
        return SegmentRemains.entries(bytes.part(group.offset + LogFormat.frameHeaderBytes..<end), header.entryCount)
    }
}
