import Engine

// Whom the company sells to: accounts in groups, and the people in them.

/// A customer company. Holds decisions; texts are made when a column asks for them.
struct DemoAccount: Sendable {
    var index: Int
    var culture: DemoCulture
    var town: DemoCulture.Town
    var industry: Int
    var employees: Int
    /// Yearly revenue in whole thousands of euros.
    var revenueThousands: Int
    var salesperson: Int
    /// The account that this one belongs to.
    var parent: Int?
    var isActive: Bool

}

/// Somebody at an account.
struct DemoContact: Sendable {
    var index: Int
    var account: DemoAccount
    var firstName: String
    var lastName: String
    var job: Int

    var fullName: String { "\(firstName) \(lastName)" }
}

extension Demo {
    private static let sizeClasses: [ClosedRange<Int>] = [
        4...19, 20...49, 50...99, 100...249, 250...499, 500...1499, 1500...6000, 6001...30_000,
    ]
    private static let sizeWeights = [18, 24, 20, 17, 10, 7, 3, 1]

    func account(_ index: Int) -> DemoAccount {
        var random = random(.account, index)
        let culture = DemoCulture.all[random.weighted(DemoCulture.weights)]
        let town = random.pick(culture.towns)
        let industry = random.weighted([20, 14, 17, 12, 9, 11, 12, 5])
        let employees = random.within(Demo.sizeClasses[random.weighted(Demo.sizeWeights)])
        let revenue = employees * random.within(90...260)
        let salesperson = culture.region + regionCount * random.below(3 * teamsPerRegion)
        // One in six belongs to a group; the head of the group has a smaller number, so there are no cycles.
        let parent = random.chance(165) && index > 0 ? random.below(max(1, index / 3)) : nil
        return DemoAccount(
            index: index,
            culture: culture,
            town: town,
            industry: industry,
            employees: employees,
            revenueThousands: revenue,
            salesperson: salesperson,
            parent: parent,
            isActive: !random.chance(30)
        )
    }

    /// Name of an account: members of a group share its first word and add their town.
    func name(of account: DemoAccount) -> String {
        var head = account
        while let parent = head.parent { head = self.account(parent) }
        var headRandom = random(.accountDetail, head.index)
        let stem = headRandom.pick(head.culture.companyStems)
        var random = random(.accountDetail, account.index)
        _ = random.below(2)
        let trade = account.culture.companyTrades[account.industry]
        let form = random.pick(account.culture.companyForms)
        let place = account.parent == nil ? "" : " \(account.town.name)"
        return "\(stem) \(trade)\(place) \(form)"
    }

    func domain(of account: DemoAccount) -> String {
        var random = random(.accountDetail, account.index)
        let stem = DemoText.slug(random.pick(account.culture.companyStems))
        return "\(stem)-\(DemoText.slug(account.culture.companyTrades[account.industry])).example"
    }

    /// Every account has the contact of its own number; the other contacts gather where business is.
    func contact(_ index: Int) -> DemoContact {
        var random = random(.contact, index)
        let account = account(index < accountCount ? index : random.busy(accountCount))
        return DemoContact(
            index: index,
            account: account,
            firstName: random.pick(account.culture.givenNames),
            lastName: random.pick(account.culture.familyNames),
            job: random.below(DemoWords.jobTitles.count)
        )
    }

    func emailAddress(of contact: DemoContact) -> String {
        "\(DemoText.slug(contact.firstName)).\(DemoText.slug(contact.lastName))@\(domain(of: contact.account))"
    }

    /// A telephone number in a range that is nobody's.
    func telephone(_ culture: DemoCulture, _ random: inout RecordStream) -> String {
        "\(culture.dialCode) 555 \(DemoText.padded(random.below(1000), 3)) \(DemoText.padded(random.below(10_000), 4))"
    }

    /// The stream of an account's or contact's texts, past what names are made from.
    private func texts(_ purpose: DemoPurpose, _ index: Int, _ column: Int) -> RecordStream {
        random(purpose, index &* 16 &+ column &+ 1 << 40)
    }

    /// Whether a contact wants no mailings.
    func wishesNoMailings(_ contact: Int) -> Bool { texts(.contact, contact, 3).first(within: 0...11) == 0 }

    /// Whether a contact does not want to be called.
    func wishesNoCalls(_ contact: Int) -> Bool { texts(.contact, contact, 4).first(within: 0...29) == 0 }

