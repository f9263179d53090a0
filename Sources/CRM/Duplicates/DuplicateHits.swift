// What a search for duplicates finds, while it goes on: pairs with the alternative that holds.
//
// Guarantees
// - Each hit is there once, however many keys two records have in common.
// - Refused is what has more than `pairsMax` pairs, and nothing else: not the same pair under several alternatives or keys.
// - Never more than twice what there is without repetitions, or than `pairsMax` and the hits of one block, is held. O(hits × log hits).

/// A pair, by places in the order of ids, and the place of the alternative under which it is alike.
struct DuplicateHit: Equatable {
    var first: UInt32
    var second: UInt32
    var alternative: UInt32
}

/// Hits of one search.
struct DuplicateHits {
    /// In order and each once after `settle`.
    private(set) var list: [DuplicateHit] = []
    private let pairsMax: Int
    /// Hits from which on it is worth looking which are there twice.
    private var settleCount: Int

    init(pairsMax: Int) {
        self.pairsMax = pairsMax
        settleCount = pairsMax
    }

    mutating func append(_ hit: DuplicateHit) { list.append(hit) }

    /// Whether there may be more pairs than are taken, looking only where hits have become many; asked now and then.
    mutating func areTooMany() -> Bool {
        guard list.count > settleCount else { return false }
        let pairCount = settle()
        settleCount = max(pairsMax, list.count * 2)
        return pairCount > pairsMax
    }

    /// Puts all in order, each once, and says how many pairs they are.
    mutating func settle() -> Int {
        list.sort { ($0.first, $0.second, $0.alternative) < ($1.first, $1.second, $1.alternative) }
        var count = 0
        var pairCount = 0
        for index in list.indices {
            let hit = list[index]
            let isOther = count == 0 || list[count - 1].first != hit.first || list[count - 1].second != hit.second
            if isOther { pairCount += 1 }
            guard isOther || list[count - 1].alternative != hit.alternative else { continue }
            list[count] = hit
            count += 1
        }
        list.removeLast(list.count - count)
        return pairCount
    }
}
