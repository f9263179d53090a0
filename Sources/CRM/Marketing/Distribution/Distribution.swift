// A campaign activity is distributed: it becomes an activity for every member of its lists.
//
// Guarantees
// - The members are worked off as bulk work (docs/jobs.md): one `reach` each, with progress, cancel and a restart where it was. The job is made in the
//   transaction that says that the activity is distributed, so there is never one without the other.
// - An activity is distributed once. Whoever is on a list later is reached by `reach`. One whose job was aborted or canceled is distributed again,
//   to those whom it has not reached.
// - What the clock distributes is done as the campaign activity's owner.
// - What is scheduled waits for its campaign: it is distributed when the campaign is launched or goes on.

import Engine

extension Rule {
    static let campaignNotLaunched = Rule("campaign-not-launched", "The campaign of the activity is not launched.")
    static let channelMissing = Rule("channel-missing", "The campaign activity does not say by which channel.")
    static let distributedAlready = Rule("distributed-already", "The campaign activity was distributed already.")
    static let listsMissing = Rule(
        "lists-missing",
        "The campaign activity has no list that is used and says who is on it."
    )
}

extension Records {
    /// Refuses what is of a campaign that is not launched. A campaign activity without a campaign is one by itself.
    func requireLaunched(_ activity: RecordID, refusing record: RecordID) throws(Refusal) {
        let campaign = campaign(of: activity)
        guard campaign != .none else { return }
        let status = option(campaign, "statuscode") ?? CampaignStatus.proposed
        guard status != CampaignStatus.launched else { return }
        throw refusal(
            .campaignNotLaunched,
            record,
            "\(name(campaign)) is \(label(status, "campaign", "statuscode")): launch it, or let it go on, first."
        )
    }

    /// How a campaign activity reaches its members.
    func outreach(of activity: RecordID, refusing record: RecordID) throws(Refusal) -> Outreach {
        guard let found = option(activity, "channeltypecode").flatMap({ Outreach.channels[$0] }) else {
            throw refusal(
                .channelMissing,
                record,
                "\(name(activity)) does not say by which channel: fill in channeltypecode."
            )
        }
        return found
    }

    /// The lists of a campaign activity that are used.
    fileprivate func lists(of activity: RecordID) throws(Refusal) -> [RecordID] {
        let list = schema.standardEntity(named: "list")?.id
        return try referring(to: activity, "campaignactivityitem", "campaignactivityid").map { reference($0, "itemid") }
            .filter { $0.entity == list && state(of: $0) == ListState.active }
    }

    /// The query that gives whom a campaign activity reaches; refuses one that cannot be distributed, its campaign apart.
    func members(of activity: RecordID) throws(Refusal) -> (lists: [RecordID], query: String) {
        let job = reference(activity, "bulkoperationid")
        // Of one that did not come to its end, `reach` knows whom it has reached.
        guard job == .none || [JobState.aborted, JobState.canceled].contains(option(job, "statuscode")) else {
            throw refusal(
                .distributedAlready,
                activity,
                "\(name(activity)) was distributed already, by \(schema.text(of: job)): reach those who came later."
            )
        }
        _ = try outreach(of: activity, refusing: activity)
        let lists = try lists(of: activity)
        guard let query = MemberQuery.text(of: lists, self) else {
            throw refusal(
                .listsMissing,
                activity,
                "\(name(activity)) has no list that is used and says who is on it: give it one."
            )
        }
        return (lists, query)
    }

    /// The job that distributes an activity, while it is at it.
    func runningJob(of activity: RecordID) -> RecordID? {
        let job = reference(activity, "bulkoperationid")
        return job != .none && state(of: job) == JobState.open ? job : nil
    }
}

extension Plan {
    /// Begins to distribute an activity.
    fileprivate mutating func distribute(_ activity: RecordID, _ records: Records) throws(Refusal) {
        let (lists, query) = try records.members(of: activity)
        let job = try startJob(
            records.name(activity),
            message: "reach --for \(records.schema.text(of: activity))",
            query: query,
            owner: records.reference(activity, "ownerid"),
            records
        )
        var values: [(String, Value)] = [
            ("statuscode", .option(CampaignActivityState.statusInProgress)), ("bulkoperationid", .reference(job)),
            ("distributeat", .null), ("abortreason", .null),
        ]
        if records.instant(activity, "actualstart") == nil {
            values.append(("actualstart", .instant(records.timeMicroseconds)))
        }
        try update(activity, values)
        try update(lists, [("lastusedon", .instant(records.timeMicroseconds))])
    }

