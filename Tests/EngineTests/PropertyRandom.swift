import Foundation
import Snapshot

/// Random choices of the property tests: SplitMix64, so that a seed gives the same run on every machine.
struct PropertyRandom: RandomNumberGenerator {
    private var generator: SplitMix64

    // Seeds of tests are small and follow each other: their sequences must not overlap.
    init(seed: UInt64) { generator = SplitMix64(seed: seed &* 0x9E37_79B9_7F4A_7C15) }

    mutating func next() -> UInt64 { generator.next() }
    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

    /// `count` seeds, or the one that `KITH_SEED` names.
    static func seeds(_ count: UInt64) -> Range<UInt64> {
        guard let seed = ProcessInfo.processInfo.environment["KITH_SEED"].flatMap(UInt64.init) else { return 0..<count }
        return seed..<seed + 1
    }

    /// Damaged bytes: bits turned, an end cut off, a part doubled, removed or overwritten.
    mutating func damaged(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        guard !bytes.isEmpty else { return [UInt8(truncatingIfNeeded: next())] }
        switch below(6) {
        case 0: bytes.removeSubrange(below(bytes.count)...)
        case 1:
            let start = below(bytes.count)
            bytes.removeSubrange(start..<min(bytes.count, start + 1 + below(9)))
        case 2:
            let start = below(bytes.count)
            bytes.insert(contentsOf: bytes[start..<min(bytes.count, start + 1 + below(9))], at: start)
        case 3:
            let value = [0, 0x7F, 0x80, 0xFF][below(4)] as UInt8
            let start = below(bytes.count)
            for index in start..<min(bytes.count, start + 1 + below(8)) { bytes[index] = value }
        default: for _ in 0..<1 + below(4) { bytes[below(bytes.count)] ^= 1 << UInt8(below(8)) }
        }
        return bytes
    }
}