    var customerSteps: [DemoStep] {
        let accountLinks: [DemoColumn<DemoAccount>] = [
            .link("parentaccountid") { _, account in account.parent.map { DemoReference("account", $0) } },
            .link("primarycontactid") { DemoReference("contact", $1.index) },
        ]
        return [
            DemoStep("account", indexCount: accountCount, columns: accountColumns, number: { $0.index }) {
                [$0.account($1)]
            },
            DemoStep("contact", indexCount: contactCount, columns: contactColumns, number: { $0.index }) {
                [$0.contact($1)]
            },
            DemoStep("account", indexCount: accountCount, columns: accountLinks, number: { $0.index }) {
                [$0.account($1)]
            },
        ]
    }

    private var accountColumns: [DemoColumn<DemoAccount>] {
        [
            .text("name") { $0.name(of: $1) },
            .text("accountnumber") { "A-" + DemoText.padded(100_000 + $1.index, 6) },
            .value("statecode") { .option($1.isActive ? 0 : 1) },
            .value("statuscode") { .option($1.isActive ? 1 : 2) },
            .value("customertypecode") { .option($0.texts(.account, $1.index, 0).first(within: 0...9) < 8 ? 3 : 9) },
            .value("industrycode") { .option(DemoWords.industries[$1.industry].code) },
            .text("sector") { DemoWords.industries[$1.industry].sector },
            .value("revenue") { .cents($1.revenueThousands * 100_000) },
            .value("numberofemployees") { .number($1.employees) },
            .value("yearestablished") { .number($0.texts(.account, $1.index, 1).first(within: 1897...2019)) },
            .value("creditlimit") { .cents(max(5, $1.revenueThousands / 200) * 100_000) },
            .value("creditonhold") { .boolean($0.texts(.account, $1.index, 2).first(within: 0...39) == 0) },
            .link("transactioncurrencyid") { _, _ in Demo.euro },
            .text("telephone1") { demo, account in
                var random = demo.texts(.account, account.index, 3)
                return demo.telephone(account.culture, &random)
            },
            .text("emailaddress1") { "info@" + $0.domain(of: $1) },
            .text("websiteurl") { "https://" + $0.domain(of: $1) },
            .text("address1_line1") { demo, account in
                var random = demo.texts(.account, account.index, 4)
                return DemoText.filled(random.pick(account.culture.streets), &random)
            },
            .text("address1_postalcode") { demo, account in
                var random = demo.texts(.account, account.index, 5)
                return DemoText.filled(account.culture.postalPattern, &random)
            },
            .text("address1_city") { $1.town.name },
            .text("address1_stateorprovince") { $1.town.province },
            .text("address1_country") { $1.culture.country },
            .value("address1_latitude") { .decimal($1.town.latitude * 100, scale: 5) },
            .value("address1_longitude") { .decimal($1.town.longitude * 100, scale: 5) },
            .link("territoryid") { DemoReference("territory", $0.regionCount + $1.salesperson) },
            .link("ownerid") { $0.salesUser($1.salesperson) },
            .value("overriddencreatedon") { demo, account in
                let age = demo.texts(.account, account.index, 6).first(within: 0...1800)
                return .minute((demo.today - Demo.historyDays - age) * 1440 + 600)
            },
        ]
    }

    private var contactColumns: [DemoColumn<DemoContact>] {
        [
            .text("fullname") { $1.fullName }, .text("firstname") { $1.firstName }, .text("lastname") { $1.lastName },
            .link("parentcustomerid") { DemoReference("account", $1.account.index) },
            .text("jobtitle") { DemoWords.jobTitles[$1.job] }, .text("department") { DemoWords.departments[$1.job] },
            .value("accountrolecode") { _, contact in
                .option([0, 1, 8].contains(contact.job) ? 1 : contact.job % 3 == 0 ? 3 : 2)
            },
            .text("emailaddress1") { $0.emailAddress(of: $1) },
            .text("telephone1") { demo, contact in
                var random = demo.texts(.contact, contact.index, 0)
                return demo.telephone(contact.account.culture, &random)
            },
            .text("mobilephone") { demo, contact in
                var random = demo.texts(.contact, contact.index, 1)
                return random.chance(600) ? demo.telephone(contact.account.culture, &random) : nil
            },
            .value("birthdate") { demo, contact in
                var random = demo.texts(.contact, contact.index, 2)
                return .day(random.chance(300) ? demo.today - random.within(24 * 365...64 * 365) : nil)
            },
            .value("donotbulkemail") { .boolean($0.wishesNoMailings($1.index)) },
            .value("donotphone") { .boolean($0.wishesNoCalls($1.index)) },
            .value("preferredcontactmethodcode") { demo, contact in
                var random = demo.texts(.contact, contact.index, 5)
                return .option([1, 2, 3][random.weighted([5, 3, 2])])
            },
            .text("address1_city") { $1.account.town.name }, .text("address1_country") { $1.account.culture.country },
            .link("ownerid") { $0.salesUser($1.account.salesperson) },
        ]
    }
}
