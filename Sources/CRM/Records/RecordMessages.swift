// What can be done to records of many entities: give them away, put them out of use.

import Engine

extension Area {
    /// Owner and use of any record.
    static let records = Area(
        title: "Any record",
        messages: [
            AssignRecord.self, DeactivateRecord.self, ActivateRecord.self, DeleteRecord.self, CancelJob.self,
        ]
    )
}

private let inUse: Int32 = 0
private let notInUse: Int32 = 1

/// Puts an account, contact or list out of use.
public struct DeactivateRecord: Message {
    /// The record.
    public var target = RecordID.none

    public init() {}

    /// A request to put a record out of use.
    public init(_ target: RecordID) { self.target = target }

    public static let declaration = MessageDeclaration<DeactivateRecord>(
        2,
        "deactivate",
        "Puts a record out of use.",
        to: ["account", "contact", "list"].map { MessageTarget($0, states: [inUse]) },
        record: \.target
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        var plan = Plan(records)
        try plan.update(target, [("statecode", .option(notInUse))])
        return plan
    }
}

/// Puts an account, contact or list back into use.
public struct ActivateRecord: Message {
    /// The record.
    public var target = RecordID.none

    public init() {}

    /// A request to put a record back into use.
    public init(_ target: RecordID) { self.target = target }

    public static let declaration = MessageDeclaration<ActivateRecord>(
        3,
        "activate",
        "Puts a record back into use.",
        to: ["account", "contact", "list"].map { MessageTarget($0, states: [notInUse]) },
        record: \.target
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        var plan = Plan(records)
        try plan.update(target, [("statecode", .option(inUse))])
        return plan
    }
}
