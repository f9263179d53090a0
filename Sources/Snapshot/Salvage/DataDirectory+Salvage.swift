// The newest state that a damaged directory still proves, and a list of everything that it does not.
//
// A start refuses a damaged directory, because it would have to forget something in silence. A salvage forgets aloud: it takes
// whichever intact snapshot, or the log's beginning, is continued furthest by intact groups, and gives that state, which is the
// one after exactly one transaction. What stands behind the first loss is not applied: entries say what changed from what,
// and on another state than theirs they would make records that never were.

/// What a salvage found.
public struct SalvageReport: Sendable {
    /// The snapshot that the state began with; nil where it was the log's beginning.
    public internal(set) var snapshot: SnapshotInfo?
    /// The last transaction in the state.
    public internal(set) var lastPosition: UInt64 = 0
    public internal(set) var replayedEntries: UInt64 = 0
    /// What could not be read, or could not be used, and was lost by that.
    public internal(set) var losses: [Damage] = []
    /// What is damaged and cost nothing.
    public internal(set) var harmless: [Damage] = []
    /// The incomplete last group that a start would cut as well. Nothing in it was acknowledged.
    public internal(set) var tornTail: TornTail?
}

/// A state that may be had: deliver it, and say by throwing that it does not hold together.
public struct SalvageAttempt {
    let snapshot: SnapshotReader?
    let remains: LogRemains
    let groups: ArraySlice<FoundGroup>
    let limit: UInt64
    let parallel: ParallelFor

    /// As `DataDirectory.read` does.
    public func deliver(
        to sink: any SnapshotSink,
        replay: EntryBody,
        endReplay: () throws -> Void = {}
    ) throws {
        if let snapshot {
            try snapshot.restore(into: sink, parallel: parallel)
        } else {
            try sink.prepare([])
        }
        try remains.deliver(groups, after: snapshot?.footer.position ?? 0, through: limit, replay)
        try endReplay()
    }
}

extension DataDirectory {
    /// Finds the newest state that can be had of a directory in any condition. Changes nothing.
    ///
    /// - Parameter rebuild: is given attempts, the best first, until one does not throw.
    /// - Throws: `.damaged` where there is no state at all, `.notFound`, `.storage` (a directory in use, say).
    /// - Complexity: reads every file two or three times, a segment at a time in memory.
    public static func salvage(
        _ storage: any Storage,
        parallel: @escaping ParallelFor = serialFor,
        rebuild: (SalvageAttempt) throws -> Void
    ) throws(DirectoryError) -> SalvageReport {
        let lock = try take(storage, .shared)
        defer { lock.release() }
        let contents = try DirectoryContents(of: storage)
        guard !contents.isEmpty else { throw .notFound }
        var salvage = Salvage(contents, storage, parallel)
        return try salvage.run(rebuild)
    }
}

/// One salvage.
private struct Salvage {
    private struct Candidate {
        var snapshot: SnapshotReader?
        var groups: ArraySlice<FoundGroup>
        var base: UInt64 { snapshot?.footer.position ?? 0 }
        var last: UInt64 { groups.last?.lastPosition ?? base }
    }

    private let parallel: ParallelFor
    private let remains: LogRemains?
    private let hasLog: Bool
    private let logName: String
    private var snapshots: [SnapshotReader] = []
    private var badSnapshots: [(position: UInt64, damage: Damage)] = []
    private var report = SalvageReport()

    init(_ contents: DirectoryContents, _ storage: any Storage, _ parallel: @escaping ParallelFor) {
        self.parallel = parallel
        let id = Salvage.directoryID(contents, storage)
        remains = id.map { LogRemains(contents.segments, in: storage, directory: $0) }
        hasLog = !contents.segments.isEmpty
        logName = contents.segments.first?.fileName ?? "log"
        for position in contents.snapshotPositions {
            let name = SnapshotFormat.fileName(position: position)
            do throws(DirectoryError) {
                let reader = try SnapshotReader(name, in: storage, directory: id)
                try reader.forEachBlock(parallel: parallel) { _, _ throws(DirectoryError) in }
                snapshots.append(reader)
            } catch {
                badSnapshots.append((position, Salvage.damage(error, name)))
            }
        }
    }

    /// The one that most files name; of two the one that the last file of the log names.
    private static func directoryID(_ contents: DirectoryContents, _ storage: any Storage) -> DirectoryID? {
        var counts: [(id: DirectoryID, count: Int)] = []
        func add(_ id: DirectoryID?) {
            guard let id else { return }
            if let index = counts.firstIndex(where: { $0.id == id }) {
                counts[index].count += 1
            } else {
                counts.append((id, 1))
            }
        }
        for name in contents.segments.reversed() {
            add(try? SegmentReader(name, in: storage, directory: nil).header.directory)
        }
        for position in contents.snapshotPositions {
            let name = SnapshotFormat.fileName(position: position)
            add(try? SnapshotReader(name, in: storage, directory: nil).footer.directory)
        }
        let most = counts.map(\.count).max()
        return counts.first { $0.count == most }?.id
    }

    private static func damage(_ error: any Error, _ file: String) -> Damage {
        if case DirectoryError.damaged(let damage) = error { return damage }
        return Damage(file: file, offset: 0, what: "\(error)", consequence: "this file cannot be used")
    }

