// Many entries at once into an ordered index: they are sorted, and the tree is walked once from left to right, each leaf merged
// with all that belongs into it. Compared with one insert after another this saves a descent and most of the moving per
// entry, and the comparisons of sorting are replaced by distribution: from the highest byte that differs down. In a large
// index the leaves are not in the cache: they are asked for one and two steps ahead.
//
// A batch of a thousand rows meets each leaf of a large tree once at most, and would pay a visit an entry. So batches wait
// and are merged together: when there are many, when an entry is removed, and before a view is made (`Tables.freeze`), so
// that readers find nothing waiting.

import CKernels

extension OrderedIndex {
    /// A value's key and its row.
    package struct Entry {
        package var key: Key
        package var row: UInt32

        @inline(__always)
        package init(key: Key, row: UInt32) {
            self.key = key
            self.row = row
        }

        @inline(__always)
        static func < (a: Entry, b: Entry) -> Bool { a.key < b.key || (a.key == b.key && a.row < b.row) }

        @inline(__always)
        fileprivate func byte(_ shift: Int) -> Int {
            Int(UInt8(truncatingIfNeeded: key >> Key(truncatingIfNeeded: shift)))
        }
    }

    /// Entries that wait at most, or a quarter of the index where that is less. A leaf that is met costs what it takes to fetch
    /// it, however many entries it gets. To merge so many takes some 8 ms: whoever comes next waits that long.
    private static var pendingCountMax: Int { 131_072 }
    /// So many may wait in an index of any size.
    private static var pendingCountMin: Int { 1024 }

    /// Adds entries, none of which is there yet, in any order. O(k log n), but most of it later.
    package mutating func insert(_ entries: UnsafeBufferPointer<Entry>) {
        count += entries.count
        pending.append(contentsOf: entries)
        if pending.count >= pendingLimit { mergePending() }
    }

    /// Entries that may wait.
    var pendingLimit: Int { min(Self.pendingCountMax, max(Self.pendingCountMin, count / 4)) }

    /// Puts what waits into the tree; with `releasing`, gives its memory back too.
    package mutating func mergePending(releasing: Bool = false) {
        finishMerge()
        if !pending.isEmpty {
            // Taken out, so that the tree can be written meanwhile.
            var entries = pending
            pending = []
            entries.withUnsafeMutableBufferPointer { Self.merge($0, into: &root) }
            entries.removeAll(keepingCapacity: true)
            pending = entries
        }
        if releasing, pending.capacity > 0 { pending = [] }
    }

    static func merge(_ entries: UnsafeMutableBufferPointer<Entry>, into root: inout Node) {
        sort(entries)
        var siblings = insert(into: &root, UnsafeBufferPointer(entries), isLast: true)
        while !siblings.isEmpty {
            let newRoot = Node(children: [root])
            newRoot.append(from: root, 0, 1)
            root = newRoot
            siblings = adopt(&root, [(0, siblings)])
        }
    }

    // MARK: Sorting

    /// So many are sorted by inserting one after the other: distribution would look at 256 counts for them.
    private static var insertedCountMax: Int { 32 }

    /// Sorts entries by key and row, none of which is there twice. O(k × bytes of the key), most often much less.
    package static func sort(_ entries: UnsafeMutableBufferPointer<Entry>) {
        guard let base = entries.baseAddress, !isSorted(base, entries.count) else { return }
        if entries.count <= insertedCountMax { return insertionSort(base, entries.count) }
        withUnsafeTemporaryAllocation(of: Entry.self, capacity: entries.count) { room in
            if let room = room.baseAddress { distribute(base, room, entries.count, intoRoom: false) }
        }
    }

    private static func isSorted(_ entries: UnsafeMutablePointer<Entry>, _ count: Int) -> Bool {
        for index in 1..<max(count, 1) where !(entries[index - 1] < entries[index]) { return false }
        return true
    }

    private static func insertionSort(_ entries: UnsafeMutablePointer<Entry>, _ count: Int) {
        var index = 1
        while index < count {
            let entry = entries[index]
            var place = index
            while place > 0, entry < entries[place - 1] {
                entries[place] = entries[place - 1]
                place &-= 1
            }
            entries[place] = entry
            index &+= 1
        }
    }

