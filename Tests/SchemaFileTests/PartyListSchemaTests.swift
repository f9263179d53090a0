// Lists of parties that a team declares for entities of its own.

import Engine
import SchemaFile
import Testing

@Suite struct PartyListSchemaTests {
    private static let visits = """
        entities:
          activityparty:
            attributes:
              activityid: {to: [task, phonecall, email, appointment, letter, fax, recurringappointmentmaster, campaignresponse, visit]}
              participationtypemask: {options: {12: Visitor}}
          visit:
            owner: organisation
            attributes:
              subject: {type: text, length: 100}
              visitors: {type: partylist, role: visitor}
              hosts: {type: partylist, role: 7, label: Hosts}
            primary: subject
        """

    @Test func anEntityOfATeamHasPartiesToo() throws {
        let h = SchemaHarness(.standard)
        try h.change(Self.visits)
        // Once more, and what export writes, change nothing.
        #expect(try h.apply(Self.visits).differences.isEmpty)
        let exported = SchemaDocument(h.engine.schema, entities: ["visit"])
        #expect(exported.yaml.contains("visitors: {type: partylist, role: Visitor"))
        #expect(try h.apply(exported).differences.isEmpty)
        let made = try h.run { t in
            let ann = try t.create("contact", ["fullname": "Ann"])
            try t.create("visit", ["subject": "V", "visitors": .text("\(t.schema.text(of: ann)) <a@b.c>; d@e.f")])
        }
        #expect(try h.rows("SELECT visitorsname, hosts FROM visit") == [["Ann; d@e.f", nil]])
        let parties = "SELECT activityidname, participationtypemaskname FROM activityparty WHERE partyid = ?"
        let rows = try PreparedQuery(parties, schema: h.engine.schema)
            .execute(on: h.engine.view, parameters: [.reference(made[0])]).rows
        #expect(rows == [["V", "Visitor"]])
        // Another role shows other parties; the parties themselves stay.
        let change = "entities: {visit: {attributes: {visitors: {role: Cc}}}}"
        let reply = try h.apply(change)
        #expect(reply.problems.isEmpty)
        #expect(reply.differences.map(\.change) == ["visitors: partylist, role Visitor becomes partylist, role Cc"])
        #expect(try h.rows("SELECT visitors FROM visit") == [[nil]])
        try h.change("entities: {visit: {attributes: {visitors: {delete: yes}}}}")
        #expect(try h.rows("SELECT COUNT(*) FROM activityparty") == [[2]])
        try h.checkCopies()
    }

    @Test(arguments: refused) func contradictionsAreRefused(_ change: String, _ problem: String) throws {
        let h = SchemaHarness(.standard)
        try h.change(Self.visits)
        let before = h.engine.schema
        let problems = try h.apply(change).problems.map(\.description)
        #expect(problems.contains { $0.hasPrefix(problem) }, "\(problems)")
        #expect(h.engine.schema.sameContent(as: before))
    }

    static let refused = [
        ("entities: {visit: {attributes: {more: partylist}}}", "visit.more: A party list needs a 'role'"),
        (
            "entities: {visit: {attributes: {more: {type: partylist, role: Guest}}}}",
            "visit.more: There is no option 'Guest'; there are 1 Sender, 2 To"
        ),
        (
            "entities: {visit: {attributes: {more: {type: partylist, role: 99}}}}",
            "visit.more: It lists parties in role 99, which is no option of activityparty.participationtypemask."
        ),
        (
            "entities: {visit: {attributes: {more: {type: partylist, role: Visitor}}}}",
            "visit.more: It lists the same parties as visitors."
        ),
        (
            "entities: {account: {attributes: {more: {type: partylist, role: To}}}}",
            "account.more: It lists parties, but activityparty.activityid cannot refer to account."
        ),
        (
            "entities: {visit: {attributes: {visitors: {required: yes}}}}",
            "visit.visitors: An attribute that is computed cannot be required."
        ),
        ("entities: {visit: {attributes: {visitors: {ordered: yes}}}}", "visit.visitors: Only texts of one line"),
        ("entities: {visit: {attributes: {visitors: {searched: yes}}}}", "visit.visitors: Only texts can be searched."),
        ("entities: {visit: {attributes: {visitors: {default: a}}}}", "visit.visitors: Only yes/no"),
        ("entities: {visit: {attributes: {visitors: {type: text}}}}", "visit.visitors: Its type cannot become another"),
        ("entities: {visit: {attributes: {visitors: {length: 3}}}}", "visit.visitors: 'length' says nothing about"),
        ("entities: {visit: {indexes: {who: visitors}}}", "visit.who"),
        (
            "entities: {activityparty: {attributes: {participationtypemask: {options: {12: {delete: yes}}}}}}",
            "visit.visitors: It lists parties in role 12"
        ),
        (
            "entities: {activityparty: {attributes: {ordering: {delete: yes}}}}",
            "campaignresponse.customer: It lists parties, and there is no entity activityparty"
        ),
        (
            "entities: {activityparty: {delete: yes}}",
            "campaignresponse.customer: It lists parties, and there is no entity activityparty"
        ),
        (
            """
            entities:
              activityparty:
                attributes:
                  activityid: {to: [task, phonecall, email, appointment, letter, fax, recurringappointmentmaster, campaignresponse]}
            """,
            "visit.visitors: It lists parties, but activityparty.activityid cannot refer to visit."
        ),
    ]
}
