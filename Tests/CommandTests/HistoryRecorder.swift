// Clients that read and change a few records of a server that somebody kills meanwhile, and write down what they asked, when, and
// what they were told.
//
// Two kinds of them: those with a plain connection, to whom a call whose answer does not come is one of unknown outcome; and those
// that send a call again until it is answered, each transaction with a key, so that it must take effect once.
//
// Moments are numbers of one counter, taken before a call is sent and after its answer has come. So whatever ended before another
// call began has the lower number, and no clock is needed.

import Engine
import Foundation
import Kith
import Linearizability
import Net
import Snapshot
import Synchronization

/// What the clients were told. `Kith` has histories of records of its own, from the log.
typealias JudgedHistory = Linearizability.RecordHistory

/// Thread rule: any thread.
final class HistoryRecorder: Sendable {
    private struct State {
        var moment = 0
        var value = 0
        var calls: [Interval<RecordCall>] = []
        /// Who waits for so many ended calls.
        var waiting: (count: Int, continuation: CheckedContinuation<Void, Never>)?
        var isOver = false
    }

    private let state = Mutex(State())
    let records: [RecordID]
    private let initial: [RecordState]

    /// Makes the records on the server.
    init(recordCount: Int, port: Int) async throws {
        let client = try await KithClient.connect(ClientOptions(port: port))
        var transaction = Transaction(try await client.schema)
        for index in 0..<recordCount {
            try transaction.create("account", ["name": .text("Record \(index)"), "numberofemployees": .integer(0)])
        }
        let reply = try await client.execute(transaction)
        await client.close()
        records = reply.operations.flatMap(\.ids)
        initial = records.map { _ in RecordState(value: 0, version: reply.position) }
    }

    var history: JudgedHistory { JudgedHistory(initial: initial, calls: state.withLock { $0.calls }) }

    /// The moment of a beginning.
    func moment() -> Int {
        state.withLock { state in
            state.moment += 1
            return state.moment
        }
    }

    /// A value that no other write gives.
    func freshValue() -> Int {
        state.withLock { state in
            state.value += 1
            return state.value
        }
    }

    /// A call has ended just now, or will never be answered.
    func add(_ call: RecordCall, begin: Int, isAnswered: Bool) {
        let woken = state.withLock { state -> CheckedContinuation<Void, Never>? in
            state.moment += 1
            state.calls.append(Interval(call, begin: begin, end: isAnswered ? state.moment : nil))
            guard let (count, continuation) = state.waiting, state.calls.count >= count else { return nil }
            state.waiting = nil
            return continuation
        }
        woken?.resume()
    }

    /// Returns when so many calls more have ended, or all clients are done.
    func calls(more count: Int) async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if state.isOver { return true }
                state.waiting = (state.calls.count + count, continuation)
                return false
            }
            if isOver { continuation.resume() }
        }
    }

    /// All clients are done.
    func end() {
        let woken = state.withLock { state in
            state.isOver = true
            defer { state.waiting = nil }
            return state.waiting?.continuation
        }
        woken?.resume()
    }
}

/// What a client asks next, by its random numbers and what it has seen.
struct HistoryClient {
    let recorder: HistoryRecorder
    var random: SplitMix64
    /// Whether calls may name several records: such a history is searched as a whole.
    let areRecordsJoined: Bool
    /// What the client knows of each record.
    private var seen: [RecordState?]

    init(_ recorder: HistoryRecorder, seed: UInt64, areRecordsJoined: Bool) {
        self.recorder = recorder
        random = SplitMix64(seed: seed)
        self.areRecordsJoined = areRecordsJoined
        seen = Array(repeating: nil, count: recorder.records.count)
    }

    private mutating func below(_ bound: Int) -> Int { Int(random.next() % UInt64(bound)) }

    private mutating func someRecords() -> [Int] {
        let first = below(seen.count)
        guard areRecordsJoined, below(3) == 0 else { return [first] }
        return [first, (first + 1) % seen.count].sorted()
    }

    /// A read, or a change, half of which expect what the client has seen last.
    mutating func next() -> RecordCall {
        let records = someRecords()
        guard below(2) == 0 else { return .read(records, []) }
        let isConditional = below(2) == 0
        return .write(
            records.map { record in
                RecordCall.Change(
                    record: record,
                    expected: isConditional ? seen[record] : nil,
                    value: recorder.freshValue()
                )
            },
            .open
        )
    }

    mutating func learn(_ call: RecordCall) {
        switch call {
        case .read(let records, let found): for (record, found) in zip(records, found) { seen[record] = found }
        case .write(let changes, .done(let position)):
            for change in changes { seen[change.record] = RecordState(value: change.value, version: position) }
        // What was expected is no longer there, or may not be.
        case .write(let changes, _): for change in changes { seen[change.record] = nil }
        }
    }

    func ids(_ records: [Int]) -> [RecordID] { records.map { recorder.records[$0] } }

    func transaction(_ changes: [RecordCall.Change], _ schema: Schema) throws -> Transaction {
        var transaction = Transaction(schema)
        for change in changes {
            try transaction.update(
                recorder.records[change.record],
                ["numberofemployees": .integer(Int64(change.value))],
                expecting: change.expected?.version
            )
        }
        return transaction
    }

    static func states(_ page: RecordPage) -> [RecordState] {
        zip(page.rows, page.versions).map { row, version in
            if case .integer(let value)? = row.first {
                RecordState(value: Int(value), version: version ?? 0)
            } else {
                RecordState(value: -1, version: version ?? 0)
            }
        }
    }
}

/// What lets clients wait for the next start of the server without asking all the time.
final class StartGate: @unchecked Sendable {
    private let condition = NSCondition()
    // Behind the condition.
    private var startCount = 1
    private var isClosed = false

    var starts: Int {
        condition.lock()
        defer { condition.unlock() }
        return startCount
    }

    /// The server was started again.
    func open() {
        condition.lock()
        startCount += 1
        condition.broadcast()
        condition.unlock()
    }

    /// It will not be started again.
    func close() {
        condition.lock()
        isClosed = true
        condition.broadcast()
        condition.unlock()
    }

    /// Blocks until the server was started after `starts`; throws when it will not be.
    func wait(after starts: Int) throws {
        condition.lock()
        defer { condition.unlock() }
        while startCount <= starts, !isClosed { condition.wait() }
        if isClosed { throw ClientError.closed }
    }
}

/// Runs what blocks on a thread of its own: those of tasks are as few as processors.
func onThread(_ body: @escaping @Sendable () throws -> Void) async throws {
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
        Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
    }
}