    /// Sorts entries by the highest byte in which their keys differ, through `room`, and then those that agree in it each by
    /// themselves. The result stands where the entries stood, or in `room`. Every step goes down by a byte of the key at least,
    /// and after a few of them what is left of a batch is small: it stays in the first-level cache, and most bytes are never
    /// looked at.
    private static func distribute(
        _ entries: UnsafeMutablePointer<Entry>,
        _ room: UnsafeMutablePointer<Entry>,
        _ count: Int,
        intoRoom: Bool
    ) {
        var differing: Key = 0
        if count > insertedCountMax {
            let first = entries[0].key
            for index in 1..<count { differing |= entries[index].key ^ first }
        }
        guard differing != 0 else {
            if count <= insertedCountMax {
                insertionSort(entries, count)
            } else if !isSorted(entries, count) {
                // One key in many rows, which most often rise.
                var equal = UnsafeMutableBufferPointer(start: entries, count: count)
                equal.sort { $0.row < $1.row }
            }
            if intoRoom { room.update(from: entries, count: count) }
            return
        }
        let shift = (Key.bitWidth - 1 - differing.leadingZeroBitCount) & ~7
        withUnsafeTemporaryAllocation(of: Int.self, capacity: 257) { ends in
            ends.initialize(repeating: 0)
            for index in 0..<count { ends[entries[index].byte(shift) &+ 1] &+= 1 }
            for byte in 1...256 { ends[byte] &+= ends[byte &- 1] }
            // From here on, where the entries of a byte begin moves to where they end.
            for index in 0..<count {
                let byte = entries[index].byte(shift)
                room[ends[byte]] = entries[index]
                ends[byte] &+= 1
            }
            var start = 0
            for byte in 0..<256 where ends[byte] > start {
                distribute(room + start, entries + start, ends[byte] &- start, intoRoom: !intoRoom)
                start = ends[byte]
            }
        }
    }

    // MARK: Merging

    /// Inserts sorted entries and returns the new right siblings of the node, in order.
    private static func insert(
        into node: inout Node,
        _ entries: UnsafeBufferPointer<Entry>,
        isLast: Bool
    ) -> [Node] {
        if !isKnownUniquelyReferenced(&node) { node = node.copy() }
        if node.isLeaf {
            if node.count + entries.count > nodeCapacity { return overflow(&node, entries, isLast: isLast) }
            node.merge(entries)
            return []
        }
        var added: [(after: Int, nodes: [Node])] = []
        var current = node.part(of: entries, from: 0)
        var following = node.part(of: entries, from: current.end)
        while current.start < current.end {
            let next = node.part(of: entries, from: following.end)
            if following.start < following.end { node.children[following.child].prefetchEntries() }
            let siblings = insert(
                into: &node.children[current.child],
                UnsafeBufferPointer(rebasing: entries[current.start..<current.end]),
                isLast: isLast && current.child == node.count - 1
            )
            if !siblings.isEmpty { added.append((current.child, siblings)) }
            (current, following) = (following, next)
        }
        return added.isEmpty ? [] : adopt(&node, added)
    }

    /// Merges a leaf with more entries than fit, into as many leaves as that takes: full ones when everything new comes
    /// behind the last entry of the tree, equal ones otherwise.
    private static func overflow(
        _ node: inout Node,
        _ entries: UnsafeBufferPointer<Entry>,
        isLast: Bool
    ) -> [Node] {
        let total = node.count + entries.count
        let last = node.count - 1
        let isAppend = isLast && (last < 0 || Entry(key: node.keys[last], row: node.rows[last]) < entries[0])
        let leafCount = (total + nodeCapacity - 1) / nodeCapacity
        let share = isAppend ? nodeCapacity : (total + leafCount - 1) / leafCount
        var leaves = [Node()]
        leaves.reserveCapacity(leafCount)
        func room() -> Node {
            if leaves[leaves.count - 1].count == share { leaves.append(Node()) }
            return leaves[leaves.count - 1]
        }
        func appendOld(_ from: Int, _ to: Int) {
            var from = from
            while from < to {
                let leaf = room()
                let run = min(to - from, share - leaf.count)
                leaf.append(from: node, from, from + run)
                from += run
            }
        }
        var from = 0
        for entry in entries {
            let to = node.lowerBound(entry.key, entry.row)
            appendOld(from, to)
            from = to
            let leaf = room()
            leaf.keys[leaf.count] = entry.key
            leaf.rows[leaf.count] = entry.row
            leaf.count += 1
        }
        appendOld(from, node.count)
        node = leaves.removeFirst()
        return leaves
    }

