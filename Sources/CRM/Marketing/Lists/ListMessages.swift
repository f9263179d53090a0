// Lists as a whole: locked and unlocked, made dynamic, copied.

import Engine

/// Options of `list.type`.
enum ListType {
    static let statical: Int32 = 0
    static let dynamic: Int32 = 1
}

enum ListState {
    static let active: Int32 = 0
}

extension Rule {
    static let listInactive = Rule("list-inactive", "The list is not used any more.")
    static let listLocked = Rule("list-locked", "The list is locked.")
    static let listDynamic = Rule("list-dynamic", "The members of the list are what its query gives.")
}

extension Records {
    /// Refuses a list whose members are not to be changed, or not by hand.
    func requireChangeable(_ list: RecordID, refusing record: RecordID) throws(Refusal) {
        guard state(of: list) ?? ListState.active == ListState.active else {
            throw refusal(.listInactive, record, "The list \(name(list)) is not used any more.")
        }
        guard value(list, "lockstatus") != .boolean(true) else {
            throw refusal(.listLocked, record, "The list \(name(list)) is locked: unlock it first.")
        }
        guard !isDynamic(list) else {
            throw refusal(.listDynamic, record, "Who is on \(name(list)) is what its query gives: change that.")
        }
    }
}

/// Locks a list.
public struct LockList: Message {
    /// The list.
    public var list = RecordID.none

    public init() {}

    /// A request to lock a list.
    public init(_ list: RecordID) { self.list = list }

    public static let declaration = MessageDeclaration<LockList>(
        323,
        "lock",
        "Locks a list: nobody is added or removed until it is unlocked.",
        to: [MessageTarget("list", states: [ListState.active])],
        record: \.list,
        rules: [.listLocked]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        guard records.value(list, "lockstatus") != .boolean(true) else {
            throw records.refusal(.listLocked, list, "\(records.name(list)) is locked already.")
        }
        var plan = Plan(records)
        try plan.update(list, [("lockstatus", .boolean(true))])
        return plan
    }
}

/// Unlocks a list.
public struct UnlockList: Message {
    /// The list.
    public var list = RecordID.none

    public init() {}

    /// A request to unlock a list.
    public init(_ list: RecordID) { self.list = list }

    static let isNotLocked = Rule("list-not-locked", "The list is not locked.")

    public static let declaration = MessageDeclaration<UnlockList>(
        324,
        "unlock",
        "Unlocks a list: its members can be changed again.",
        to: [MessageTarget("list", states: [ListState.active])],
        record: \.list,
        rules: [isNotLocked]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        guard records.value(list, "lockstatus") == .boolean(true) else {
            throw records.refusal(Self.isNotLocked, list, "\(records.name(list)) is not locked.")
        }
        var plan = Plan(records)
        try plan.update(list, [("lockstatus", .boolean(false))])
        return plan
    }
}

/// Makes a list dynamic: its members are what a query gives.
public struct SetListQuery: Message {
    /// The list.
    public var list = RecordID.none
    /// The query.
    public var query: String?

    public init() {}

    /// A request to have a list's members given by a query.
    public init(_ list: RecordID, query: String) { (self.list, self.query) = (list, query) }

    static let hasMembers = Rule("has-members", "The list has members of its own.")
    static let queryInvalid = Rule(
        "query-invalid",
        "The query cannot be asked, or gives no records in its first column."
    )

    public static let declaration = MessageDeclaration<SetListQuery>(
        325,
        "set-query",
        """
        Makes a list dynamic: its members are the records in the first column of a query in SQL, as they are whenever somebody asks. The \
        query is read and checked now.
        """,
        said: "give it a query",
        to: [MessageTarget("list", states: [ListState.active])],
        record: \.list,
        arguments: [
            .text(
                1,
                "query",
                \.query,
                lengthBytesMax: MemberQuery.lengthBytesMax,
                isRequired: true,
                "A query in SQL without parameters, whose first column is accounts, contacts or leads."
            )
        ],
        rules: [.listLocked, hasMembers, queryInvalid]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        guard records.value(list, "lockstatus") != .boolean(true) else {
            throw records.refusal(.listLocked, list, "The list \(records.name(list)) is locked: unlock it first.")
        }
        let text = query ?? ""
        do throws(MemberQuery.Flaw) {
            _ = try MemberQuery.check(text, records.schema)
        } catch {
            throw records.refusal(Self.queryInvalid, list, "The query of \(records.name(list)): \(error.reason).")
        }
        guard !records.isReferred(to: list, "listmember", "listid") else {
            throw records.refusal(
                Self.hasMembers,
                list,
                "\(records.name(list)) has members of its own: remove them, or make another list."
            )
        }
        var plan = Plan(records)
        try plan.update(list, [("type", .option(ListType.dynamic)), ("query", .text(text))])
        return plan
    }
}

/// Adds the members of a list to another, as bulk work.
public struct CopyListMembers: Message {
    /// The list whose members they are.
    public var list = RecordID.none
    /// The list to which they are added.
    public var to = RecordID.none

    public init() {}

    /// A request to add the members of a list to another.
    public init(_ list: RecordID, to other: RecordID) { (self.list, self.to) = (list, other) }

    static let sameList = Rule("same-list", "A list is copied to another one.")
    static let otherKind = Rule("lists-of-different-kinds", "The members of the lists are of different kinds.")
    static let queryMissing = Rule("query-missing", "The list is dynamic and has no query.")

    public static let declaration = MessageDeclaration<CopyListMembers>(
        322,
        "copy-members",
        """
        Adds the members of a list, static or dynamic, to a static one, as bulk work: those that are not on it already when the work begins.
        """,
        said: "copy its members",
        to: [MessageTarget("list")],
        record: \.list,
        arguments: [.record(1, "to", \.to, to: ["list"], isRequired: true, "The list to which they are added.")],
        rules: [sameList, .listInactive, .listLocked, .listDynamic, otherKind, queryMissing]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        guard to != list else {
            throw records.refusal(Self.sameList, list, "\(records.name(list)) has these members already.")
        }
        try records.requireChangeable(to, refusing: list)
        if let kind = records.option(list, "createdfromcode"), let other = records.option(to, "createdfromcode"),
            kind != other
        {
            let labels = [kind, other].map { records.label($0, "list", "createdfromcode") }
            throw records.refusal(
                Self.otherKind,
                list,
                "\(records.name(list)) is of the kind \(labels[0]), and \(records.name(to)) of the kind \(labels[1])."
            )
        }
        guard let query = MemberQuery.text(of: list, without: to, records) else {
            throw records.refusal(
                Self.queryMissing,
                list,
                "\(records.name(list)) is dynamic and has no query: give it one."
            )
        }
        var plan = Plan(records)
        _ = try plan.startJob(
            "\(records.name(list)) to \(records.name(to))",
            message: "add-to-list --list \(records.schema.text(of: to))",
            query: query,
            records
        )
        return plan
    }
}
