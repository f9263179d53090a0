import CRM
import Engine
import Testing

/// A search finds what comparing each record with each would, in whatever order the records come, and says what it left out.
@Suite struct DuplicateSearchTests {
    private static let rules = [
        DuplicateRule("mail", "contact", [[.init("emailaddress1", "emailaddress2", comparison: .same)]]),
        DuplicateRule(
            "person",
            "contact",
            [
                [.init("fullname", comparison: .sameWords), .init("birthdate", comparison: .similarDate)],
                [
                    .init("lastname", comparison: .similar), .init("postcode", comparison: .firstCharacters(2)),
                    .init("telephone1", "mobilephone", comparison: .samePhone),
                ],
            ]
        ),
    ]

    /// Few values, so that much is alike.
    private static func records(_ seed: UInt64, count: Int) -> DuplicateRecords {
        var random = RecurrenceRandom(seed: seed)
        var records = DuplicateRecords()
        let names = ["Anna Keller", "keller anna", "Ana Keller", "Bob Kellner", "Bob Meier", "", "Zoë Meyer"]
        let mails = ["a@acme.com", "A@acme.com", "b@acme.com", "c@acme.com"]
        let phones = [
            "030 1234567", "+49 30 1234567", "+43 30 1234567", "40 7654321", "12", "13812345678", "+86 138 1234 5678",
            "(381) 234-5678",
        ]
        func value(_ texts: [String], _ percent: Int) -> Value {
            random.chance(percent) ? .text(random.pick(texts)) : .null
        }
        for _ in 0..<count {
            var values: [String: Value] = [:]
            values["fullname"] = value(names, 80)
            values["lastname"] = value(["Keller", "Kellner", "Meier", "Meyer", "Li"], 80)
            values["emailaddress1"] = value(mails, 10)
            values["emailaddress2"] = value(mails, 10)
            values["telephone1"] = value(phones, 40)
            values["mobilephone"] = value(phones, 30)
            values["postcode"] = value(["10115", "10117", "80331", "8"], 90)
            values["birthdate"] =
                random.chance(70) ? .date(Int32(3_000 + random.below(3) * 9 + random.below(2))) : .null
            records.append(values)
        }
        return records
    }

    @Test(arguments: 0..<UInt64(6))
    func asComparingEachWithEach(_ seed: UInt64) throws {
        let records = Self.records(seed, count: 40)
        let answer = try records.answer(Self.rules)
        #expect(answer.pairSet == records.model(Self.rules))
        #expect(answer.pairs.count == answer.pairSet.count, "every pair once")
        #expect(answer.omissions.isEmpty)
        #expect(!answer.pairs.isEmpty)
    }

    @Test(arguments: 0..<UInt64(6))
    func inAnyOrder(_ seed: UInt64) throws {
        var records = Self.records(100 + seed, count: 120)
        // A small bound, so that omissions are compared too.
        let answer = try records.answer(Self.rules, blockMax: 9)
        #expect(!answer.omissions.isEmpty)
        var random = RecurrenceRandom(seed: seed)
        for index in records.rows.indices { records.rows.swapAt(index, random.below(index + 1)) }
        #expect(try records.answer(Self.rules, blockMax: 9) == answer)
        records.rows.reverse()
        #expect(try records.answer(Self.rules, blockMax: 9) == answer)
    }

    @Test func groupsAreWhatPairsConnect() throws {
        let answer = try Self.records(3, count: 60).answer(Self.rules)
        var group: [RecordID: Int] = [:]
        for pair in answer.pairs {
            #expect(pair.first < pair.second)
            for id in [pair.first, pair.second] {
                #expect(group.updateValue(pair.group, forKey: id) ?? pair.group == pair.group)
            }
        }
        #expect(Set(answer.pairs.map(\.group)) == Set(1...answer.groupCount))
        // In order of their smallest members.
        let least = (1...answer.groupCount).map { number in group.filter { $0.value == number }.keys.min() }
        #expect(least.compactMap(\.self) == least.compactMap(\.self).sorted())
        #expect(answer.pairs.map(\.group) == answer.pairs.map(\.group).sorted())
    }

    @Test func everyReasonIsNamed() throws {
        var records = DuplicateRecords()
        let values: [String: Value] = [
            "fullname": "Anna Keller", "birthdate": .date(7), "emailaddress1": "anna@acme.com",
        ]
        records.append(values)
        records.append(values.merging(["emailaddress2": "ANNA@acme.com"]) { a, _ in a })
        let answer = try records.answer(Self.rules)
        #expect(answer.pairs.count == 1)
        #expect(answer.pairs.first?.reasons == [.init(rule: 0, alternative: 0), .init(rule: 1, alternative: 0)])
    }

