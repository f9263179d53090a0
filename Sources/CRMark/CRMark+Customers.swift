import Demo
import Engine

// Who there is: users, campaigns, accounts, their contacts, and leads.

/// The words of one country, as bytes.
struct CountryWords: Sendable {
    let country: Word
    let dialCode: Word
    let given: [Word]
    let family: [Word]
    /// Given names as they stand in an e-mail address.
    let givenPlain: [Word]
    let familyPlain: [Word]
    let towns: [Word]
    let stems: [Word]
    let stemsPlain: [Word]
    let trades: [Word]
    let forms: [Word]

    static let all: [CountryWords] = DemoCulture.all.map { culture in
        CountryWords(
            country: Word(culture.country),
            dialCode: Word(culture.dialCode),
            given: Word.list(culture.givenNames),
            family: Word.list(culture.familyNames),
            givenPlain: Word.list(culture.givenNames.map(DemoText.slug)),
            familyPlain: Word.list(culture.familyNames.map(DemoText.slug)),
            towns: Word.list(culture.towns.map(\.name)),
            stems: Word.list(culture.companyStems),
            stemsPlain: Word.list(culture.companyStems.map(DemoText.slug)),
            trades: Word.list(culture.companyTrades),
            forms: Word.list(culture.companyForms)
        )
    }
}

/// What others ask of an account.
struct CRMarkAccount {
    var country: Int
    var town: Int
    var stem: Int
    var industry: Int
    var employees: Int
    var owner: Int
    /// What the account's remaining values are drawn from.
    var rest: CRMarkRandom
}

/// A person's name: places in the words of a country. Two family names make 256 for each country.
struct CRMarkName {
    var given: Int
    var family: Int
    var second: Int?
}

extension CRMark {
    private static let jobTitles = Word.list(DemoWords.jobTitles)
    private static let departments = Word.list(DemoWords.departments)
    private static let industries = DemoWords.industries.map { Int($0.code) }
    private static let streetWords = Word.list(["Market", "Harbour", "Station", "Mill", "Garden", "Church", "Park"])
    private static let topics = Word.list(DemoWords.leadTopics)
    private static let leadStatuses = [1, 2, 3, 4, 5, 6]
    private static let leadStates = [0, 0, 1, 2, 2, 2]
    private static let leadWeights = [20, 25, 25, 14, 8, 8]
    private static let employeeOctaves = 2...13

    func account(_ index: Int) -> CRMarkAccount {
        var random = random(.account, index)
        let country = random.weighted(DemoCulture.weights)
        let words = CountryWords.all[country]
        let employees = random.amount(random.chance(700) ? 2...6 : CRMark.employeeOctaves)
        return CRMarkAccount(
            country: country,
            town: random.below(words.towns.count),
            stem: random.below(words.stems.count),
            industry: random.below(CRMark.industries.count),
            employees: employees,
            owner: random.below(userCount),
            rest: random
        )
    }

    /// The account of a contact or lead: everyone has one of their own number, the others spread evenly.
    func customer(_ index: Int, _ random: inout CRMarkRandom) -> Int {
        index < accountCount ? index : random.below(accountCount)
    }

    /// An account by Zipf's law. Busy accounts do not stand side by side: ranks are spread by a prime step.
    func busyAccount(_ random: inout CRMarkRandom) -> Int { CRMark.spread(accountsByRank.draw(&random), accountCount) }

    /// Place of a rank: a permutation, since the primes are no factors of the counts that are multiples of neither.
    package static func spread(_ rank: Int, _ count: Int) -> Int {
        let step = count % 7919 == 0 ? 104_729 : 7919
        return (rank &* step &+ 13) % count
    }

    func name(_ country: Int, _ random: inout CRMarkRandom) -> CRMarkName {
        let words = CountryWords.all[country]
        let given = random.below(words.given.count)
        let family = random.below(words.family.count)
        let second = random.below(words.family.count)
        return CRMarkName(given: given, family: family, second: second == family ? nil : second)
    }

    private func addFamily(_ name: CRMarkName, _ words: CountryWords, to rows: inout CRMarkRows) {
        rows.add(words.family[name.family])
        if let second = name.second {
            rows.add("-")
            rows.add(words.family[second])
        }
    }

