// What the demonstration draws for, and how its business is distributed.

/// What a stream is for: entities and their parts draw from streams of their own, so that a new attribute of one
/// does not shift the others. Append only.
enum DemoPurpose: UInt64 {
    case user = 1
    case account, accountDetail, contact, lead, opportunity, opportunityLines, order, incident
    case task, phoneCall, email, appointment, note, campaign, competitor, product
    case listMember, campaignActivity, response
}

extension RecordStream {
    /// The stream for one purpose and one record of the demonstration.
    init(seed: UInt64, purpose: DemoPurpose, index: Int) {
        self.init(seed: seed, purpose: purpose.rawValue, index: index)
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
