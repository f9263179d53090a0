// The scrub of an open database: snapshots, the log but for its last segment, and contents of files are read again at a pace,
// and what is not what was written raises an alarm: in the status, in the metrics, and by `DatabaseOptions.damageFound`.

import Engine
import Snapshot
import Synchronization

/// What scrubs have found.
public struct ScrubFigures: Sendable {
    /// Passes that ended.
    public internal(set) var passCount = 0
    /// When the last one ended, microseconds since 1970; nil before that.
    public internal(set) var lastPassTimeMicroseconds: Int64?
    /// Bytes read by all passes.
    public internal(set) var readBytes: UInt64 = 0
    /// What the last pass found, or the present one so far. Stays until a pass finds it mended.
    public internal(set) var damage: [Damage] = []
}

/// The state of a database's scrub. Thread rule: any thread.
package final class Scrubbing: Sendable {
    /// Between two passes.
    static let restMilliseconds = 3_600_000

    private let state = Mutex(ScrubFigures())
    private let isInBackground = Monitor(false)
    package let pace: ReadingPace

    package init(bytesPerSecond: UInt64) { pace = ReadingPace(bytesPerSecond: bytesPerSecond) }

    package var figures: ScrubFigures {
        var figures = state.withLock { $0 }
        figures.readBytes = pace.readBytes
        return figures
    }

    /// Ends passes for good, and returns when the one in the background reads nothing more.
    package func stop() {
        pace.stop()
        isInBackground.wait(for: .progress) { $0 ? nil : () }
    }

    /// Runs `pass` again and again on a thread of its own, until it returns false or this is stopped.
    package func runInBackground(_ pass: @escaping @Sendable () -> Bool) {
        isInBackground.withLock { $0 = true }
        startThread { [self] in
            while !pace.isStopped, pass() { pace.rest(milliseconds: Scrubbing.restMilliseconds) }
            isInBackground.withLock { $0 = false }
            isInBackground.wakeAll(.progress)
        }
    }

    /// Takes what a pass found; returns what was not known before.
    func end(_ damage: [Damage], timeMicroseconds: Int64) -> [Damage] {
        state.withLock { state in
            let new = damage.filter { !state.damage.contains($0) }
            state.damage = damage
            state.passCount += 1
            state.lastPassTimeMicroseconds = timeMicroseconds
            return new
        }
    }
}

extension Database {
    /// One pass over everything that lies still, on the calling thread, at the pace of `DatabaseOptions.scrubBytesPerSecond`;
    /// returns what it found.
    @discardableResult
    public func scrub() -> [Damage] {
        let damage = directory.scrub(scrubbing.pace) + scrubContents()
        guard !scrubbing.pace.isStopped else { return [] }
        for finding in scrubbing.end(damage, timeMicroseconds: options.clock()) { options.damageFound?(finding) }
        return damage
    }

    private func scrubContents() -> [Damage] {
        let paced = PacedStorage(directory.storage, scrubbing.pace)
        guard let folder = try? ContentFolder(in: paced) else { return [] }
        var found: [Damage] = []
        for content in folder.contents {
            guard !scrubbing.pace.isStopped else { return [] }
            guard let damage = folder.damage(content) else { continue }
            // One that was removed meanwhile is none.
            let present = (try? ContentFolder(in: directory.storage).contents) ?? []
            if present.contains(content) { found.append(damage) }
        }
        return found
    }
}

extension ScrubFigures {
    func writeMembers(to scrub: inout JSONWriter) {
        scrub.member("passCount", passCount)
        scrub.key("lastPassTimeMicroseconds")
        if let lastPassTimeMicroseconds { scrub.number(lastPassTimeMicroseconds) } else { scrub.null() }
        scrub.member("readBytes", readBytes)
        scrub.array("damage") { list in
            for finding in damage {
                list.object { entry in
                    entry.member("file", finding.file)
                    entry.member("offset", finding.offset)
                    entry.member("what", finding.what)
                    entry.member("consequence", finding.consequence)
                }
            }
        }
    }
}
