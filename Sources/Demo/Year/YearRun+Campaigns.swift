import Engine
import Kith

// Campaigns: one a month, planned with lists and two activities, launched by the clock, distributed as bulk work to whoever does not refuse; some
// rest in between. Whom they reach is worked out here from what each contact wishes and when a campaign reached them last.

enum YearCampaignStep { case plan, mail, call, suspend, resume, closeActivities, complete }

/// A campaign.
struct YearCampaign {
    var random: RecordStream
    let firstDay: Int
    /// Places of the lists that it reaches.
    let lists: [Int]
    /// It rests when its calls are to be distributed.
    let isSuspended: Bool
    var record = RecordID.none
    /// Its mailing and its calls.
    var activities: [RecordID] = []
    var costCents = 0
}

/// A call that a campaign made for somebody to do.
struct YearMarketingCall {
    var random: RecordStream
    let record: RecordID
    let contact: Int
}

extension YearRun {
    private static let lengthDays = 75

    func planCampaigns() throws {
        lists = try planLists()
        for first in stride(from: year.firstDay + 3, to: year.endDay - 7, by: 30) {
            let index = campaigns.count
            var random = year.random(.campaign, index)
            campaigns.append(
                YearCampaign(
                    random: random,
                    firstDay: first,
                    lists: index % 3 == 2 ? [index % 3, 0] : [index % 3],
                    isSuspended: index % 4 == 1
                )
            )
            agenda.plan(.campaign(index, .plan), at: YearTime.moment(first, hours: 8...11, &random))
            campaigns[index].random = random
        }
    }

    /// Three lists of contacts, on which some are twice: put on them by message, one by one.
    private func planLists() throws -> [YearList] {
        try (0..<3).map { place in
            let record = try stage.create(
                "list",
                ["listname": .text(DemoWords.lists[place]), "createdfromcode": .option(2)],
                as: company.marketer
            )
            let members = contacts.indices.filter { $0 % 3 == place || $0 % 10 == place }
            for member in members {
                try stage.perform(AddToList(contacts[member].record, list: record), as: company.marketer)
            }
            return YearList(record: record, members: members)
        }
    }

    func goOn(campaign index: Int, _ step: YearCampaignStep) throws {
        switch step {
        case .plan: try plan(campaign: index)
        case .mail: try distribute(index, byPhone: false)
        case .suspend: try stage.perform(SuspendCampaign(campaigns[index].record), as: company.marketer)
        case .resume:
            try stage.perform(ResumeCampaign(campaigns[index].record), as: company.marketer)
            // What waited for it is due at once.
            agenda.plan(.campaign(index, .call), at: now + YearTime.second)
        case .call: try distribute(index, byPhone: true)
        case .closeActivities: try closeActivities(index)
        case .complete: try stage.perform(CompleteCampaign(campaigns[index].record), as: company.marketer)
        }
    }

    private func plan(campaign index: Int) throws {
        var campaign = campaigns[index]
        let words = DemoWords.campaigns[index % DemoWords.campaigns.count]
        let marketer = Value.reference(company.marketer)
        let other = words.budget * campaign.random.within(5...30)
        campaign.record = try stage.create(
            "campaign",
            [
                "name": .text("\(words.name) \(index + 1)"), "typecode": .option(words.type),
                "proposedstart": .day(campaign.firstDay + 4),
                "proposedend": .day(campaign.firstDay + YearRun.lengthDays),
                "budgetedcost": .cents(words.budget * 100), "othercost": .cents(other), "ownerid": marketer,
            ],
            as: company.marketer
        )
        campaign.costCents = other
        for list in campaign.lists {
            try stage.perform(AddItem(campaign.record, item: lists[list].record), as: company.marketer)
        }
        // The mailing leaves out whom a campaign reached within three weeks.
        for (name, channel, rest) in [("Invitation", Int32(7), Int?.some(21)), ("Follow-up", 1, nil)] {
            let activity = try stage.create(
                "campaignactivity",
                [
                    "subject": .text("\(name): \(words.name)"), "regardingobjectid": .reference(campaign.record),
                    "channeltypecode": .option(channel), "excludeifcontactedinxdays": .number(rest),
                    "ownerid": marketer,
                ],
                as: company.marketer
            )
            for list in campaign.lists {
                try stage.perform(AddItem(activity, item: lists[list].record), as: company.marketer)
            }
            campaign.activities.append(activity)
        }
        try stage.perform(ReadyCampaign(campaign.record), as: company.marketer)
        let nine = 9 * 60 * YearTime.minute
        let mails = YearTime.midnight(campaign.firstDay + 5) + nine
        let calls = YearTime.midnight(campaign.firstDay + 16) + nine
        for (activity, moment) in zip(campaign.activities, [mails, calls]) {
            try stage.perform(ScheduleCampaignActivity(activity, at: moment), as: company.marketer)
        }
        // Just behind the clock, which begins to distribute.
        agenda.plan(.campaign(index, .mail), at: mails + 1)
        if campaign.isSuspended {
            agenda.plan(.campaign(index, .suspend), at: calls - nine)
            agenda.plan(.campaign(index, .resume), at: calls + 5 * YearTime.day)
        } else {
            agenda.plan(.campaign(index, .call), at: calls + 1)
        }
        agenda.plan(.campaign(index, .closeActivities), at: mails + 45 * YearTime.day)
        agenda.plan(.campaign(index, .complete), at: mails + Int64(YearRun.lengthDays) * YearTime.day)
        campaigns[index] = campaign
    }

