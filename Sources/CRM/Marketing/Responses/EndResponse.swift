// Responses that lead to nothing, and those that are looked at again.

import Engine

/// Closes a response of which nothing is made.
public struct CloseResponse: Message {
    /// The response.
    public var response = RecordID.none

    public init() {}

    /// A request to close a response.
    public init(_ response: RecordID) { self.response = response }

    public static let declaration = MessageDeclaration<CloseResponse>(
        358,
        "close",
        "Closes a response of which nothing is made. It counts as a response.",
        to: [MessageTarget("campaignresponse", states: [CampaignActivityState.open])],
        record: \.response
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        var plan = Plan(records)
        try plan.update(
            response,
            [
                ("statecode", .option(CampaignActivityState.closed)), ("actualend", .instant(records.timeMicroseconds)),
            ]
        )
        return plan
    }
}

/// Calls a response off that was none.
public struct CancelResponse: Message {
    /// The response.
    public var response = RecordID.none

    public init() {}

    /// A request to call a response off.
    public init(_ response: RecordID) { self.response = response }

    public static let declaration = MessageDeclaration<CancelResponse>(
        359,
        "cancel",
        "Calls a response off that was none: an error, or one that was written down twice. It is not counted.",
        to: [MessageTarget("campaignresponse", states: [CampaignActivityState.open])],
        record: \.response
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        var plan = Plan(records)
        try plan.update(
            response,
            [
                ("statecode", .option(CampaignActivityState.canceled)),
                ("actualend", .instant(records.timeMicroseconds)),
            ]
        )
        return plan
    }
}

/// Opens a response again.
public struct ReopenResponse: Message {
    /// The response.
    public var response = RecordID.none

    public init() {}

    /// A request to open a response again.
    public init(_ response: RecordID) { self.response = response }

    static let isConverted = Rule("converted", "Something was made of the response: that lives on.")

    public static let declaration = MessageDeclaration<ReopenResponse>(
        360,
        "reopen",
        "Opens a closed or canceled response again. One of which something was made stays closed.",
        to: [
            MessageTarget("campaignresponse", states: [CampaignActivityState.closed, CampaignActivityState.canceled])
        ],
        record: \.response,
        rules: [isConverted]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        let made = records.reference(response, "convertedobjectid")
        guard made == .none else {
            throw records.refusal(
                Self.isConverted,
                response,
                "\(records.schema.text(of: made)) was made of \(records.name(response)), and lives on."
            )
        }
        var plan = Plan(records)
        try plan.update(
            response,
            [("statecode", .option(CampaignActivityState.open)), ("actualend", .null)]
        )
        return plan
    }
}
