// The keys that are kept at each transaction, and what is found by them, against a search through all records, which keeps nothing.

import CRM
import Engine
import TestSupport
import Testing

/// An organisation whose published rules are asked by keys.
struct KeyedOrganisation {
    var organisation = TestOrganisation()
    private var book: DuplicateRuleBook?

    /// Publishes a rule: conditions as `alternative: attributes operator [parameter]`.
    @discardableResult
    mutating func publish(
        _ name: String,
        _ entity: String,
        head: String = "",
        _ conditions: [String]
    ) throws -> RecordID {
        let rule = try organisation.create(
            named: name,
            "duplicaterule",
            "name=\(name) | baseentityname=\(entity)" + (head.isEmpty ? "" : " | \(head)")
        )
        for (index, condition) in conditions.enumerated() {
            try addCondition(name, "\(name)-\(index)", condition)
        }
        try organisation.perform(PublishDuplicateRule(rule).request)
        return rule
    }

    @discardableResult
    mutating func addCondition(_ rule: String, _ name: String, _ condition: String) throws -> RecordID {
        let parts = condition.split(separator: ":").map { $0.trimmingPrefix(" ") }.map(String.init)
        let words = parts[1].split(separator: " ").map(String.init)
        return try organisation.create(
            named: name,
            "duplicaterulecondition",
            "regardingobjectid=\(rule) | alternativenumber=\(parts[0]) | baseattributename=\(words[0])"
                + " | operatorcode=\(words[1])" + (words.count > 2 ? " | operatorparam=\(words[2])" : "")
        )
    }

    /// The published rules of now.
    mutating func rules() -> DuplicateRuleBook {
        let origin = DuplicateRuleBook.Origin(organisation.engine)
        if let book, book.origin == origin { return book }
        let next = DuplicateRuleBook(organisation.engine, origin, after: book)
        organisation.engine.dropRecordKeys { next.holds($0) }
        book = next
        return next
    }

    /// Answers a question; keys that are wanted are made in the organisation and kept from there on.
    mutating func ask(_ question: DuplicateQuestion) throws -> DuplicateReport {
        while true {
            let check = DuplicateCheck(rules(), comparisonsMax: DuplicateCheck.comparisonsMaxBeside)
            let copy = Engine(copying: organisation.engine.view)
            do throws(Refusal) {
                return try question.answer(copy, check, actor: .none, timeMicroseconds: organisation.timeMicroseconds)
            } catch {
                guard let wanted = check.wanted else { throw error }
                make(wanted)
            }
        }
    }

    mutating func make(_ keys: DuplicateKeys) {
        guard let place = organisation.engine.schema.place(of: keys.entity) else { return }
        organisation.engine.makeRecordKeys(place: place, keys)
    }

    /// Executes a transaction that is refused where a record is like another one.
    mutating func executeChecked(_ transaction: Transaction) throws -> TransactionReply {
        var transaction = transaction
        transaction.refusesDuplicates = true
        while true {
            let check = DuplicateCheck(rules(), comparisonsMax: DuplicateCheck.comparisonsMaxInTurn)
            organisation.engine.transactionCheck = { engine, changes throws(Refusal) in
                try check.refuse(engine, changes)
            }
            defer { organisation.engine.transactionCheck = nil }
            do {
                return try organisation.execute(transaction)
            } catch {
                guard let wanted = check.wanted else { throw error }
                make(wanted)
            }
        }
    }

    /// All hits of an entity by a search through all its records: `record other rule because`, from both sides.
    func searched(_ entity: String) throws -> Set<String> {
        let listed = DuplicateRule.listed(
            try rows(DuplicateRule.query),
            try rows(DuplicateRule.conditionQuery)
        ).filter { $0.entity == entity && $0.isPublished }
        let schema = organisation.engine.schema
        var search = DuplicateSearch(try listed.map { try $0.rule(schema) })
        for row in try rows(search.query(schema)) { search.append(row: row, schema) }
        var lines: Set<String> = []
        for pair in try search.answer().pairs {
            for reason in pair.reasons {
                let rule = search.rules[reason.rule]
                let because = "\(rule.name): \(rule.described(rule.alternatives[reason.alternative]))"
                lines.insert("\(schema.text(of: pair.first)) \(schema.text(of: pair.second)) \(because)")
                lines.insert("\(schema.text(of: pair.second)) \(schema.text(of: pair.first)) \(because)")
            }
        }
        return lines
    }