    /// Takes new children behind those that they were split from; returns the node's new right siblings when they do not fit.
    private static func adopt(_ node: inout Node, _ added: [(after: Int, nodes: [Node])]) -> [Node] {
        let total = added.reduce(node.count) { $0 + $1.nodes.count }
        if total <= nodeCapacity {
            for (index, nodes) in added.reversed() {
                for child in nodes.reversed() { node.insertEntry(at: index + 1, child.keys[0], child.rows[0]) }
                node.children.insert(contentsOf: nodes, at: index + 1)
            }
            return []
        }
        let nodeCount = (total + nodeCapacity - 1) / nodeCapacity
        let share = (total + nodeCount - 1) / nodeCount
        var nodes: [Node] = []
        // What bounds a child from below stands here, not in the child: its own entry 0 may be too high.
        func append(_ child: Node, _ key: Key, _ row: UInt32) {
            if nodes.isEmpty || nodes[nodes.count - 1].count == share { nodes.append(Node()) }
            let last = nodes[nodes.count - 1]
            last.keys[last.count] = key
            last.rows[last.count] = row
            last.count += 1
            last.children.append(child)
        }
        var next = 0
        for index in 0..<node.count {
            append(node.children[index], node.keys[index], node.rows[index])
            guard next < added.count, added[next].after == index else { continue }
            for child in added[next].nodes { append(child, child.keys[0], child.rows[0]) }
            next += 1
        }
        node = nodes.removeFirst()
        return nodes
    }
}

extension OrderedIndex.Node {
    /// Those of the sorted entries, from `start` on, that belong into the same child as the first of them; none at the end.
    /// Asks for the child itself.
    fileprivate func part(
        of entries: UnsafeBufferPointer<OrderedIndex.Entry>,
        from start: Int
    ) -> (child: Int, start: Int, end: Int) {
        guard start < entries.count else { return (0, start, start) }
        let child = childIndex(entries[start].key, entries[start].row)
        // The reference's bits, since counting it would wait for the node.
        children.withUnsafeBytes { references in
            kith_prefetch(
                references.load(
                    fromByteOffset: child * MemoryLayout<UnsafeRawPointer>.stride,
                    as: UnsafeRawPointer.self
                )
            )
        }
        guard child + 1 < count else { return (child, start, entries.count) }
        let bound = OrderedIndex.Entry(key: keys[child + 1], row: rows[child + 1])
        var end = start + 1
        while end < entries.count, entries[end] < bound { end += 1 }
        return (child, start, end)
    }

    /// Asks for the lines of the entries.
    fileprivate func prefetchEntries() {
        let lineBytes = 64
        for offset in stride(from: 0, to: count * MemoryLayout<Key>.stride, by: lineBytes) {
            kith_prefetch(UnsafeRawPointer(keys) + offset)
        }
        for offset in stride(from: 0, to: count * MemoryLayout<UInt32>.stride, by: lineBytes) {
            kith_prefetch(UnsafeRawPointer(rows) + offset)
        }
    }

    /// Merges sorted entries that fit into a leaf: from the last one down, so that each old entry moves once.
    fileprivate func merge(_ entries: UnsafeBufferPointer<OrderedIndex.Entry>) {
        precondition(count + entries.count <= OrderedIndex.nodeCapacity)
        var end = count
        for index in stride(from: entries.count - 1, through: 0, by: -1) {
            let entry = entries[index]
            let place = lowerBound(entry.key, entry.row, below: end)
            (keys + place + index + 1).update(from: keys + place, count: end - place)
            (rows + place + index + 1).update(from: rows + place, count: end - place)
            keys[place + index] = entry.key
            rows[place + index] = entry.row
            end = place
        }
        count += entries.count
    }
}
