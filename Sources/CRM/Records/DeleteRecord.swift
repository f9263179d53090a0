// A record goes, and with it what its relationships say.

import Engine

/// Deletes a record.
public struct DeleteRecord: Message {
    /// The record.
    public var target = RecordID.none

    public init() {}

    /// A request to delete a record.
    public init(_ target: RecordID) { self.target = target }

    public static let declaration = MessageDeclaration<DeleteRecord>(
        4,
        "delete",
        """
        Deletes a record; what refers to it goes as well, loses its link, or forbids it, as the delete behaviours of its \
        lookups say.
        """,
        to: [MessageTarget(MessageTarget.any)],
        record: \.target
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        var plan = Plan(records)
        try plan.delete(target)
        return plan
    }
}
