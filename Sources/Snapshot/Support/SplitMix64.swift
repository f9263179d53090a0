// The generator of the simulated disk: same seed, same damage, on every machine.

/// SplitMix64 (Steele, Lea and Flood, 2014): 64 bits of state, every seed good. Not for secrets.
public struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    public init(seed: UInt64) { state = seed }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which must not be 0. The bias of the modulo is below 2⁻³² for the bounds used here.
    public mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
}
