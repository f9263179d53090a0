extension OrderedIndex {
    /// The first entry whose key is not below `key`; nil when there is none. No batch may be waiting. O(log n).
    package func first(from key: Key) -> Entry? {
        precondition(pending.isEmpty && merging == nil)
        return OrderedIndex.first(in: root, key)
    }

    private static func first(in node: Node, _ key: Key) -> Entry? {
        if node.isLeaf {
            let index = node.lowerBound(key, 0)
            return index < node.count ? Entry(key: node.keys[index], row: node.rows[index]) : nil
        }
        let index = node.childIndex(key, 0)
        if let entry = first(in: node.children[index], key) { return entry }
        // All of that child is below: the next one's first entry is not.
        return index + 1 < node.count ? first(in: node.children[index + 1], key) : nil
    }
}