    /// The same by keys, of each record that there is.
    mutating func asked(_ entity: String) throws -> Set<String> {
        let schema = organisation.engine.schema
        let ids = try rows("SELECT \(entity)id FROM \(entity)").compactMap { row -> RecordID? in
            if case .reference(let id)? = row.first { id } else { nil }
        }
        var lines: Set<String> = []
        let report = try ask(.records(ids))
        #expect(!report.isCut)
        for hit in report.hits {
            for reason in hit.reasons.map({ report.reasons[$0] }) {
                lines.insert(
                    "\(schema.text(of: hit.record)) \(schema.text(of: hit.other)) \(reason.name): \(reason.because)"
                )
            }
        }
        return lines
    }

    private func rows(_ sql: String) throws -> [[Value]] {
        try PreparedQuery(sql, schema: organisation.engine.schema).execute(on: organisation.engine.view).rows
    }
}

@Suite struct DuplicateKeyTests {
    private static let names = ["Anna Keller", "keller anna", "Ana Keller", "Bob Kellner", "Bob Meier", "Zoë Meyer"]
    /// Many values, so that no record is like more others than an answer has; written in several ways.
    private static func mail(_ random: inout RecurrenceRandom) -> String {
        "\(random.chance(20) ? "P" : "p")\(random.below(90))@acme.com"
    }

    private static func phone(_ random: inout RecurrenceRandom) -> String {
        random.chance(10) ? "12" : "\(random.pick(["030", "+49 30", "+43 30"])) 12345\(10 + random.below(40))"
    }

    private static func publish(_ keyed: inout KeyedOrganisation) throws {
        try keyed.publish("mail", "contact", ["1: emailaddress1,emailaddress2 0"])
        try keyed.publish(
            "person",
            "contact",
            head: "excludeinactiverecords=yes",
            ["1: fullname 100", "1: birthdate 105", "2: lastname 104", "2: telephone1,mobilephone 102"]
        )
        try keyed.publish("company", "account", ["1: name 101", "1: address1_city 100"])
    }

    private static func values(_ random: inout RecurrenceRandom) -> [(String, Value)] {
        var values: [(String, Value)] = []
        func add(_ name: String, _ texts: [String]) {
            guard random.chance(40) else { return }
            values.append((name, random.chance(10) ? .null : .text(random.pick(texts))))
        }
        add("fullname", names)
        add("lastname", ["Keller", "Kellner", "Meier", "Meyer", "Li"])
        add("emailaddress1", [mail(&random)])
        add("emailaddress2", [mail(&random)])
        add("telephone1", [phone(&random)])
        add("mobilephone", [phone(&random)])
        add("jobtitle", ["a", "b"])
        if random.chance(50) { values.append(("birthdate", .date(Int32(3_000 + random.below(30) * 9)))) }
        if random.chance(20) { values.append(("statecode", .option(random.chance(50) ? 1 : 0))) }
        return values
    }

    /// One to four operations, of which some are refused, so that all before them are taken back.
    private static func transaction(
        _ schema: Schema,
        _ ids: [RecordID],
        _ random: inout RecurrenceRandom
    ) throws -> Transaction {
        var transaction = Transaction(schema)
        transaction.isIndependent = random.chance(20)
        for _ in 0...random.below(4) {
            switch random.below(10) {
            case 0..<4: try transaction.createRecord("contact", values(&random))
            case 4..<5:
                var batch = try RecordBatch(schema, .create, "contact", attributes: ["fullname", "emailaddress1"])
                for _ in 0..<20 {
                    try batch.append([.text(random.pick(names)), .text("\(random.below(99))@acme.com")])
                }
                transaction.append(batch)
            case 5..<8 where !ids.isEmpty: try transaction.updateRecord(random.pick(ids), values(&random))
            case 8 where !ids.isEmpty: try transaction.delete(random.pick(ids))
            case 9 where random.chance(40):
                // There is no such record: the transaction is refused.
                try transaction.delete(
                    RecordID(entity: schema.entity(named: "contact")!.id, origin: 0, sequence: 1 << 30)
                )
            default: try transaction.createRecord("account", [("name", .text(random.pick(["Acme", "Acme AG"])))])
            }
        }
        return transaction
    }

