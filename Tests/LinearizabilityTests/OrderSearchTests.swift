import Linearizability
import Testing

/// Small histories whose verdicts can be seen.
@Suite struct OrderSearchTests {
    private static func at(_ begin: Int, _ end: Int?, _ call: RegisterCall) -> Interval<RegisterCall> {
        Interval(call, begin: begin, end: end)
    }

    struct Case: CustomTestStringConvertible, Sendable {
        var name: String
        var isLinearizable: Bool
        var calls: [Interval<RegisterCall>]
        var testDescription: String { name }
    }

    static let cases = [
        Case(name: "nothing", isLinearizable: true, calls: []),
        Case(name: "one after the other", isLinearizable: true, calls: [at(1, 2, .write(1)), at(3, 4, .read(1))]),
        Case(name: "a stale read", isLinearizable: false, calls: [at(1, 2, .write(1)), at(3, 4, .read(nil))]),
        Case(
            name: "reads beside a write see either value, in one order",
            isLinearizable: true,
            calls: [at(1, 9, .write(1)), at(2, 3, .read(nil)), at(4, 5, .read(1)), at(6, 7, .read(1))]
        ),
        Case(
            name: "a value that goes again",
            isLinearizable: false,
            calls: [at(1, 9, .write(1)), at(2, 3, .read(1)), at(4, 5, .read(nil))]
        ),
        Case(
            name: "two readers see two writes in different orders",
            isLinearizable: false,
            calls: [
                at(1, 10, .write(1)), at(1, 10, .write(2)), at(2, 3, .read(1)), at(4, 5, .read(2)), at(6, 7, .read(1)),
            ]
        ),
        Case(
            name: "an end at the time of a beginning overlaps it",
            isLinearizable: true,
            calls: [at(1, 3, .write(1)), at(3, 4, .read(nil))]
        ),
        Case(
            name: "an open write that took effect late",
            isLinearizable: true,
            calls: [at(1, nil, .write(1)), at(2, 3, .read(nil)), at(4, 5, .read(1))]
        ),
        Case(
            name: "an open write that never took effect",
            isLinearizable: true,
            calls: [at(1, nil, .write(1)), at(2, 3, .write(2)), at(4, 5, .read(2))]
        ),
        Case(
            name: "one open write takes effect once",
            isLinearizable: false,
            calls: [
                at(1, nil, .write(1)), at(2, 3, .read(1)), at(4, 5, .write(2)), at(6, 7, .read(1)),
            ]
        ),
        Case(
            name: "two equal open writes take effect twice",
            isLinearizable: true,
            calls: [
                at(1, nil, .write(1)), at(2, 3, .read(1)), at(3, nil, .write(1)), at(4, 5, .write(2)),
                at(6, 7, .read(1)),
            ]
        ),
        Case(
            name: "an open write that began too late",
            isLinearizable: false,
            calls: [at(1, 2, .write(2)), at(3, 4, .read(1)), at(5, nil, .write(1))]
        ),
        Case(
            name: "of two that expect the same, one fails",
            isLinearizable: true,
            calls: [
                at(1, 2, .write(0)), at(3, 6, .compareAndSet(from: 0, to: 1, succeeded: true)),
                at(3, 6, .compareAndSet(from: 0, to: 2, succeeded: false)), at(7, 8, .read(1)),
            ]
        ),
        Case(
            name: "both that expect the same succeed",
            isLinearizable: false,
            calls: [
                at(1, 2, .write(0)), at(3, 6, .compareAndSet(from: 0, to: 1, succeeded: true)),
                at(3, 6, .compareAndSet(from: 0, to: 2, succeeded: true)),
            ]
        ),
        Case(
            name: "a lost update",
            isLinearizable: false,
            calls: [
                at(1, 2, .write(0)), at(3, 4, .compareAndSet(from: 0, to: 1, succeeded: true)), at(5, 6, .read(0)),
            ]
        ),
        Case(
            name: "a chain through calls whose answers were lost",
            isLinearizable: true,
            calls: [
                at(1, 2, .write(0)), at(3, nil, .compareAndSet(from: 1, to: 2, succeeded: nil)),
                at(4, nil, .compareAndSet(from: 0, to: 1, succeeded: nil)), at(5, 6, .read(2)),
            ]
        ),
    ]

    @Test(arguments: cases)
    func theVerdictIsRight(_ history: Case) {
        #expect(RegisterHistory(history.calls).verdict().isLinearizable == history.isLinearizable)
    }

    /// Every order of few calls is tried in the plainest way, and has to come to the same verdict.
    @Test func agreesWithTryingAllOrders() {
        var (linearizable, violated) = (0, 0)
        for seed in 0..<5_000 as Range<UInt64> {
            let calls = RandomHistory.calls(seed: seed, count: 6)
            let expected = RandomHistory.hasOrder(calls)
            if expected { linearizable += 1 } else { violated += 1 }
            if RegisterHistory(calls).verdict().isLinearizable != expected {
                Issue.record("seed \(seed): \(calls)")
            }
        }
        #expect(linearizable > 500 && violated > 500, "both kinds: \(linearizable), \(violated)")
    }

    /// Ten thousand calls at a time, each of which could be the next: the search says that it does not know.
    @Test func theBoundsHold() {
        var calls = (0..<400).map { Self.at(1, 10, .write($0)) }
        for value in 0..<40 { calls.append(Self.at(1, 10, .read(1_000 + value % 2))) }
        var bounds = SearchBounds()
        bounds.stepsMax = 100_000
        guard case .unknown(let steps) = RegisterHistory(calls).verdict(bounds) else {
            Issue.record("a verdict in few steps")
            return
        }
        #expect(steps.contains("100000 steps"))
        bounds.stepsMax = .max
        bounds.bytesMax = 1 << 20
        guard case .unknown(let memory) = RegisterHistory(calls).verdict(bounds) else {
            Issue.record("a verdict in little memory")
            return
        }
        #expect(memory.contains("1048576 bytes"))
    }
}
