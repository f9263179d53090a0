// The records as they were at a moment: rebuilt from the newest kept snapshot before it and the log up to it.

import Engine
import FetchXML
import Snapshot

/// All records of an organisation as they were at a moment. It never changes, and takes memory as the records themselves do.
///
/// Thread rule: any thread.
public final class PastState: Sendable {
    /// The records.
    public let view: View
    /// The moment that was asked for, else that of the last transaction: what `NOW()` is in queries. Microseconds since 1970.
    public let timeMicroseconds: Int64
    /// Nothing that is executed later can belong to it.
    let isFinal: Bool
    private let calendar: BusinessCalendar

    private init(_ engine: Engine, timeMicroseconds: Int64, isFinal: Bool) {
        view = engine.view
        self.timeMicroseconds = timeMicroseconds
        self.isFinal = isFinal
        calendar = KnownCalendar().calendar(view)
    }

    /// The last transaction whose effects it has.
    public var position: Position { view.position }
    /// The schema of that moment.
    public var schema: Schema { view.schema }

    /// What a query about this moment takes from outside: it is asked as if it were that moment.
    package func environment(of user: RecordID) -> QueryEnvironment {
        QueryEnvironment(nowMicroseconds: timeMicroseconds, user: user, calendar: calendar)
    }

    /// Answers an SQL `SELECT` or a FetchXML document about the records as they were. Runs on the calling thread.
    public func query(
        _ text: String,
        _ parameters: [Value] = [],
        as user: RecordID = .none
    ) throws(QueryError) -> QueryResult {
        try PreparedQuery(text: text, schema: schema)
            .execute(on: view, parameters: parameters, environment: environment(of: user))
    }
}

extension PastState {
    /// Bounds what is read, and the memory that it takes.
    private struct Allowance {
        let limitBytes: UInt64
        private var bytes: UInt64 = 0

        init(_ limitBytes: UInt64) { self.limitBytes = limitBytes }

        /// A snapshot that turned out to be damaged counts no more once another is begun with.
        mutating func begin(_ snapshot: SnapshotInfo?) throws(PastError) {
            bytes = 0
            try take(snapshot?.fileBytes ?? 0)
        }

        mutating func take(_ more: UInt64) throws(PastError) {
            bytes += more
            guard bytes <= limitBytes else { throw .tooLarge(bytes: bytes, limitBytes: limitBytes) }
        }
    }

    /// Rebuilds a state. O(records) for the snapshot and O(bytes) for the log behind it.
    ///
    /// - Parameters:
    ///   - now: what is later is in the future.
    ///   - limitBytes: of snapshot and log that may be read.
    ///   - cancellation: looked at before each block of the snapshot and each entry of the log. What is not interrupted is the
    ///     making of indexes over the snapshot's columns.
    static func rebuild(
        _ point: RestorePoint,
        from source: PastSource,
        times: SnapshotTimes,
        now: Int64,
        limitBytes: UInt64,
        cancellation: QueryCancellation? = nil,
        _ parallel: @escaping ParallelFor
    ) throws -> PastState {
        if case .time(let time) = point, time > now {
            throw PastError.inFuture(CalendarText.text(microseconds: time))
        }
        let recovery = EngineRecovery(parallel: parallel, buildsAhead: false, cancellation: cancellation)
        var allowance = Allowance(limitBytes)
        var isCut = false
        var firstTime: Int64?
        let isThere = try source.rebuild(
            from: { position in
                switch point {
                case .latest: true
                case .position(let limit): position <= limit
                case .time(let limit): times.time(of: position, in: source).map { $0 <= limit } ?? false
                }
            },
            sink: recovery.sink,
            parallel: parallel,
            begin: {
                if let cancellation, cancellation.isCancelled { throw PastError.cancelled }
                try allowance.begin($0)
            }
        ) { position, entry in
            if let cancellation, cancellation.isCancelled { throw PastError.cancelled }
            var reader = ByteReader(entry)
            let time = try EntryHeader(from: &reader).envelope.timeMicroseconds
            if firstTime == nil { firstTime = time }
            switch point {
            case .latest: break
            case .position(let limit): isCut = position > limit
            case .time(let limit): isCut = time > limit
            }
            guard !isCut else { return false }
            try allowance.take(UInt64(entry.count))
            try recovery.replay(position, entry)
            return true
        }
        guard isThere else { throw times.notKept(source) }
        try recovery.endReplay()
        let engine = try recovery.finish()
        guard engine.position > 0 else { throw PastError.notKept(sinceMicroseconds: firstTime ?? now, position: 1) }
        if case .position(let position) = point, engine.position < position {
            throw PastError.inFuture("position \(position)")
        }
        switch point {
        case .time(let time): return PastState(engine, timeMicroseconds: time, isFinal: isCut)
        case .latest: return PastState(engine, timeMicroseconds: engine.timeMicroseconds, isFinal: false)
        case .position: return PastState(engine, timeMicroseconds: engine.timeMicroseconds, isFinal: true)
        }
    }
}