    /// Bulk work reaches the members; what it made is sent, or called by and by.
    private func distribute(_ index: Int, byPhone: Bool) throws {
        try stage.workOnJobs()
        let activity = campaigns[index].activities[byPhone ? 1 : 0]
        let members = Set(campaigns[index].lists.flatMap { lists[$0].members }).sorted()
        var isReached: [RecordID: Int] = [:]
        for member in members {
            let contact = contacts[member]
            let rested = contact.lastReached.map { now - $0 >= 21 * YearTime.day } ?? true
            let isRefused = contact.isOptedOut || (byPhone ? contact.refusesCalls : contact.refusesMailings || !rested)
            if isRefused {
                ledger.leftOut += 1
                continue
            }
            contacts[member].lastReached = now
            isReached[contact.record] = member
            ledger.reached += 1
            if !byPhone { planResponse(campaign: index, contact: member) }
        }
        if byPhone {
            try planCalls(activity, isReached)
        } else {
            ledger.mailsSent += isReached.count
            try stage.startJob(
                "send",
                "SELECT activityid FROM email WHERE regardingobjectid = '\(stage.code(activity))' AND statecode = 'Open'",
                as: company.marketer
            )
        }
    }

    /// The calls that bulk work has made, each for its contact.
    private func planCalls(_ activity: RecordID, _ reached: [RecordID: Int]) throws {
        let sql = """
            SELECT a.activityid, p.partyid FROM phonecall a JOIN activityparty p ON p.activityid = a.activityid \
            WHERE a.regardingobjectid = '\(stage.code(activity))' AND p.participationtypemask = 2 ORDER BY a.activityid
            """
        ledger.calls += reached.count
        let rows = try stage.rows(sql)
        guard rows.count == reached.count else {
            throw YearError("a campaign made \(rows.count) calls, and should have made \(reached.count)")
        }
        for row in rows {
            guard case .reference(let call) = row[0], case .reference(let party) = row[1], let contact = reached[party]
            else { throw YearError("a campaign called somebody whom it should have left out") }
            let index = marketingCalls.count
            var random = year.random(.call, index)
            if random.chance(900) { agenda.plan(.call(index), at: YearTime.later(now, days: 1...20, &random)) }
            marketingCalls.append(YearMarketingCall(random: random, record: call, contact: contact))
        }
    }

    /// A call is made, unless somebody has asked for no more of it since.
    func goOn(call index: Int) throws {
        let call = marketingCalls[index].record
        if contacts[marketingCalls[index].contact].isOptedOut {
            try stage.perform(CancelActivity(call), as: company.marketer)
            return
        }
        let minutes = Int64(marketingCalls[index].random.within(1...15))
        try stage.perform(CompletePhoneCall(call, minutes: minutes), as: company.marketer)
        ledger.callsMade += 1
    }

    private func closeActivities(_ index: Int) throws {
        for activity in campaigns[index].activities {
            let cents = 1_000 * campaigns[index].random.within(100...2_000) + campaigns[index].random.below(100)
            try stage.perform(
                CompleteCampaignActivity(activity, cost: Decimal64(units: Int64(cents), scale: 2)),
                as: company.marketer
            )
            campaigns[index].costCents += cents
        }
    }
}

/// A list and the places of its contacts.
struct YearList {
    let record: RecordID
    let members: [Int]
}
