// Copies the log of a directory into a backup, group by group, also while it is being written.
//
// Nothing is believed of the source: a group counts when its checksums, its epoch, its position and the hash before it are
// right. So a segment that is recycled under the reader ends the copy, and never gets into it.

/// Why a run begins again.
enum BackupRace: Error {
    /// A file was removed, or recycled, while it was read.
    case vanished
}

/// The log of one stretch, while it is being continued.
struct BackupLog {
    let source: any Storage
    let target: any Storage
    let directory: DirectoryID
    /// Continued by `copy`; a new stretch has no segments yet, and its `lastPosition` is that of its snapshot.
    private(set) var stretch: BackupStretch
    /// Files of other stretches, which are never written again.
    private let taken: Set<String>

    init(
        from source: any Storage,
        to target: any Storage,
        _ directory: DirectoryID,
        _ stretch: BackupStretch,
        beside others: some Sequence<BackupStretch>
    ) {
        self.source = source
        self.target = target
        self.directory = directory
        self.stretch = stretch
        taken = Set(others.flatMap { $0.segments.map(\.name) })
    }

    /// The segments that count now, in order. A segment whose successor begins at the same position holds nothing.
    static func segments(of source: any Storage) throws(StorageError) -> [SegmentName] {
        let all = LogScanner.ordered(try source.list().compactMap(SegmentName.init))
        return all.indices.filter { $0 + 1 == all.count || all[$0 + 1].firstPosition != all[$0].firstPosition }
            .map { all[$0] }
    }

    /// Copies everything that is there and not copied yet; returns false where the log begins too late to be continued. What
    /// was copied is synced, names excepted. Every group is durable in the source when this returns.
    mutating func copy() throws -> Bool {
        while true {
            let segments = try BackupLog.segments(of: source)
            guard let first = segments.lastIndex(where: { $0.firstPosition <= stretch.lastPosition + 1 }) else {
                return false
            }
            for index in first..<segments.count {
                let next = index + 1 < segments.count ? segments[index + 1].firstPosition : nil
                try copy(segments[index], upTo: next)
            }
            // A start or a full segment may have begun another one meanwhile.
            if try BackupLog.segments(of: source).last == segments.last { return true }
        }
    }

    private mutating func copy(_ name: SegmentName, upTo end: UInt64?) throws {
        var reader = try open(name)
        var place: Place
        let writer: BackupFileWriter
        if let index = stretch.segments.firstIndex(where: { $0.name == name.fileName }) {
            // Segments behind the one in question were begun later, and are none of ours then.
            guard index == stretch.segments.count - 1 else { throw BackupError.otherHistory(directory) }
            if let end, stretch.lastPosition + 1 == end { return }
            let old = stretch.segments[index]
            writer = try BackupFileWriter(continuing: old, in: target)
            place = Place(offset: Int(old.bytes), position: stretch.lastPosition + 1, chain: stretch.hash)
        } else {
            let header = reader.header
            place = Place(
                offset: LogFormat.sectorBytes,
                position: header.firstPosition,
                chain: header.previousHash
            )
            guard !taken.contains(name.fileName) else { throw BackupError.otherHistory(directory) }
            try require(place, after: place.position)
            writer = try BackupFileWriter(name.fileName, in: target)
            let sector = AlignedMemory(byteCount: LogFormat.sectorBytes)
            header.encode(into: sector.bytes)
            try writer.append(UnsafeRawBufferPointer(sector.bytes))
        }
        while place.position != end {
            if let end, place.position > end { throw damage(reader, place, "the next segment begins inside a group") }
            switch try reader.frame(at: place.offset, position: place.position, chain: place.chain) {
            case .frame(let header, let frame):
                guard let following = place.following(header, frame) else {
                    throw damage(reader, place, "the group's numbers contradict each other")
                }
                try writer.append(frame)
                try writer.pad(header.frameBytes - frame.count)
                try require(following, after: place.position)
                place = following
            case .foreign(let what):
                // Right where the copy is continued: what was copied and what stands here are not of one history.
                let isJoint = !stretch.segments.isEmpty && place.position == stretch.lastPosition + 1
                throw isJoint ? BackupError.otherHistory(directory) : damage(reader, place, what)
            case .torn(let what):
                guard try goesOn(&reader, place, what, end) else { return try finish(name, writer, place, end) }
            case .absent:
                guard try goesOn(&reader, place, "no group stands here", end) else {
                    return try finish(name, writer, place, end)
                }
            }
        }
        try finish(name, writer, place, end)
    }

