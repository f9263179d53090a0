// Which state a restore makes: where the source's history reaches, and which part of it holds the state.

import Engine
import Snapshot

/// The state that a restore makes.
public enum RestorePoint: Hashable, Sendable {
    /// The last one.
    case latest
    /// The state after this transaction.
    case position(Position)
    /// The state at a moment, microseconds since 1970: after the last transaction whose time is not later.
    case time(Int64)
}

/// A directory's or a backup's history, in parts that have no gap.
struct History {
    private struct Part {
        /// What recovery reads to get a state that is not later than a position.
        let view: (Position) throws -> any Storage
        let firstPosition: Position
        /// Nil where only the log knows.
        let lastPosition: Position?
    }

    private let parts: [Part]
    private let name: String

    /// Of a backup, or of a directory that is not in use.
    init(_ storage: any Storage) throws {
        guard let (manifest, _) = try BackupManifest.ofBackup(in: storage) else {
            name = "the directory"
            let snapshots = try storage.list().compactMap(DataDirectory.snapshotPosition(ofFile:))
            let isWhole = try DataDirectory.firstLoggedPosition(in: storage) == 1
            parts = [
                Part(
                    view: { try BackupView(storage, before: $0) },
                    firstPosition: isWhole ? 0 : snapshots.min() ?? 0,
                    lastPosition: nil
                )
            ]
            return
        }
        name = "the backup"
        parts = manifest.stretches.map { stretch in
            Part(
                view: { BackupView(storage, stretch, before: $0) },
                firstPosition: stretch.firstPosition,
                lastPosition: stretch.lastPosition
            )
        }
        guard !parts.isEmpty else {
            throw BackupError.outOfReach("the backup holds nothing yet: its first run did not end")
        }
    }

    /// What to read for a state, and the last transaction to replay.
    func place(of point: RestorePoint) throws -> (storage: any Storage, limit: Position) {
        switch point {
        case .latest: return (try parts[parts.count - 1].view(.max), .max)
        case .position(let position):
            guard let part = parts.last(where: { $0.firstPosition <= position }),
                part.lastPosition.map({ position <= $0 }) ?? true
            else { throw outOfReach("position \(position)") }
            return (try part.view(position), position)
        case .time(let time): return try place(ofTime: time)
        }
    }

    /// Times never decrease along the log, so that the first later one ends the search.
    private func place(ofTime time: Int64) throws -> (storage: any Storage, limit: Position) {
        for index in parts.indices.reversed() {
            let part = parts[index]
            let whole = try part.view(.max)
            var found: Position?
            var isCut = false
            do {
                try DataDirectory.readLog(of: whole) { position, entry in
                    var reader = ByteReader(entry)
                    guard try EntryHeader(from: &reader).envelope.timeMicroseconds <= time else { throw Later() }
                    found = position
                }
            } catch is Later {
                isCut = true
            }
            // The state that the oldest part begins with may be later, which shows when it was restored.
            guard let position = found ?? (index == 0 ? part.firstPosition : nil) else { continue }
            guard isCut || index == parts.count - 1 else {
                let next = parts[index + 1].firstPosition
                throw BackupError.outOfReach(
                    "\(name) has a gap there: nothing between positions \(position) and \(next)"
                )
            }
            let limit = max(position, part.firstPosition)
            return (try part.view(limit), limit)
        }
        throw outOfReach("that moment")
    }

    private struct Later: Error {}

    private func outOfReach(_ what: String) -> BackupError {
        let ranges = parts.map { part in
            "from position \(part.firstPosition)" + (part.lastPosition.map { " to \($0)" } ?? " on")
        }
        return .outOfReach("\(what) is not in \(name): it has the states \(ranges.joined(separator: ", and "))")
    }

    func require(_ engine: Engine, at point: RestorePoint) throws {
        switch point {
        case .latest: return
        case .position(let position):
            guard engine.position == position else {
                throw BackupError.outOfReach("position \(position) is not in \(name): it ends at \(engine.position)")
            }
        case .time(let time):
            guard engine.position > 0 else { throw BackupError.outOfReach("\(name) begins only after that moment") }
            guard engine.timeMicroseconds <= time else {
                throw BackupError.outOfReach(
                    "\(name) does not reach back so far: its first state is of "
                        + "\(CalendarText.text(microseconds: engine.timeMicroseconds)), position \(engine.position)"
                )
            }
        }
    }
}
