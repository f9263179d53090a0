// How CRMark draws: for what, and by which laws. The stream is the demonstration's.
//
// Draws are integers. The one table with fractions, that of Zipf's law, is made with additions, multiplications and
// divisions, which IEEE 754 rounds the same everywhere, and no function of a library.

import Demo

/// What a stream is for, so that a new attribute of one entity does not shift the others. Append only.
package enum CRMarkPurpose: UInt64 {
    case systemuser = 1
    case campaign, account, contact, lead, opportunity, incident, task, phonecall, email, appointment
    case request = 100
}

/// CRMark's stream, under the name by which the layers above it know it.
package typealias CRMarkRandom = RecordStream

extension CRMarkRandom {
    /// The stream for one purpose and one record of CRMark.
    package init(seed: UInt64, purpose: CRMarkPurpose, index: Int) {
        self.init(seed: seed, purpose: purpose.rawValue, index: index)
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
