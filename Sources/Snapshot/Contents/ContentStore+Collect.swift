// Removing contents that nothing refers to any more.
//
// What must stay: a content that the present state refers to, one that the state of a kept snapshot refers to (from which a
// restore can be made), one that was uploaded less than the grace ago, and one that a transaction names while this goes on.
// What the caller does, in this order, and why no content is lost:
//
//   1. `beginCollection`: from here on names given by transactions are noted.
//   2. Take a view of all records. A transaction that asked `holds` before step 1 is in it, since it ran in a turn of the writer.
//   3. Wait until the view's position is durable: a recovery cannot lead to an earlier state.
//   4. `collect`, with what the view and the kept snapshots refer to.
//
// A removal is not synced: if the power goes, the file is there again, is not referred to, and goes with the next collection.

import Engine

extension ContentStore {
    /// What a collection did.
    public struct Collection: Hashable, Sendable {
        public var removedCount: Int
        public var removedBytes: Int64

        package init(removedCount: Int = 0, removedBytes: Int64 = 0) {
            self.removedCount = removedCount
            self.removedBytes = removedBytes
        }
    }

    /// Begins a collection; false where one is under way, and once the store is closed.
    public func beginCollection() -> Bool {
        state.withLock { state in
            guard state.named == nil, !state.isClosed else { return false }
            state.named = []
            return true
        }
    }

    /// Removes every content that is not among `kept`, was not named since `beginCollection`, and is not within its grace; ends
    /// the collection. A file that cannot be removed stays until the next one.
    @discardableResult
    public func collect(keeping kept: Set<ContentHash>) -> Collection {
        let now = clock()
        // Out of the lock, which the writer's turn waits for: each is looked at again before it goes.
        let candidates = heldHashes.filter { !kept.contains($0) }.sorted()
        var collection = Collection()
        for hash in candidates {
            changing.withLock { _ in
                let taken = state.withLock { state -> FileContent? in
                    guard let held = state.held[hash], held.keptUntil <= now,
                        state.named?.contains(hash) == false
                    else { return nil }
                    state.held[hash] = nil
                    state.heldBytes -= held.lengthBytes
                    return FileContent(hash: hash, lengthBytes: held.lengthBytes)
                }
                guard let taken else { return }
                do throws(StorageError) {
                    try folder.remove(ContentName.text(taken))
                    collection.removedCount += 1
                    collection.removedBytes += taken.lengthBytes
                } catch {
                    // It is whole as long as it is there.
                    if case .notFound = error { return }
                    state.withLock { state in
                        state.held[hash] = Held(lengthBytes: taken.lengthBytes, keptUntil: now)
                        state.heldBytes += taken.lengthBytes
                    }
                }
            }
        }
        endCollection()
        return collection
    }

    /// Ends a collection, also one that could not find out what to keep.
    public func endCollection() {
        state.withLock { state in
            state.named = nil
            state.bytesSinceCollection = 0
            state.bytesAfterCollection = state.heldBytes
        }
        state.wakeAll(.progress)
    }

    /// The hashes of what is there. The table is shared while they are taken out of it, so that the lock is held for a reference.
    private var heldHashes: [ContentHash] {
        let held = state.withLock { $0.held }
        return Array(held.keys)
    }

    /// Whether so much was uploaded since the last collection that another one is worth it: as much as was kept then. So the
    /// folder holds at most about as much again as what was needed at the last two.
    public var isCollectionDue: Bool {
        state.withLock { state in
            state.bytesSinceCollection >= max(ContentStore.leastBytesToCollect, state.bytesAfterCollection)
        }
    }
}
