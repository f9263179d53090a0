/// The name among `candidates` that was probably meant: the fewest changed, missing, superfluous or swapped letters, at
/// most a third of the word's; of equals the first. Complexity: O(candidates × length²), for error messages only.
package func nearestName(to word: String, among candidates: some Sequence<String>) -> String? {
    let word = Array(word.utf8.prefix(64))
    var best: (distance: Int, name: String)?
    for candidate in candidates {
        let letters = Array(candidate.utf8.prefix(64))
        let bound = best.map { $0.distance - 1 } ?? max(1, max(word.count, letters.count) / 3)
        guard abs(letters.count - word.count) <= bound else { continue }
        let distance = editDistance(word, letters)
        if distance <= bound { best = (distance, candidate) }
    }
    return best?.name
}

/// Edits between two words, where exchanging two neighbours counts as one.
private func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...b.count)
    for i in 1..<(a.count + 1) {
        var row = [i]
        for j in 1..<(b.count + 1) {
            var cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1))
            if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] { cost = min(cost, beforeLast[j - 2] + 1) }
            row.append(cost)
        }
        beforeLast = last
        last = row
    }
    return last[b.count]
}
