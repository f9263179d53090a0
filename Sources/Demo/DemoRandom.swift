// Randomness of the demonstration: the same on every machine and with every compiler, for ever.
//
// - A stream begins at a hash of (seed, purpose, index), so that any record can be derived at any time from its number
//   alone: references need no memory, and the generator's memory does not grow with the size of what it generates.
// - Integers only: no library function of floating point, no `random(in:using:)` whose algorithm is the library's affair.

/// A stream of pseudo-random numbers (SplitMix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators").
struct DemoRandom {
    private var state: UInt64

    /// The stream for one purpose and one record.
    init(seed: UInt64, purpose: Purpose, index: Int) {
        let record = DemoRandom.mix(UInt64(truncatingIfNeeded: index) &+ UInt64(purpose.rawValue) << 48)
        state = DemoRandom.mix(seed ^ record)
    }

    /// What a stream is for: entities and their parts draw from streams of their own, so that a new attribute of one
    /// does not shift the others. Append only.
    enum Purpose: UInt16 {
        case user = 1
        case account, accountDetail, contact, lead, opportunity, opportunityLines, order, incident
        case task, phoneCall, email, appointment, note, campaign, competitor, product
    }

    private static func mix(_ value: UInt64) -> UInt64 {
        var z = value &+ 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    private mutating func next() -> UInt64 {
        defer { state &+= 0x9E37_79B9_7F4A_7C15 }
        return DemoRandom.mix(state)
    }

    /// A number from 0 to below `bound`, which must be positive. The bias of taking the high word is below 2⁻³².
    mutating func below(_ bound: Int) -> Int {
        precondition(bound > 0)
        return Int(truncatingIfNeeded: next().multipliedFullWidth(by: UInt64(bound)).high)
    }

    /// A number within the range.
    mutating func within(_ range: ClosedRange<Int>) -> Int { range.lowerBound + below(range.count) }

    /// True `perMille` times in a thousand.
    mutating func chance(_ perMille: Int) -> Bool { below(1000) < perMille }

    /// One of the elements.
    mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }

    /// Place in `weights` of a draw in proportion to them.
    mutating func weighted(_ weights: [Int]) -> Int {
        var rest = below(weights.reduce(0, +))
        for (place, weight) in weights.enumerated() {
            if rest < weight { return place }
            rest -= weight
        }
        return weights.count - 1
    }

    /// A number from 0 to below `count` as business distributes itself: half of the draws evenly, half by Zipf's law with
    /// exponent one, where every octave (0, 1–2, 3–6, 7–14, …) is drawn equally often. Then spread over the whole range,
    /// so that the busy ones are not all at its beginning.
    mutating func busy(_ count: Int) -> Int {
        var rank = below(count)
        if chance(500) {
            repeat {
                let octave = below(Int.bitWidth - count.leadingZeroBitCount)
                rank = (1 << octave) - 1 + below(1 << octave)
            } while rank >= count
        }
        // 7,919 is prime and no factor of any count in use (200 × scale has it only at that scale): a permutation.
        return count % 7919 == 0 ? rank : (rank &* 7919 &+ 13) % count
    }
}
