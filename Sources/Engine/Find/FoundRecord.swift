/// A record that matches, with all that its place among the others depends on.
struct FoundRecord {
    /// The weakest kind over all words of the search text.
    var level: FindMatch
    /// How the first word of the search text is matched best.
    var kind: FindMatch
    var field: UInt8
    var word: [UInt8]
    var rank: UInt8
    var record: RecordID

    /// The order of results.
    static func < (a: FoundRecord, b: FoundRecord) -> Bool {
        if a.level != b.level { return a.level < b.level }
        if a.kind != b.kind { return a.kind < b.kind }
        if a.field != b.field { return a.field < b.field }
        if a.word != b.word { return a.word.lexicographicallyPrecedes(b.word) }
        if a.rank != b.rank { return a.rank < b.rank }
        return a.record < b.record
    }
}

extension RecordWords {
    /// How well the record matches all patterns; nil when one of them matches no word. O(words × patterns).
    func judged(_ patterns: [Pattern], _ record: RecordID) -> FoundRecord? {
        var found: FoundRecord?
        for (place, pattern) in patterns.enumerated() {
            // Entries come in the order of their words: of equal kind and field the first is the best.
            var best: (kind: FindMatch, entry: Entry)?
            for entry in entries {
                guard let kind = withBytes(entry, pattern.match) else { continue }
                if let best, (best.kind.rawValue, best.entry.field) <= (kind.rawValue, entry.field) { continue }
                best = (kind, entry)
            }
            guard let best else { return nil }
            if place == 0 {
                found = FoundRecord(
                    level: best.kind,
                    kind: best.kind,
                    field: best.entry.field,
                    word: withBytes(best.entry) { Array($0) },
                    rank: best.entry.rank,
                    record: record
                )
            } else if let level = found?.level, best.kind > level {
                found?.level = best.kind
            }
        }
        return found
    }
}
