import Snapshot

/// Random choices that can be taken again. Whatever is made from them can be made smaller by taking fewer and smaller ones:
/// the first alternative of every choice is the simplest.
struct Choices {
    private var random: SplitMix64
    private let replayed: [UInt32]?
    /// What was chosen so far.
    private(set) var taken: [UInt32] = []

    init(seed: UInt64) {
        // Seeds follow each other: their sequences must not overlap.
        random = SplitMix64(seed: seed &* 0x9E37_79B9_7F4A_7C15)
        replayed = nil
    }

    /// Takes these, and the simplest behind their end.
    init(replaying choices: [UInt32]) {
        random = SplitMix64(seed: 0)
        replayed = choices
    }

    /// One of `bound` alternatives.
    mutating func below(_ bound: Int) -> Int {
        let choice: UInt32
        if let replayed {
            choice = taken.count < replayed.count ? replayed[taken.count] % UInt32(bound) : 0
        } else {
            choice = UInt32(random.next() % UInt64(bound))
        }
        taken.append(choice)
        return Int(choice)
    }

    /// Whether something happens that is not the simplest.
    mutating func chance(_ percent: Int) -> Bool { below(100) >= 100 - percent }

    mutating func pick<T>(_ items: [T]) -> T { items[below(items.count)] }

    /// Fewer and smaller choices that still fail, found in at most so many attempts.
    static func shrunk(_ choices: [UInt32], attempts: Int, fails: ([UInt32]) -> Bool) -> [UInt32] {
        var best = choices
        var attemptsLeft = attempts
        func isBetter(_ candidate: [UInt32]) -> Bool {
            attemptsLeft -= 1
            return fails(candidate)
        }
        var hasChanged = true
        while hasChanged, attemptsLeft > 0 {
            hasChanged = false
            var length = 64
            while length > 0, attemptsLeft > 0 {
                var start = 0
                while start < best.count, attemptsLeft > 0 {
                    var candidate = best
                    candidate.removeSubrange(start..<min(start + length, best.count))
                    if isBetter(candidate) {
                        best = candidate
                        hasChanged = true
                    } else {
                        start += length
                    }
                }
                length /= 2
            }
            for index in best.indices where best[index] > 0 && attemptsLeft > 0 {
                for smaller in [0, best[index] / 2, best[index] - 1] where smaller < best[index] {
                    var candidate = best
                    candidate[index] = smaller
                    if isBetter(candidate) {
                        best = candidate
                        hasChanged = true
                        break
                    }
                }
            }
        }
        return best
    }
}