    private func telephone(_ words: CountryWords, _ random: inout CRMarkRandom, to rows: inout CRMarkRows) {
        rows.add(words.dialCode)
        rows.add(" 555 ")
        rows.add(random.below(10_000_000), digits: 7)
        rows.endText()
    }

    /// `given.family.number@stem-number.example`: addresses differ, as they must.
    private func emailAddress(_ name: CRMarkName, _ words: CountryWords, _ index: Int, to rows: inout CRMarkRows) {
        rows.add(words.givenPlain[name.given])
        rows.add(".")
        rows.add(words.familyPlain[name.family])
        rows.add(".")
        rows.add(index)
        rows.add("@mail.example")
        rows.endText()
    }

    // MARK: Rows

    static let userAttributes = ["externalid", "fullname", "domainname", "internalemailaddress", "jobtitle"]

    func appendUser(_ index: Int, to rows: inout CRMarkRows) {
        var random = random(.systemuser, index)
        let country = random.weighted(DemoCulture.weights)
        let words = CountryWords.all[country]
        let name = name(country, &random)
        if index == 0 { rows.text(Word(mark)) } else { rows.null() }
        rows.add(words.given[name.given])
        rows.add(" ")
        addFamily(name, words, to: &rows)
        rows.endText()
        rows.add("crmark\\user")
        rows.add(index, digits: 6)
        rows.endText()
        emailAddress(name, words, index, to: &rows)
        rows.text(CRMark.jobTitles[random.below(CRMark.jobTitles.count)])
        rows.end()
    }

    static let campaignAttributes = [
        "name", "codename", "typecode", "statuscode", "budgetedcost", "totalactualcost", "actualstart",
    ]

    func appendCampaign(_ index: Int, to rows: inout CRMarkRows) {
        var random = random(.campaign, index)
        rows.add(Word(DemoWords.firstCampaigns[random.below(DemoWords.firstCampaigns.count)].name))
        rows.add(" ")
        rows.add(index, digits: 3)
        rows.endText()
        rows.add("CMP-")
        rows.add(index, digits: 5)
        rows.endText()
        rows.number(random.within(1...4))
        rows.number(random.within(0...3))
        let budget = random.amount(12...16)
        rows.money(budget)
        rows.money(budget / 100 * random.within(60...120))
        rows.number(campaignStart(index))
        rows.end()
    }

    /// Campaigns begin one after another, all over the history.
    func campaignStart(_ index: Int) -> Int {
        CRMark.today - CRMark.historyDays + index * CRMark.historyDays / campaignCount
    }

    static let accountAttributes = [
        "name", "accountnumber", "statecode", "statuscode", "customertypecode", "industrycode", "revenue",
        "numberofemployees", "creditonhold", "telephone1", "emailaddress1", "address1_line1", "address1_postalcode",
        "address1_city", "address1_country", "parentaccountid", "ownerid", "overriddencreatedon",
    ]

    func appendAccount(_ index: Int, batchStart: Int, to rows: inout CRMarkRows) {
        var account = account(index)
        let words = CountryWords.all[account.country]
        rows.add(words.stems[account.stem])
        rows.add(" ")
        rows.add(words.trades[account.industry])
        rows.add(" ")
        rows.add(index)
        rows.add(" ")
        rows.add(words.forms[account.rest.below(words.forms.count)])
        rows.endText()
        rows.add("A-")
        rows.add(index, digits: 8)
        rows.endText()
        let isActive = !account.rest.chance(30)
        rows.number(isActive ? 0 : 1)
        rows.number(isActive ? 1 : 2)
        rows.number(account.rest.chance(800) ? 3 : 8)
        rows.number(CRMark.industries[account.industry])
        rows.money(account.employees * account.rest.within(90_000...260_000))
        rows.number(account.employees)
        rows.flag(account.rest.chance(25))
        telephone(words, &account.rest, to: &rows)
        rows.add("info@")
        rows.add(words.stemsPlain[account.stem])
        rows.add("-")
        rows.add(index)
        rows.add(".example")
        rows.endText()
        rows.add(CRMark.streetWords[account.rest.below(CRMark.streetWords.count)])
        rows.add(" Street ")
        rows.add(account.rest.within(1...240))
        rows.endText()
        rows.add(account.rest.below(100_000), digits: 5)
        rows.endText()
        rows.text(words.towns[account.town])
        rows.text(words.country)
        // One in six belongs to a group, whose head came in an earlier batch.
        if batchStart > 0, account.rest.chance(165) {
            rows.link(.account, account.rest.below(batchStart))
        } else {
            rows.null()
        }
        rows.link(.systemuser, account.owner)
        rows.moment((CRMark.today - CRMark.historyDays - account.rest.below(1_800)) * 1_440 + 600)
        rows.end()
    }

