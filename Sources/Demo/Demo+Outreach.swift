import Engine

// Whom the running campaigns reached, and who answered. What campaigns that are over had sent was tidied away; the bulk work that sent it still
// says how many it was.

/// An e-mail or a call by which a campaign reached somebody.
struct DemoReach: Sendable {
    /// Number of the e-mail or phone call.
    var number: Int
    /// Its number among all that reached somebody, for parties and responses.
    var place: Int
    var activity: DemoCampaignActivity
    var contact: Int

    var reference: DemoReference { DemoReference(activity.isPhone ? "phonecall" : "email", number) }
}

/// What somebody answered to a campaign.
struct DemoResponse: Sendable {
    var number: Int
    var campaign: Int
    /// Minutes since 1970-01-01T00:00Z.
    var received: Int
    /// Option of `responsecode`: 1 Interested, 2 Not Interested.
    var code: Int32
    var isClosed: Bool
    /// The lead that it became; else the contact who answered.
    var lead: DemoLead?
    var contact: Int?
    var owner: DemoReference
    /// What is answered.
    var answered: DemoReach?
}

extension Demo {
    private var mailedCount: Int { 2 * Demo.runningCampaigns.count * listMemberCount }
    private var calledCount: Int { Demo.runningCampaigns.count * listMemberCount }

    /// The activity of running campaigns that is the `nth` by phone or by e-mail.
    private func runningActivity(_ nth: Int, byPhone: Bool) -> DemoCampaignActivity {
        let campaign = Demo.runningCampaigns.lowerBound + (byPhone ? nth : nth / 2)
        return campaignActivity(campaign * DemoCampaignActivity.perCampaign + (byPhone ? 1 : nth % 2 * 2))
    }

    /// Whom e-mail or call `index` of all that might have been reached; nil where somebody was not.
    private func reach(_ index: Int, byPhone: Bool) -> DemoReach? {
        let (nth, member) = index.quotientAndRemainder(dividingBy: listMemberCount)
        let activity = runningActivity(nth, byPhone: byPhone)
        let contact = contact(ofList: activity.campaign % Demo.listCount, member: member)
        guard activity.isDistributed, !refuses(contact, activity) else { return nil }
        return DemoReach(
            number: (byPhone ? phoneCallCount : emailCount) + index,
            place: (byPhone ? mailedCount : 0) + index,
            activity: activity,
            contact: contact
        )
    }

    private func reach(_ place: Int) -> DemoReach? {
        place < mailedCount ? reach(place, byPhone: false) : reach(place - mailedCount, byPhone: true)
    }

    /// What a lead's or a reached contact's answer was: of each lead that a campaign brought, and of every eighth who was reached.
    private func response(_ index: Int) -> DemoResponse? {
        if index < leadCount {
            let lead = lead(index)
            guard let campaign = campaign(of: lead) else { return nil }
            return DemoResponse(
                number: index,
                campaign: campaign.index,
                received: lead.created * 1440 + 7 * 60,
                code: 1,
                isClosed: true,
                lead: lead,
                contact: nil,
                owner: salesUser(lead.salesperson),
                answered: nil
            )
        }
        guard let reach = reach(index - leadCount) else { return nil }
        var random = random(.response, reach.place)
        guard random.below(8) == 0 else { return nil }
        let received = (reach.activity.day + random.below(12)) * 1440 + random.within(600...1000)
        guard received < today * 1440 else { return nil }
        let code: Int32 = random.chance(700) ? 1 : 2
        return DemoResponse(
            number: index,
            campaign: reach.activity.campaign,
            received: received,
            code: code,
            isClosed: code == 2 || random.chance(600),
            lead: nil,
            contact: reach.contact,
            owner: manager(ofCampaign: reach.activity.campaign),
            answered: reach
        )
    }

