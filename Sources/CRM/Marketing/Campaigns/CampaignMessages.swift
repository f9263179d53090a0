// Campaigns from their proposal to their end. Their only state is Active, as in Dynamics: where a campaign is, its status says, and the rule
// `campaign-status` refuses what does not follow from it.

import Engine

extension Records {
    /// Refuses a campaign in another status than those from which a message leads on.
    fileprivate func requireStatus(_ campaign: RecordID, _ allowed: [Int32], _ head: MessageHead) throws(Refusal) {
        let status = option(campaign, "statuscode") ?? CampaignStatus.proposed
        guard !allowed.contains(status) else { return }
        let needed = allowed.map { label($0, "campaign", "statuscode") }.joined(separator: " or ")
        throw refusal(
            .campaignStatus,
            campaign,
            "\(name(campaign)) is \(label(status, "campaign", "statuscode")); to \(head.said), it must be \(needed)."
        )
    }

    /// What ends a campaign today, where nobody has written down when it ended.
    fileprivate func lastDay(of campaign: RecordID) -> [(String, Value)] {
        date(campaign, "actualend") == nil ? [("actualend", .date(today))] : []
    }
}

extension Plan {
    /// Puts a campaign into effect: its activities that waited for it are due.
    fileprivate mutating func launch(_ campaign: RecordID, _ records: Records) throws(Refusal) {
        var values: [(String, Value)] = [
            ("statuscode", .option(CampaignStatus.launched)), ("launchesat", .null),
        ]
        if records.date(campaign, "actualstart") == nil { values.append(("actualstart", .date(records.today))) }
        try update(campaign, values)
        let waiting = try records.openActivities(of: campaign).filter {
            records.option($0, "statuscode") == CampaignActivityState.statusPending
                && records.instant($0, "distributeat") == nil
        }
        try update(waiting, [("distributeat", .instant(records.timeMicroseconds))])
    }
}

/// Says that a campaign is planned and may begin.
public struct ReadyCampaign: Message {
    /// The campaign.
    public var campaign = RecordID.none

    public init() {}

    /// A request about a campaign.
    public init(_ campaign: RecordID) { self.campaign = campaign }

    public static let declaration = MessageDeclaration<ReadyCampaign>(
        328,
        "ready",
        """
        Says that a campaign is planned and may begin. Where its proposed start is still to come, it begins by itself when that day does.
        """,
        said: "get it ready",
        to: [MessageTarget("campaign")],
        record: \.campaign,
        rules: [.campaignStatus, .isTemplate]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        try records.requireStatus(campaign, [CampaignStatus.proposed], Self.head)
        try records.requireNoTemplate(campaign)
        var begins = Value.null
        if let start = records.date(campaign, "proposedstart"), start > records.today {
            begins = .instant(records.firstMoment(ofDay: start))
        }
        var plan = Plan(records)
        try plan.update(campaign, [("statuscode", .option(CampaignStatus.ready)), ("launchesat", begins)])
        return plan
    }
}

/// Takes a campaign back into planning.
public struct ProposeCampaign: Message {
    /// The campaign.
    public var campaign = RecordID.none

    public init() {}

    /// A request about a campaign.
    public init(_ campaign: RecordID) { self.campaign = campaign }

    public static let declaration = MessageDeclaration<ProposeCampaign>(
        329,
        "propose",
        """
        Takes a campaign that was ready back into planning: it does not begin by itself any more.
        """,
        to: [MessageTarget("campaign")],
        record: \.campaign,
        rules: [.campaignStatus]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        try records.requireStatus(campaign, [CampaignStatus.ready], Self.head)
        var plan = Plan(records)
        try plan.update(campaign, [("statuscode", .option(CampaignStatus.proposed)), ("launchesat", .null)])
        return plan
    }
}

/// Puts a campaign into effect.
public struct LaunchCampaign: Message {
    /// The campaign.
    public var campaign = RecordID.none

    public init() {}

    /// A request about a campaign.
    public init(_ campaign: RecordID) { self.campaign = campaign }

    public static let declaration = MessageDeclaration<LaunchCampaign>(
        330,
        "launch",
        """
        Puts a campaign into effect, from today where it does not say otherwise. Its activities whose time came before are distributed now.
        """,
        to: [MessageTarget("campaign")],
        record: \.campaign,
        rules: [.campaignStatus, .isTemplate]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        try records.requireStatus(campaign, [CampaignStatus.proposed, CampaignStatus.ready], Self.head)
        try records.requireNoTemplate(campaign)
        var plan = Plan(records)
        try plan.launch(campaign, records)
        return plan
    }
}

/// Puts a campaign into effect on its day: sent by the clock.
public struct BeginCampaign: Message {
    /// The campaign.
    public var campaign = RecordID.none

    public init() {}

    /// A request about a campaign.
    public init(_ campaign: RecordID) { self.campaign = campaign }

