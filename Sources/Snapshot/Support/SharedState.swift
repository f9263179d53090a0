// A value that one thread changes alone, or several read together: `Monitor` for what is read much more often than changed.
//
// Neither side can keep the other out: whoever comes passes a gate first, and a writer that waits for the readers before it
// holds the gate meanwhile, so that readers behind it wait as well. Both locks are free in the common case and cost an atomic
// operation each; a turn of a server answers many requests for that.

import Glibc

/// `@unchecked` because the value is changed only with the lock held alone, and read only with it held; the pthread objects are
/// made for sharing.
package final class SharedState<State: ~Copyable>: @unchecked Sendable {
    private let gate: UnsafeMutablePointer<pthread_mutex_t>
    private let lock: UnsafeMutablePointer<pthread_rwlock_t>
    private let state: UnsafeMutablePointer<State>

    package init(_ initial: consuming sending State) {
        gate = .allocate(capacity: 1)
        pthread_mutex_init(gate, nil)
        lock = .allocate(capacity: 1)
        pthread_rwlock_init(lock, nil)
        state = .allocate(capacity: 1)
        state.initialize(to: initial)
    }

    deinit {
        state.deinitialize(count: 1)
        state.deallocate()
        pthread_rwlock_destroy(lock)
        lock.deallocate()
        pthread_mutex_destroy(gate)
        gate.deallocate()
    }

    /// Lends the value to one thread alone.
    @inline(__always)
    package func write<R: ~Copyable, E: Error>(_ body: (inout State) throws(E) -> R) throws(E) -> R {
        pthread_mutex_lock(gate)
        pthread_rwlock_wrlock(lock)
        pthread_mutex_unlock(gate)
        defer { pthread_rwlock_unlock(lock) }
        return try body(&state.pointee)
    }

    /// Lends the value to one thread alone, if that need not wait; otherwise returns nil.
    @inline(__always)
    package func writeIfFree<R>(_ body: (inout State) -> R) -> R? {
        guard pthread_mutex_trylock(gate) == 0 else { return nil }
        let isFree = pthread_rwlock_trywrlock(lock) == 0
        pthread_mutex_unlock(gate)
        guard isFree else { return nil }
        defer { pthread_rwlock_unlock(lock) }
        return body(&state.pointee)
    }

    /// Lends the value for reading, to several threads at a time. `body` must not come back here: a writer may wait between.
    @inline(__always)
    package func read<R: ~Copyable, E: Error>(_ body: (borrowing State) throws(E) -> R) throws(E) -> R {
        pthread_mutex_lock(gate)
        pthread_rwlock_rdlock(lock)
        pthread_mutex_unlock(gate)
        defer { pthread_rwlock_unlock(lock) }
        return try body(state.pointee)
    }
}
