import Engine

// The company that sells: its unit, people, territories, currency, products, competitors and campaigns.

/// Somebody who works for the company.
struct DemoUser: Sendable {
    enum Role: Sendable { case director, manager, sales, service }

    var index: Int
    var role: Role
    /// Place in `DemoWords.regions`; nil for the director.
    var region: Int?
    var firstName: String
    var lastName: String
    /// Distinguishes namesakes in large companies.
    var homonym: Int
    var dialCode: String

    var fullName: String { "\(firstName) \(lastName)" }
    var userName: String {
        DemoText.slug(firstName) + "." + DemoText.slug(lastName) + (homonym > 0 ? "\(homonym + 1)" : "")
    }
}

extension Demo {
    /// User 0 is the director; after that, users go round the regions: managers, then salespeople, then service.
    func user(_ index: Int) -> DemoUser {
        guard index > 0 else {
            return DemoUser(
                index: 0,
                role: .director,
                region: nil,
                firstName: "Ingrid",
                lastName: "Alder",
                homonym: 0,
                dialCode: "+46"
            )
        }
        let region = (index - 1) % regionCount
        let cultures = DemoCulture.all.filter { $0.region == region }
        let nth = (index - 1) / regionCount
        let culture = cultures[nth % cultures.count]
        // Given names of one country run through before one comes again, so that namesakes are numbered, not guessed.
        let round = nth / cultures.count
        let role: DemoUser.Role =
            index <= regionCount ? .manager : index <= regionCount + salespersonCount ? .sales : .service
        return DemoUser(
            index: index,
            role: role,
            region: region,
            firstName: culture.givenNames[round % culture.givenNames.count],
            lastName: culture.familyNames[(round * 5 + nth + 3) % culture.familyNames.count],
            homonym: round / culture.givenNames.count,
            dialCode: culture.dialCode
        )
    }

    /// Salespeople go round the regions too: number `s` works in region `s % regionCount`.
    func salesUser(_ salesperson: Int) -> DemoReference { DemoReference("systemuser", 1 + regionCount + salesperson) }

    /// One of the service people of a region.
    func serviceUser(region: Int, _ random: inout RecordStream) -> DemoReference {
        let colleague = random.below(teamsPerRegion)
        return DemoReference("systemuser", 1 + regionCount + salespersonCount + region + colleague * regionCount)
    }

    /// Territories: first the regions, then one for each salesperson.
    func territoryName(_ index: Int) -> String {
        guard index >= regionCount else { return DemoWords.regions[index] }
        let salesperson = index - regionCount
        return "\(DemoWords.regions[salesperson % regionCount]) \(salesperson / regionCount + 1)"
    }

    static let euro = DemoReference("transactioncurrency", 0)
    private static let unit = DemoReference("businessunit", 0)

    /// Quarters of campaigns, the newest last: one campaign in each of the last nine quarters and the next three.
    static let campaignCount = 12

    /// First day of a campaign.
    func campaignStart(_ index: Int) -> Int { today - 9 * 91 + index * 91 + 40 }

    var organisationSteps: [DemoStep] {
        let users: [DemoColumn<DemoUser>] = [
            .text("fullname") { $1.fullName }, .text("firstname") { $1.firstName }, .text("lastname") { $1.lastName },
            .text("domainname") { "ALDERFINCH\\" + $1.userName },
            .text("internalemailaddress") { $1.userName + "@alder-finch.example" },
            .text("jobtitle") {
                switch $1.role {
                case .director: "Director of sales"
                case .manager: "Sales manager"
                case .sales: "Salesperson"
                case .service: "Service engineer"
                }
            },
            .text("mobilephone") { $1.dialCode + " 555 " + DemoText.padded(1000 + $1.index * 7, 4) },
            .link("businessunitid") { _, _ in Demo.unit },
        ]
        let userLinks: [DemoColumn<DemoUser>] = [
            .link("parentsystemuserid") { _, user in
                guard let region = user.region else { return nil }
                return DemoReference("systemuser", user.role == .manager ? 0 : 1 + region)
            },
            .link("territoryid") { demo, user in
                guard let region = user.region else { return nil }
                let salesperson = user.index - 1 - demo.regionCount
                return DemoReference("territory", user.role == .sales ? demo.regionCount + salesperson : region)
            },
        ]
        let territoryLinks: [DemoColumn<Int>] = [
            .link("parentterritoryid") { demo, index in
                index < demo.regionCount
                    ? nil : DemoReference("territory", (index - demo.regionCount) % demo.regionCount)
            },
            .link("managerid") { demo, index in DemoReference("systemuser", 1 + index % demo.regionCount) },
        ]
        let territoryCount = regionCount + salespersonCount
        return [
            numbered(
                "transactioncurrency",
                1,
                [
                    .text("currencyname") { _, _ in "Euro" }, .text("isocurrencycode") { _, _ in "EUR" },
                    .text("currencysymbol") { _, _ in "€" }, .value("exchangerate") { _, _ in .decimal(1, scale: 0) },
                ]
            ),
            numbered(
                "businessunit",
                1,
                [
                    .text("name") { _, _ in "Alder & Finch" },
                    .text("websiteurl") { _, _ in "https://alder-finch.example" },
                    .text("address1_city") { _, _ in "Malmö" }, .text("address1_country") { _, _ in "Sweden" },
                ]
            ),
            DemoStep("systemuser", indexCount: userCount, columns: users, number: { $0.index }) { [$0.user($1)] },
            numbered("territory", territoryCount, [.text("name") { $0.territoryName($1) }]),
            numbered("territory", territoryCount, territoryLinks),
            DemoStep("systemuser", indexCount: userCount, columns: userLinks, number: { $0.index }) { [$0.user($1)] },
            numbered(
                "team",
                2,
                [
                    .text("name") { $1 == 0 ? "Sales" : "Service" }, .link("businessunitid") { _, _ in Demo.unit },
                    .link("administratorid") { _, _ in DemoReference("systemuser", 0) },
                ]
            ),
            numbered("subject", DemoWords.families.count, [.text("title") { DemoWords.families[$1] }]),
            numbered("product", DemoWords.products.count, productColumns),
            numbered(
                "competitor",
                DemoWords.competitors.count,
                [
                    .text("name") { DemoWords.competitors[$1] },
                    .value("winpercentage") { .decimal($0.random(.competitor, $1).first(within: 15...55), scale: 0) },
                ]
            ),
            numbered("campaign", Demo.campaignCount, campaignColumns),
        ]
    }

