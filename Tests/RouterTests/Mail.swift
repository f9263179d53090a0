import Router

/// A message from text: lines end as on the wire.
func mail(_ text: String, limits: MailLimits = MailLimits()) throws -> MailMessage {
    try MailParser(limits: limits).parse(Array(text.replacing("\n", with: "\r\n").utf8))
}

/// A small generator, so that a round is a function of its number.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
