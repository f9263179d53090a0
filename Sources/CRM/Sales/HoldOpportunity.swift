// An open opportunity that waits, and one that goes on.

import Engine

/// Puts an opportunity that is in progress on hold.
public struct HoldOpportunity: Message {
    /// The opportunity.
    public var opportunity = RecordID.none

    public init() {}

    /// A request to put an opportunity on hold.
    public init(_ opportunity: RecordID) { self.opportunity = opportunity }

    static let isOnHold = Rule("on-hold", "The opportunity is on hold already.")

    public static let declaration = MessageDeclaration<HoldOpportunity>(
        38,
        "hold",
        "Puts an opportunity that is in progress on hold.",
        to: [MessageTarget("opportunity", states: [OpportunityState.open])],
        record: \.opportunity,
        rules: [isOnHold]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        guard records.option(opportunity, "statuscode") != OpportunityState.statusOnHold else {
            throw records.refusal(Self.isOnHold, opportunity, "\(records.name(opportunity)) is on hold already.")
        }
        var plan = Plan(records)
        try plan.update(opportunity, [("statuscode", .option(OpportunityState.statusOnHold))])
        return plan
    }
}

/// Goes on with an opportunity that is on hold.
public struct ResumeOpportunity: Message {
    /// The opportunity.
    public var opportunity = RecordID.none

    public init() {}

    /// A request to go on with an opportunity.
    public init(_ opportunity: RecordID) { self.opportunity = opportunity }

    static let isNotOnHold = Rule("not-on-hold", "The opportunity is not on hold.")

    public static let declaration = MessageDeclaration<ResumeOpportunity>(
        39,
        "resume",
        "Goes on with an opportunity that is on hold.",
        to: [MessageTarget("opportunity", states: [OpportunityState.open])],
        record: \.opportunity,
        rules: [isNotOnHold]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        guard records.option(opportunity, "statuscode") == OpportunityState.statusOnHold else {
            throw records.refusal(Self.isNotOnHold, opportunity, "\(records.name(opportunity)) is not on hold.")
        }
        var plan = Plan(records)
        try plan.update(opportunity, [("statuscode", .option(OpportunityState.statusInProgress))])
        return plan
    }
}