    /// Calls campaign activities off, and what is being distributed of them.
    mutating func cancel(_ activities: [RecordID], _ records: Records) throws(Refusal) {
        try update(
            activities,
            [
                ("statecode", .option(CampaignActivityState.canceled)), ("distributeat", .null),
                ("actualend", .instant(records.timeMicroseconds)),
            ]
        )
        try update(
            activities.compactMap { records.runningJob(of: $0) },
            [("statecode", .option(JobState.canceledState)), ("completedon", .instant(records.timeMicroseconds))]
        )
    }
}

/// Distributes a campaign activity at a moment.
public struct ScheduleCampaignActivity: Message {
    /// The campaign activity.
    public var activity = RecordID.none
    /// When: microseconds since 1970 in UTC.
    public var at: Int64?

    public init() {}

    /// A request to have a campaign activity distributed at a moment.
    public init(_ activity: RecordID, at moment: Int64) { (self.activity, self.at) = (activity, moment) }

    public static let declaration = MessageDeclaration<ScheduleCampaignActivity>(
        344,
        "schedule",
        """
        Has a campaign activity distributed by itself at a moment; at one that is over, now. If its campaign is not launched then, it waits for that.
        """,
        to: [MessageTarget("campaignactivity", states: [CampaignActivityState.open])],
        record: \.activity,
        arguments: [.instant(1, "at", \.at, isRequired: true, "When.")],
        rules: [.distributedAlready, .channelMissing, .listsMissing]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        _ = try records.members(of: activity)
        var plan = Plan(records)
        try plan.update(
            activity,
            [
                ("statuscode", .option(CampaignActivityState.statusPending)),
                ("distributeat", at.map(Value.instant) ?? .null), ("abortreason", .null),
            ]
        )
        return plan
    }
}

/// Distributes a campaign activity to the members of its lists.
public struct DistributeCampaignActivity: Message {
    /// The campaign activity.
    public var activity = RecordID.none

    public init() {}

    /// A request to distribute a campaign activity.
    public init(_ activity: RecordID) { self.activity = activity }

    public static let declaration = MessageDeclaration<DistributeCampaignActivity>(
        345,
        "distribute",
        """
        Makes an activity for every member of the lists of a campaign activity, as bulk work: who is on a list when it begins is reached once, and who \
        cannot be or does not wish it is listed with the reason.
        """,
        to: [MessageTarget("campaignactivity", states: [CampaignActivityState.open])],
        record: \.activity,
        rules: [.distributedAlready, .campaignNotLaunched, .channelMissing, .listsMissing]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        try records.requireLaunched(activity, refusing: activity)
        var plan = Plan(records)
        try plan.distribute(activity, records)
        return plan
    }
}

/// Distributes a campaign activity whose time has come: sent by the clock.
public struct DispatchCampaignActivity: Message {
    /// The campaign activity.
    public var activity = RecordID.none

    public init() {}

    /// A request to distribute a campaign activity whose time has come.
    public init(_ activity: RecordID) { self.activity = activity }

    public static let declaration = MessageDeclaration<DispatchCampaignActivity>(
        346,
        "dispatch",
        """
        Distributes a campaign activity whose time has come, which the clock does. While its campaign is not launched it goes on waiting; what \
        cannot be distributed any more is aborted, with the reason.
        """,
        to: [MessageTarget("campaignactivity")],
        record: \.activity,
        rules: [.notDue]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        _ = try records.requireDue(activity, "distributeat")
        var plan = Plan(records)
        guard records.state(of: activity) == CampaignActivityState.open else {
            try plan.update(activity, [("distributeat", .null)])
            return plan
        }
        do throws(Refusal) {
            try records.requireLaunched(activity, refusing: activity)
        } catch {
            try plan.update(activity, [("distributeat", .null)])
            return plan
        }
        do throws(Refusal) {
            try plan.distribute(activity, records)
        } catch {
            // Nothing of it was planned yet but this: what is refused must not stop the clock.
            plan = Plan(records)
            try plan.update(
                activity,
                [
                    ("statuscode", .option(CampaignActivityState.statusAborted)), ("distributeat", .null),
                    ("abortreason", .text(error.message)),
                ]
            )
        }
        return plan
    }
}
