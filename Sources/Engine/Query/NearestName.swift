/// The name among `candidates` that was probably meant: the fewest changed, missing, superfluous or swapped letters, at
/// most a third of the word's; of equals the first. Complexity: O(candidates × length²), for error messages only.
package func nearestName(to word: String, among candidates: some Sequence<String>) -> String? {
    let word = word.utf8.prefix(64).map(UInt32.init)
    var editDistance = EditDistance()
    var best: (distance: Int, name: String)?
    for candidate in candidates {
        let letters = candidate.utf8.prefix(64).map(UInt32.init)
        let limit = best.map { $0.distance - 1 } ?? max(1, max(word.count, letters.count) / 3)
        if let distance = editDistance.between(word, letters, limit: limit) { best = (distance, candidate) }
    }
    return best?.name
}