    /// A step whose records are their numbers.
    func numbered(_ entity: String, _ count: Int, _ columns: [DemoColumn<Int>]) -> DemoStep {
        DemoStep(entity, indexCount: count, columns: columns, number: { $0 }) { [$1] }
    }

    private var productColumns: [DemoColumn<Int>] {
        [
            .text("name") { DemoWords.products[$1].name },
            .text("productnumber") { "AF-" + DemoText.padded(1000 + $1 * 10, 4) },
            .text("productfamily") { DemoWords.families[DemoWords.products[$1].family] },
            .link("subjectid") { DemoReference("subject", DemoWords.products[$1].family) },
            .value("producttypecode") { .option(DemoWords.products[$1].family == 3 ? 3 : 1) },
            .value("price") { .cents(DemoWords.products[$1].price * 100) },
            .value("standardcost") { demo, index in
                .cents(DemoWords.products[index].price * demo.random(.product, index).first(within: 42...68))
            },
            .value("isstockitem") { .boolean(DemoWords.products[$1].family < 3) },
            .value("quantityonhand") { demo, index in
                guard DemoWords.products[index].family < 3 else { return .null }
                return .decimal(demo.random(.product, index + 1000).first(within: 0...240), scale: 0)
            },
            .link("transactioncurrencyid") { _, _ in Demo.euro },
        ]
    }

    private var campaignColumns: [DemoColumn<Int>] {
        [
            .text("name") { demo, index in
                let year = DemoText.year(ofDay: demo.campaignStart(index))
                return "\(DemoWords.campaigns[index % DemoWords.campaigns.count].name) \(year)"
            },
            .text("codename") { "AF-C" + DemoText.padded($1 + 1, 3) },
            .value("statecode") { _, _ in .option(0) },
            .value("statuscode") { demo, index in
                let start = demo.campaignStart(index)
                return .option(start > demo.today ? 0 : start + 60 > demo.today ? 2 : 3)
            },
            .value("typecode") { .option(DemoWords.campaigns[$1 % DemoWords.campaigns.count].type) },
            .value("proposedstart") { .day($0.campaignStart($1)) },
            .value("proposedend") { .day($0.campaignStart($1) + 60) },
            .value("actualstart") { demo, index in
                .day(demo.campaignStart(index) > demo.today ? nil : demo.campaignStart(index))
            },
            .value("actualend") { demo, index in
                .day(demo.campaignStart(index) + 60 > demo.today ? nil : demo.campaignStart(index) + 60)
            },
            .value("budgetedcost") { .cents(DemoWords.campaigns[$1 % DemoWords.campaigns.count].budget * 100) },
            .value("totalactualcost") { demo, index in
                guard demo.campaignStart(index) + 60 <= demo.today else { return .null }
                let percent = demo.random(.campaign, index).first(within: 85...120)
                return .cents(DemoWords.campaigns[index % DemoWords.campaigns.count].budget * percent)
            },
            .link("transactioncurrencyid") { _, _ in Demo.euro },
            .link("ownerid") { demo, index in DemoReference("systemuser", 1 + index % demo.regionCount) },
        ]
    }
}

extension RecordStream {
    /// The stream's first number within the range, for records that need only one.
    func first(within range: ClosedRange<Int>) -> Int {
        var copy = self
        return copy.within(range)
    }
}
