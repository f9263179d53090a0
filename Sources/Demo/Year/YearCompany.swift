import Engine
import Kith

// The company as it is when the year begins: people, catalogue, agreements, queues, and customers. Plain records: there is no verb for being there.

/// A contact of a customer, with what the ledger has to know of whom it may be written to.
struct YearContact {
    let record: RecordID
    let customer: Int
    let refusesMailings: Bool
    let refusesCalls: Bool
    /// Wants no marketing any more.
    var isOptedOut = false
    /// When a campaign reached them last.
    var lastReached: Int64?
}

/// A promise to customers.
struct YearAgreement {
    let record: RecordID
    let hours: YearHours
    let response: Int64
    let resolution: Int64
}

/// The company and its customers.
struct YearCompany {
    let marketer: RecordID
    let salespeople: [RecordID]
    let agents: [RecordID]
    let products: [RecordID]
    let priceList: RecordID
    let process: RecordID
    /// By priority: High, Normal, Low; then that of contracts.
    let agreements: [YearAgreement]
    /// Contracts of cases, and of minutes.
    let templates: [RecordID]
    let customers: [RecordID]
    /// Names for whoever turns up.
    let names: Demo

    init(_ year: Year, _ stage: YearStage, _ contacts: inout [YearContact]) throws {
        let names = Demo(seed: year.seed, today: Int32(year.firstDay), scale: 1 + year.customerCount / 200)
        self.names = names
        let unit = try stage.create("businessunit", ["name": "Alder & Finch"])
        func user(_ index: Int, _ job: String) throws -> RecordID {
            let user = names.user(index)
            return try stage.create(
                "systemuser",
                [
                    "fullname": .text(user.fullName), "firstname": .text(user.firstName),
                    "lastname": .text(user.lastName),
                    "domainname": .text("ALDERFINCH\\\(user.userName)\(index)"), "businessunitid": .reference(unit),
                    "jobtitle": .text(job),
                    "internalemailaddress": .text("\(user.userName)\(index)@alder-finch.example"),
                ]
            )
        }
        marketer = try user(1, "Head of marketing")
        salespeople = try (0..<year.salespersonCount).map { try user(2 + $0, "Salesperson") }
        agents = try (0..<year.agentCount).map { try user(2 + year.salespersonCount + $0, "Service agent") }
        (products, priceList) = try YearCompany.catalogue(stage)
        process = try YearCompany.process(stage)
        agreements = try YearCompany.agreements(year, stage)
        let gold = agreements[3].record
        templates = try [("Cases", Int32(1)), ("Minutes", 2)].map { name, type in
            try stage.create(
                "contracttemplate",
                ["name": .text(name), "allotmenttypecode": .option(type), "slaid": .reference(gold)]
            )
        }
        try YearCompany.queues(stage)
        customers = try YearCompany.customers(year, names, salespeople, stage, &contacts)
    }

    private static func catalogue(_ stage: YearStage) throws -> ([RecordID], RecordID) {
        let group = try stage.create("uomschedule", ["name": "Pieces"])
        let piece = try stage.create(
            "uom",
            ["name": "Piece", "uomscheduleid": .reference(group), "quantity": 1, "isschedulebaseuom": true]
        )
        let volume = try stage.create("discounttype", ["name": "By the ten"])
        for (low, high, percent) in [(10, Int?.some(49), 5), (50, nil, 10)] {
            try stage.create(
                "discount",
                [
                    "discounttypeid": .reference(volume), "lowquantity": .decimal(low, scale: 0),
                    "highquantity": high.map { .decimal($0, scale: 0) } ?? .null,
                    "percentage": .decimal(percent, scale: 0),
                ]
            )
        }
        let list = try stage.create("pricelevel", ["name": "List"])
        let products = try DemoWords.products.enumerated().map { index, product in
            let record = try stage.create(
                "product",
                [
                    "name": .text(product.name), "productnumber": .text("AF-\(1000 + 10 * index)"),
                    "price": .cents(product.price * 100), "defaultuomscheduleid": .reference(group),
                    "defaultuomid": .reference(piece),
                ]
            )
            try stage.create(
                "productpricelevel",
                [
                    "pricelevelid": .reference(list), "productid": .reference(record), "uomid": .reference(piece),
                    "pricingmethodcode": .option(1), "amount": .cents(product.price * 100),
                    "discounttypeid": YearLine.isDiscounted(index) ? .reference(volume) : .null,
                ]
            )
            return record
        }
        return (products, list)
    }

    /// Places of the stages in which a step is to be done.
    static let stagesWithSteps = 0...2