    @Test func whatIsLeftOutIsSaid() throws {
        var records = DuplicateRecords()
        for _ in 0..<5 { records.append(["emailaddress1": "info@acme.com"]) }
        for _ in 0..<4 { records.append(["emailaddress1": "office@acme.com"]) }
        let answer = try records.answer(Self.rules, blockMax: 4)
        #expect(answer.pairs.count == 6)
        #expect(
            answer.omissions
                == [.init(reason: .init(rule: 0, alternative: 0), recordCount: 5, example: records.rows[0].id)]
        )
        #expect(answer.recordCount == 9)
    }

    @Test func tooManyPairsAreRefused() throws {
        for (pairsMax, isRefused) in [(6, false), (5, true)] {
            var search = DuplicateSearch([Self.rules[0]], pairsMax: pairsMax)
            for number in 0..<4 { search.append(DuplicateRecords.id(number), ["info@acme.com", .null]) }
            do throws(Refusal) {
                #expect(try search.answer().pairs.count == 6 && !isRefused)
            } catch {
                #expect(error.code == .limitExceeded && isRefused)
            }
        }
    }

    /// A pair is one, also where it is alike under several alternatives and keys.
    @Test(arguments: [6, 5]) func pairsAreCountedOnce(_ pairsMax: Int) throws {
        let mails = DuplicateRule.Condition("emailaddress1", "emailaddress2", comparison: .same)
        let rule = DuplicateRule("mail", "contact", [[mails], [mails], [mails]])
        var search = DuplicateSearch([rule], pairsMax: pairsMax)
        for number in 0..<4 { search.append(DuplicateRecords.id(number), ["info@acme.com", "office@acme.com"]) }
        do throws(Refusal) {
            let answer = try search.answer()
            #expect(pairsMax == 6 && answer.pairs.count == 6)
            let all = (0..<3).map { DuplicateAnswer.Reason(rule: 0, alternative: $0) }
            #expect(answer.pairs.allSatisfy { $0.reasons == all })
        } catch {
            #expect(error.code == .limitExceeded && pairsMax == 5)
        }
    }

    @Test func rulesHaveBounds() throws {
        let mail = [DuplicateRule.Condition("emailaddress1", comparison: .same)]
        try DuplicateRule("16", "contact", Array(repeating: mail, count: 16)).check(.standard)
        for alternatives in [Array(repeating: mail, count: 17), [Array(repeating: mail[0], count: 9)]] {
            let flaw = #expect(throws: DuplicateRule.Flaw.self) {
                try DuplicateRule("large", "contact", alternatives).check(.standard)
            }
            #expect(flaw?.rule.name == "rule-too-large")
        }
        let empty = #expect(throws: DuplicateRule.Flaw.self) {
            try DuplicateRule("", "contact", [mail, []]).check(.standard)
        }
        #expect(empty?.rule.name == "condition-missing")
    }

    @Test func inactiveRecordsCanBeLeftOut() throws {
        var rule = Self.rules[0]
        rule.leavesOutInactive = true
        for leavesOut in [false, true] {
            rule.leavesOutInactive = leavesOut
            var search = DuplicateSearch([rule])
            for number in 0..<3 {
                let row = search.attributes.map { $0 == "emailaddress1" ? Value.text("a@acme.com") : .null }
                search.append(DuplicateRecords.id(number), row, isActive: number != 1)
            }
            #expect(try search.answer().pairs.count == (leavesOut ? 1 : 3))
        }
    }

    /// Companies of the same name are others unless something else says so too; a rule that asks for the name alone is not let through.
    @Test func nameAloneIsNoEvidence() throws {
        let name = DuplicateRule.Condition("name", comparison: .sameCompany)
        let flaw = #expect(throws: DuplicateRule.Flaw.self) {
            try DuplicateRule("name", "account", [[name]]).check(.standard)
        }
        #expect(flaw?.rule.name == "name-alone")
        let rule = DuplicateRule("name and town", "account", [[name, .init("address1_city", comparison: .sameWords)]])
        try rule.check(.standard)
        var records = DuplicateRecords()
        records.append(["name": "Sunrise Ltd", "address1_city": "Leeds"])
        records.append(["name": "Sunrise Inc.", "address1_city": "Boston"])
        records.append(["name": "The Sunrise", "address1_city": "LEEDS"])
        records.append(["name": "Sunrise"])
        #expect(try records.answer([rule]).pairSet == [RecordPair(records.rows[0].id, records.rows[2].id)])
    }

    /// Through stored records and the queries of both, as the command does it.
    @Test func throughStoredRecords() throws {
        var organisation = TestOrganisation()
        try organisation.create("duplicaterule R: name=Mail | baseentityname=contact | excludeinactiverecords=yes")
        try organisation.create(
            "duplicaterulecondition C: regardingobjectid=R | baseattributename=emailaddress1, emailaddress2"
        )
        let ids = try [
            "contact A: fullname=Anna | emailaddress1=a@acme.com",
            "contact B: fullname=Anne | emailaddress2=A@acme.com",
            "contact C: fullname=Gone | emailaddress1=a@acme.com | statecode=1", "contact D: fullname=Bob",
        ].map { try organisation.create($0) }
        let view = organisation.engine.view
        func rows(_ sql: String) throws -> [[Value]] {
            try PreparedQuery(sql, schema: view.schema).execute(on: view, environment: QueryEnvironment()).rows
        }
        let listed = DuplicateRule.listed(try rows(DuplicateRule.query), try rows(DuplicateRule.conditionQuery))
        #expect(listed.map(\.name) == ["Mail"] && listed.map(\.isPublished) == [false])
        var search = DuplicateSearch(try listed.map { try $0.rule(view.schema) })
        for row in try rows(search.query(view.schema)) { search.append(row: row, view.schema) }
        let answer = try search.answer()
        #expect(answer.recordCount == 4)
        #expect(answer.pairSet == [RecordPair(ids[0], ids[1])])
    }
}
