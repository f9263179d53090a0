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
    /// Passes that read at present.
    private let readerCount = Monitor(0)
    package let pace: ReadingPace

    package init(bytesPerSecond: UInt64) { pace = ReadingPace(bytesPerSecond: bytesPerSecond) }

    package var figures: ScrubFigures {
        var figures = state.withLock { $0 }
        figures.readBytes = pace.readBytes
        return figures
    }

    /// Ends passes for good, and returns when none reads any more. What they found may still be told to somebody, who may be the one
    /// that waits here.
    package func stop() {
        pace.stop()
        readerCount.wait(for: .progress) { $0 == 0 ? () : nil }
    }

    /// Runs `body`, which `stop` waits for; nil when there will be no more passes.
    package func reading<R>(_ body: () -> R) -> R? {
        let begins = readerCount.withLock { count in
            if pace.isStopped { return false }
            count += 1
            return true
        }
        guard begins else { return nil }
        defer {
            readerCount.withLock { $0 -= 1 }
            readerCount.wakeAll(.progress)
        }
        return body()
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
        let damage = scrubbing.reading { directory.scrub(scrubbing.pace) + scrubContents() }
        guard let damage, !scrubbing.pace.isStopped else { return [] }
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

    /// Passes one after the other on a thread of their own, until the database is closed or gone.
    static func scrubInBackground(_ scrubbing: Scrubbing, _ database: @escaping @Sendable () -> Database?) {
        startThread {
            while !scrubbing.pace.isStopped {
                guard database()?.scrub() != nil else { return }
                scrubbing.pace.rest(milliseconds: Scrubbing.restMilliseconds)
            }
        }
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