    public static let declaration = MessageDeclaration<BeginCampaign>(
        331,
        "begin",
        """
        Puts a campaign that is ready into effect, which the clock does when the day of its proposed start comes. One whose start was put off waits for that.
        """,
        to: [MessageTarget("campaign")],
        record: \.campaign,
        rules: [.notDue]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        _ = try records.requireDue(campaign, "launchesat")
        var plan = Plan(records)
        if records.option(campaign, "statuscode") != CampaignStatus.ready {
            try plan.update(campaign, [("launchesat", .null)])
        } else if let start = records.date(campaign, "proposedstart"), start > records.today {
            // A plain change put the start off.
            try plan.update(campaign, [("launchesat", .instant(records.firstMoment(ofDay: start)))])
        } else {
            try plan.launch(campaign, records)
        }
        return plan
    }
}

/// Halts a campaign.
public struct SuspendCampaign: Message {
    /// The campaign.
    public var campaign = RecordID.none

    public init() {}

    /// A request about a campaign.
    public init(_ campaign: RecordID) { self.campaign = campaign }

    public static let declaration = MessageDeclaration<SuspendCampaign>(
        332,
        "suspend",
        """
        Halts a campaign: nothing of it is distributed until it goes on. What was distributed stays.
        """,
        to: [MessageTarget("campaign")],
        record: \.campaign,
        rules: [.campaignStatus]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        try records.requireStatus(campaign, [CampaignStatus.launched], Self.head)
        var plan = Plan(records)
        try plan.update(campaign, [("statuscode", .option(CampaignStatus.suspended))])
        return plan
    }
}

/// Lets a campaign go on.
public struct ResumeCampaign: Message {
    /// The campaign.
    public var campaign = RecordID.none

    public init() {}

    /// A request about a campaign.
    public init(_ campaign: RecordID) { self.campaign = campaign }

    public static let declaration = MessageDeclaration<ResumeCampaign>(
        333,
        "resume",
        """
        Lets a suspended campaign go on. Its activities whose time came meanwhile are distributed now.
        """,
        to: [MessageTarget("campaign")],
        record: \.campaign,
        rules: [.campaignStatus]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        try records.requireStatus(campaign, [CampaignStatus.suspended], Self.head)
        var plan = Plan(records)
        try plan.launch(campaign, records)
        return plan
    }
}

/// Ends a campaign that has run.
public struct CompleteCampaign: Message {
    /// The campaign.
    public var campaign = RecordID.none

    public init() {}

    /// A request about a campaign.
    public init(_ campaign: RecordID) { self.campaign = campaign }

    static let activitiesOpen = Rule("campaign-activities-open", "Activities of the campaign are open.")

    public static let declaration = MessageDeclaration<CompleteCampaign>(
        334,
        "complete",
        """
        Ends a campaign that has run, today where it does not say otherwise. Its activities are closed or canceled before.
        """,
        to: [MessageTarget("campaign")],
        record: \.campaign,
        rules: [.campaignStatus, activitiesOpen]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        try records.requireStatus(campaign, [CampaignStatus.launched, CampaignStatus.suspended], Self.head)
        guard let activity = try records.openActivities(of: campaign).first else {
            var plan = Plan(records)
            try plan.update(
                campaign,
                [("statuscode", .option(CampaignStatus.completed))] + records.lastDay(of: campaign)
            )
            return plan
        }
        throw records.refusal(
            Self.activitiesOpen,
            campaign,
            "\(records.name(activity)) (\(records.schema.text(of: activity))) of \(records.name(campaign)) is open: close or cancel it first."
        )
    }
}

/// Calls a campaign off.
public struct CancelCampaign: Message {
    /// The campaign.
    public var campaign = RecordID.none

    public init() {}

    /// A request about a campaign.
    public init(_ campaign: RecordID) { self.campaign = campaign }

    public static let declaration = MessageDeclaration<CancelCampaign>(
        335,
        "cancel",
        """
        Calls a campaign off, with its open activities and what is being distributed of them. What was distributed stays.
        """,
        to: [MessageTarget("campaign")],
        record: \.campaign,
        rules: [.campaignStatus]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        try records.requireStatus(
            campaign,
            [CampaignStatus.proposed, CampaignStatus.ready, CampaignStatus.launched, CampaignStatus.suspended],
            Self.head
        )
        let activities = try records.openActivities(of: campaign)
        var plan = Plan(records)
        try plan.update(
            campaign,
            [("statuscode", .option(CampaignStatus.canceled)), ("launchesat", .null)] + records.lastDay(of: campaign)
        )
        try plan.cancel(activities, records)
        return plan
    }
}

/// Takes a campaign up again.
public struct ReopenCampaign: Message {
    /// The campaign.
    public var campaign = RecordID.none

    public init() {}

    /// A request about a campaign.
    public init(_ campaign: RecordID) { self.campaign = campaign }

    public static let declaration = MessageDeclaration<ReopenCampaign>(
        336,
        "reopen",
        """
        Takes a campaign that was completed or canceled up again, as one that is proposed. Its activities stay as they are.
        """,
        to: [MessageTarget("campaign")],
        record: \.campaign,
        rules: [.campaignStatus]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        try records.requireStatus(campaign, [CampaignStatus.completed, CampaignStatus.canceled], Self.head)
        var plan = Plan(records)
        try plan.update(campaign, [("statuscode", .option(CampaignStatus.proposed)), ("actualend", .null)])
        return plan
    }
}
