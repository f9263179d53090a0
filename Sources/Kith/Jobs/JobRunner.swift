// The thread that works jobs off: a slice of each in turn, up to four jobs, and after each slice a wait until it is on the disk.

import Engine
import Glibc
import Snapshot

/// Whether a database's jobs are being worked off. Thread rule: any thread.
package final class JobRunner: Sendable {
    /// How long a full disk is waited for.
    private static let restMilliseconds = 1_000

    private struct State {
        var isRunning = false
        var faults: [JobFault] = []
        /// Somebody has started a job since the runner looked last.
        var isAwaited = false
        var isStopped = false
    }

    private let state = Monitor(State())
    /// Ends the query of a job that is about to begin, which would keep the runner from stopping.
    let cancellation = QueryCancellation()

    /// Looks for jobs, on a thread of its own, until there are none.
    func start(_ database: @escaping @Sendable () -> Database?) {
        let mustStart = state.withLock { state in
            state.isAwaited = true
            guard !state.isRunning, !state.isStopped else { return false }
            state.isRunning = true
            return true
        }
        guard mustStart else {
            // It may be resting, with jobs that stand still.
            state.wakeAll(.progress)
            return
        }
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

    /// The jobs that stand still, in order of their ids.
    var faults: [JobFault] { state.withLock { $0.faults } }

    fileprivate func publish(_ faults: [JobFault]) { state.withLock { $0.faults = faults } }

    /// Until it is time to try again, or somebody starts a job.
    private func rest() {
        _ = state.wait(for: .progress, milliseconds: JobRunner.restMilliseconds) {
            $0.isStopped || $0.isAwaited ? () : nil
        }
    }

    /// Stops between two slices or in the middle of a job's query, for good, and returns when nothing is under way any more.
    package func stop() {
        state.withLock { $0.isStopped = true }
        cancellation.cancel()
        state.wakeAll(.progress)
        state.wait(for: .progress) { $0.isRunning ? nil : () }
    }
}

/// A job that stands still: it is open, and cannot go on.
public struct JobFault: Hashable, Sendable {
    /// The job, a `bulkoperation`.
    public var job: RecordID
    /// What keeps it from going on.
    public var reason: String
}

/// What whoever works jobs off keeps between two slices.
package struct JobWork {
    fileprivate struct Fault {
        let reason: String
        /// When the job is tried again.
        let nextMicroseconds: Int64
    }

    fileprivate var running: [RecordID: RunningJob] = [:]
    /// Jobs that stand still.
    fileprivate var faults: [RecordID: Fault] = [:]
    /// A job without its list could not be ended, since the disk is full, or could not begin, since the runner stops.
    fileprivate var mustRest = false
    private let retryMicroseconds: Int64

    /// - Parameter retryMicroseconds: after how long a job that stands still is tried again.
    package init(retryMicroseconds: Int64 = 1_000_000) { self.retryMicroseconds = retryMicroseconds }

    /// The jobs that stand still, in order of their ids.
    package var standingStill: [JobFault] {
        faults.sorted { $0.key < $1.key }.map { JobFault(job: $0.key, reason: $0.value.reason) }
    }

    fileprivate mutating func fail(_ id: RecordID, _ reason: String, at nowMicroseconds: Int64) {
        faults[id] = Fault(reason: reason, nextMicroseconds: nowMicroseconds + retryMicroseconds)
    }
}

/// What became of a round of slices.
package enum JobRound: Sendable {
    /// There is more to do.
    case more
    /// No job is open that could go on.
    case nothing
    /// The disk is full, the log has failed, the runner stops, or all that is open stands still.
    case mustRest
}

extension Database {
    /// One slice of each job that is open, up to `JobLimits.runningMax` of them; beside them as many of those that stand still are tried
    /// again, which keep no other from its turn. Blocks the calling thread; one at a time.
    package func workOnJobs(_ work: inout JobWork) -> JobRound {
        let open = turn { $0.openJobs }
        if !work.faults.isEmpty {
            // Those that were canceled or deleted meanwhile stand still no more.
            let known = Set(open)
            work.faults = work.faults.filter { known.contains($0.key) }
        }
        let round = workOn(open, &work)
        jobRunner.publish(work.standingStill)
        guard case .nothing = round else { return round }
        // Those that had their turn may all stand still now, and others wait behind them.
        if open.contains(where: { work.faults[$0] == nil }) { return .more }
        return work.faults.isEmpty ? .nothing : .mustRest
    }

    private func workOn(_ open: [RecordID], _ work: inout JobWork) -> JobRound {
        let now = Database.monotonicMicroseconds
        // Whoever waited longest is tried first, so that each of many has its turn.
        let retried = open.compactMap { id in work.faults[id].map { (moment: $0.nextMicroseconds, id: id) } }
            .filter { $0.moment <= now }.sorted { $0 < $1 }.prefix(JobLimits.runningMax)
        let due = open.filter { work.faults[$0] == nil }.prefix(JobLimits.runningMax) + retried.map(\.id)
        work.running = work.running.filter { due.contains($0.key) }
        work.mustRest = false
        var round = JobRound.nothing
        for id in due {
            guard let job = work.running[id] ?? load(id, &work) else {
                if work.mustRest { return .mustRest }
                if work.faults[id] == nil { round = .more }
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
                    Database.monotonicMicroseconds - start >= options.jobSliceMicroseconds
                }
                return (slice, turn.position)
            }
            if let fault = slice.fault { work.fail(id, fault.message, at: now) } else { work.faults[id] = nil }
            do throws(DirectoryError) {
                try directory.queue.waitUntilDurable(position)
            } catch {
                return .mustRest
            }
            if let obstacle = slice.obstacle, obstacle.code != .overloaded { return .mustRest }
            if slice.fault == nil { round = .more }
        }
        return round
    }

    /// A job with its list; nil when it was ended or stands still because that cannot be read.
    private func load(_ id: RecordID, _ work: inout JobWork) -> RunningJob? {
        guard let (message, query, list, targetCount, actor) = turn({ $0.job(id) }) else { return nil }
        guard let targetCount else { return begin(id, message, query, actor, &work) }
        var bytes: [UInt8] = []
        do throws(ContentError) {
            while let content = list?.content, Int64(bytes.count) < content.lengthBytes {
                bytes += try contents.read(content, at: Int64(bytes.count), count: FilePieces.bytesMax)
            }
        } catch {
            // A disk that fails may be there again, and a file that is gone may be put back.
            let reason = "Its list of records cannot be read, which is tried again: \(error)"
            work.fail(id, reason, at: Database.monotonicMicroseconds)
            write(id, &work) { turn throws(Refusal) in try turn.holdJob(id, reason) }
            return nil
        }
        if let records = RunningJob.decode(bytes), records.count == targetCount {
            return RunningJob(id, records, message: message)
        }
        work.faults[id] = nil
        let reason = "Its list of records is not the one that it was started with."
        write(id, &work) { turn throws(Refusal) in try turn.abortJob(id, reason) }
        return nil
    }

    /// A job that a message has started: its query is asked now, and its records are frozen. Nothing of it has been done before that is written
    /// down, so that after a crash it begins anew.
    private func begin(
        _ id: RecordID,
        _ message: String,
        _ query: String,
        _ actor: RecordID,
        _ work: inout JobWork
    ) -> RunningJob? {
        let records: [RecordID]
        let list: FileReference?
        do {
            (records, list) = try freeze(query, message, actor)
        } catch let error as QueryError where error.code == .cancelled {
            // It begins anew at the next start.
            work.mustRest = true
            return nil
        } catch let error as QueryError {
            return abort(id, "Its query cannot be asked: \(error).", &work)
        } catch let error as Refusal where !error.isObstacle {
            return abort(id, error.message, &work)
        } catch {
            let reason = "Its list of records cannot be written, which is tried again: \(error)"
            work.fail(id, reason, at: Database.monotonicMicroseconds)
            write(id, &work) { turn throws(Refusal) in try turn.holdJob(id, reason) }
            return nil
        }
        work.faults[id] = nil
        write(id, &work) { turn throws(Refusal) in try turn.beginJob(id, list, targetCount: records.count) }
        // What is not written down is not begun.
        guard !work.mustRest, work.faults[id] == nil else { return nil }
        return RunningJob(id, records, message: message)
    }

    private func abort(_ id: RecordID, _ reason: String, _ work: inout JobWork) -> RunningJob? {
        work.faults[id] = nil
        write(id, &work) { turn throws(Refusal) in try turn.abortJob(id, reason) }
        return nil
    }

    /// Says in a job's record what became of it.
    private func write(
        _ id: RecordID,
        _ work: inout JobWork,
        _ body: (inout WriterTurn) throws(Refusal) -> Void
    ) {
        do throws(Refusal) {
            try turn { turn in
                Result { () throws(Refusal) in try body(&turn) }
            }.get()
        } catch {
            // A disk that is full is waited for.
            if error.isObstacle {
                work.mustRest = true
            } else if work.faults[id] == nil {
                work.fail(id, error.message, at: Database.monotonicMicroseconds)
            }
        }
    }

    /// For lengths of time only: no result depends on it.
    private static var monotonicMicroseconds: Int64 {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1_000
    }
}
