// A value behind a lock, with the two conditions that the committer needs: `Mutex` of the standard library cannot wait.
//
// No access to the value is open while a thread waits: the condition is a closure that is evaluated anew after every
// wake-up, each time with an access of its own. So the law of exclusivity holds although other threads change the value.

import Glibc

/// What threads can wait for.
package enum MonitorCondition: Int, Sendable {
    /// There is something to do. One waiter: the thread that does it.
    case work = 0
    /// Something was done. Any number of waiters.
    case progress = 1
}

/// `@unchecked` because the value is reached only with the mutex held; the pthread objects are made for sharing.
package final class Monitor<State: ~Copyable>: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let conditions: UnsafeMutablePointer<pthread_cond_t>
    private let state: UnsafeMutablePointer<State>

    package init(_ initial: consuming sending State) {
        mutex = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        conditions = .allocate(capacity: 2)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(conditions, &attributes)
        pthread_cond_init(conditions + 1, &attributes)
        pthread_condattr_destroy(&attributes)
        state = .allocate(capacity: 1)
        state.initialize(to: initial)
    }

    deinit {
        state.deinitialize(count: 1)
        state.deallocate()
        pthread_cond_destroy(conditions)
        pthread_cond_destroy(conditions + 1)
        conditions.deallocate()
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    @inline(__always)
    package func withLock<R: ~Copyable, E: Error>(_ body: (inout State) throws(E) -> R) throws(E) -> R {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body(&state.pointee)
    }

    /// Waits until `body` returns a value. It is called with the lock held, at first and after every wake-up.
    package func wait<R>(for condition: MonitorCondition, until body: (inout State) -> R?) -> R {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while true {
            if let result = body(&state.pointee) { return result }
            pthread_cond_wait(conditions + condition.rawValue, mutex)
        }
    }

    /// As `wait(for:until:)`, but returns nil when `milliseconds` have passed without a value.
    package func wait<R>(
        for condition: MonitorCondition,
        milliseconds: Int,
        until body: (inout State) -> R?
    ) -> R? {
        var deadline = timespec()
        clock_gettime(CLOCK_MONOTONIC, &deadline)
        let nanoseconds = deadline.tv_nsec + (milliseconds % 1000) * 1_000_000
        deadline.tv_sec += milliseconds / 1000 + nanoseconds / 1_000_000_000
        deadline.tv_nsec = nanoseconds % 1_000_000_000
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while true {
            if let result = body(&state.pointee) { return result }
            if pthread_cond_timedwait(conditions + condition.rawValue, mutex, &deadline) == ETIMEDOUT {
                return body(&state.pointee)
            }
        }
    }

    package func wakeAll(_ condition: MonitorCondition) { pthread_cond_broadcast(conditions + condition.rawValue) }
}

/// Runs `body` on a thread of its own, which ends with it.
package func startThread(_ body: @escaping @Sendable () -> Void) {
    let box = Unmanaged.passRetained(ThreadBody(run: body))
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    defer { pthread_attr_destroy(&attributes) }
    var thread = pthread_t()
    let result = pthread_create(
        &thread,
        &attributes,
        { argument in
            guard let argument else { return nil }
            let body = Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue()
            body.run()
            return nil
        },
        box.toOpaque()
    )
    if result != 0 {
        // Without threads left the work is still done, only not beside the caller.
        box.takeRetainedValue().run()
    }
}

private final class ThreadBody: Sendable {
    let run: @Sendable () -> Void

    init(run: @escaping @Sendable () -> Void) { self.run = run }
}
