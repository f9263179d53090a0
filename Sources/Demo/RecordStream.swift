// Randomness of what is generated: the same on every machine and with every compiler, for ever.
//
// - A stream begins at a hash of (seed, purpose, index), so that any record can be derived at any time from its number
//   alone: references need no memory, and the generator's memory does not grow with the size of what it generates.
// - Integers only: no library function of floating point, no `random(in:using:)` whose algorithm is the library's affair.

/// A stream of pseudo-random numbers (SplitMix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators").
package struct RecordStream: Sendable {
    private var state: UInt64

    /// The stream for one purpose and one record. Purposes are each generator's own.
    package init(seed: UInt64, purpose: UInt64, index: Int) {
        let record = RecordStream.mix(UInt64(truncatingIfNeeded: index) &+ purpose << 48)
        state = RecordStream.mix(seed ^ record)
    }

    private static func mix(_ value: UInt64) -> UInt64 {
        var z = value &+ 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// 64 random bits.
    package mutating func next() -> UInt64 {
        defer { state &+= 0x9E37_79B9_7F4A_7C15 }
        return RecordStream.mix(state)
    }

    /// A number from 0 to below `bound`, which must be positive. The bias of taking the high word is below 2⁻³².
    package mutating func below(_ bound: Int) -> Int {
        precondition(bound > 0)
        return Int(truncatingIfNeeded: next().multipliedFullWidth(by: UInt64(bound)).high)
    }

    /// A number within the range.
    package mutating func within(_ range: ClosedRange<Int>) -> Int { range.lowerBound + below(range.count) }

    /// True `perMille` times in a thousand.
    package mutating func chance(_ perMille: Int) -> Bool { below(1000) < perMille }

    /// One of the elements.
    package mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }

    /// Place in `weights` of a draw in proportion to them.
    package mutating func weighted(_ weights: [Int]) -> Int {
        var rest = below(weights.reduce(0, +))
        for (place, weight) in weights.enumerated() {
            if rest < weight { return place }
            rest -= weight
        }
        return weights.count - 1
    }
}
