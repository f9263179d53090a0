// How work is spread over threads without owning any: whoever has a pool passes it in as a function.

import Synchronization

/// Calls `body` once for each number from 0 up to `count`, from any threads in any order, and returns when all calls
/// have returned.
public typealias ParallelFor = @Sendable (_ count: Int, _ body: @escaping @Sendable (Int) -> Void) -> Void

/// Everything on the caller's thread, in order.
public let serialFor: ParallelFor = { count, body in
    for index in 0..<count { body(index) }
}

/// The caller's thread and `threads - 1` more, started for each call: about 30 µs each, so for calls of milliseconds.
public func threadedFor(threads: Int) -> ParallelFor {
    { count, body in
        let helpers = max(0, min(threads, count) - 1)
        guard helpers > 0 else { return serialFor(count, body) }
        let counter = SharedCounter()
        let running = Monitor(helpers)
        for _ in 0..<helpers {
            startThread {
                counter.drain(count, body)
                running.withLock { $0 -= 1 }
                running.wakeAll(.progress)
            }
        }
        counter.drain(count, body)
        running.wait(for: .progress) { $0 == 0 ? () : nil }
    }
}

private final class SharedCounter: Sendable {
    private let next = Atomic(0)

    func drain(_ count: Int, _ body: @Sendable (Int) -> Void) {
        while true {
            let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
            guard index < count else { return }
            body(index)
        }
    }
}
