import Glibc
import Snapshot
import Synchronization
import Testing

@Suite struct SharedStateTests {
    private struct Pair {
        var first = 0
        var second = 0
    }

    /// Runs `body` on so many threads and returns when all have ended.
    private func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
        threadedFor(threads: count)(count, body)
    }

    /// Each reader stays until the other is there: would one keep the other out, this test would not end.
    @Test(.timeLimit(.minutes(1))) func readersMeet() {
        let shared = SharedState(Pair())
        let present = Counter()
        onThreads(2) { _ in
            shared.read { _ in
                present.add()
                while present.value < 2 { sched_yield() }
            }
        }
        #expect(present.value == 2)
    }

    /// A writer changes two numbers one after the other; nobody ever sees them differ, and no change is lost.
    @Test func writersAreAlone() {
        let shared = SharedState(Pair())
        let torn = Counter()
        let rounds = 5_000
        onThreads(4) { thread in
            for _ in 0..<rounds {
                if thread < 2 {
                    shared.write { pair in
                        pair.first += 1
                        pair.second += 1
                    }
                } else if shared.read({ $0.first != $0.second }) {
                    torn.add()
                }
            }
        }
        #expect(torn.value == 0)
        #expect(shared.read { $0.first } == 2 * rounds)
    }

    /// Two readers who overlap all the time do not keep a writer out: would they, this test would not end.
    @Test(.timeLimit(.minutes(1))) func readersGiveWay() {
        let shared = SharedState(Pair())
        let written = Counter()
        onThreads(3) { thread in
            if thread == 2 {
                for _ in 0..<100 { shared.write { $0.first += 1 } }
                written.add()
            } else {
                while written.value == 0 { shared.read { _ in for _ in 0..<10 { sched_yield() } } }
            }
        }
        #expect(shared.read { $0.first } == 100)
    }
}

private final class Counter: Sendable {
    private let count = Atomic(0)
    var value: Int { count.load(ordering: .sequentiallyConsistent) }
    func add() { count.add(1, ordering: .sequentiallyConsistent) }
}
