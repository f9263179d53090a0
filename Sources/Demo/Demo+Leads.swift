import Engine

// The leads: people who might buy, before the company knows more than a name.

/// Somebody who showed interest.
struct DemoLead: Sendable {
    var index: Int
    var culture: DemoCulture
    var salesperson: Int
    /// Days since 1970-01-01.
    var created: Int
    var state: Int32
    var status: Int32
    var firstName: String
    var lastName: String
    var industry: Int
    /// The deal that came of it.
    var opportunity: DemoOpportunity?
}

extension Demo {
    /// Every fourth lead was qualified and has become a deal with an account and a contact; the others are open or lost.
    func lead(_ index: Int) -> DemoLead {
        var random = random(.lead, index)
        let deal = index % 4 == 0 ? opportunity(index / 2) : nil
        let culture = deal?.account.culture ?? DemoCulture.all[random.weighted(DemoCulture.weights)]
        let age = min(random.below(Demo.historyDays), random.below(Demo.historyDays))
        let contact = deal.map { self.contact($0.account.index) }
        var lead = DemoLead(
            index: index,
            culture: culture,
            salesperson: deal?.salesperson ?? culture.region + regionCount * random.below(3 * teamsPerRegion),
            created: deal.map { $0.created - random.within(2...30) } ?? today - age,
            state: 1,
            status: 3,
            firstName: contact?.firstName ?? random.pick(culture.givenNames),
            lastName: contact?.lastName ?? random.pick(culture.familyNames),
            industry: deal?.account.industry ?? random.below(DemoWords.industries.count),
            opportunity: deal
        )
        guard deal == nil else { return lead }
        // The older a lead, the surer somebody has given it up.
        if random.below(Demo.historyDays) < 2 * age {
            lead.state = 2
            lead.status = [4, 5, 6, 7][random.weighted([3, 3, 3, 1])]
        } else {
            lead.state = 0
            lead.status = age > 14 || random.chance(400) ? 2 : 1
        }
        return lead
    }

    func companyName(of lead: DemoLead) -> String {
        if let deal = lead.opportunity { return name(of: deal.account) }
        var random = random(.lead, lead.index + 1 << 42)
        let stem = random.pick(lead.culture.companyStems)
        return "\(stem) \(lead.culture.companyTrades[lead.industry]) \(random.pick(lead.culture.companyForms))"
    }

    func emailAddress(of lead: DemoLead) -> String {
        if let deal = lead.opportunity { return emailAddress(of: contact(deal.account.index)) }
        var random = random(.lead, lead.index + 1 << 42)
        let stem = DemoText.slug(random.pick(lead.culture.companyStems))
        return "\(DemoText.slug(lead.firstName)).\(DemoText.slug(lead.lastName))@\(stem).example"
    }

    private func texts(_ lead: DemoLead, _ column: Int) -> RecordStream {
        random(.lead, lead.index &* 16 &+ column &+ 1 << 40)
    }

    var leadColumns: [DemoColumn<DemoLead>] {
        [
            .text("fullname") { "\($1.firstName) \($1.lastName)" },
            .text("firstname") { $1.firstName }, .text("lastname") { $1.lastName },
            .text("subject") { demo, lead in
                var random = demo.texts(lead, 0)
                return random.pick(DemoWords.leadTopics)
            },
            .text("companyname") { $0.companyName(of: $1) },
            .text("jobtitle") { demo, lead in
                var random = demo.texts(lead, 1)
                return random.pick(DemoWords.jobTitles)
            },
            .value("statecode") { .option($1.state) },
            .value("statuscode") { .option($1.status) },
            .value("leadsourcecode") { demo, lead in
                var random = demo.texts(lead, 2)
                return .option([1, 3, 4, 7, 8, 9][random.weighted([2, 2, 2, 4, 8, 2])])
            },
            .value("leadqualitycode") { demo, lead in
                var random = demo.texts(lead, 3)
                return .option(lead.opportunity == nil ? [1, 2, 3][random.weighted([1, 4, 3])] : 1)
            },
            .value("estimatedamount") { demo, lead in
                .cents(lead.opportunity?.estimatedCents ?? demo.texts(lead, 4).first(within: 1...60) * 50_000)
            },
            .value("industrycode") { .option(DemoWords.industries[$1.industry].code) },
            .text("emailaddress1") { $0.emailAddress(of: $1) },
            .text("telephone1") { demo, lead in
                var random = demo.texts(lead, 5)
                return random.chance(700) ? demo.telephone(lead.culture, &random) : nil
            },
            .text("address1_city") { demo, lead in
                var random = demo.texts(lead, 6)
                return lead.opportunity?.account.town.name ?? random.pick(lead.culture.towns).name
            },
            .text("address1_country") { $1.culture.country },
            .value("donotbulkemail") { .boolean($0.texts($1, 7).first(within: 0...9) == 0) },
            .link("campaignid") { $0.campaign(of: $1) },
            .link("parentaccountid") { _, lead in lead.opportunity.map { DemoReference("account", $0.account.index) } },
            .link("parentcontactid") { _, lead in lead.opportunity.map { DemoReference("contact", $0.account.index) } },
            .link("transactioncurrencyid") { _, _ in Demo.euro },
            .link("ownerid") { $0.salesUser($1.salesperson) },
            .value("overriddencreatedon") { .minute($1.created * 1440 + 480) },
        ]
    }
}
