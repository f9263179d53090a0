import Engine
import Kith
import Net
import Router
import RouterNet
import Snapshot
import Testing

/// What a message does in the CRM, from the socket on.
@Suite(.timeLimit(.minutes(15))) struct DeliveryTests {
    @Test func aMessageOfAStrangerWaitsInTheQueueForTheRest() async throws {
        try await withServer { server, database in
            try await withRouter(options(server)) { router in
                try await deliver([(message("1@acme.example"), "nobody@crm.example")], router)
                #expect(await router.carrierCounts.delivered == 1)
            }
            let email = try #require(
                try await database.rows(
                    """
                    SELECT subject, statuscodename, messageid, description, sender, torecipients, bccrecipients, \
                    regardingobjectid, sourcename, actualend, senton FROM email
                    """
                ).first
            )
            #expect(email[0] == .text("Printer on fire"))
            #expect(email[1] == .text("Received"))
            #expect(email[2] == .text("1@acme.example"))
            #expect(email[3] == .text("It burns.\r\n") || email[3] == .text("It burns.\n"))
            #expect(email[4] == .text("ann@acme.example"))
            #expect(email[5] == .text("support@crm.example"))
            #expect(email[6] == .text("nobody@crm.example"))
            #expect(email[7] == .null)
            #expect(email[8] == .text("message.eml"))
            #expect(email[9] == .instant(1_790_000_000_000_000))
            #expect(email[10] == .instant(1_795_687_200_000_000))
            let items = try await database.rows("SELECT queueid.name, title, objectid.subject FROM queueitem")
            #expect(items.count == 1 && items[0][0] == .text("Mail to sort"))
        }
    }

    @Test func theMessageAsItCameIsKept() async throws {
        try await withServer { server, database in
            let text = message("1@acme.example", body: ".dot\r\n" + String(repeating: "long line ", count: 500))
            try await withRouter(options(server)) { router in
                try await deliver([(text, "support@crm.example")], router)
            }
            let id = try #require(try await database.rows("SELECT activityid FROM email").first?[0].record)
            let client = try await KithClient.connect(ClientOptions(port: server.port))
            let file = try #require(try await client.file(of: id, "source"))
            var bytes: [UInt8] = []
            try await client.download(id, "source", file) { bytes += $0 }
            #expect(bytes == Array((text + "\r\n").utf8))
            await client.close()
        }
    }

    @Test func peopleAreFound() async throws {
        try await withServer { server, database in
            let account = try await database.record("account", ["name": "Acme", "emailaddress1": "info@acme.example"])
            let contact = try await database.record(
                "contact",
                ["lastname": "Berg", "emailaddress1": "Ann@Acme.example", "parentcustomerid": .reference(account)]
            )
            _ = try await database.record("contact", ["lastname": "Other", "emailaddress1": "joann@acme.example"])
            let lead = try await database.record("lead", ["lastname": "Lee", "emailaddress1": "lee@lead.example"])
            let user = try await database.record(
                "systemuser",
                ["fullname": "Uma", "internalemailaddress": "uma@crm.example"]
            )
            _ = try await database.record("account", ["name": "Free", "emailaddress1": "someone@gmail.com"])
            _ = try await database.record("account", ["name": "Registry", "emailaddress1": "hostmaster@co.uk"])
            let cases: [(from: String, party: RecordID?)] = [
                ("ann@acme.example", contact), ("lee@lead.example", lead), ("uma@crm.example", user),
                ("stranger@acme.example", account), ("stranger@sub.acme.example", account), ("stranger@gmail.com", nil),
                ("stranger@firm.co.uk", nil), ("nn@acme.example.org", nil), ("ann+tag@acme.example", contact),
            ]
            try await withRouter(options(server)) { router in
                try await deliver(
                    cases.enumerated().map {
                        (message("\($0)@x", from: $1.from, subject: "\($0)"), "support@crm.example")
                    },
                    router
                )
            }
            for (index, expected) in cases.enumerated() {
                let rows = try await database.rows(
                    """
                    SELECT partyid, addressused FROM activityparty WHERE activityid IN \
                    (SELECT activityid FROM email WHERE subject = '\(index)') AND participationtypemask = 1
                    """
                )
                #expect(rows.count == 1, "\(expected.from)")
                #expect(rows.first?[0].record == expected.party, "\(expected.from)")
                #expect(rows.first?[1] == .text(expected.from))
            }
        }
    }

    @Test func aQueueMakesCasesAndAnswersJoinThem() async throws {
        try await withServer { server, database in
            let contact = try await database.record(
                "contact",
                ["lastname": "Berg", "emailaddress1": "ann@acme.example"]
            )
            let queue = try await database.record(
                "queue",
                ["name": "Support", "emailaddress": "Support@crm.example", "createscases": .boolean(true)]
            )
            try await withRouter(options(server)) { router in
                try await deliver(
                    [
                        (message("1@acme.example"), "support@crm.example"),
                        (
                            message(
                                "2@acme.example",
                                subject: "Re: Printer on fire",
                                fields: ["In-Reply-To: <1@acme.example>"],
                                body: "Still."
                            ), "support@crm.example"
                        ),
                        // An answering machine makes no case.
                        (
                            message("3@acme.example", subject: "Away", fields: ["Auto-Submitted: auto-replied"]),
                            "support@crm.example"
                        ),
                    ],
                    router
                )
            }
            let cases = try await database.rows(
                "SELECT incidentid, title, customerid, caseorigincodename FROM incident"
            )
            #expect(cases.count == 1)
            let incident = try #require(cases.first?[0].record)
            #expect(cases[0][1] == .text("Printer on fire"))
            #expect(cases[0][2].record == contact)
            let emails = try await database.rows(
                "SELECT subject, regardingobjectid, routingreason FROM email ORDER BY activityid"
            )
            #expect(emails.map { $0[1].record } == [incident, incident, nil])
            #expect(emails.map { "\($0[2])".contains("known-identifier") } == [false, true, false])
            let items = try await database.rows("SELECT objectid, queueid FROM queueitem ORDER BY queueitemid")
            #expect(items.map { $0[1].record } == [queue, queue, queue])
            #expect(items.first?[0].record == incident)
            #expect(items.count == 3)
        }
    }

    /// What was sent before the CRM saw it is known by what names it.
    @Test func answersOfOneUnseenMessageMeet() async throws {
        try await withServer { server, database in
            _ = try await database.record(
                "queue",
                ["name": "Support", "emailaddress": "support@crm.example", "createscases": .boolean(true)]
            )
            let answer = ["In-Reply-To: <never-seen@crm.example>"]
            try await withRouter(options(server)) { router in
                try await deliver(
                    [
                        (message("a@acme.example", subject: "Re: Offer", fields: answer), "support@crm.example"),
                        (message("b@acme.example", subject: "Re: Offer", fields: answer), "support@crm.example"),
                        (
                            message("c@else.example", from: "eve@else.example", subject: "Re: Offer", fields: answer),
                            "support@crm.example"
                        ),
                    ],
                    router
                )
            }
            let emails = try await database.rows("SELECT regardingobjectid FROM email ORDER BY activityid")
            #expect(emails.count == 3)
            #expect(emails[0] == emails[1])
            #expect(emails[2] != emails[0])
        }
    }

    @Test func theSameMessageIsThereOnce() async throws {
        try await withServer { server, database in
            try await withRouter(options(server)) { router in
                let text = message("1@acme.example")
                try await deliver(
                    [
                        (text, "a@crm.example"), ("Received: by another way\r\n" + text, "a@crm.example"),
                        (message("1@acme.example", body: "other bytes"), "a@crm.example"),
                    ],
                    router
                )
                #expect(await router.carrierCounts.delivered == 2)
                #expect(await router.carrierCounts.known == 1)
            }
            #expect(try await database.rows("SELECT count(*) FROM email") == [[.integer(2)]])
            #expect(try await database.rows("SELECT count(*) FROM queueitem") == [[.integer(2)]])
        }
    }

    /// Same identifier and same text, but for people another message: both are there.
    @Test func anIdentifierThatSomebodyUsedFirstHidesNothing() async throws {
        try await withServer { server, database in
            try await withRouter(options(server)) { router in
                let messages = [
                    message("1@x"), message("1@x", from: "eve@else.example"), message("1@x", subject: "[list] Fire"),
                ]
                try await deliver(messages.map { ($0, "a@crm.example") }, router)
                #expect(await router.carrierCounts.delivered == 3)
            }
        }
    }

    /// A queue is known without a search, and so it is found among any number of others.
    @Test func theQueueIsFoundAmongManyAddresses() async throws {
        try await withServer { server, database in
            let queue = try await database.record("queue", ["name": "Support", "emailaddress": "support@crm.example"])
            let contact = try await database.record("contact", ["lastname": "B", "emailaddress1": "ann@acme.example"])
            let crowd = (0..<230).map { "p\($0)@crowd.example" }
            try await withRouter(options(server)) { router in
                let client = try MailClient(port: router.ports[0])
                try client.greet()
                let fields = crowd.prefix(150).joined(separator: ", ")
                let text = message(
                    "1@x",
                    to: fields,
                    subject: "Re: x",
                    fields: ["Cc: " + crowd.suffix(80).joined(separator: ", ")]
                )
                #expect(try client.deliver(text, to: crowd + ["support+tag@crm.example"]).count == 231)
                try await router.drained()
            }
            #expect(try await database.rows("SELECT queueid FROM queueitem").map { $0[0].record } == [queue])
            let senders = try await database.rows("SELECT partyid FROM activityparty WHERE participationtypemask = 1")
            #expect(senders.map { $0[0].record } == [contact])
        }
    }

    @Test func attachmentsAreNotes() async throws {
        try await withServer { server, database in
            let body = [
                "--b", "Content-Type: text/plain", "", "See there.", "--b", "Content-Type: text/csv; name=\"../a.csv\"",
                "Content-Disposition: attachment; filename=\"../a.csv\"", "", "1;2", "--b--", "",
            ].joined(separator: "\r\n")
            try await withRouter(options(server)) { router in
                let fields = ["MIME-Version: 1.0", "Content-Type: multipart/mixed; boundary=b"]
                try await deliver([(message("1@x", fields: fields, body: body), "support@crm.example")], router)
            }
            let notes = try await database.rows(
                "SELECT subject, filename, filesize, mimetype, documentbodyname, objectid FROM annotation"
            )
            let email = try await database.rows("SELECT activityid, attachmentcount FROM email")
            #expect(notes.count == 1 && email.first?[1] == .integer(1))
            #expect(notes[0][1] == .text("a.csv") && notes[0][3] == .text("text/csv") && notes[0][4] == .text("a.csv"))
            #expect(notes[0][5] == email[0][0])
        }
    }
}
