// What a search for duplicates has found.

import Engine

/// Pairs of records that are alike, with what says so.
public struct DuplicateAnswer: Hashable, Sendable {
    /// An alternative of a rule, both by their place.
    public struct Reason: Hashable, Comparable, Sendable {
        /// Place of the rule among those that were asked.
        public var rule: Int
        /// Place of the alternative in the rule.
        public var alternative: Int

        /// Names an alternative.
        public init(rule: Int, alternative: Int) { (self.rule, self.alternative) = (rule, alternative) }

        /// By rule, then by alternative.
        public static func < (a: Reason, b: Reason) -> Bool { (a.rule, a.alternative) < (b.rule, b.alternative) }
    }

    /// Two records that are alike.
    public struct Pair: Hashable, Sendable {
        /// Number of the group to which both belong, from 1.
        public var group: Int
        /// The one with the smaller id.
        public var first: RecordID
        /// The other one.
        public var second: RecordID
        /// Every alternative that holds, in order; never empty.
        public var reasons: [Reason]
    }

    /// Records that were not compared with each other, since too many have the same key: a telephone number that stands for none, a city with
    /// everybody in it.
    public struct Omission: Hashable, Sendable {
        /// The alternative under which they were not compared.
        public var reason: Reason
        /// How many they are.
        public var recordCount: Int
        /// The one with the smallest id.
        public var example: RecordID

        /// Makes an omission.
        public init(reason: Reason, recordCount: Int, example: RecordID) {
            (self.reason, self.recordCount, self.example) = (reason, recordCount, example)
        }
    }

    /// By group, then by ids. Groups are numbered in order of their smallest ids; what is alike by way of others is in one group.
    public var pairs: [Pair] = []
    /// Groups that the pairs make.
    public var groupCount = 0
    /// Records that were looked at.
    public var recordCount = 0
    /// In order of their reasons, then of their examples.
    public var omissions: [Omission] = []

    /// An empty answer.
    public init() {}
}

extension DuplicateAnswer {
    /// Numbers the groups of pairs that are in order of their ids, and puts the pairs in order of the groups. O(pairs × log pairs).
    mutating func group() {
        // Of each record one that is in its group and has a smaller id, or itself.
        var parents: [RecordID: RecordID] = [:]
        func root(of id: RecordID) -> RecordID {
            var root = id
            while let parent = parents[root], parent != root { root = parent }
            var next = id
            while let parent = parents[next], parent != root {
                parents[next] = root
                next = parent
            }
            return root
        }
        for pair in pairs {
            let (a, b) = (root(of: pair.first), root(of: pair.second))
            parents[a] = min(a, b)
            parents[b] = min(a, b)
        }
        var numbers: [RecordID: Int] = [:]
        var roots = pairs.map { root(of: $0.first) }
        for root in Set(roots).sorted() { numbers[root] = numbers.count + 1 }
        for index in pairs.indices { pairs[index].group = numbers[roots[index]] ?? 0 }
        roots = []
        groupCount = numbers.count
        pairs.sort { ($0.group, $0.first, $0.second) < ($1.group, $1.first, $1.second) }
    }
}
