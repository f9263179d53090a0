// What connections give up and may be large: a sorted answer of 256 MiB, a rehearsal of a gigabyte, and with either the last
// reference to the blocks of a view. Freeing it takes milliseconds, in which the loop would answer nobody; so the pool does
// it.
//
// The object itself is only a shell that stays with whoever still has a reference, a task of the loop for instance: it is
// emptied by the pool, whoever lets go of it last.

import NIOCore

/// Holds something that takes long to free.
protocol Discardable: AnyObject, Sendable {
    /// Frees what it holds. Called on the pool, once nobody will use it any more.
    func free()
}

extension ServerCore {
    /// Has the pool free what the object holds.
    func discard(_ object: some Discardable) {
        discardedCount += 1
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        let eventLoop = eventLoop
        pool.submit { _ in
            object.free()
            eventLoop.execute { bound.value.discardedCount -= 1 }
        }
    }
}
