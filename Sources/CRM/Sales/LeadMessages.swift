// A lead that leads nowhere, and one that does after all.

import Engine

/// Closes a lead that will not become a customer.
public struct DisqualifyLead: Message {
    /// The lead.
    public var lead = RecordID.none
    /// Why: a status of Disqualified.
    public var status: Int32?

    public init() {}

    /// A request to disqualify a lead.
    public init(_ lead: RecordID, status: Int32? = nil) { (self.lead, self.status) = (lead, status) }

    public static let declaration = MessageDeclaration<DisqualifyLead>(
        33,
        "disqualify",
        "Closes a lead that will not become a customer.",
        to: [MessageTarget("lead", states: [LeadState.open])],
        record: \.lead,
        arguments: [
            .option(
                1,
                "status",
                \.status,
                of: "lead",
                "statuscode",
                "Why: Lost, Cannot contact, No longer interested or Canceled; Lost where it is not given."
            )
        ],
        rules: [.status]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        var plan = Plan(records)
        try plan.update(lead, records.close(lead, LeadState.disqualified, status))
        return plan
    }
}

/// Opens a disqualified lead again. A qualified one stays closed: what was made of it lives on.
public struct ReopenLead: Message {
    /// The lead.
    public var lead = RecordID.none

    public init() {}

    /// A request to open a lead again.
    public init(_ lead: RecordID) { self.lead = lead }

    public static let declaration = MessageDeclaration<ReopenLead>(
        34,
        "reopen",
        "Opens a disqualified lead again, as new.",
        to: [MessageTarget("lead", states: [LeadState.disqualified])],
        record: \.lead
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        var plan = Plan(records)
        try plan.update(lead, [("statecode", .option(LeadState.open))])
        return plan
    }
}
