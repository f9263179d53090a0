// What makes the parties of a list of those that are there: the fewest records are touched.
//
// - A party that stays (the same record and address) is the same record of `activityparty`, with whatever else it holds. One whose
//   record stays and whose address changes is, too.
// - Places in the list stay as they are while the kept ones keep their order and new ones come at the end; otherwise all are
//   numbered from 0. So writing what was read changes nothing.

/// A party that is there.
struct PresentParty {
    var record: RecordID
    var entry: PartyEntry
    var ordering: Int64?
}

/// What happens to the parties of one list.
struct PartyListChange {
    /// Records that end.
    var deleted: [RecordID] = []
    /// Records that get another place in the list, and nothing else.
    var moved: [(record: RecordID, ordering: Int64?)] = []
    /// Records that get another address.
    var readdressed: [(record: RecordID, address: [UInt8]?, ordering: Int64?)] = []
    /// Parties that are new.
    var created: [(entry: PartyEntry, ordering: Int64)] = []

    var isEmpty: Bool { deleted.isEmpty && moved.isEmpty && readdressed.isEmpty && created.isEmpty }

    /// - Parameter orderingMax: the largest place in a list that can be written.
    init(from present: [PresentParty], to wanted: [PartyEntry], orderingMax: Int64) {
        let kept = PartyListChange.kept(present, wanted)
        var isKept = [Bool](repeating: false, count: present.count)
        for case .some(let place) in kept { isKept[place] = true }
        for (place, party) in present.enumerated() where !isKept[place] { deleted.append(party.record) }

        let head = kept.prefix { $0 != nil }.compactMap { $0 }
        let last = head.last.flatMap { present[$0].ordering } ?? -1
        let isInOrder =
            zip(head, head.dropFirst()).allSatisfy { $0 < $1 } && kept[head.count...].allSatisfy { $0 == nil }
            && last <= orderingMax - Int64(wanted.count - head.count)
        for (place, entry) in wanted.enumerated() {
            guard let old = kept[place].map({ present[$0] }) else {
                created.append((entry, isInOrder ? last + Int64(place - head.count + 1) : Int64(place)))
                continue
            }
            let ordering = isInOrder ? old.ordering : Int64(place)
            if old.entry.address != entry.address {
                readdressed.append((old.record, entry.address, ordering))
            } else if old.ordering != ordering {
                moved.append((old.record, ordering))
            }
        }
    }

    /// For each wanted party the place of the one that it is among those present: the same record and address first, in order, then
    /// the same record.
    private static func kept(_ present: [PresentParty], _ wanted: [PartyEntry]) -> [Int?] {
        var kept = [Int?](repeating: nil, count: wanted.count)
        // Newest first, so that the next one is taken off the end.
        var free: [PartyEntry: [Int]] = [:]
        for (place, party) in present.enumerated().reversed() { free[party.entry, default: []].append(place) }
        for (place, entry) in wanted.enumerated() { kept[place] = free[entry]?.popLast() }
        var byParty: [RecordID: [Int]] = [:]
        let isTaken = Set(kept.compactMap { $0 })
        for (place, party) in present.enumerated().reversed()
        where party.entry.party != .none && !isTaken.contains(place) {
            byParty[party.entry.party, default: []].append(place)
        }
        for (place, entry) in wanted.enumerated() where kept[place] == nil && entry.party != .none {
            kept[place] = byParty[entry.party]?.popLast()
        }
        return kept
    }
}
