// Records as Kith has them: each with a value and a version, read and changed one by one or several at once, changed only if they
// are at the versions that the caller has seen.
//
// Every write gives values that no other gives, so that a value says which write made it. A version is the position of the write:
// it is higher than that of every write before.

/// What somebody has seen in a record.
package struct RecordState: Hashable, Sendable {
    package var value: Int
    package var version: UInt64

    package init(value: Int, version: UInt64) {
        self.value = value
        self.version = version
    }
}

package enum RecordCall: Hashable, Sendable {
    /// One change of a record.
    package struct Change: Hashable, Sendable {
        package var record: Int
        /// The value and version that the caller has seen and wants to replace; nil: whatever is there.
        package var expected: RecordState?
        package var value: Int

        package init(record: Int, expected: RecordState?, value: Int) {
            self.record = record
            self.expected = expected
            self.value = value
        }
    }

    /// What was answered to a change.
    package enum Outcome: Hashable, Sendable {
        /// It took effect at this position.
        case done(UInt64)
        /// Refused: a record was not at the version expected.
        case stale
        /// Nothing was answered.
        case open
    }

    /// Records that were read together, and what was found.
    case read([Int], [RecordState])
    /// Changes that take effect together or not at all.
    case write([Change], Outcome)

    /// Values that whoever was answered so has found.
    fileprivate var seen: [RecordValue] {
        switch self {
        case .read(let records, let found):
            zip(records, found).map { RecordValue(record: $0, value: $1.value) }
        case .write(let changes, .done):
            changes.compactMap { change in
                change.expected.map { RecordValue(record: change.record, value: $0.value) }
            }
        case .write: []
        }
    }

    fileprivate var records: [Int] {
        switch self {
        case .read(let records, _): records
        case .write(let changes, _): changes.map(\.record)
        }
    }
}

/// A value that one write has given to a record.
private struct RecordValue: Hashable {
    var record: Int
    var value: Int
}

/// Some records, in the order of their numbers.
private struct RecordModel: SequentialModel {
    /// A record. Versions only rise, so that one that nobody knows is still known to be above those before it.
    struct Record: Hashable {
        var value: Int
        var version: UInt64
        /// Otherwise the record's is above `version`.
        var isKnown = true

        /// Whether the record can be at a version that somebody has seen.
        func isAt(_ seen: RecordState) -> Bool {
            value == seen.value && (isKnown ? version == seen.version : version < seen.version)
        }
    }

    let initial: [Record]
    /// Places of the records in a state.
    let places: [Int: Int]

    func byteCount(of state: [Record]) -> Int { state.count * MemoryLayout<Record>.stride + 32 }

    func isRead(_ call: RecordCall) -> Bool {
        switch call {
        case .read, .write(_, .stale): true
        case .write: false
        }
    }

    func mayFollow(_ call: RecordCall, _ state: [Record]) -> Bool {
        switch call {
        case .read(let records, let found):
            zip(records, found).allSatisfy { record, found in
                places[record].map { state[$0].version <= found.version } ?? false
            }
        case .write(_, .done(let position)): state.allSatisfy { $0.version < position }
        case .write: true
        }
    }

    func state(after call: RecordCall, in state: [Record]) -> [Record]? {
        var state = state
        switch call {
        case .read(let records, let found):
            for (record, found) in zip(records, found) {
                guard let place = places[record], state[place].isAt(found) else { return nil }
                state[place] = Record(value: found.value, version: found.version)
            }
        case .write(let changes, let outcome):
            let fits = changes.allSatisfy { change in
                guard let expected = change.expected, let place = places[change.record] else { return true }
                return state[place].isAt(expected)
            }
            let highest = state.reduce(0) { max($0, $1.version) }
            switch outcome {
            case .stale: return fits ? nil : state
            case .open where !fits: return state
            case .open: set(changes, Record(value: 0, version: highest, isKnown: false), &state)
            case .done(let position):
                guard fits, highest < position else { return nil }
                set(changes, Record(value: 0, version: position), &state)
            }
        }
        return state
    }

    private func set(_ changes: [RecordCall.Change], _ record: Record, _ state: inout [Record]) {
        for change in changes {
            guard let place = places[change.record] else { continue }
            state[place] = record
            state[place].value = change.value
        }
    }
}

/// Calls of several clients on several records.
package struct RecordHistory: Sendable {
    /// What each record held before the first call.
    package var initial: [RecordState]
    package var calls: [Interval<RecordCall>]

    package init(initial: [RecordState], calls: [Interval<RecordCall>]) {
        self.initial = initial
        self.calls = calls
    }

    /// The calls, where a write without an answer has an end if somebody has seen what it wrote: it took effect before that one's
    /// answer. What nobody has seen stays open, and the search may leave it out.
    private var callsWithKnownEnds: [Interval<RecordCall>] {
        var seenAt: [RecordValue: Int] = [:]
        for interval in calls {
            guard let end = interval.end else { continue }
            for value in interval.call.seen { seenAt[value] = min(seenAt[value] ?? .max, end) }
        }
        return calls.map { interval in
            guard interval.end == nil, case .write(let changes, _) = interval.call,
                let end = changes.compactMap({ seenAt[RecordValue(record: $0.record, value: $0.value)] }).min()
            else { return interval }
            return Interval(interval.call, begin: interval.begin, end: max(end, interval.begin))
        }
    }

    /// Records that no call names together are searched apart.
    package func verdict(_ bounds: SearchBounds = SearchBounds()) -> Verdict {
        let calls = callsWithKnownEnds
        var part = Array(initial.indices)
        for interval in calls {
            let records = interval.call.records
            guard let first = records.first else { continue }
            for record in records where part[record] != part[first] {
                let (old, new) = (part[record], part[first])
                for index in part.indices where part[index] == old { part[index] = new }
            }
        }
        let callsByPart = Dictionary(grouping: calls) { interval in interval.call.records.first.map { part[$0] } ?? -1 }
        return .all(
            callsByPart.keys.sorted().map { number in
                let records = part.indices.filter { part[$0] == number }
                let model = RecordModel(
                    initial: records.map { RecordModel.Record(value: initial[$0].value, version: initial[$0].version) },
                    places: Dictionary(uniqueKeysWithValues: records.enumerated().map { ($1, $0) })
                )
                var search = OrderSearch(model, callsByPart[number] ?? [], bounds)
                return search.verdict()
            }
        )
    }
}
