// A record gets another owner, and with it what its relationships say belongs to it.

import Engine

/// Gives a record to another user or team; the records that refer to it follow as far as the `assign` scopes of their lookups
/// reach (docs/metadata.md).
public struct AssignRecord: Message {
    /// The record, of any entity whose records have an owner.
    public var target = RecordID.none
    /// The new owner.
    public var to = RecordID.none

    public init() {}

    /// A request to give a record to a user or team.
    public init(_ target: RecordID, to owner: RecordID) { (self.target, self.to) = (target, owner) }

    static let ownerDisabled = Rule("owner-disabled", "The user who is to own the record is disabled.")

    public static let declaration = MessageDeclaration<AssignRecord>(
        1,
        "assign",
        """
        Gives a record to another user or team, and with it the records that refer to it, as far as the assign behaviours of \
        their lookups say.
        """,
        to: [MessageTarget(MessageTarget.anyOwned)],
        record: \.target,
        arguments: [
            .record(1, "to", \.to, to: ["systemuser", "team"], isRequired: true, "The new owner.")
        ],
        rules: [ownerDisabled]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        guard records.value(to, "isdisabled") != .boolean(true) else {
            throw records.refusal(Self.ownerDisabled, target, "\(records.name(to)) is disabled and cannot own records.")
        }
        var plan = Plan(records)
        try plan.update(try records.following(target, \.assign), [("ownerid", .reference(to))])
        return plan
    }
}

extension Records {
    /// A record and those that refer to it as far as a scope of their lookups reaches, each once, in the order in which they
    /// are met. Throws `limitExceeded` where more than `referringMax` have to be looked at.
    func following(_ id: RecordID, _ scope: KeyPath<Cascades, CascadeScope>) throws(Refusal) -> [RecordID] {
        let owner = reference(id, "ownerid")
        var met: Set<RecordID> = [id]
        var order = [id]
        var next = 0
        var lookedAt = 0
        while next < order.count {
            let target = order[next]
            next += 1
            guard let place = schema.place(of: target.entity) else { continue }
            for lookup in schema.references[place] {
                guard let entity = schema.entity(lookup.entity), entity.ownership == .user else { continue }
                let attribute = entity[lookup.attribute]
                let reach = attribute.cascades[keyPath: scope]
                if reach == .none { continue }
                let left = Records.referringMax - lookedAt
                let referring = try referring(to: target, entity.name, attribute.name, countMax: left)
                lookedAt += referring.count
                for found in referring {
                    let isMeant =
                        switch reach {
                        case .none: false
                        case .all: true
                        case .active: state(of: found) == entity.stateModel?.states.first?.value
                        case .userOwned: reference(found, "ownerid") == owner
                        }
                    guard isMeant, met.insert(found).inserted else { continue }
                    order.append(found)
                }
            }
        }
        return order
    }
}