    @Test(arguments: 0..<UInt64(Effort.count(3, torture: 100, full: 1_000)))
    func keysAreWhatASearchFinds(_ seed: UInt64) throws {
        var random = RecurrenceRandom(seed: seed)
        var keyed = KeyedOrganisation()
        try Self.publish(&keyed)
        var refusedCount = 0
        var hitCount = 0
        var ids: [RecordID] = []
        for round in 0..<9 {
            for _ in 0..<15 {
                let transaction = try Self.transaction(keyed.organisation.engine.schema, ids, &random)
                do {
                    let reply =
                        random.chance(30) && !transaction.isIndependent
                        ? try keyed.executeChecked(transaction) : try keyed.organisation.execute(transaction)
                    ids += reply.operations.flatMap(\.ids).filter {
                        $0 != .none && keyed.organisation.engine.schema.entity($0.entity)?.name == "contact"
                    }
                } catch is Refusal {
                    refusedCount += 1
                }
            }
            // Rules change between.
            if round == 4 {
                try keyed.publish("late", "contact", ["1: telephone1 102", "1: jobtitle 104"])
            } else if round == 6 {
                try keyed.organisation.perform(UnpublishDuplicateRule(try keyed.organisation.record("mail")).request)
            }
            let asked = try keyed.asked("contact")
            #expect(asked == (try keyed.searched("contact")), "seed \(seed), round \(round)")
            hitCount += asked.count
            keyed.organisation.engine.checkInvariants()
        }
        #expect(refusedCount > 5 && hitCount > 100)
    }

    /// What is asked before it is done is what is there when it was done.
    @Test(arguments: 0..<UInt64(Effort.count(2, torture: 50, full: 500)))
    func questionsSayWhatWillBe(_ seed: UInt64) throws {
        var random = RecurrenceRandom(seed: 100 + seed)
        var keyed = KeyedOrganisation()
        try Self.publish(&keyed)
        for _ in 0..<40 {
            let schema = keyed.organisation.engine.schema
            var transaction = Transaction(schema)
            var batch = try RecordBatch(
                schema,
                .create,
                "contact",
                attributes: ["fullname", "emailaddress1", "birthdate"]
            )
            for _ in 0...random.below(3) {
                try batch.append([
                    .text(random.pick(Self.names)), .text("\(random.below(60))@acme.com"),
                    .date(Int32(random.below(40) * 1_000)),
                ])
            }
            transaction.append(batch)
            let digest = keyed.organisation.engine.digest
            let report = try keyed.ask(.transaction(transaction))
            #expect(keyed.organisation.engine.digest == digest, "a question changes nothing")
            var refusal: Refusal?
            do { _ = try keyed.executeChecked(transaction) } catch let error as Refusal { refusal = error }
            #expect((refusal == nil) == report.hits.isEmpty)
            #expect(refusal == nil || refusal?.rule == "duplicate")
            if refusal != nil {
                #expect(keyed.organisation.engine.digest == digest, "a refusal changes nothing")
                let ids = try keyed.organisation.execute(transaction).operations[0].ids
                let after = try keyed.ask(.records(ids))
                func others(_ report: DuplicateReport, _ row: Int) -> Set<RecordID> {
                    Set(
                        report.hits.filter { hit in
                            DuplicateReport.row(hit.record).map { $0.row == row } ?? (hit.record == ids[row])
                        }.map { hit in DuplicateReport.row(hit.other).map { ids[$0.row] } ?? hit.other }
                    )
                }
                for row in ids.indices {
                    let before = others(after, row).subtracting(ids[(row + 1)...])
                    #expect(others(report, row) == before)
                }
            }
            keyed.organisation.engine.checkInvariants()
        }
    }

