// Merging what waits into the tree beside the writer: on a thread of somebody who owns threads (`Background`). The tree and the
// entries are the merge's alone until it is done; what comes meanwhile waits like before, and whoever has to look at the tree
// waits for the merge. So nobody sees half of one, and the content is the same whichever thread works, and when.

import Synchronization

/// Runs work beside the caller: handed to the engine by its owner, since the engine starts no thread.
package struct Background: Sendable {
    /// Starts work that nobody else touches, and returns what waits for its end. Neither may fail.
    let start: @Sendable (_ work: @escaping @Sendable () -> Void) -> @Sendable () -> Void

    /// Makes one from a function that starts work and returns a function that waits for its end.
    package init(start: @escaping @Sendable (_ work: @escaping @Sendable () -> Void) -> @Sendable () -> Void) {
        self.start = start
    }
}

extension OrderedIndex {
    /// A merge under way.
    ///
    /// `@unchecked` because root and entries are touched by the merging thread until `isDone`, and after it by the index's writer.
    final class Merge: @unchecked Sendable {
        private var root: Node
        private var entries: [Entry]
        private let isOver = Atomic(false)
        private var wait: @Sendable () -> Void = {}

        init(_ root: consuming Node, _ entries: consuming [Entry], _ background: Background) {
            self.root = root
            self.entries = entries
            wait = background.start { [self] in
                self.entries.withUnsafeMutableBufferPointer { OrderedIndex.merge($0, into: &self.root) }
                isOver.store(true, ordering: .releasing)
            }
        }

        var isDone: Bool { isOver.load(ordering: .acquiring) }

        /// Waits for the end, and hands out the tree and the memory of the entries.
        func finish() -> (root: Node, emptied: [Entry]) {
            if !isDone { wait() }
            var emptied = entries
            entries = []
            emptied.removeAll(keepingCapacity: true)
            return (root, emptied)
        }
    }

    /// Begins to merge what waits when it is half of what may wait, if no merge is under way: while it runs the other half comes.
    /// It takes about a millisecond, beside which the 30 µs of a thread's start are little.
    package mutating func mergeBeside(_ background: Background) {
        guard pending.count >= pendingLimit / 2 else { return }
        var spare: [Entry] = []
        if let merging {
            guard merging.isDone else { return }
            spare = finishMerge()
        }
        let given = root
        root = Node()
        swap(&pending, &spare)
        merging = Merge(given, spare, background)
    }

    /// Waits for the merge that is under way, if there is one, and takes its tree; returns memory for entries.
    @discardableResult
    mutating func finishMerge() -> [Entry] {
        guard let merge = merging.take() else { return [] }
        let (root, emptied) = merge.finish()
        self.root = root
        return emptied
    }
}