    /// Four stages: a call is made in the first, what is needed noted in the second, an offer gone through in the third.
    private static func process(_ stage: YearStage) throws -> RecordID {
        let process = try stage.create("salesprocess", ["name": "Scales and sensors"])
        for (index, words) in DemoWords.stages.enumerated() {
            let record = try stage.create(
                "salesstage",
                [
                    "name": .text(words.name), "salesprocessid": .reference(process), "stagenumber": .number(index + 1),
                    "closeprobability": .number(words.probability),
                ]
            )
            let step: (name: String, activity: Value)? =
                switch index {
                case 0: ("Introduction call", .option(4210))
                case 1: ("Needs noted", .null)
                case 2: ("Go through the offer", .option(4212))
                default: nil
                }
            guard let step else { continue }
            try stage.create(
                "salesstep",
                [
                    "name": .text(step.name), "salesstageid": .reference(record), "stepnumber": 1,
                    "activitytypecode": step.activity, "dueafterdays": 5,
                ]
            )
        }
        return process
    }

    private static func agreements(_ year: Year, _ stage: YearStage) throws -> [YearAgreement] {
        // The company is closed on a day of every tenth week, and for the first week of its second month.
        var closed = Set((0..<year.dayCount / 70).map { year.firstDay + 35 + 70 * $0 })
        closed.formUnion(year.firstDay + 31...year.firstDay + 37)
        for day in closed.sorted() {
            try stage.create("businessclosure", ["name": .text(DemoText.date(ofDay: day)), "starton": .day(day)])
        }
        let promises: [(String, YearHours, response: Int, resolution: Int)] = [
            ("Urgent", .always, 240, 4 * 1440), ("Standard", .office(closed: closed), 480, 6 * 540),
            ("In its time", .office(closed: closed), 540, 15 * 540),
            ("Contract", .extended(closed: closed), 240, 5 * 720),
        ]
        return try promises.map { name, hours, response, resolution in
            let record = try stage.create(
                "sla",
                [
                    "name": .text(name), "responseminutes": .number(response), "resolveminutes": .number(resolution),
                    "businesshours": hours.pattern.isEmpty ? .null : .text(hours.pattern),
                ]
            )
            return YearAgreement(
                record: record,
                hours: hours,
                response: Int64(response) * YearTime.minute,
                resolution: Int64(resolution) * YearTime.minute
            )
        }
    }

    private static func queues(_ stage: YearStage) throws {
        let urgent = try stage.create("queue", ["name": "Urgent"])
        let support = try stage.create("queue", ["name": "Support"])
        let first = try stage.create(
            "routingrule",
            ["name": "What is urgent", "rulenumber": 1, "queueid": .reference(urgent)]
        )
        try stage.create(
            "routingcondition",
            [
                "routingruleid": .reference(first), "attributename": "prioritycode", "operatorcode": .option(0),
                "comparedvalue": "1",
            ]
        )
        try stage.create("routingrule", ["name": "Everything else", "rulenumber": 2, "queueid": .reference(support)])
    }

    private static func customers(
        _ year: Year,
        _ names: Demo,
        _ salespeople: [RecordID],
        _ stage: YearStage,
        _ contacts: inout [YearContact]
    ) throws -> [RecordID] {
        try (0..<year.customerCount).map { index in
            let account = names.account(index)
            let owner = Value.reference(salespeople[index % salespeople.count])
            let record = try stage.create(
                "account",
                [
                    "name": .text(names.name(of: account)), "address1_city": .text(account.town.name),
                    "address1_country": .text(account.culture.country), "ownerid": owner,
                ]
            )
            for place in 0..<Year.contactsPerCustomer {
                let number = index * Year.contactsPerCustomer + place
                let contact = names.contact(number)
                var random = year.random(.contact, number)
                let refusesMailings = random.chance(80)
                let refusesCalls = random.chance(40)
                let person = try stage.create(
                    "contact",
                    [
                        "fullname": .text(contact.fullName), "firstname": .text(contact.firstName),
                        "lastname": .text(contact.lastName), "parentcustomerid": .reference(record),
                        "emailaddress1": .text("contact\(number)@customers.example"),
                        "telephone1": .text("+00 555 \(DemoText.padded(number, 6))"),
                        "donotbulkemail": .boolean(refusesMailings), "donotphone": .boolean(refusesCalls),
                        "ownerid": owner,
                    ]
                )
                contacts.append(
                    YearContact(
                        record: person,
                        customer: index,
                        refusesMailings: refusesMailings,
                        refusesCalls: refusesCalls
                    )
                )
            }
            return record
        }
    }
}
