import CRMark
import Engine
import Kith
import Net

// How each kind of work is written down as requests: those of docs/crmark.md, by the protocol's prepared statements, reads and
// transactions.

/// Turns drawn work into frames. One for each thread.
struct BenchEncoder: Sendable {
    /// Rows of a bulk update.
    static let bulkRows = 200
    /// Records of a bulk update do not stand side by side.
    private static let bulkStep = 37

    /// Statements that a connection prepares, in the order in which `encode` takes their numbers.
    static let statements = [
        "SELECT contactid, fullname, jobtitle, emailaddress1, telephone1 FROM contact WHERE parentcustomerid = ? "
            + "ORDER BY fullname LIMIT 50",
        "SELECT opportunityid, name, estimatedvalue, estimatedclosedate, salesstagecode FROM opportunity "
            + "WHERE customerid = ? AND statecode = 0 ORDER BY estimatedclosedate LIMIT 50",
        "SELECT incidentid, title, ticketnumber, prioritycode, followupby FROM incident "
            + "WHERE customerid = ? AND statecode = 0 ORDER BY followupby LIMIT 50",
        activities("task"), activities("phonecall"), activities("email"), activities("appointment"),
        "SELECT opportunityid, name, customeridname, estimatedvalue, estimatedclosedate, salesstagecode "
            + "FROM opportunity WHERE ownerid = ? AND statecode = 0 ORDER BY estimatedclosedate LIMIT 50",
        "SELECT contactid, fullname, emailaddress1, telephone1 FROM contact WHERE lastname LIKE ? "
            + "ORDER BY lastname LIMIT 10",
    ]
    private static let pageStatements = 0..<7
    private static let listStatement = 7
    private static let prefixStatement = 8
    private static let rowsPerBlock: UInt32 = 64

    private static func activities(_ entity: String) -> String {
        "SELECT activityid, subject, scheduledend, statecode FROM \(entity) WHERE regardingobjectid = ? "
            + "ORDER BY scheduledend DESC LIMIT 20"
    }

    /// What an account page shows of the account, and a read asks of a record.
    private static let accountAttributes = [
        "name", "accountnumber", "statecode", "customertypecode", "industrycode", "revenue", "numberofemployees",
        "telephone1", "emailaddress1", "address1_city", "address1_country", "ownerid",
    ]
    private static let contactAttributes = [
        "fullname", "firstname", "lastname", "parentcustomerid", "jobtitle", "department", "emailaddress1",
        "telephone1", "mobilephone", "birthdate", "address1_city", "ownerid",
    ]

    private let population: BenchPopulation
    private var random: CRMarkRandom
    private var kinds: KindDraw
    private var numbers: [UInt64] = []
    private let page: FrameTemplate
    private let read: FrameTemplate
    private let update: FrameTemplate
    private let activity: FrameTemplate
    private let stages: [FrameTemplate]
    private let caseUpdates: [FrameTemplate]
    private let contact: FrameTemplate
    private let deal: FrameTemplate
    private let bulk: FrameTemplate

    init(_ mix: BenchMix, _ population: BenchPopulation, _ schema: Schema, seed: UInt64, thread: Int) throws {
        self.population = population
        random = CRMarkRandom(seed: seed, purpose: .request, index: thread)
        kinds = KindDraw(mix)
        func read(_ entity: String, _ attributes: [String]) throws -> FrameTemplate {
            let (declared, columns) = try RecordPage.resolve(entity, attributes, schema)
            let body = RecordPage.request(declared, columns, [RecordID(rawValue: UInt64(FrameTemplate.stand(0)))])
            return try FrameTemplate(.read, epoch: schema.epoch, body, openCount: 1)
        }
        func write(_ openCount: Int, _ build: (inout Transaction) throws -> Void) throws -> FrameTemplate {
            var transaction = Transaction(schema)
            try build(&transaction)
            return try FrameTemplate(.execute, epoch: schema.epoch, transaction.encoded(), openCount: openCount)
        }
        func record(_ place: Int) -> Value { .reference(RecordID(rawValue: UInt64(FrameTemplate.stand(place)))) }
        func moment(_ place: Int) -> Value { .instant(FrameTemplate.stand(place)) }
        page = try read("account", BenchEncoder.accountAttributes)
        self.read = try read("contact", BenchEncoder.contactAttributes)
        update = try write(2) { transaction in
            try BenchEncoder.change(
                "contact",
                ["telephone1": "+49 555 0000000", "lastusedincampaign": moment(1)],
                &transaction
            )
        }
        activity = try write(5) { transaction in
            try transaction.create(
                "phonecall",
                [
                    "subject": "Questions on the offer", "statecode": .option(1), "statuscode": .option(2),
                    "regardingobjectid": record(0), "scheduledstart": moment(1), "scheduledend": moment(2),
                    "actualend": moment(3), "actualdurationminutes": 15, "ownerid": record(4),
                    "description": "Asked for delivery dates; wants an answer this week.",
                ]
            )
        }
        stages = try [("Qualify", 10), ("Develop", 35), ("Propose", 60), ("Close", 85)].enumerated().map { stage in
            try write(2) { transaction in
                try BenchEncoder.change(
                    "opportunity",
                    [
                        "salesstagecode": .option(Int32(stage.offset + 1)), "stepname": .text(stage.element.0),
                        "closeprobability": .integer(Int64(stage.element.1)),
                    ],
                    &transaction
                )
                try transaction.create(
                    "annotation",
                    ["subject": "Stage", "notetext": .text("Moved to \(stage.element.0)"), "objectid": record(1)]
                )
            }
        }
        caseUpdates = try (Int32(1)...3).map { priority in
            try write(2) { transaction in
                try BenchEncoder.change(
                    "incident",
                    ["prioritycode": .option(priority), "followupby": moment(1)],
                    &transaction
                )
            }
        }
        contact = try write(2) { transaction in
            try transaction.create(
                "contact",
                [
                    "fullname": "Robin Newcomer", "firstname": "Robin", "lastname": "Newcomer",
                    "parentcustomerid": record(0), "jobtitle": "Buyer", "emailaddress1": "robin@mail.example",
                    "telephone1": "+49 555 1234567", "ownerid": record(1),
                ]
            )
        }
        deal = try write(2) { transaction in
            try transaction.create(
                "opportunity",
                [
                    "name": "12 x Finch load cell", "customerid": record(0), "estimatedvalue": 1980,
                    "estimatedclosedate": .date(Int32(CRMark.today + 45)), "closeprobability": 10,
                    "stepname": "Qualify", "salesstagecode": .option(1), "ownerid": record(1),
                ]
            )
        }
        bulk = try write(2 * BenchEncoder.bulkRows) { transaction in
            var batch = try RecordBatch(
                schema,
                .update,
                "contact",
                attributes: ["donotbulkemail", "lastusedincampaign"]
            )
            for row in 0..<BenchEncoder.bulkRows {
                let id = RecordID(rawValue: UInt64(FrameTemplate.stand(row)))
                try batch.append([.boolean(row % 2 == 0), moment(BenchEncoder.bulkRows + row)], id: id)
            }
            transaction.append(batch)
        }
    }

