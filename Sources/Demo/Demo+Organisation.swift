import Engine

// The company that sells: its unit, people, territories, currency, products and competitors.

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
            campaignStep,
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
}

extension RecordStream {
    /// The stream's first number within the range, for records that need only one.
    func first(within range: ClosedRange<Int>) -> Int {
        var copy = self
        return copy.within(range)
    }
}
