// What docs/find.md says, computed the slow way: every record's words by Unicode scalars, every kind of match by its definition,
// everything sorted. It shares nothing with the index but the folding of text.

import Engine

enum FindModel {
    struct Word: Hashable {
        var text: [Unicode.Scalar]
        var field: Int
        var position: Int
        var wordCount: Int

        var rank: Int { min(position, 15) * 16 + min(wordCount, 16) - 1 }
        var bytes: [UInt8] { Array(String(String.UnicodeScalarView(text)).utf8) }
    }

    static func folded(_ text: String) -> [Unicode.Scalar] {
        var bytes: [UInt8] = []
        Array(text.utf8).withUnsafeBufferPointer { Collation.fold($0, into: &bytes) }
        return Array(String(decoding: bytes, as: UTF8.self).unicodeScalars)
    }

    static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x30...0x39, 0x61...0x7A: true
        case 0...0xBF, 0x2000...0x206F, 0x3000...0x3004, 0x3008...0x303F: false
        default: true
        }
    }

    static func words(_ text: String, joinsNumbers: Bool = true) -> [[Unicode.Scalar]] {
        var words: [[Unicode.Scalar]] = [[]]
        let scalars = folded(text)
        for (place, scalar) in scalars.enumerated() {
            if isWord(scalar) {
                words[words.count - 1].append(scalar)
            } else if scalar == "'", !words[words.count - 1].isEmpty, place + 1 < scalars.count,
                isWord(scalars[place + 1])
            {
                continue
            } else {
                words.append([])
            }
        }
        words = words.filter { !$0.isEmpty }
        if joinsNumbers, words.joined().allSatisfy({ $0.isASCII && $0.properties.numericType != nil }), !words.isEmpty {
            words = [Array(words.joined())]
        }
        return words
    }

    /// Optimal string alignment distance of all prefixes of `word` from `pattern`: the least.
    static func leastDistance(_ pattern: [Unicode.Scalar], _ word: [Unicode.Scalar]) -> Int {
        var rows = [Array(0...word.count)]
        for i in 1...pattern.count {
            var row = [i]
            for j in 1..<word.count + 1 {
                var least = min(rows[i - 1][j] + 1, row[j - 1] + 1)
                least = min(least, rows[i - 1][j - 1] + (pattern[i - 1] == word[j - 1] ? 0 : 1))
                if i > 1, j > 1, pattern[i - 1] == word[j - 2], pattern[i - 2] == word[j - 1] {
                    least = min(least, rows[i - 2][j - 2] + 1)
                }
                row.append(least)
            }
            rows.append(row)
        }
        return rows[pattern.count].min() ?? 0
    }

    static func match(_ pattern: [Unicode.Scalar], _ word: [Unicode.Scalar]) -> FindMatch? {
        if pattern == word { return .exact }
        if word.starts(with: pattern) { return .prefix }
        let text = String(String.UnicodeScalarView(pattern))
        if text.utf8.count >= 3, word.count >= pattern.count,
            (0...word.count - pattern.count).contains(where: { word[$0...].starts(with: pattern) })
        {
            return .infix
        }
        let hasDigit = pattern.contains { $0.value >= 0x30 && $0.value <= 0x39 }
        return pattern.count >= 4 && !hasDigit && leastDistance(pattern, word) <= 1 ? .typo : nil
    }

    /// A record's words, each once, in its best place.
    static func words(_ texts: [(field: Int, text: String)]) -> [Word] {
        var best: [[Unicode.Scalar]: Word] = [:]
        for (field, text) in texts {
            let words = words(text)
            for (position, scalars) in words.enumerated() {
                let word = Word(text: scalars, field: field, position: position, wordCount: words.count)
                if let known = best[scalars], (known.field, known.rank) <= (field, word.rank) { continue }
                best[scalars] = word
            }
        }
        return Array(best.values)
    }

    struct Found {
        var record: RecordID
        var level: FindMatch
        var kind: FindMatch
        var word: Word

        static func < (a: Found, b: Found) -> Bool {
            if a.level != b.level { return a.level < b.level }
            if a.kind != b.kind { return a.kind < b.kind }
            if a.word.field != b.word.field { return a.word.field < b.word.field }
            let (left, right) = (a.word.bytes, b.word.bytes)
            if left != right { return left.lexicographicallyPrecedes(right) }
            if a.word.rank != b.word.rank { return a.word.rank < b.word.rank }
            return a.record < b.record
        }
    }

    static func found(_ patterns: [[Unicode.Scalar]], _ record: RecordID, _ words: [Word]) -> Found? {
        var found: Found?
        for (place, pattern) in patterns.enumerated() {
            let best = words.compactMap { word in
                match(pattern, word.text).map { Found(record: record, level: $0, kind: $0, word: word) }
            }.min(by: <)
            guard let best else { return nil }
            if place == 0 { found = best }
            if let level = found?.level { found?.level = max(level, best.level) }
        }
        return found
    }

    /// The first records and their kinds.
    static func find(
        _ request: FindRequest,
        _ view: View,
        visible: VisibleRows?
    ) -> [(record: RecordID, match: FindMatch)] {
        let joined = words(request.text)
        let apart = words(request.text, joinsNumbers: false)
        let readings = joined == apart ? [joined] : [joined, apart]
        var all: [RecordID: Found] = [:]
        for (place, entity) in view.schema.entities.enumerated()
        where request.entities.isEmpty || request.entities.contains(entity.name) {
            let table = view.table(place)
            for row in 0..<table.rowCount where table.recordID(atRow: row) != .none {
                if let bits = visible?.bitmaps[place] {
                    guard row >> 6 < bits.count, bits[row >> 6] >> UInt64(row & 63) & 1 != 0 else { continue }
                }
                let texts = entity.attributes.indices.compactMap { column -> (Int, String)? in
                    guard entity.attributes[column].isSearched, case .text(let text) = table.value(column, row) else {
                        return nil
                    }
                    return (column == Int(entity.primaryName.rawValue) ? 0 : 1, text)
                }
                let words = words(texts)
                let record = table.recordID(atRow: row)
                for patterns in readings where !patterns.isEmpty {
                    guard let found = found(patterns, record, words) else { continue }
                    if let known = all[record], known < found { continue }
                    all[record] = found
                }
            }
        }
        return all.values.sorted(by: <).prefix(request.limit).map { ($0.record, $0.level) }
    }
}
