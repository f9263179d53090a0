// Finding the parties of an activity: along the index of the lookup by which they refer to it.

extension Table {
    /// Rows of the parties that an activity has in a role, in the order of their list: by `ordering`, none first, then by id.
    /// `role` is the place of the option. `admits` is asked for every party of the activity.
    /// - Complexity: O(parties of the activity in all roles), and the sort of those in the list.
    func partyRows<E: Error>(
        _ parties: PartyAttributes,
        role: Int64,
        of target: Int,
        row targetRow: UInt32,
        in link: LinkIndex,
        _ admits: (UInt32) throws(E) -> Bool
    ) throws(E) -> [UInt32] {
        var found: [(ordering: Int64, id: UInt64, row: UInt32)] = []
        var row = link.first(target: target, targetRow: targetRow)
        while row != LinkIndex.none {
            let party = Int(row)
            if try admits(row), number(parties.role, party) == role {
                found.append((number(parties.ordering, party) ?? .min, recordID(atRow: party).rawValue, row))
            }
            row = link.next(after: row)
        }
        // Most lists were written in one go, so that the newest comes last.
        found.reverse()
        if !zip(found, found.dropFirst()).allSatisfy({ ($0.ordering, $0.id) < ($1.ordering, $1.id) }) {
            found.sort { ($0.ordering, $0.id) < ($1.ordering, $1.id) }
        }
        return found.map(\.row)
    }

    /// The record that a party is; `.none` for an address only.
    func partyID(_ parties: PartyAttributes, _ row: UInt32) -> RecordID {
        number(parties.party, Int(row)).map { RecordID(rawValue: UInt64(bitPattern: $0)) } ?? .none
    }

    /// The address of a party, valid until the table is written; nil when it has none.
    func partyAddress(_ parties: PartyAttributes, _ row: UInt32) -> UnsafeBufferPointer<UInt8>? {
        guard let head = head(parties.address, Int(row)), head.isValid(Int(row) & 8191) else { return nil }
        return head.text(Int(row) & 8191).asBytes
    }

    /// The place of a party in its list; nil when it has none.
    func partyOrdering(_ parties: PartyAttributes, _ row: UInt32) -> Int64? { number(parties.ordering, Int(row)) }
}