    static let contactAttributes = [
        "fullname", "firstname", "lastname", "parentcustomerid", "jobtitle", "department", "accountrolecode",
        "emailaddress1", "telephone1", "mobilephone", "birthdate", "donotbulkemail", "preferredcontactmethodcode",
        "address1_city", "address1_country", "ownerid",
    ]

    func appendContact(_ index: Int, to rows: inout CRMarkRows) {
        var random = random(.contact, index)
        let customer = customer(index, &random)
        let account = account(customer)
        let words = CountryWords.all[account.country]
        let name = name(account.country, &random)
        rows.add(words.given[name.given])
        rows.add(" ")
        addFamily(name, words, to: &rows)
        rows.endText()
        rows.text(words.given[name.given])
        addFamily(name, words, to: &rows)
        rows.endText()
        rows.link(.account, customer)
        let job = random.below(CRMark.jobTitles.count)
        rows.text(CRMark.jobTitles[job])
        rows.text(CRMark.departments[job])
        rows.number(1 + job % 3)
        emailAddress(name, words, index, to: &rows)
        telephone(words, &random, to: &rows)
        if random.chance(600) { telephone(words, &random, to: &rows) } else { rows.null() }
        if random.chance(300) { rows.number(CRMark.today - random.within(8_760...23_360)) } else { rows.null() }
        rows.flag(random.chance(80))
        rows.number(random.within(1...3))
        rows.text(words.towns[account.town])
        rows.text(words.country)
        rows.link(.systemuser, account.owner)
        rows.end()
    }

    static let leadAttributes = [
        "fullname", "subject", "firstname", "lastname", "companyname", "statecode", "statuscode", "leadsourcecode",
        "leadqualitycode", "estimatedamount", "estimatedclosedate", "campaignid", "emailaddress1", "telephone1",
        "address1_city", "ownerid", "overriddencreatedon",
    ]

    func appendLead(_ index: Int, to rows: inout CRMarkRows) {
        var random = random(.lead, index)
        let country = random.weighted(DemoCulture.weights)
        let words = CountryWords.all[country]
        let name = name(country, &random)
        rows.add(words.given[name.given])
        rows.add(" ")
        addFamily(name, words, to: &rows)
        rows.endText()
        rows.text(CRMark.topics[random.below(CRMark.topics.count)])
        rows.text(words.given[name.given])
        addFamily(name, words, to: &rows)
        rows.endText()
        rows.add(words.stems[random.below(words.stems.count)])
        rows.add(" ")
        rows.add(words.trades[random.below(words.trades.count)])
        rows.add(" ")
        rows.add(random.below(accountCount))
        rows.endText()
        let age = random.recent(CRMark.historyDays)
        // What came this fortnight is mostly new; later it is decided one way or the other.
        let place = age < 14 && random.chance(700) ? random.below(2) : random.weighted(CRMark.leadWeights)
        rows.number(CRMark.leadStates[place])
        rows.number(CRMark.leadStatuses[place])
        rows.number(random.within(1...10))
        rows.number(random.within(1...3))
        rows.money(random.amount(9...16))
        rows.number(CRMark.today - age + random.within(20...180))
        campaign(atDay: CRMark.today - age, &random, to: &rows)
        emailAddress(name, words, index, to: &rows)
        telephone(words, &random, to: &rows)
        rows.text(words.towns[random.below(words.towns.count)])
        rows.link(.systemuser, random.below(userCount))
        rows.moment((CRMark.today - age) * 1_440 + random.below(600) + 480)
        rows.end()
    }

    /// The campaign that brought what began on this day, for one in four.
    func campaign(atDay day: Int, _ random: inout CRMarkRandom, to rows: inout CRMarkRows) {
        guard random.chance(250) else { return rows.null() }
        let place = (day - campaignStart(0)) * campaignCount / CRMark.historyDays
        rows.link(.campaign, min(campaignCount - 1, max(0, place - random.below(3))))
    }
}
