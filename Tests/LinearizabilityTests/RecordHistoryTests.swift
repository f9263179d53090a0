import Linearizability
import Testing

/// What is particular to records: versions, several changes at once, refusals, answers that never came.
@Suite struct RecordHistoryTests {
    private static func seen(_ value: Int, _ version: UInt64) -> RecordState {
        RecordState(value: value, version: version)
    }

    private static func write(
        _ changes: [(record: Int, value: Int)],
        expecting expected: RecordState? = nil,
        _ outcome: RecordCall.Outcome
    ) -> RecordCall {
        .write(changes.map { .init(record: $0.record, expected: expected, value: $0.value) }, outcome)
    }

    struct Case: CustomTestStringConvertible, Sendable {
        var name: String
        var isLinearizable: Bool
        /// Each with the moments of its beginning and its end.
        var calls: [(begin: Int, end: Int?, call: RecordCall)]
        var testDescription: String { name }
    }

    static let cases = [
        Case(
            name: "a change is seen with its version",
            isLinearizable: true,
            calls: [(1, 2, write([(0, 7)], .done(5))), (3, 4, .read([0], [seen(7, 5)]))]
        ),
        Case(
            name: "a version that the change did not have",
            isLinearizable: false,
            calls: [(1, 2, write([(0, 7)], .done(5))), (3, 4, .read([0], [seen(7, 6)]))]
        ),
        Case(
            name: "positions against the order of time",
            isLinearizable: false,
            calls: [(1, 2, write([(0, 7)], .done(6))), (3, 4, write([(0, 8)], .done(5)))]
        ),
        Case(
            name: "both of two changes",
            isLinearizable: true,
            calls: [(1, 2, write([(0, 7), (1, 8)], .done(5))), (3, 4, .read([0, 1], [seen(7, 5), seen(8, 5)]))]
        ),
        Case(
            name: "one of two changes",
            isLinearizable: false,
            calls: [(1, 9, write([(0, 7), (1, 8)], .done(5))), (3, 4, .read([0, 1], [seen(7, 5), seen(0, 1)]))]
        ),
        Case(
            name: "a change that expects what was there is refused without reason",
            isLinearizable: false,
            calls: [(1, 2, write([(0, 7)], expecting: seen(0, 1), .stale))]
        ),
        Case(
            name: "of two changes that expect the same, one is refused",
            isLinearizable: true,
            calls: [
                (1, 4, write([(0, 7)], expecting: seen(0, 1), .stale)),
                (2, 3, write([(0, 8)], expecting: seen(0, 1), .done(5))),
            ]
        ),
        Case(
            name: "a change without an answer is the reason of a refusal",
            isLinearizable: true,
            calls: [(1, nil, write([(0, 8)], .open)), (2, 3, write([(0, 7)], expecting: seen(0, 1), .stale))]
        ),
        Case(
            name: "a change without an answer is seen, and then is not",
            isLinearizable: false,
            calls: [
                (1, nil, write([(0, 8)], .open)), (2, 3, .read([0], [seen(8, 5)])),
                (4, 5, .read([0], [seen(0, 1)])),
            ]
        ),
        Case(
            name: "a change without an answer is seen at a version below one before it",
            isLinearizable: false,
            calls: [
                (1, 2, write([(0, 7)], .done(5))), (3, nil, write([(0, 8)], .open)),
                (4, 5, .read([0], [seen(8, 4)])),
            ]
        ),
        Case(
            name: "a change that was answered and is gone",
            isLinearizable: false,
            calls: [(1, 2, write([(1, 7)], .done(5))), (3, 4, .read([1], [seen(0, 1)]))]
        ),
    ]

    @Test(arguments: cases)
    func theVerdictIsRight(_ history: Case) {
        let calls = history.calls.map { Interval($0.call, begin: $0.begin, end: $0.end) }
        let initial = [Self.seen(0, 1), Self.seen(0, 1)]
        let verdict = RecordHistory(initial: initial, calls: calls).verdict()
        #expect(verdict.isLinearizable == history.isLinearizable, "\(verdict)")
    }
}
