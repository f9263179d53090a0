// The thread that works jobs off: a slice of each in turn, up to four jobs, and after each slice a wait until it is on the disk.

import Engine
import Glibc
import Snapshot

/// Whether a database's jobs are being worked off. Thread rule: any thread.
final class JobRunner: Sendable {
    /// How long a full disk is waited for.
    private static let restMilliseconds = 1_000

    private struct State {
        var isRunning = false
        /// Somebody has started a job since the runner looked last.
        var isAwaited = false
        var isStopped = false
    }

    private let state = Monitor(State())

    /// Looks for jobs, on a thread of its own, until there are none.
    func start(_ database: @escaping @Sendable () -> Database?) {
        let mustStart = state.withLock { state in
            state.isAwaited = true
            guard !state.isRunning, !state.isStopped else { return false }
            state.isRunning = true
            return true
        }
        guard mustStart else { return }
        startThread { [self] in
            var work = JobWork()
            while goesOn(), let database = database() {
                switch database.workOnJobs(&work) {
                case .more: break
                case .nothing: if isDone() { return }
                case .mustRest: rest()
                }
            }
            end()
        }
    }

    private func goesOn() -> Bool {
        state.withLock { state in
            state.isAwaited = false
            return !state.isStopped
        }
    }

    private func isDone() -> Bool {
        let isDone = state.withLock { state in
            if state.isAwaited { return false }
            state.isRunning = false
            return true
        }
        if isDone { state.wakeAll(.progress) }
        return isDone
    }

    private func end() {
        state.withLock { $0.isRunning = false }
        state.wakeAll(.progress)
    }

    private func rest() {
        _ = state.wait(for: .progress, milliseconds: JobRunner.restMilliseconds) { $0.isStopped ? () : nil }
    }

    /// Stops between two slices, for good, and returns when nothing is under way any more.
    func stop() {
        state.withLock { $0.isStopped = true }
        state.wakeAll(.progress)
        state.wait(for: .progress) { $0.isRunning ? nil : () }
    }
}

/// What whoever works jobs off keeps between two slices.
package struct JobWork {
    fileprivate var running: [RecordID: RunningJob] = [:]
    /// Jobs that cannot go on, and why.
    package fileprivate(set) var faults: [RecordID: String] = [:]
    /// A job without its list could not be ended: the disk is full.
    fileprivate var mustRest = false

    package init() {}
}

/// What became of a round of slices.
package enum JobRound: Sendable {
    /// There is more to do.
    case more
    /// No job is open that could go on.
    case nothing
    /// The disk is full, or the log has failed.
    case mustRest
}

extension Database {
    /// One slice of each job that is open, up to `JobLimits.runningMax` of them. Blocks the calling thread; one at a time.
    package func workOnJobs(_ work: inout JobWork) -> JobRound {
        let open = turn { $0.openJobs }.filter { work.faults[$0] == nil }.prefix(JobLimits.runningMax)
        work.running = work.running.filter { open.contains($0.key) }
        work.mustRest = false
        var round = JobRound.nothing
        for id in open {
            guard let job = work.running[id] ?? load(id, &work) else {
                if work.mustRest { return .mustRest }
                round = .more
                continue
            }
            work.running[id] = job
            let (slice, position) = turn { turn in
                // From within the turn: waiting for it is no work.
                let start = Database.monotonicMicroseconds
                let slice = turn.runSlice(
                    of: job,
                    recordsMax: options.jobSliceRecordsMax,
                    failuresMax: options.jobFailuresMax
                ) {
                    Database.monotonicMicroseconds - start >= JobLimits.sliceMicroseconds
                }
                return (slice, turn.position)
            }
            if let fault = slice.fault { work.faults[id] = fault.message }
            do throws(DirectoryError) {
                try directory.queue.waitUntilDurable(position)
            } catch {
                return .mustRest
            }
            if let obstacle = slice.obstacle, obstacle.code != .overloaded { return .mustRest }
            round = .more
        }
        return round
    }

    /// A job with its list; nil when it was ended or stands still because that cannot be read.
    private func load(_ id: RecordID, _ work: inout JobWork) -> RunningJob? {
        guard let (message, list, targetCount) = turn({ $0.job(id) }) else { return nil }
        var bytes: [UInt8] = []
        do throws(ContentError) {
            while let content = list?.content, Int64(bytes.count) < content.lengthBytes {
                bytes += try contents.read(content, at: Int64(bytes.count), count: FilePieces.bytesMax)
            }
        } catch {
            // A disk that fails may be there again at the next start.
            work.faults[id] = "\(error)"
            return nil
        }
        if let records = RunningJob.decode(bytes), records.count == targetCount {
            return RunningJob(id, records, message: message)
        }
        let reason = "Its list of records is not the one that it was started with."
        do throws(Refusal) {
            try turn { turn in
                Result { () throws(Refusal) in try turn.abortJob(id, reason) }
            }.get()
        } catch {
            // A disk that is full is waited for.
            if error.isObstacle { work.mustRest = true } else { work.faults[id] = error.message }
        }
        return nil
    }

    /// For lengths of time only: no result depends on it.
    private static var monotonicMicroseconds: Int64 {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1_000
    }
}
