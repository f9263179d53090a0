// An ordered index from entries that come in any order, each with its place: a table's column in the order of its rows, by
// several threads. Reading the column as it stands and writing to scattered places is faster than the reverse, since a
// processor waits for what it reads and not for what it writes.

import CKernels

extension OrderedIndex {
    /// The leaves of an index under construction.
    ///
    /// Thread rule: `put` from any thread; `isRising` and `OrderedIndex.init` after all calls of it. `@unchecked` for that.
    package final class Leaves: @unchecked Sendable {
        package let count: Int
        fileprivate let nodes: [Node]
        private let keys: UnsafeMutablePointer<UnsafeMutablePointer<Key>>
        private let rows: UnsafeMutablePointer<UnsafeMutablePointer<UInt32>>
        /// No table has this row.
        private static var noRow: UInt32 { .max }

        /// Full leaves for `count` entries.
        package init(count: Int) {
            self.count = count
            let nodeCount = (count + nodeCapacity - 1) / nodeCapacity
            nodes = (0..<nodeCount).map { _ in Node() }
            keys = .allocate(capacity: max(nodeCount, 1))
            rows = .allocate(capacity: max(nodeCount, 1))
            for (index, node) in nodes.enumerated() {
                node.count = min(nodeCapacity, count - index * nodeCapacity)
                node.rows.initialize(repeating: Leaves.noRow, count: node.count)
                (keys + index).initialize(to: node.keys)
                (rows + index).initialize(to: node.rows)
            }
        }

        deinit {
            keys.deallocate()
            rows.deallocate()
        }

        package var leafCount: Int { nodes.count }

        /// Writes an entry at its place, which must be below `count`.
        @inline(__always)
        package func put(_ place: Int, _ key: Key, _ row: UInt32) {
            keys[place >> nodeShift][place & (nodeCapacity - 1)] = key
            rows[place >> nodeShift][place & (nodeCapacity - 1)] = row
        }

        /// Asks for the memory of a place.
        @inline(__always)
        func prefetch(_ place: Int) {
            kith_prefetch(keys[place >> nodeShift] + (place & (nodeCapacity - 1)))
            kith_prefetch(rows[place >> nodeShift] + (place & (nodeCapacity - 1)))
        }

        /// Whether every place of a leaf was written and its entries rise, from the last one of the leaf before on. As there
        /// are as many entries as places, a place that was written twice shows as another that was not.
        package func isRising(leaf: Int) -> Bool {
            var index = 0
            var (key, row): (Key, UInt32)
            if leaf == 0 {
                (key, row) = (keys[0][0], rows[0][0])
                index = 1
            } else {
                (key, row) = (keys[leaf - 1][nodeCapacity - 1], rows[leaf - 1][nodeCapacity - 1])
            }
            guard row != Leaves.noRow else { return false }
            let (keys, rows) = (keys[leaf], rows[leaf])
            while index < nodes[leaf].count {
                guard rows[index] != Leaves.noRow, key < keys[index] || (key == keys[index] && row < rows[index]) else {
                    return false
                }
                (key, row) = (keys[index], rows[index])
                index += 1
            }
            return true
        }
    }

    /// Builds a full tree on finished leaves. O(leaves).
    package init(_ leaves: Leaves) {
        self.init()
        count = leaves.count
        var level = leaves.nodes
        while level.count > 1 {
            level = stride(from: 0, to: level.count, by: Self.nodeCapacity).map { start in
                let children = Array(level[start..<min(start + Self.nodeCapacity, level.count)])
                let node = Node(children: children)
                for child in children { node.append(from: child, 0, 1) }
                return node
            }
        }
        if let top = level.first { root = top }
    }
}