    mutating func run(_ rebuild: (SalvageAttempt) throws -> Void) throws(DirectoryError) -> SalvageReport {
        guard let remains else { throw .damaged(nothing("no header of any file can be read")) }
        for candidate in candidates(remains) {
            guard let last = attempt(candidate, remains, rebuild) else { continue }
            report.snapshot = candidate.snapshot?.info
            report.lastPosition = last
            report.replayedEntries = last - candidate.base
            tell(of: remains, candidate, last)
            return report
        }
        throw .damaged(
            badSnapshots.first?.damage ?? report.losses.first
                ?? nothing("no snapshot can be read, and the log does not begin with the first transaction")
        )
    }

    private func nothing(_ what: String) -> Damage {
        Damage(file: logName, offset: 0, what: what, consequence: "there is no state to save")
    }

    /// The furthest first; of two that reach equally far the one with less to replay.
    private func candidates(_ remains: LogRemains) -> [Candidate] {
        var candidates = snapshots.map { snapshot in
            let footer = snapshot.footer
            let groups = remains.continuation(of: footer.position, anchor: footer.anchor)
            return Candidate(snapshot: snapshot, groups: groups)
        }
        let whole = remains.continuation(of: 0, anchor: nil)
        if !whole.isEmpty { candidates.append(Candidate(snapshot: nil, groups: whole)) }
        return candidates.sorted { ($0.last, $0.base) > ($1.last, $1.base) }
    }

    /// The last position that the rebuilt state reached; nil where the candidate gives none.
    private mutating func attempt(
        _ candidate: Candidate,
        _ remains: LogRemains,
        _ rebuild: (SalvageAttempt) throws -> Void
    ) -> UInt64? {
        var limit = candidate.last
        while true {
            do {
                try rebuild(
                    SalvageAttempt(
                        snapshot: candidate.snapshot,
                        remains: remains,
                        groups: candidate.groups,
                        limit: limit,
                        parallel: parallel
                    )
                )
                return limit
            } catch DirectoryError.entryRejected(let position, let reason)
                where position > candidate.base && position <= limit
            {
                let group = candidate.groups.last { $0.firstPosition <= position }
                report.losses.append(
                    Damage(
                        file: group?.segment.fileName ?? logName,
                        offset: UInt64(group?.offset ?? 0),
                        what: "position \(position) does not fit the state before it: \(reason)",
                        consequence: "lost: what positions \(position) to \(limit) changed"
                    )
                )
                limit = position - 1
            } catch {
                let file = candidate.snapshot?.name ?? logName
                badSnapshots.append((candidate.base, Salvage.damage(error, file)))
                return nil
            }
        }
    }

    /// Everything that is damaged, with what it means for the state at `last`.
    private mutating func tell(of remains: LogRemains, _ candidate: Candidate, _ last: UInt64) {
        for (position, damage) in badSnapshots {
            let isLost = position > last
            let found = Damage(
                file: damage.file,
                offset: damage.offset,
                what: damage.what,
                consequence: isLost
                    ? "lost: what positions \(last + 1) to \(position) changed"
                    : "nothing is lost: other files give the state of then"
            )
            if isLost { report.losses.append(found) } else { report.harmless.append(found) }
        }
        for gap in remains.missing {
            let isLost = gap.lastPosition > last
            let found = Damage(
                file: gap.segment.fileName,
                offset: UInt64(gap.offset),
                what: "\(gap.what): positions \(gap.firstPosition) to \(gap.lastPosition) cannot be read",
                consequence: isLost
                    ? "lost: what positions \(max(gap.firstPosition, last + 1)) to \(gap.lastPosition) changed"
                    : "nothing is lost: a later snapshot holds what they did"
            )
            if isLost { report.losses.append(found) } else { report.harmless.append(found) }
        }
        tellOfUnused(remains.groups.filter { $0.lastPosition > last })
        report.harmless += remains.flaws
        report.losses += remains.lostEnds
        let durable = snapshots.map(\.footer.anchor.position).max() ?? 0
        let known = max(last, remains.groups.last?.lastPosition ?? 0, remains.missing.last?.lastPosition ?? 0)
        if durable > known {
            report.losses.append(
                Damage(
                    file: logName,
                    offset: 0,
                    what: "the log ends at position \(known), but \(durable) was durable",
                    consequence: "lost: what positions \(known + 1) to \(durable) changed"
                )
            )
        }
        if !hasLog {
            let what = "the log is missing"
            let consequence = "lost: whatever came after position \(last)"
            report.losses.append(Damage(file: logName, offset: 0, what: what, consequence: consequence))
        }
        report.tornTail = remains.tornTail
    }

    /// Intact groups that nothing leads to, run by run.
    private mutating func tellOfUnused(_ groups: [FoundGroup]) {
        var index = 0
        while index < groups.count {
            var end = index + 1
            while end < groups.count, groups[end].firstPosition == groups[end - 1].lastPosition + 1,
                groups[end].segment == groups[index].segment
            {
                end += 1
            }
            let first = groups[index]
            report.losses.append(
                Damage(
                    file: first.segment.fileName,
                    offset: UInt64(first.offset),
                    what: "positions \(first.firstPosition) to \(groups[end - 1].lastPosition) are intact",
                    consequence: "lost: they change a state that is not there any more"
                )
            )
            index = end
        }
    }
}
