import Engine

// Campaigns: one begins every thirty days and lasts a third of a year, so that four are running on any day; what they are planned to
// cost, what was spent, and whom their activities reach. As the messages of docs/marketing.md would have left it.

/// What reaches the members of a campaign's list.
struct DemoCampaignActivity: Sendable {
    /// Activities of each campaign.
    static let perCampaign = 3

    var index: Int
    var campaign: Int
    /// Days since 1970-01-01.
    var day: Int
    var budgetCents: Int
    /// What it cost; nil before it was distributed.
    var costCents: Int?
    /// Whether what it made is done with.
    var isClosed: Bool

    /// The second one is by phone, the others by e-mail.
    var isPhone: Bool { index % DemoCampaignActivity.perCampaign == 1 }
    var isDistributed: Bool { costCents != nil }
    /// Kinds of an activity by its place in the campaign.
    var subject: String { ["Invitation", "Follow-up call", "Last reminder"][index % DemoCampaignActivity.perCampaign] }
}

extension Demo {
    /// Two years of campaigns and three to come, the newest last.
    static let campaignCount = 28
    private static let campaignSpacingDays = 30
    private static let campaignDays = 120
    /// Those that are running on the demonstration's day.
    static let runningCampaigns = 21..<25

    static var listCount: Int { DemoWords.lists.count }
    /// Members of each list.
    var listMemberCount: Int { accountCount / 4 }

    /// First day of a campaign.
    func campaignStart(_ index: Int) -> Int { today - Demo.historyDays + index * Demo.campaignSpacingDays }
    /// The day after its last.
    func campaignEnd(_ index: Int) -> Int { campaignStart(index) + Demo.campaignDays }

    private func campaignWords(_ index: Int) -> DemoWords.Campaign {
        DemoWords.campaigns[index % DemoWords.campaigns.count]
    }

    func campaignName(_ index: Int) -> String {
        "\(campaignWords(index).name) \(DemoText.year(ofDay: campaignStart(index)))"
    }

    /// The campaign that brought a lead or deal of this day, one of those that were running, for one in four.
    func campaign(atDay day: Int, _ purpose: DemoPurpose, _ index: Int) -> DemoReference? {
        var random = random(purpose, index + 1 << 41)
        guard random.below(4) == 0, day >= campaignStart(0) else { return nil }
        let newest = min((day - campaignStart(0)) / Demo.campaignSpacingDays, Demo.campaignCount - 1)
        let running = Demo.campaignDays / Demo.campaignSpacingDays
        return DemoReference("campaign", random.within(max(0, newest - running + 1)...newest))
    }

    /// The campaign that brought a lead.
    func campaign(of lead: DemoLead) -> DemoReference? { campaign(atDay: lead.created, .lead, lead.index) }

    func campaignActivity(_ index: Int) -> DemoCampaignActivity {
        let place = index % DemoCampaignActivity.perCampaign
        let campaign = index / DemoCampaignActivity.perCampaign
        let day = DemoText.workingDay(campaignStart(campaign) + [2, 25, 70][place])
        let budget = campaignWords(campaign).budget * [30, 25, 15][place]
        let percent = random(.campaignActivity, index).first(within: 85...120)
        return DemoCampaignActivity(
            index: index,
            campaign: campaign,
            day: day,
            budgetCents: budget,
            costCents: day < today ? budget / 100 * percent : nil,
            isClosed: day + 30 <= today
        )
    }

    /// The contact who is member `member` of a list; nobody is on two.
    func contact(ofList list: Int, member: Int) -> Int {
        16 * member + 4 * list + random(.listMember, member &* Demo.listCount &+ list).first(within: 0...3)
    }

    /// Whether a contact does not wish to be reached in this way.
    func refuses(_ contact: Int, _ activity: DemoCampaignActivity) -> Bool {
        activity.isPhone ? wishesNoCalls(contact) : wishesNoMailings(contact)
    }

    /// Members of the list of an activity who were left out.
    private func refusedCount(_ activity: DemoCampaignActivity) -> Int {
        (0..<listMemberCount).count {
            refuses(contact(ofList: activity.campaign % Demo.listCount, member: $0), activity)
        }
    }

    /// Whose a campaign is.
    func manager(ofCampaign index: Int) -> DemoReference { DemoReference("systemuser", 1 + index % regionCount) }

    var campaignStep: DemoStep { numbered("campaign", Demo.campaignCount, campaignColumns) }

