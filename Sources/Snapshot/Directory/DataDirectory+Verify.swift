// Reads everything and changes nothing: is this directory what was written?

/// What verification found.
public struct VerificationReport: Sendable {
    /// Anything that is not what was written. Empty means sound.
    public internal(set) var damage: [Damage] = []
    /// What is unusual but costs nothing, in words: leftovers of a crash, a torn tail that the next start cuts.
    public internal(set) var notes: [String] = []
    public internal(set) var id: DirectoryID?
    /// Those read intact, newest first.
    public internal(set) var snapshots: [SnapshotInfo] = []
    /// The log's first and last position, as far as it was read; the last is one less than the first in an empty log.
    public internal(set) var firstPosition: UInt64 = 0
    public internal(set) var lastPosition: UInt64 = 0
    public internal(set) var entryCount: UInt64 = 0
    public internal(set) var tornTail: TornTail?

    public var isSound: Bool { damage.isEmpty }

    /// Of nothing.
    package init() {}
}

extension DataDirectory {
    /// Reads all snapshots and the log from the oldest one on (or from its beginning), checks every checksum, the hash
    /// chain, and that snapshots and log belong together.
    ///
    /// - Parameters:
    ///   - entryCheck: may find an entry wrong by throwing; the error's description is reported.
    ///   - blockCheck: the same for blocks; called from several threads.
    /// - Throws: only what keeps it from looking: `.notFound`, `.storage` (such as a directory in use),
    ///   `.unsupportedFormat`.
    public static func verify(
        _ storage: any Storage,
        parallel: @escaping ParallelFor = serialFor,
        entryCheck: EntryBody = { _, _ in },
        blockCheck: @escaping @Sendable (SnapshotBlockKey, UnsafeRawBufferPointer) throws -> Void = { _, _ in }
    ) throws(DirectoryError) -> VerificationReport {
        let lock = try take(storage, .shared)
        defer { lock.release() }
        let contents = try DirectoryContents(of: storage)
        guard !contents.isEmpty else { throw .notFound }
        var report = VerificationReport()
        for name in contents.temporaryFiles { report.notes.append("\(name) is a leftover of a crash") }
        do throws(DirectoryError) {
            report.id = try contents.directoryID(in: storage)
        } catch {
            try report.add(error, file: contents.segments.last?.fileName ?? "")
        }
        let anchors = try report.readSnapshots(contents, storage, parallel, blockCheck)
        guard let id = report.id else { return report }
        try report.readLog(contents, storage, id, anchors, entryCheck)
        return report
    }
}

extension VerificationReport {
    fileprivate mutating func readSnapshots(
        _ contents: DirectoryContents,
        _ storage: any Storage,
        _ parallel: @escaping ParallelFor,
        _ blockCheck: @escaping @Sendable (SnapshotBlockKey, UnsafeRawBufferPointer) throws -> Void
    ) throws(DirectoryError) -> [LogAnchor] {
        var anchors: [LogAnchor] = []
        for position in contents.snapshotPositions {
            let name = SnapshotFormat.fileName(position: position)
            do throws(DirectoryError) {
                let reader = try SnapshotReader(name, in: storage, directory: id)
                try reader.forEachBlock(parallel: parallel) { (key, bytes) throws(DirectoryError) in
                    do {
                        try blockCheck(key, bytes)
                    } catch {
                        throw .blockRejected(key: key, reason: String(describing: error))
                    }
                }
                snapshots.append(reader.info)
                anchors.append(reader.footer.anchor)
            } catch {
                try add(error, file: name)
            }
        }
        return anchors
    }

    /// The log from where it is needed: the older of the two snapshots, or the beginning; where history is kept, the oldest.
    fileprivate mutating func readLog(
        _ contents: DirectoryContents,
        _ storage: any Storage,
        _ id: DirectoryID,
        _ anchors: [LogAnchor],
        _ entryCheck: EntryBody
    ) throws(DirectoryError) {
        let logStart = contents.segments.map(\.firstPosition).min() ?? 1
        var keepsHistory = false
        do throws(DirectoryError) {
            keepsHistory = try HistorySetting.seconds(in: storage) > 0
        } catch {
            try add(error, file: HistorySetting.fileName)
        }
        let continued = snapshots.filter { logStart <= $0.position + 1 }
        let oldest = (keepsHistory ? continued.last : snapshots.dropFirst().first) ?? snapshots.first
        let needed: UInt64? = (keepsHistory || snapshots.count < 2) && logStart == 1 ? 0 : oldest?.position
        guard let start = needed else {
            damage.append(
                Damage(
                    file: contents.segments.first?.fileName ?? "",
                    offset: 0,
                    what: "the log begins at position \(logStart) and no good snapshot is there",
                    consequence: "earlier entries are missing"
                )
            )
            return
        }
        let scanner = LogScanner(storage: storage, directory: id, segments: contents.segments)
        let first = scanner.index(of: start + 1) ?? 0
        if first > 0 {
            let names = scanner.segments[..<first].map(\.fileName)
            notes.append("not needed any more: \(names.joined(separator: ", "))")
        }
        firstPosition = start + 1
        lastPosition = start
        do throws(DirectoryError) {
            var last = start
            defer { lastPosition = last }
            let result = try scanner.scan(after: start, anchors: anchors.filter { $0.position >= start }) {
                position,
                entry in
                try entryCheck(position, entry)
                last = position
            }
            last = result.nextPosition - 1
            entryCount = result.entryCount
            tornTail = result.tornTail
            if let tornTail {
                notes.append(
                    "a crash left an incomplete group at byte \(tornTail.offset) of \(tornTail.file), position "
                        + "\(tornTail.position): nobody was told that it was done, and the next start cuts it"
                )
            }
        } catch {
            try add(error, file: contents.segments.last?.fileName ?? "")
        }
    }

    /// Records what a check threw, or throws what has nothing to do with the bytes.
    fileprivate mutating func add(_ error: DirectoryError, file: String) throws(DirectoryError) {
        switch error {
        case .damaged(let found):
            damage.append(found)
        case .entryRejected, .blockRejected, .trimmed, .storage(.failed):
            damage.append(
                Damage(file: file, offset: 0, what: error.description, consequence: "this part cannot be used")
            )
        default:
            throw error
        }
    }
}
