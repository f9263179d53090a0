// Randomness of CRMark: the same on every machine and with every compiler.
//
// - A stream begins at a hash of (seed, purpose, index): any record can be derived at any time from its number alone.
// - Draws are integers. The one table with fractions, that of Zipf's law, is made with additions, multiplications and
//   divisions, which IEEE 754 rounds the same everywhere, and no function of a library.

/// A stream of pseudo-random numbers (SplitMix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators").
package struct CRMarkRandom: Sendable {
    private var state: UInt64

    /// What a stream is for, so that a new attribute of one entity does not shift the others. Append only.
    package enum Purpose: UInt64 {
        case systemuser = 1
        case campaign, account, contact, lead, opportunity, incident, task, phonecall, email, appointment
        case request = 100
    }

    package init(seed: UInt64, purpose: Purpose, index: Int) {
        let record = CRMarkRandom.mix(UInt64(truncatingIfNeeded: index) &+ purpose.rawValue << 48)
        state = CRMarkRandom.mix(seed ^ record)
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
        return CRMarkRandom.mix(state)
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

    /// Place in `weights` of a draw in proportion to them.
    package mutating func weighted(_ weights: [Int]) -> Int {
        var rest = below(weights.reduce(0, +))
        for (place, weight) in weights.enumerated() {
            if rest < weight { return place }
            rest -= weight
        }
        return weights.count - 1
    }

    /// A number from 0 to below `bound` that is small more often than not: u³ of the range, so that half of the draws
    /// fall into the first eighth. What is recent counts from 0.
    package mutating func recent(_ bound: Int) -> Int {
        let u = next() >> 32
        let cubed = (((u &* u) >> 32) &* u) >> 32
        return Int((cubed &* UInt64(bound)) >> 32)
    }

    /// An amount in whole units whose size is spread over orders of magnitude: a power of two between `2^low` and `2^high`,
    /// then evenly up to the next.
    package mutating func amount(_ octaves: ClosedRange<Int>) -> Int {
        let base = 1 << within(octaves)
        return base + below(base)
    }
}

/// Zipf's law with exponent 0.99 over ranks 0 to below `count`: rank r is drawn in proportion to (r + 1)^-0.99.
///
/// Ranks are drawn by octave (1, 2–3, 4–7, …) and then, within one, by rejection: the density there falls to no less than
/// half, so that fewer than 1.5 draws are needed. Takes no memory that grows with `count`.
package struct Zipf: Sendable {
    private static let exponent = 0.99
    /// Parts of an octave between which the density is interpolated.
    private static let partBits = 10
    /// x^-0.99 · 2³¹ for x = 1 + place / 1024.
    private let density: [UInt64]
    /// Weight of all octaves up to each.
    private let octaveEnds: [UInt64]
    private let count: Int

    /// Complexity: one step for each rank.
    package init(count: Int) {
        precondition(count > 0)
        self.count = count
        let parts = 1 << Zipf.partBits
        let density = (0...parts).map { part in
            UInt64(Zipf.power(1 + Double(part) / Double(parts)) * Double(1 << 31) + 0.5)
        }
        self.density = density
        var ends: [UInt64] = []
        var sum: UInt64 = 0
        var head = 1.0
        let half = Zipf.power(2)
        var octave = 0
        while 1 << octave <= count {
            let base = 1 << octave
            var weight: UInt64 = 0
            for rank in base..<min(2 * base, count + 1) { weight += Zipf.interpolate(density, rank, octave) }
            sum += UInt64(Double(weight) * head)
            ends.append(sum)
            head *= half
            octave += 1
        }
        octaveEnds = ends
    }

    /// A rank.
    package func draw(_ random: inout CRMarkRandom) -> Int {
        let target = random.next().multipliedFullWidth(by: octaveEnds[octaveEnds.count - 1]).high
        let octave = octaveEnds.firstIndex { target < $0 } ?? octaveEnds.count - 1
        let base = 1 << octave
        while true {
            let rank = base + random.below(min(base, count - base + 1))
            if random.next() >> 33 < Zipf.interpolate(density, rank, octave) { return rank - 1 }
        }
    }

    /// (rank / 2^octave)^-0.99 · 2³¹.
    private static func interpolate(_ density: [UInt64], _ rank: Int, _ octave: Int) -> UInt64 {
        let offset = (UInt64(rank - (1 << octave)) << 32) >> UInt64(octave)
        let part = Int(offset >> UInt64(32 - partBits))
        let rest = offset << UInt64(partBits) & 0xFFFF_FFFF
        return density[part] - (((density[part] - density[part + 1]) * rest) >> 32)
    }

    /// x^-0.99 for x in 1…2, by series.
    private static func power(_ x: Double) -> Double {
        // ln x = 2 artanh((x-1)/(x+1)); the argument is at most 1/3, so 20 terms go beyond 53 bits.
        let t = (x - 1) / (x + 1)
        var term = t
        var logarithm = 0.0
        for place in 0..<20 {
            logarithm += term / Double(2 * place + 1)
            term *= t * t
        }
        let y = -2 * exponent * logarithm
        var result = 1.0
        var summand = 1.0
        for place in 1...24 {
            summand *= y / Double(place)
            result += summand
        }
        return result
    }
}
