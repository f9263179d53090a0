import Engine
import Testing

/// Parties of activities: set with their activity, found from either end, and what deletes do to them.
@Suite struct ActivityPartyTests {
    private func rows(_ h: EngineHarness, _ sql: String, _ parameters: [Value] = []) throws -> [[Value]] {
        let view = h.engine.view
        let result = try PreparedQuery(sql, schema: view.schema).execute(on: view, parameters: parameters)
        return (0..<result.rowCount).map { row in result.columns.map { $0[row] } }
    }

    @Test func partiesAreRecords() throws {
        let h = EngineHarness(.standard)
        let reply = try h.run { transaction in
            let ann = try transaction.create("contact", ["fullname": "Ann"])
            let bob = try transaction.create("lead", ["fullname": "Bob"])
            let mail = try transaction.create("email", ["subject": "Offer"])
            let call = try transaction.create("phonecall", ["subject": "Again"])
            let parties: [(RecordID, Value, Value, Value)] = [
                (mail, "To", .reference(ann), "ann@example.com"), (mail, "To", .null, "who@example.com"),
                (mail, "Cc", .reference(bob), "bob@example.com"), (call, "Sender", .reference(ann), .null),
            ]
            for (place, party) in parties.enumerated() {
                try transaction.create(
                    "activityparty",
                    [
                        "activityid": .reference(party.0), "participationtypemask": party.1, "partyid": party.2,
                        "addressused": party.3, "ordering": .integer(Int64(place)),
                    ]
                )
            }
        }
        let (ann, mail) = (reply.operations[0].ids[0], reply.operations[2].ids[0])
        // The list of an activity, in order.
        let list = """
            SELECT participationtypemaskname, partyidname, addressused FROM activityparty WHERE activityid = ?
            ORDER BY participationtypemask, ordering
            """
        #expect(
            try rows(h, list, [.reference(mail)]) == [
                ["To", "Ann", "ann@example.com"], ["To", nil, "who@example.com"], ["Cc", "Bob", "bob@example.com"],
            ]
        )
        // All activities of a contact, whatever they are and whatever it was in them.
        let all = "SELECT activityidname FROM activityparty WHERE partyid = ? ORDER BY activityidname"
        #expect(try rows(h, all, [.reference(ann)]) == [["Again"], ["Offer"]])
        let mails = """
            SELECT subject FROM email AS e WHERE EXISTS (
                SELECT activitypartyid FROM activityparty AS p WHERE p.activityid = e.activityid AND p.partyid = ?)
            """
        #expect(try rows(h, mails, [.reference(ann)]) == [["Offer"]])
        // Who is gone leaves the address; an activity takes its parties along.
        try h.run { try $0.delete(ann) }
        #expect(try rows(h, list, [.reference(mail)])[0] == ["To", nil, "ann@example.com"])
        try h.run { try $0.delete(mail) }
        #expect(try rows(h, "SELECT COUNT(*) FROM activityparty") == [[1]])
        #expect(try h.replayed().digest == h.engine.digest)
    }
}
