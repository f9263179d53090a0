// What looking for duplicates costs at most, whatever is published and whatever stands in the records.

import CRM
import Engine
import Testing

@Suite struct DuplicateBoundTests {
    private func batch(_ schema: Schema, _ mails: [String]) throws -> Transaction {
        var batch = try RecordBatch(schema, .create, "contact", attributes: ["fullname", "emailaddress1"])
        for (number, mail) in mails.enumerated() { try batch.append([.text("\(number)"), .text(mail)]) }
        var transaction = Transaction(schema)
        transaction.append(batch)
        return transaction
    }

    /// Asks what records are like, with a limit; the keys are there.
    private func ask(_ keyed: inout KeyedOrganisation, _ ids: [RecordID], _ workMax: Int) throws -> DuplicateReport {
        let check = DuplicateCheck(keyed.rules(), comparisonsMax: workMax)
        return try DuplicateQuestion.records(ids).answer(
            Engine(copying: keyed.organisation.engine.view),
            check,
            actor: .none,
            timeMicroseconds: 0
        )
    }

    @Test func theLimitCountsTheFormsOfOthers() throws {
        var keyed = KeyedOrganisation()
        try keyed.publish("mail", "contact", ["1: emailaddress1 0"])
        let mails = Array(repeating: "a@acme.com", count: 20)
        let ids = try keyed.organisation.execute(batch(keyed.organisation.engine.schema, mails)).operations[0].ids
        _ = try keyed.ask(.records([ids[0]]))
        // A key, a block of 20, and 20 forms of ten each.
        #expect(try ask(&keyed, [ids[0]], 221).hits.count == 19)
        let refusal = try #require(throws: Refusal.self) { _ = try ask(&keyed, [ids[0]], 220) }
        #expect(refusal.code == .limitExceeded)
        // The forms are there for the next one.
        #expect(try ask(&keyed, [ids[0], ids[1]], 221 + 21).hits.count == 38)
    }

    @Test func aQuestionThatIsCalledOffEnds() throws {
        var keyed = KeyedOrganisation()
        try keyed.publish("mail", "contact", ["1: emailaddress1 0"])
        let ids = try keyed.organisation.execute(batch(keyed.organisation.engine.schema, ["a@acme.com"])).operations[0]
            .ids
        _ = try keyed.ask(.records(ids))
        let cancellation = QueryCancellation()
        let check = DuplicateCheck(keyed.rules(), comparisonsMax: 1_000, cancellation: cancellation)
        let engine = Engine(copying: keyed.organisation.engine.view)
        func ask() throws -> DuplicateReport {
            try DuplicateQuestion.records(ids).answer(engine, check, actor: .none, timeMicroseconds: 0)
        }
        #expect(try ask().hits.isEmpty)
        cancellation.cancel()
        let refusal = try #require(throws: Refusal.self) { _ = try ask() }
        #expect(refusal.code == .overloaded && check.wanted == nil)
    }

    @Test func aCrowdedKeyIsLookedAtOnce() throws {
        var keyed = KeyedOrganisation()
        try keyed.publish("mail", "contact", ["1: emailaddress1 0"])
        let mails = Array(repeating: "info@acme.com", count: 1_001)
        let ids = try keyed.organisation.execute(batch(keyed.organisation.engine.schema, mails)).operations[0].ids
        _ = try keyed.ask(.records([ids[0]]))
        #expect(try ask(&keyed, Array(ids[..<100]), 1_001 + 100 * 11).omissions.count == 100)
        #expect(throws: Refusal.self) { _ = try ask(&keyed, [ids[0]], 1_000) }
    }

    /// Of two long texts the first 8,192 bytes count, and no character is cut.
    @Test func longTextsAreCut() throws {
        let long = String(repeating: "x", count: 8_191)
        #expect(try areAlike(.same, .text(long + "yz"), .text(long + "ya")))
        #expect(try !areAlike(.same, .text(long + "y"), .text(long + "z")))
        #expect(try areAlike(.same, .text(long + "\u{4E2D}"), .text(long)))
    }

    @Test func manyPublishedRulesAreNotRead() throws {
        var keyed = KeyedOrganisation()
        let schema = keyed.organisation.engine.schema
        var transaction = Transaction(schema)
        // They cannot be read, which is not what is said.
        for number in 0..<129 {
            try transaction.create(
                "duplicaterule",
                ["name": .text("\(number)"), "baseentityname": "contact", "statecode": 1]
            )
        }
        try keyed.organisation.execute(transaction)
        var create = Transaction(schema)
        try create.create("contact", ["fullname": "Anna"])
        let refusal = try #require(throws: Refusal.self) { _ = try keyed.executeChecked(create) }
        #expect(refusal.rule == "too-many-published")
    }

    /// Of several rows of one record the last one is named.
    @Test func theRowThatCountsIsNamed() throws {
        var keyed = KeyedOrganisation()
        try keyed.publish("mail", "contact", ["1: emailaddress1 0"])
        let anna = try keyed.organisation.create("contact anna: fullname=Anna | emailaddress1=anna@acme.com")
        let schema = keyed.organisation.engine.schema
        var batch = try RecordBatch(
            schema,
            .upsert,
            "contact",
            attributes: ["externalid", "emailaddress1"],
            key: "externalid"
        )
        try batch.append(["1", "bob@acme.com"])
        try batch.append(["1", "anna@acme.com"])
        var transaction = Transaction(schema)
        transaction.append(batch)
        let report = try keyed.ask(.transaction(transaction))
        #expect(report.hits.count == 1 && report.hits.first?.other == anna)
        let hit = try #require(report.hits.first)
        #expect(DuplicateReport.row(hit.record)?.row == 1)
    }
}