    var marketingSteps: [DemoStep] {
        let responseCount = leadCount + mailedCount + calledCount
        return campaignActivitySteps + [
            DemoStep("email", indexCount: mailedCount, columns: mailColumns, number: { $0.number }) {
                $0.reach($1, byPhone: false).map { [$0] } ?? []
            },
            DemoStep("phonecall", indexCount: calledCount, columns: callColumns, number: { $0.number }) {
                $0.reach($1, byPhone: true).map { [$0] } ?? []
            },
            DemoStep(
                "activityparty",
                indexCount: mailedCount + calledCount,
                columns: [
                    .link("activityid") { $1.reference },
                    .link("partyid") { DemoReference("contact", $1.contact) },
                    .value("participationtypemask") { _, _ in .option(2) },
                    .text("addressused") { $1.activity.isPhone ? nil : $0.emailAddress(of: $0.contact($1.contact)) },
                ],
                number: { [firstParty] in firstParty + $0.place }
            ) { $0.reach($1).map { [$0] } ?? [] },
            DemoStep("campaignresponse", indexCount: responseCount, columns: responseColumns, number: { $0.number }) {
                $0.response($1).map { [$0] } ?? []
            },
            DemoStep(
                "activityparty",
                indexCount: responseCount,
                columns: [
                    .link("activityid") { DemoReference("campaignresponse", $1.number) },
                    .link("partyid") { _, response in response.contact.map { DemoReference("contact", $0) } },
                    .value("participationtypemask") { _, _ in .option(11) },
                ],
                number: { [firstParty, mailedCount, calledCount] in firstParty + mailedCount + calledCount + $0.number }
            ) { demo, index in demo.response(index).flatMap { $0.contact == nil ? nil : [$0] } ?? [] },
        ]
    }

    /// Parties of appointments come before.
    private var firstParty: Int { 2 * appointmentCount }

    private var reachColumns: [DemoColumn<DemoReach>] {
        [
            .text("subject") { "\($0.campaignName($1.activity.campaign)): \($1.activity.subject)" },
            .link("regardingobjectid") { DemoReference("campaignactivity", $1.activity.index) },
            .value("directioncode") { _, _ in .boolean(true) },
            .link("ownerid") { $0.manager(ofCampaign: $1.activity.campaign) },
        ]
    }

    private var mailColumns: [DemoColumn<DemoReach>] {
        reachColumns + [
            .value("statecode") { _, _ in .option(1) }, .value("statuscode") { _, _ in .option(3) },
            .value("senton") { .minute($1.activity.day * 1440 + 9 * 60) },
            .value("actualend") { .minute($1.activity.day * 1440 + 9 * 60) },
        ]
    }

    /// Calls are made on the day of their activity and those after it; some are still to come.
    private func callMinute(_ reach: DemoReach) -> Int {
        var random = random(.campaignActivity, reach.place &+ 1 << 40)
        return DemoText.workingDay(reach.activity.day + random.below(14)) * 1440 + random.within(540...1000)
    }

    private func isMade(_ reach: DemoReach) -> Bool { callMinute(reach) < today * 1440 }

    private var callColumns: [DemoColumn<DemoReach>] {
        reachColumns + [
            .value("statecode") { .option($0.isMade($1) ? 1 : 0) },
            .value("statuscode") { .option($0.isMade($1) ? 2 : 1) },
            .value("scheduledend") { .minute($0.callMinute($1)) },
            .value("actualend") { .minute($0.isMade($1) ? $0.callMinute($1) : nil) },
        ]
    }

    private var responseColumns: [DemoColumn<DemoResponse>] {
        [
            .text("subject") { $0.campaignName($1.campaign) },
            .link("regardingobjectid") { DemoReference("campaign", $1.campaign) },
            .value("statecode") { .option($1.isClosed ? 1 : 0) }, .value("statuscode") { .option($1.isClosed ? 2 : 1) },
            .value("responsecode") { .option($1.code) },
            .value("channeltypecode") { _, response in
                .option(response.answered.map { $0.activity.isPhone ? 2 : 1 } ?? [1, 2, 6][response.number / 4 % 3])
            },
            .value("receivedon") { .minute($1.received) },
            .value("actualend") { .minute($1.isClosed ? $1.received + 30 : nil) },
            .text("firstname") { $1.lead?.firstName }, .text("lastname") { $1.lead?.lastName },
            .text("companyname") { demo, response in response.lead.map { demo.companyName(of: $0) } },
            .text("emailaddress") { demo, response in response.lead.map { demo.emailAddress(of: $0) } },
            .link("convertedobjectid") { _, response in response.lead.map { DemoReference("lead", $0.index) } },
            .link("originatingactivityid") { $1.answered?.reference },
            .link("ownerid") { $1.owner },
        ]
    }
}
