// Reading what lies still while work goes on: bits rot where nobody looks, and a start is a bad moment to find out.

extension DataDirectory {
    /// Reads the snapshots that are kept and every segment but the one that is written to, and says what is not what was written.
    /// Changes nothing. What is removed or recycled meanwhile is left out.
    package func scrub(_ pace: ReadingPace) -> [Damage] {
        let storage = PacedStorage(storage, pace)
        return scrubSnapshots(storage, pace) + scrubLog(storage, pace)
    }

    private func scrubSnapshots(_ storage: PacedStorage, _ pace: ReadingPace) -> [Damage] {
        var found: [Damage] = []
        for snapshot in keptSnapshots {
            let name = SnapshotFormat.fileName(position: snapshot.position)
            do throws(DirectoryError) {
                let reader = try SnapshotReader(name, in: storage, directory: id)
                try reader.forEachBlock(parallel: serialFor) { _, _ in }
            } catch {
                let isKept = keptSnapshots.contains { $0.position == snapshot.position }
                if isKept, !pace.isStopped { found.append(DataDirectory.finding(error, name)) }
            }
        }
        return found
    }

    private func scrubLog(_ storage: PacedStorage, _ pace: ReadingPace) -> [Damage] {
        let segments = catalog.segments
        guard let first = segments.first, let last = segments.last, first.firstPosition < last.firstPosition else {
            return []
        }
        do throws(DirectoryError) {
            let scanner = LogScanner(storage: storage, directory: id, segments: segments)
            _ = try scanner.scan(after: first.firstPosition - 1, through: last.firstPosition - 1) { _, _ in }
            return []
        } catch {
            // Segments that a snapshot has made superfluous are recycled in place.
            let isKept = catalog.segments.first == first
            return isKept && !pace.isStopped ? [DataDirectory.finding(error, first.fileName)] : []
        }
    }

    private static func finding(_ error: DirectoryError, _ file: String) -> Damage {
        if case .damaged(let damage) = error { return damage }
        return Damage(file: file, offset: 0, what: error.description, consequence: "this part cannot be used")
    }
}