    /// Lists with their members, and the activities of campaigns with the bulk work that distributed them.
    var campaignActivitySteps: [DemoStep] {
        let activityCount = Demo.campaignCount * DemoCampaignActivity.perCampaign
        return [
            numbered(
                "list",
                Demo.listCount,
                [
                    .text("listname") { DemoWords.lists[$1] }, .value("createdfromcode") { _, _ in .option(2) },
                    .link("ownerid") { $0.manager(ofCampaign: $1) },
                ]
            ),
            numbered(
                "listmember",
                Demo.listCount * listMemberCount,
                [
                    .link("listid") { DemoReference("list", $1 / $0.listMemberCount) },
                    .link("entityid") { demo, index in
                        let (list, member) = index.quotientAndRemainder(dividingBy: demo.listMemberCount)
                        return DemoReference("contact", demo.contact(ofList: list, member: member))
                    },
                ]
            ),
            numbered(
                "campaignitem",
                Demo.campaignCount,
                [
                    .link("campaignid") { DemoReference("campaign", $1) },
                    .link("entityid") { DemoReference("list", $1 % Demo.listCount) },
                ]
            ),
            DemoStep("bulkoperation", indexCount: activityCount, columns: jobColumns, number: { $0.index }) {
                let activity = $0.campaignActivity($1)
                return activity.isDistributed ? [activity] : []
            },
            DemoStep("campaignactivity", indexCount: activityCount, columns: activityColumns, number: { $0.index }) {
                [$0.campaignActivity($1)]
            },
            numbered(
                "campaignactivityitem",
                activityCount,
                [
                    .link("campaignactivityid") { DemoReference("campaignactivity", $1) },
                    .link("itemid") { DemoReference("list", $1 / DemoCampaignActivity.perCampaign % Demo.listCount) },
                ]
            ),
        ]
    }

    private var campaignColumns: [DemoColumn<Int>] {
        [
            .text("name") { $0.campaignName($1) },
            .text("codename") { "AF-C" + DemoText.padded($1 + 1, 3) },
            .value("statecode") { _, _ in .option(0) },
            .value("statuscode") { demo, index in
                .option(demo.campaignStart(index) > demo.today ? 0 : demo.campaignEnd(index) > demo.today ? 2 : 3)
            },
            .value("typecode") { .option($0.campaignWords($1).type) },
            .value("proposedstart") { .day($0.campaignStart($1)) },
            .value("proposedend") { .day($0.campaignEnd($1)) },
            .value("actualstart") { demo, index in
                .day(demo.campaignStart(index) > demo.today ? nil : demo.campaignStart(index))
            },
            .value("actualend") { demo, index in
                .day(demo.campaignEnd(index) > demo.today ? nil : demo.campaignEnd(index))
            },
            .value("budgetedcost") { .cents($0.campaignWords($1).budget * 100) },
            // Of one that is running, what was spent besides its activities.
            .value("othercost") { demo, index in
                guard Demo.runningCampaigns.contains(index) else { return .null }
                let percent = demo.random(.campaign, index).first(within: 8...25)
                return .cents(demo.campaignWords(index).budget * percent)
            },
            // Of one that is over, what somebody has written down as all of it.
            .value("totalactualcost") { demo, index in
                guard demo.campaignEnd(index) <= demo.today else { return .null }
                let percent = demo.random(.campaign, index).first(within: 85...120)
                return .cents(demo.campaignWords(index).budget * percent)
            },
            .link("transactioncurrencyid") { _, _ in Demo.euro },
            .link("ownerid") { $0.manager(ofCampaign: $1) },
        ]
    }

    private var jobColumns: [DemoColumn<DemoCampaignActivity>] {
        [
            .text("name") { "\($0.campaignName($1.campaign)): \($1.subject)" },
            .value("statecode") { _, _ in .option(1) }, .value("statuscode") { _, _ in .option(4) },
            .text("message") { _, _ in "reach" },
            .value("targetcount") { demo, _ in .number(demo.listMemberCount) },
            .value("processedcount") { demo, _ in .number(demo.listMemberCount) },
            .value("failedcount") { .number($0.refusedCount($1)) },
            .value("completedon") { .minute($1.day * 1440 + 9 * 60 + 5) },
            .link("ownerid") { $0.manager(ofCampaign: $1.campaign) },
        ]
    }

    private var activityColumns: [DemoColumn<DemoCampaignActivity>] {
        [
            .text("subject") { "\($0.campaignName($1.campaign)): \($1.subject)" },
            .link("regardingobjectid") { DemoReference("campaign", $1.campaign) },
            .value("statecode") { .option($1.isClosed ? 1 : 0) },
            .value("statuscode") { .option($1.isClosed ? 2 : $1.isDistributed ? 0 : 1) },
            .value("channeltypecode") { .option($1.isPhone ? 1 : 7) },
            .value("typecode") { .option([6, 7, 8][$1.index % DemoCampaignActivity.perCampaign]) },
            .value("scheduledstart") { .minute($1.day * 1440 + 9 * 60) },
            .value("actualstart") { .minute($1.isDistributed ? $1.day * 1440 + 9 * 60 : nil) },
            .value("actualend") { .minute($1.isClosed ? ($1.day + 30) * 1440 + 9 * 60 : nil) },
            .value("budgetedcost") { .cents($1.budgetCents) },
            .value("actualcost") { .cents($1.costCents) },
            .link("bulkoperationid") { $1.isDistributed ? DemoReference("bulkoperation", $1.index) : nil },
            .link("transactioncurrencyid") { _, _ in Demo.euro },
            .link("ownerid") { $0.manager(ofCampaign: $1.campaign) },
        ]
    }
}