    @Test func aRefusalNamesRecordAndRule() throws {
        var keyed = KeyedOrganisation()
        try Self.publish(&keyed)
        let anna = try keyed.organisation.create("contact anna: fullname=Anna Keller | emailaddress1=anna@acme.com")
        let bob = try keyed.organisation.create("contact bob: fullname=Bob Meier | emailaddress1=bob@acme.com")
        let schema = keyed.organisation.engine.schema
        var create = Transaction(schema)
        try create.create("contact", ["fullname": "A. Keller", "emailaddress2": "ANNA@acme.com"])
        var refusal = try #require(throws: Refusal.self) { _ = try keyed.executeChecked(create) }
        #expect(refusal.code == .ruleBroken && refusal.rule == "duplicate" && refusal.record == anna)
        #expect(
            refusal.message
                == "The new contact 'A. Keller' is like \(schema.text(of: anna)) 'Anna Keller' (mail: emailaddress1, "
                + "emailaddress2 same). Send it without asking for this refusal to write it all the same."
        )
        // A change of something that no rule compares is not held against what it was like before.
        try keyed.organisation.execute(create)
        var update = Transaction(schema)
        try update.update(anna, ["jobtitle": "Boss", "emailaddress1": "anna@acme.com"])
        _ = try keyed.executeChecked(update)
        update = Transaction(schema)
        try update.update(bob, ["emailaddress2": "anna@acme.com"])
        refusal = try #require(throws: Refusal.self) { _ = try keyed.executeChecked(update) }
        #expect(refusal.rule == "duplicate" && refusal.message.contains("'Bob Meier' is like"))
        #expect(refusal.message.contains(" and like "))
        // Two of one transaction.
        var two = Transaction(schema)
        try two.create("contact", ["fullname": "Eva", "emailaddress1": "eva@acme.com"])
        try two.create("contact", ["fullname": "E.", "emailaddress1": "eva@acme.com"])
        refusal = try #require(throws: Refusal.self) { _ = try keyed.executeChecked(two) }
        #expect(refusal.record == .none && refusal.message.contains("another one of the same transaction"))
        let report = try keyed.ask(.transaction(two))
        #expect(report.hits.count == 1)
        let hit = try #require(report.hits.first)
        let row = try #require(DuplicateReport.row(hit.record))
        #expect(row.operation == 1 && row.row == 0)
        let other = try #require(DuplicateReport.row(hit.other))
        #expect(other.operation == 0 && other.row == 0)
    }

    /// More than 1,000 with the same value are not compared, and that is said.
    @Test func aValueOfVeryManyIsNoEvidence() throws {
        var keyed = KeyedOrganisation()
        try Self.publish(&keyed)
        let schema = keyed.organisation.engine.schema
        func batch(_ count: Int) throws -> Transaction {
            var batch = try RecordBatch(schema, .create, "contact", attributes: ["fullname", "emailaddress1"])
            for number in 0..<count { try batch.append([.text("\(number)"), "info@acme.com"]) }
            var transaction = Transaction(schema)
            transaction.append(batch)
            return transaction
        }
        let first = try keyed.organisation.execute(try batch(999)).operations[0].ids
        let one = try batch(1)
        var report = try keyed.ask(.records([first[5]]))
        #expect(report.hits.count == DuplicateReport.hitsPerRecordMax && report.isCut && report.omissions.isEmpty)
        // The thousandth is compared.
        _ = try #require(throws: Refusal.self) { _ = try keyed.executeChecked(one) }
        try keyed.organisation.execute(one)
        report = try keyed.ask(.transaction(one))
        #expect(report.hits.isEmpty && report.omissions.count == 1)
        _ = try keyed.executeChecked(one)
        #expect(try keyed.ask(.records([first[5]])).omissions.count == 1)
        // Bounded: a batch each of whose rows would be compared with a thousand.
        let refusal = try #require(throws: Refusal.self) {
            var keyed = KeyedOrganisation()
            try Self.publish(&keyed)
            try keyed.organisation.execute(try batch(700))
            _ = try keyed.executeChecked(try batch(290))
        }
        #expect(refusal.code == .limitExceeded)
    }

    @Test func rulesThatCannotBeKeptAreRefused() throws {
        var keyed = KeyedOrganisation()
        let schema = keyed.organisation.engine.schema
        var create = Transaction(schema)
        try create.create("contact", ["fullname": "Anna"])
        // Nothing is published: nobody pays, nothing is refused.
        _ = try keyed.executeChecked(create)
        #expect(!keyed.organisation.engine.hasRecordKeys)
        try keyed.publish("moment", "contact", ["1: modifiedon 0", "1: lastname 0"])
        var refusal = try #require(throws: Refusal.self) { _ = try keyed.executeChecked(create) }
        #expect(refusal.rule == "not-kept" && refusal.message.contains("modifiedon"))
        try keyed.organisation.perform(UnpublishDuplicateRule(try keyed.organisation.record("moment")).request)
        let four = "telephone1,telephone2,telephone3,mobilephone"
        for number in 0..<9 {
            try keyed.publish(
                "many\(number)",
                "contact",
                ["1: \(four) 102", "1: emailaddress1,emailaddress2,emailaddress3,lastname 0"]
            )
        }
        refusal = try #require(throws: Refusal.self) { _ = try keyed.executeChecked(create) }
        #expect(refusal.rule == "too-many-published")
        for number in 0..<9 {
            try keyed.organisation.perform(
                UnpublishDuplicateRule(try keyed.organisation.record("many\(number)")).request
            )
        }
        try keyed.publish("mail", "contact", ["1: emailaddress1 0"])
        _ = try keyed.executeChecked(create)
        #expect(keyed.organisation.engine.hasRecordKeys)
        // A plain change makes the published rule unreadable.
        try keyed.addCondition("mail", "broken", "1: shoesize 0")
        refusal = try #require(throws: Refusal.self) { _ = try keyed.executeChecked(create) }
        #expect(refusal.rule == "condition-unreadable")
        #expect(!keyed.organisation.engine.hasRecordKeys, "nobody pays for keys that nobody can ask")
    }

    /// An organisation's own attributes, and changes of the schema: keys are made again for another layout.
    @Test func keysOutliveChangesOfTheSchema() throws {
        var keyed = KeyedOrganisation()
        try Self.publish(&keyed)
        try keyed.organisation.create("contact a: fullname=A | emailaddress1=a@acme.com")
        try keyed.organisation.create("contact b: fullname=B | emailaddress1=a@acme.com")
        #expect(try keyed.asked("contact").count == 2)
        try keyed.organisation.changeSchema("account.code: text")
        #expect(keyed.organisation.engine.hasRecordKeys, "another table")
        #expect(try keyed.asked("contact").count == 2)
        try keyed.organisation.changeSchema("contact.code: text")
        #expect(!keyed.organisation.engine.hasRecordKeys)
        #expect(try keyed.asked("contact").count == 2)
        try keyed.organisation.create("contact c: fullname=C | emailaddress1=a@acme.com | code=x")
        #expect(try keyed.asked("contact") == (try keyed.searched("contact")))
        keyed.organisation.engine.checkInvariants()
        try keyed.organisation.changeSchema("contact.emailaddress2: deleted")
        #expect(throws: Refusal.self) { _ = try keyed.asked("contact") }
    }

    @Test func bytesOfQuestionsAndAnswers() throws {
        var keyed = KeyedOrganisation()
        try Self.publish(&keyed)
        let a = try keyed.organisation.create("contact a: fullname=Anna Keller | emailaddress1=a@acme.com")
        try keyed.organisation.create("contact b: fullname=B | emailaddress1=a@acme.com")
        var transaction = Transaction(keyed.organisation.engine.schema)
        try transaction.create("contact", ["emailaddress1": "a@acme.com"])
        for question in [DuplicateQuestion.records([a]), .transaction(transaction), .records([])] {
            var writer = ByteWriter()
            question.encode(into: &writer)
            #expect(try writer.bytes.withUnsafeBytes { try DuplicateQuestion(decoding: $0) } == question)
            let report = try keyed.ask(question)
            writer = ByteWriter()
            report.encode(into: &writer)
            let bytes = writer.bytes
            let decoded = try bytes.withUnsafeBytes { bytes in
                var reader = ByteReader(bytes)
                return try DuplicateReport(from: &reader)
            }
            #expect(decoded == report)
            // Cut or damaged bytes are refused, or something else; never a trap.
            for end in bytes.indices {
                bytes[..<end].withUnsafeBytes { part in
                    var reader = ByteReader(part)
                    #expect((try? DuplicateReport(from: &reader)) == nil)
                }
            }
        }
        #expect(throws: DecodeError.self) { try [7].withUnsafeBytes { _ = try DuplicateQuestion(decoding: $0) } }
        #expect(throws: Refusal.self) { _ = try keyed.ask(.encoded([0, 0, 0, 0, 9])) }
        #expect(throws: Refusal.self) { _ = try keyed.ask(.encoded([])) }
        #expect(throws: Refusal.self) { _ = try keyed.ask(.records([.none])) }
    }
}