    /// An update whose record is the open number 0.
    private static func change(
        _ entity: String,
        _ values: KeyValuePairs<String, Value>,
        _ transaction: inout Transaction
    ) throws {
        var batch = try RecordBatch(transaction.schema, .update, entity, attributes: values.map(\.key))
        try batch.append(values.map(\.value), id: RecordID(rawValue: UInt64(FrameTemplate.stand(0))))
        transaction.append(batch)
    }

    /// Draws the next piece of work and appends its requests, all with the same correlation id. `moment` is in
    /// microseconds, and other at each call, so that every update changes something. `statements` are the numbers of the
    /// connection's prepared statements; empty for mixes that ask no queries.
    mutating func encode(
        correlation: UInt64,
        moment: UInt64,
        statements: [UInt64],
        to writer: inout ByteWriter
    ) -> BenchKind {
        let kind = kinds.draw(&random)
        switch kind {
        case .accountPage:
            let account = population.account(&random)
            page.append(account, correlation: correlation, to: &writer)
            for place in BenchEncoder.pageStatements {
                ask(statements[place], .reference(RecordID(rawValue: account)), correlation, &writer)
            }
        case .listView:
            let user = RecordID(rawValue: one(of: population.users))
            ask(statements[BenchEncoder.listStatement], .reference(user), correlation, &writer)
        case .prefixSearch:
            let prefix = population.prefixes[random.below(population.prefixes.count)]
            ask(statements[BenchEncoder.prefixStatement], .text(prefix + "%"), correlation, &writer)
        case .logActivity:
            let (account, user) = (population.account(&random), one(of: population.users))
            activity.append(account, moment, moment, moment, user, correlation: correlation, to: &writer)
        case .moveStage:
            let deal = one(of: population.opportunities)
            stages[random.below(stages.count)].append(deal, deal, correlation: correlation, to: &writer)
        case .updateCase:
            let incident = one(of: population.incidents)
            caseUpdates[random.below(3)].append(incident, moment, correlation: correlation, to: &writer)
        case .create:
            let (account, user) = (population.account(&random), one(of: population.users))
            let template = random.chance(500) ? contact : deal
            template.append(account, user, correlation: correlation, to: &writer)
        case .bulkUpdate:
            let count = population.contacts.count
            let start = random.below(count)
            numbers.removeAll(keepingCapacity: true)
            for row in 0..<BenchEncoder.bulkRows {
                numbers.append(population.contacts[(start + row * BenchEncoder.bulkStep) % count])
            }
            for _ in 0..<BenchEncoder.bulkRows { numbers.append(moment) }
            bulk.append(numbers, correlation: correlation, to: &writer)
        case .read: read.append(one(of: population.contacts), correlation: correlation, to: &writer)
        case .update: update.append(one(of: population.contacts), moment, correlation: correlation, to: &writer)
        }
        return kind
    }

    private mutating func one(of ids: [UInt64]) -> UInt64 { ids[random.below(ids.count)] }

    private func ask(_ statement: UInt64, _ value: Value, _ correlation: UInt64, _ writer: inout ByteWriter) {
        let start = writer.beginFrame()
        writer.u64(statement)
        writer.u32(BenchEncoder.rowsPerBlock)
        writer.u16(1)
        writer.u32(0)
        value.encode(into: &writer)
        writer.endFrame(start, WireHeader(.request, WireOperation.executePrepared.rawValue, correlation: correlation))
    }
}