    /// Where the copy stands: the next position, and the hash of the group before it.
    private struct Place {
        var offset: Int
        var position: UInt64
        var chain: SHA256Digest
        var isSealed = false

        func following(_ header: FrameHeader, _ frame: UnsafeRawBufferPointer) -> Place? {
            let (next, overflow) = position.addingReportingOverflow(UInt64(header.entryCount))
            let holdsEntries = header.kind == .group
            guard !overflow, holdsEntries == (header.entryCount > 0), holdsEntries == (header.payloadBytes > 0) else {
                return nil
            }
            let chain = holdsEntries ? SHA256Digest(of: frame.part(LogFormat.hashedFrom..<frame.count)) : chain
            return Place(offset: offset + header.frameBytes, position: next, chain: chain, isSealed: !holdsEntries)
        }
    }

    private func open(_ name: SegmentName) throws -> SegmentReader {
        do {
            return try SegmentReader(name, in: source, directory: directory)
        } catch DirectoryError.storage(.notFound) {
            throw BackupRace.vanished
        }
    }

    /// Where a segment overlaps what was copied (a start writes the last group again), it has to be the same there.
    private func require(_ place: Place, after before: UInt64) throws(BackupError) {
        // A new stretch begins somewhere in its first segment; what its snapshot says of the log is proved later.
        guard let joint = stretch.segments.isEmpty ? nil : stretch.lastPosition + 1 else { return }
        let isOther = place.position == joint ? place.chain != stretch.hash : before < joint && place.position > joint
        if isOther { throw .otherHistory(directory) }
    }

    /// Nothing valid stands at a place. Whether something does by now: the writer may have been at it when it was read.
    private func goesOn(
        _ reader: inout SegmentReader,
        _ place: Place,
        _ what: String,
        _ end: UInt64?
    ) throws -> Bool {
        // A frame is written only when the one before it was synced.
        let later = try reader.laterFrame(from: place.offset + LogFormat.sectorBytes, position: place.position)
        guard later != nil || end != nil else { return false }
        reader = try open(reader.name)
        if case .frame = try reader.frame(at: place.offset, position: place.position, chain: place.chain) {
            return true
        }
        // Recycled, if it is gone; a start may have cut it and begun another.
        let segments = try BackupLog.segments(of: source)
        guard let index = segments.firstIndex(of: reader.name) else { throw BackupRace.vanished }
        let next = index + 1 < segments.count ? segments[index + 1].firstPosition : nil
        guard next == end else { throw BackupRace.vanished }
        throw damage(reader, place, what)
    }

    /// Ends the copy of a segment: from here on it counts so far.
    private mutating func finish(
        _ name: SegmentName,
        _ writer: BackupFileWriter,
        _ place: Place,
        _ end: UInt64?
    ) throws {
        if end == nil, !place.isSealed {
            // A successor proves that all of this was durable; without one the last group may be in the system's cache only.
            try source.openForReading(name.fileName).sync()
        }
        let file = try writer.finish()
        if stretch.segments.last?.name == name.fileName { stretch.segments.removeLast() }
        stretch.segments.append(file)
        // A segment that overlaps may end before what was copied of the one that it stands in for only in another history.
        guard place.position > stretch.lastPosition else { throw BackupError.otherHistory(directory) }
        stretch.lastPosition = place.position - 1
        stretch.hash = place.chain
    }

    private func damage(_ reader: SegmentReader, _ place: Place, _ what: String) -> DirectoryError {
        .damaged(
            Damage(
                file: reader.name.fileName,
                offset: UInt64(place.offset),
                what: what,
                consequence: "entries from position \(place.position) on cannot be backed up"
            )
        )
    }
}
