// Ordered index: a B+ tree of (key, row) entries with copy-on-write nodes.
//
// The key is a number whose order is the order of the values: 64 bits for numbers and dates (exact), 128 bits for the
// first sixteen folded bytes of a text. Texts that agree in sixteen bytes tie; `Table.forEachInOrder` sorts such runs by
// the full collation when it reads. So the tree never looks at the table, and its nodes need no comparison callback.
// Rows without a value are not in the index.
//
// A node holds 128 entries: 1.5 KiB (2.5 KiB for texts), a split every 64 inserts, three to four levels up to 10 million
// entries. Batches wait in `pending` until there are enough of them, or until someone looks: OrderedIndex+Batch.swift.
// Inserting behind the last entry of a full leaf starts a new leaf instead of splitting, so that rising keys (dates,
// numbers given in order) fill their leaves.
// Removal drops nodes when they become empty and does not merge half-empty ones: a restore rebuilds the tree full.

/// An ordered index over one column. Value semantics: a copy shares all nodes, and the writer copies those on its path.
package struct OrderedIndex<Key: FixedWidthInteger & UnsignedInteger & Sendable>: Sendable {
    /// A power of two, so that a place in a full tree is a shift and a mask away.
    static var nodeCapacity: Int { 1 << nodeShift }
    static var nodeShift: Int { 7 }

    /// Thread rule as for `Block`, and as there its properties go without the runtime's check of exclusive access.
    final class Node: @unchecked Sendable {
        /// Empty in a leaf; otherwise `count` children, where entry i is not above the first entry of child i
        /// (entry 0 is never looked at).
        @exclusivity(unchecked) var children: [Node]
        @exclusivity(unchecked) var count = 0
        let keys: UnsafeMutablePointer<Key>
        let rows: UnsafeMutablePointer<UInt32>

        var isLeaf: Bool { children.isEmpty }

        init(children: [Node] = []) {
            self.children = children
            keys = StoreMemory.allocate(Node.keyBytes).bindMemory(to: Key.self, capacity: nodeCapacity)
            rows = StoreMemory.allocate(Node.rowBytes).bindMemory(to: UInt32.self, capacity: nodeCapacity)
        }

        deinit {
            StoreMemory.deallocate(keys, Node.keyBytes)
            StoreMemory.deallocate(rows, Node.rowBytes)
        }

        private static var keyBytes: Int { nodeCapacity * MemoryLayout<Key>.size }
        private static var rowBytes: Int { nodeCapacity * MemoryLayout<UInt32>.size }

        func copy() -> Node {
            let copy = Node(children: children)
            copy.append(from: self, 0, count)
            return copy
        }

        /// Appends entries (not children) `from` ..< `to` of `other`.
        func append(from other: Node, _ from: Int, _ to: Int) {
            (keys + count).initialize(from: other.keys + from, count: to - from)
            (rows + count).initialize(from: other.rows + from, count: to - from)
            count += to - from
        }

        /// Place of the first entry that is not below (key, row).
        @inline(__always)
        func lowerBound(_ key: Key, _ row: UInt32) -> Int { lowerBound(key, row, below: count) }

        /// The same among the first `end` entries.
        @inline(__always)
        func lowerBound(_ key: Key, _ row: UInt32, below end: Int) -> Int {
            var low = 0
            var high = end
            while low < high {
                let middle = (low + high) / 2
                if keys[middle] < key || (keys[middle] == key && rows[middle] < row) {
                    low = middle + 1
                } else {
                    high = middle
                }
            }
            return low
        }

        /// The child whose range holds (key, row): the last one whose entry is not above it. Entry 0 must not be looked at:
        /// after removals it may be above those that follow.
        @inline(__always)
        func childIndex(_ key: Key, _ row: UInt32) -> Int {
            var low = 1
            var high = count
            while low < high {
                let middle = (low + high) / 2
                if keys[middle] < key || (keys[middle] == key && rows[middle] <= row) {
                    low = middle + 1
                } else {
                    high = middle
                }
            }
            return low - 1
        }

        func insertEntry(at index: Int, _ key: Key, _ row: UInt32) {
            precondition(count < nodeCapacity)
            (keys + index + 1).update(from: keys + index, count: count - index)
            (rows + index + 1).update(from: rows + index, count: count - index)
            keys[index] = key
            rows[index] = row
            count += 1
        }

        func removeEntry(at index: Int) {
            (keys + index).update(from: keys + index + 1, count: count - index - 1)
            (rows + index).update(from: rows + index + 1, count: count - index - 1)
            count -= 1
        }
    }

    package internal(set) var count = 0
    var root = Node()
    /// Entries of batches that are not in the tree yet, in any order; `count` includes them.
    var pending: [Entry] = []
    /// A merge beside the writer, which has the tree: `root` is empty then.
    var merging: Merge?

    package init() {}

    /// Adds an entry. O(log n).
    package mutating func insert(_ key: Key, row: UInt32) {
        if merging != nil { finishMerge() }
        count += 1
        guard let sibling = Self.insert(into: &root, key, row, isLast: true) else { return }
        let newRoot = Node(children: [root, sibling])
        newRoot.append(from: root, 0, 1)
        newRoot.append(from: sibling, 0, 1)
        root = newRoot
    }

    /// Returns the new right sibling when the node had to be split.
    private static func insert(into node: inout Node, _ key: Key, _ row: UInt32, isLast: Bool) -> Node? {
        if !isKnownUniquelyReferenced(&node) { node = node.copy() }
        if node.isLeaf {
            let index = node.lowerBound(key, row)
            if node.count < nodeCapacity {
                node.insertEntry(at: index, key, row)
                return nil
            }
            if isLast, index == node.count {
                let sibling = Node()
                sibling.insertEntry(at: 0, key, row)
                return sibling
            }
            let sibling = split(node)
            if index <= node.count {
                node.insertEntry(at: index, key, row)
            } else {
                sibling.insertEntry(at: index - node.count, key, row)
            }
            return sibling
        }
        let index = node.childIndex(key, row)
        let isLast = isLast && index == node.count - 1
        guard let child = insert(into: &node.children[index], key, row, isLast: isLast) else { return nil }
        let sibling = node.count == nodeCapacity ? split(node, keepingAll: isLast) : nil
        // Where the new child goes: behind the one that was split, in whichever half that one is now.
        if let sibling, index + 1 > node.count || sibling.count == 0 {
            let place = index + 1 - node.count
            sibling.insertEntry(at: place, child.keys[0], child.rows[0])
            sibling.children.insert(child, at: place)
        } else {
            node.insertEntry(at: index + 1, child.keys[0], child.rows[0])
            node.children.insert(child, at: index + 1)
        }
        return sibling
    }

    /// Moves the upper half of a full node to a new one; with `keepingAll` nothing, for an append at the far right.
    private static func split(_ node: Node, keepingAll: Bool = false) -> Node {
        let half = keepingAll ? node.count : node.count / 2
        let sibling = Node(children: node.isLeaf ? [] : Array(node.children[half...]))
        sibling.append(from: node, half, node.count)
        if !node.isLeaf { node.children.removeSubrange(half...) }
        node.count = half
        return sibling
    }

    /// The keys beside an entry, as far as they stand in its leaf.
    package struct Neighbours {
        package var before: Key?
        package var after: Key?
    }

    /// Removes an entry, which must be there, and returns what stood beside it. O(log n).
    @discardableResult
    package mutating func remove(_ key: Key, row: UInt32) -> Neighbours {
        mergePending()
        let neighbours = Self.remove(from: &root, key, row)
        count -= 1
        while !root.isLeaf, root.count == 1 { root = root.children[0] }
        if !root.isLeaf, root.count == 0 { root = Node() }
        return neighbours
    }

    private static func remove(from node: inout Node, _ key: Key, _ row: UInt32) -> Neighbours {
        if !isKnownUniquelyReferenced(&node) { node = node.copy() }
        if node.isLeaf {
            let index = node.lowerBound(key, row)
            precondition(
                index < node.count && node.keys[index] == key && node.rows[index] == row,
                "ordered index: removing an entry that is not there"
            )
            node.removeEntry(at: index)
            return Neighbours(
                before: index > 0 ? node.keys[index - 1] : nil,
                after: index < node.count ? node.keys[index] : nil
            )
        }
        let index = node.childIndex(key, row)
        let neighbours = remove(from: &node.children[index], key, row)
        if node.children[index].count == 0 {
            node.children.remove(at: index)
            node.removeEntry(at: index)
        }
        return neighbours
    }

    /// Visits entries from the first whose key is not below `lower` to the last not above `upper`, in rising order of
    /// (key, row), or falling; stops when `body` returns false. O(log n + visited).
    package func forEach(
        from lower: Key = .min,
        through upper: Key = .max,
        descending: Bool = false,
        _ body: (Key, UInt32) -> Bool
    ) {
        guard lower <= upper else { return }
        if !pending.isEmpty || merging != nil {
            var whole = self
            whole.mergePending()
            return whole.forEach(from: lower, through: upper, descending: descending, body)
        }
        _ = Self.forEach(in: root, lower, upper, descending, body)
    }

    private static func forEach(
        in node: Node,
        _ lower: Key,
        _ upper: Key,
        _ descending: Bool,
        _ body: (Key, UInt32) -> Bool
    ) -> Bool {
        if node.isLeaf {
            let first = node.lowerBound(lower, 0)
            var end = node.lowerBound(upper, .max)
            // Row numbers stay below .max, so an entry equal to the bound cannot exist; entries with the upper key are in.
            while end < node.count, node.keys[end] == upper { end += 1 }
            guard first < end else { return true }
            if descending {
                for index in stride(from: end - 1, through: first, by: -1)
                where !body(node.keys[index], node.rows[index]) {
                    return false
                }
            } else {
                for index in first..<end where !body(node.keys[index], node.rows[index]) { return false }
            }
            return true
        }
        let first = node.childIndex(lower, 0)
        let last = node.childIndex(upper, .max)
        if descending {
            for index in stride(from: last, through: first, by: -1)
            where !forEach(in: node.children[index], lower, upper, descending, body) { return false }
        } else {
            for index in first...last where !forEach(in: node.children[index], lower, upper, descending, body) {
                return false
            }
        }
        return true
    }

    /// Bytes held in nodes, counted by walking the inner nodes.
    package var memoryBytes: Int {
        if merging != nil {
            var whole = self
            whole.finishMerge()
            return whole.memoryBytes
        }
        return Self.nodeCount(root) * (Self.nodeCapacity * (MemoryLayout<Key>.size + 4) + 64)
            + pending.capacity * MemoryLayout<Entry>.stride
    }

    private static func nodeCount(_ node: Node) -> Int { node.children.reduce(1) { $0 + nodeCount($1) } }

    /// Checks order and counts of the whole tree: tests.
    package func checkInvariants() {
        var previous: (Key, UInt32)?
        var seen = 0
        forEach { key, row in
            if let previous { precondition(previous < (key, row), "ordered index: out of order") }
            previous = (key, row)
            seen += 1
            return true
        }
        precondition(seen == count, "ordered index: \(seen) entries, \(count) counted")
    }
}
