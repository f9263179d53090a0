// The end of a campaign activity, its return, and campaigns that are one activity.

import Engine

/// Closes a campaign activity.
public struct CompleteCampaignActivity: Message {
    /// The campaign activity.
    public var activity = RecordID.none
    /// What it cost.
    public var cost: Decimal64?

    public init() {}

    /// A request to close a campaign activity.
    public init(_ activity: RecordID, cost: Decimal64? = nil) { (self.activity, self.cost) = (activity, cost) }

    static let jobRunning = Rule("job-running", "It is still being distributed.")

    public static let declaration = MessageDeclaration<CompleteCampaignActivity>(
        347,
        "complete",
        "Closes a campaign activity, with what it cost. What it distributed goes on by itself.",
        to: [MessageTarget("campaignactivity", states: [CampaignActivityState.open])],
        record: \.activity,
        arguments: [.decimal(1, "cost", \.cost, "What it cost; what it says where this is not given.")],
        rules: [jobRunning]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        if let job = records.runningJob(of: activity) {
            throw records.refusal(
                Self.jobRunning,
                activity,
                "\(records.name(activity)) is still being distributed, by \(records.schema.text(of: job)): wait for it, or cancel it."
            )
        }
        var plan = Plan(records)
        try plan.update(
            activity,
            [
                ("statecode", .option(CampaignActivityState.closed)), ("distributeat", .null),
                ("actualend", .instant(records.timeMicroseconds)),
            ] + (cost.map { [("actualcost", .decimal($0))] } ?? [])
        )
        return plan
    }
}

/// Calls a campaign activity off.
public struct CancelCampaignActivity: Message {
    /// The campaign activity.
    public var activity = RecordID.none

    public init() {}

    /// A request to call a campaign activity off.
    public init(_ activity: RecordID) { self.activity = activity }

    public static let declaration = MessageDeclaration<CancelCampaignActivity>(
        348,
        "cancel",
        "Calls a campaign activity off, and what is being distributed of it. What was distributed stays.",
        to: [MessageTarget("campaignactivity", states: [CampaignActivityState.open])],
        record: \.activity
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        var plan = Plan(records)
        try plan.cancel([activity], records)
        return plan
    }
}

/// Takes a campaign activity up again.
public struct ReopenCampaignActivity: Message {
    /// The campaign activity.
    public var activity = RecordID.none

    public init() {}

    /// A request to take a campaign activity up again.
    public init(_ activity: RecordID) { self.activity = activity }

    public static let declaration = MessageDeclaration<ReopenCampaignActivity>(
        349,
        "reopen",
        "Takes a closed or canceled campaign activity up again: in progress where it was distributed, else as a proposed one.",
        to: [
            MessageTarget("campaignactivity", states: [CampaignActivityState.closed, CampaignActivityState.canceled])
        ],
        record: \.activity
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        let isDistributed = records.reference(activity, "bulkoperationid") != .none
        let status = isDistributed ? CampaignActivityState.statusInProgress : CampaignActivityState.statusProposed
        var plan = Plan(records)
        try plan.update(
            activity,
            [("statecode", .option(CampaignActivityState.open)), ("statuscode", .option(status)), ("actualend", .null)]
        )
        return plan
    }
}

/// Makes a campaign activity for a list and has it distributed: a campaign in one step.
public struct QuickCampaign: Message {
    /// The list.
    public var list = RecordID.none
    /// By which channel.
    public var channel: Int32?
    /// The subject of what is distributed.
    public var subject: String?
    /// Its text.
    public var text: String?
    /// When: microseconds since 1970 in UTC.
    public var at: Int64?
    /// Whether what is distributed belongs to the owners of the members.
    public var toOwners = false

    public init() {}

    /// A request to reach all members of a list.
    public init(_ list: RecordID, channel: Int32, subject: String, text: String? = nil, at moment: Int64? = nil) {
        (self.list, self.channel, self.subject) = (list, channel, subject)
        (self.text, self.at) = (text, moment)
    }

    static let queryMissing = CopyListMembers.queryMissing

    public static let declaration = MessageDeclaration<QuickCampaign>(
        351,
        "quick-campaign",
        """
        Reaches all members of a list without planning a campaign: makes a campaign activity that belongs to none, and has the clock distribute it, now or at a \
        moment.
        """,
        said: "reach its members",
        to: [MessageTarget("list", states: [ListState.active])],
        record: \.list,
        arguments: [
            .option(
                1,
                "channel",
                \.channel,
                of: "campaignactivity",
                "channeltypecode",
                isRequired: true,
                "By which channel."
            ),
            .text(
                2,
                "subject",
                \.subject,
                lengthBytesMax: 800,
                isRequired: true,
                "The subject of what is distributed."
            ),
            .text(3, "text", \.text, lengthBytesMax: 100_000, "Its text."),
            .instant(4, "at", \.at, "When; now where it is not given."),
            .flag(5, "to-owners", \.toOwners, "It belongs to the owners of the members, not to whoever asks."),
        ],
        rules: [queryMissing]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        guard MemberQuery.text(of: [list], records) != nil else {
            throw records.refusal(
                Self.queryMissing,
                list,
                "\(records.name(list)) is dynamic and has no query: give it one."
            )
        }
        let moment = max(at ?? records.timeMicroseconds, records.timeMicroseconds)
        var plan = Plan(records)
        let activity = try plan.create(
            "campaignactivity",
            [
                ("subject", Value(subject)), ("description", Value(text)),
                ("channeltypecode", channel.map(Value.option) ?? .null),
                ("ownershipoptions", .option(toOwners ? 2 : 1)),
                ("statuscode", .option(CampaignActivityState.statusPending)), ("distributeat", .instant(moment)),
                ("ownerid", records.actor == .none ? .null : .reference(records.actor)),
            ]
        )
        guard let activity else { throw records.missing("campaignactivity") }
        let item = try plan.create(
            "campaignactivityitem",
            [("campaignactivityid", .reference(activity)), ("itemid", .reference(list))]
        )
        guard item != nil else { throw records.missing("campaignactivityitem") }
        return plan
    }
}
