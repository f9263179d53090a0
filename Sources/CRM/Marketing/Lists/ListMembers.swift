// Who is on a list: one at a time. The record that the message is about is the member, so that bulk work adds and removes as many as a query gives.

import Engine

/// Puts an account, contact or lead on a list.
public struct AddToList: Message {
    /// The member.
    public var member = RecordID.none
    /// The list.
    public var list = RecordID.none

    public init() {}

    /// A request to put somebody on a list.
    public init(_ member: RecordID, list: RecordID) { (self.member, self.list) = (member, list) }

    static let isMember = Rule("is-member", "It is on the list already.")
    static let otherKind = Rule("member-of-another-kind", "The members of the list are of another kind.")

    /// What can be on a list, and the option of `createdfromcode` that says so.
    static let kinds: [(entity: String, option: Int32)] = [("account", 1), ("contact", 2), ("lead", 4)]
    static let targets = kinds.map { MessageTarget($0.entity) }

    public static let declaration = MessageDeclaration<AddToList>(
        320,
        "add-to-list",
        """
        Puts an account, contact or lead on a static list. All members of a list are of one kind: where it does not say which, that of the first one.
        """,
        said: "put it on a list",
        to: targets,
        record: \.member,
        arguments: [.record(1, "list", \.list, to: ["list"], isRequired: true, "The list.")],
        rules: [.listInactive, .listLocked, .listDynamic, otherKind, isMember]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        try records.requireChangeable(list, refusing: member)
        let entity = records.schema.entity(member.entity)?.name ?? ""
        let kind = Self.kinds.first { $0.entity == entity }?.option ?? 0
        let present = records.option(list, "createdfromcode")
        guard present == nil || present == kind else {
            throw records.refusal(
                Self.otherKind,
                member,
                "The members of \(records.name(list)) are of the kind \(records.label(present ?? 0, "list", "createdfromcode"))."
            )
        }
        guard try records.listMember(member, of: list) == nil else {
            throw records.refusal(Self.isMember, member, "\(records.name(member)) is on \(records.name(list)) already.")
        }
        var plan = Plan(records)
        let made = try plan.create("listmember", [("listid", .reference(list)), ("entityid", .reference(member))])
        guard made != nil else { throw records.missing("listmember") }
        if present == nil { try plan.update(list, [("createdfromcode", .option(kind))]) }
        return plan
    }
}

/// Takes a member off a list.
public struct RemoveFromList: Message {
    /// The member.
    public var member = RecordID.none
    /// The list.
    public var list = RecordID.none

    public init() {}

    /// A request to take a member off a list.
    public init(_ member: RecordID, list: RecordID) { (self.member, self.list) = (member, list) }

    static let notAMember = Rule("not-a-member", "It is not on the list.")

    public static let declaration = MessageDeclaration<RemoveFromList>(
        321,
        "remove-from-list",
        "Takes an account, contact or lead off a static list.",
        said: "take it off a list",
        to: AddToList.targets,
        record: \.member,
        arguments: [.record(1, "list", \.list, to: ["list"], isRequired: true, "The list.")],
        rules: [.listInactive, .listLocked, .listDynamic, notAMember]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        try records.requireChangeable(list, refusing: member)
        guard let found = try records.listMember(member, of: list) else {
            throw records.refusal(Self.notAMember, member, "\(records.name(member)) is not on \(records.name(list)).")
        }
        var plan = Plan(records)
        try plan.delete(found)
        return plan
    }
}

extension Records {
    /// The record that says that somebody is on a static list; nil where there is none. O(lists that they are on).
    fileprivate func listMember(_ member: RecordID, of list: RecordID) throws(Refusal) -> RecordID? {
        try referring(to: member, "listmember", "entityid").first { reference($0, "listid") == list }
    }
}
