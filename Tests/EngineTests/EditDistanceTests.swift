import Engine
import Testing

/// Distances within a limit, against the whole table, on short texts of few letters.
@Suite struct EditDistanceTests {
    @Test(arguments: PropertyRandom.seeds(4))
    func asTheWholeTable(_ seed: UInt64) {
        var random = PropertyRandom(seed: seed)
        var editDistance = EditDistance()
        for _ in 0..<1_000 {
            let (a, b) = (Self.word(&random), Self.word(&random))
            let whole = Self.distance(a, b)
            for limit in 0...8 {
                let expected = whole <= limit ? whole : nil
                #expect(editDistance.between(a, b, limit: limit) == expected, "\(a) \(b) within \(limit)")
                #expect(editDistance.between(b, a, limit: limit) == expected, "\(b) \(a) within \(limit)")
            }
        }
    }

    @Test func ofNothing() {
        var editDistance = EditDistance()
        #expect(editDistance.between([], [], limit: 0) == 0)
        #expect(editDistance.between([], [1, 2], limit: 2) == 2)
        #expect(editDistance.between([], [1, 2], limit: 1) == nil)
        #expect(editDistance.between([], [], limit: -1) == nil)
    }

    /// Letters of one word, with up to six mistakes.
    private static func word(_ random: inout PropertyRandom) -> [UInt32] {
        var word = Array("abababaabbaabbbabaab".unicodeScalars.map(\.value)[..<random.below(19)])
        for _ in 0..<random.below(7) where !word.isEmpty {
            let place = random.below(word.count)
            switch random.below(4) {
            case 0: word[place] = 97 + UInt32(random.below(3))
            case 1: word.insert(97 + UInt32(random.below(3)), at: place)
            case 2: word.remove(at: place)
            default: word.swapAt(place, max(0, place - 1))
            }
        }
        return word
    }

    private static func distance(_ a: [UInt32], _ b: [UInt32]) -> Int {
        var table = [[Int]](repeating: Array(0...b.count), count: a.count + 1)
        for i in 0...a.count { table[i][0] = i }
        for i in a.indices {
            for j in b.indices {
                var cell = min(table[i][j + 1], table[i + 1][j]) + 1
                cell = min(cell, table[i][j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cell = min(cell, table[i - 1][j - 1] + 1) }
                table[i + 1][j + 1] = cell
            }
        }
        return table[a.count][b.count]
    }
}
