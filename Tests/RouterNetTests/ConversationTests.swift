import CRM
import Engine
import Foundation
import Kith
import Net
import Router
import RouterNet
import Snapshot
import TestSupport
import Testing

/// Mail that comes in and mail that goes out, together: a case, its acknowledgement, answers, reports that come back, storms.
@Suite(.timeLimit(.minutes(15))) struct ConversationTests {
    private func supportQueue(_ database: Database) async throws -> RecordID {
        try await database.record(
            "queue",
            [
                "name": "Support", "emailaddress": "support@crm.example", "createscases": true,
                "acknowledgementsubject": "[{{ticketnumber}}] {{title}}",
                "acknowledgement": "{{#customer}}Dear {{customer}},\n{{/customer}}we have it as {{ticketnumber}}.",
            ]
        )
    }

    @Test func aConversationStaysTogether() async throws {
        try await withServer { server, database in
            let system = try TestMailSystem()
            defer { system.stop() }
            _ = try await supportQueue(database)
            let contact = try await database.record(
                "contact",
                ["fullname": "Ann Berg", "lastname": "Berg", "emailaddress1": "ann@acme.example"]
            )
            try await withRouter(sending(server, to: system)) { router in
                try await deliver([(message("1@acme.example"), "support@crm.example")], router)
                try await settled(database)
                // The acknowledgement has the number of the case.
                let incident = try #require(
                    try await database.rows("SELECT incidentid, ticketnumber, customerid FROM incident").first
                )
                #expect(incident[2].record == contact)
                let acknowledgement = try #require(system.mails.first)
                #expect(acknowledgement.recipients == ["ann@acme.example"])
                #expect(acknowledgement.sender.isEmpty, "nobody answers it")
                #expect(acknowledgement.field("Subject") == "[\(incident[1].string)] Printer on fire")
                #expect(acknowledgement.text.contains("Dear Ann Berg,\r\nwe have it as \(incident[1].string)."))
                #expect(acknowledgement.field("Auto-Submitted") == "auto-replied")
                #expect(acknowledgement.field("In-Reply-To") == "<1@acme.example>")
                // The customer answers with a program that keeps nothing but In-Reply-To, and with another subject.
                let id = try #require(acknowledgement.field("Message-ID"))
                let answer = message("2@acme.example", subject: "One more thing", fields: ["In-Reply-To: \(id)"])
                try await deliver([(answer, "support@crm.example")], router)
                #expect(try await database.rows("SELECT count(*) FROM incident") == [[.integer(1)]])
                // The agent answers.
                let email = try await database.record(
                    "email",
                    [
                        "subject": "Re: Printer on fire", "description": "Pull the plug.", "from": "uma@crm.example",
                        "to": .text(database.schema.text(of: contact)), "regardingobjectid": incident[0],
                    ]
                )
                _ = try await database.perform(SendEmail(email))
                try await settled(database)
                let reply = try #require(system.mails.last)
                #expect(system.mails.count == 2)
                #expect(reply.field("In-Reply-To") == "<2@acme.example>")
                #expect(reply.field("References")?.contains("<1@acme.example>") == true)
                let rows = try await database.rows(
                    "SELECT statuscodename, regardingobjectid FROM email ORDER BY activityid"
                )
                #expect(rows.map { $0[0].string } == ["Received", "Sent", "Received", "Sent"])
                #expect(rows.allSatisfy { $0[1] == incident[0] })
            }
        }
    }

    private func report(of id: String, _ address: String, status: String, _ words: String) -> String {
        [
            "From: MAILER-DAEMON@mail.test", "To: bounce@crm.example", "Subject: Undelivered Mail",
            "Message-ID: <\(status)-\(address.count)-\(id.count)@mail.test>", "Date: Thu, 26 Nov 2026 11:00:00 +0000",
            "Auto-Submitted: auto-replied", "MIME-Version: 1.0",
            "Content-Type: multipart/report; report-type=delivery-status; boundary=b", "", "--b",
            "Content-Type: text/plain", "", "It did not arrive.", "--b", "Content-Type: message/delivery-status", "",
            "Reporting-MTA: dns; mail.test", "", "Final-Recipient: rfc822; \(address)", "Action: failed",
            "Status: \(status)", "Diagnostic-Code: smtp; \(words)", "", "--b", "Content-Type: text/rfc822-headers", "",
            "From: ann@crm.example", "To: \(address)", "Subject: Offer", "Message-ID: <\(id)>", "", "--b--", "",
        ].joined(separator: "\r\n")
    }

    @Test func aReportMarksTheAddress() async throws {
        try await withServer { server, database in
            let system = try TestMailSystem()
            defer { system.stop() }
            let contact = try await database.record(
                "contact",
                ["fullname": "Eva", "lastname": "B", "emailaddress1": "Eva@acme.example"]
            )
            let values: KeyValuePairs<String, Value> = [
                "subject": "Offer", "from": "ann@crm.example", "to": .text(database.schema.text(of: contact)),
                "regardingobjectid": .reference(contact),
            ]
            let email = try await database.record("email", values)
            _ = try await database.perform(SendEmail(email))
            try await withRouter(sending(server, to: system)) { router in
                try await settled(database)
                let id = try await database.rows("SELECT messageid FROM email")[0][0].string
                let signed = try #require(system.mails.first?.sender)
                // One of somebody who guesses marks nobody.
                let forged = report(of: "guess@crm.example", "eva@acme.example", status: "5.1.1", "550 unknown user")
                try await deliver([(forged, "support@crm.example")], router)
                #expect(try await marks(database) == [[.null, .null]])
                // Nor does one of somebody who has got the e-mail, and knows its Message-ID.
                let known = report(of: id, "eva@acme.example", status: "5.7.1", "550 known")
                try await deliver([(known, "support@crm.example")], router)
                #expect(try await marks(database) == [[.null, .null]])
                let soft = report(of: id, "eva@acme.example", status: "4.2.2", "452 mailbox full")
                try await deliver([(soft, signed)], router)
                #expect(try await marks(database) == [[.null, .integer(1)]])
                let hard = report(of: id, "eva@acme.example", status: "5.1.1", "550 5.1.1 unknown user")
                try await deliver([(hard, signed)], router)
                #expect(try await marks(database) == [[.text("Eva@acme.example"), .integer(2)]])
                let rows = try await database.rows(
                    "SELECT statecodename, statuscodename, deliveryreason FROM email WHERE directioncode = true"
                )
                #expect(rows[0][0] == .text("Open") && rows[0][1] == .text("Failed"))
                #expect(rows[0][2].string.contains("unknown user"))
                // The report stands with what it is about.
                let reports = try await database.rows(
                    "SELECT regardingobjectid FROM email WHERE directioncode = false ORDER BY activityid"
                )
                #expect(reports.map { $0[0].record } == [nil, contact, contact, contact])
            }
            // Nothing is sent there, until the contact has another address.
            let refusal = await #expect(throws: Refusal.self) { _ = try await database.perform(SendEmail(email)) }
            #expect(refusal?.rule == "returned")
            var transaction = Transaction(database.schema)
            try transaction.update(contact, ["emailaddress1": "eva@home.example"])
            _ = try await database.execute(transaction)
            _ = try await database.perform(SendEmail(email))
        }
    }

    private func marks(_ database: Database) async throws -> [[Value]] {
        try await database.rows("SELECT bouncedaddress, bouncecount FROM contact")
    }

    /// Two routers, each with a queue that acknowledges whatever comes, and none of them marks what it sends: the limits end it.
    @Test func aStormBetweenTwoRoutersStops() async throws {
        try await withServer { server, database in
            let system = try TestMailSystem()
            defer { system.stop() }
            _ = try await supportQueue(database)
            var options = sending(server, to: system)
            options.carrier.storms.acknowledgementsToSender = 3
            options.carrier.storms.casesOfSender = 5
            try await withRouter(options) { router in
                // The other side answers each acknowledgement with a message of its own that names nothing and says nothing of a program.
                var answered = 0
                try await deliver(
                    [(message("0@robot.example", from: "desk@robot.example"), "support@crm.example")],
                    router
                )
                for _ in 0..<20 {
                    try await settled(database)
                    let count = system.mails.count
                    if count == answered { break }
                    let answers = (answered..<count).map { number in
                        (
                            message(
                                "\(number + 1)@robot.example",
                                from: "desk@robot.example",
                                subject: "Ticket \(number)"
                            ), "support@crm.example"
                        )
                    }
                    answered = count
                    try await deliver(answers, router)
                }
                #expect(system.mails.count == 3)
                #expect(try await database.rows("SELECT count(*) FROM incident") == [[.integer(4)]])
                // Beyond the limit of cases nothing is lost.
                let flood = (100..<110).map { number in
                    (
                        message("\(number)@robot.example", from: "desk@robot.example", subject: "Flood \(number)"),
                        "support@crm.example"
                    )
                }
                try await deliver(flood, router)
                try await settled(database)
                #expect(system.mails.count == 3)
                #expect(try await database.rows("SELECT count(*) FROM incident") == [[.integer(5)]])
                let waiting = try await database.rows(
                    "SELECT count(*) FROM queueitem WHERE queueid.name = 'Support' AND objectid.subject LIKE 'Flood%'"
                )
                #expect(waiting == [[.integer(9)]])
                let reasons = try await database.rows("SELECT routingreason FROM email WHERE subject = 'Flood 109'")
                #expect(reasons[0][0].string.contains("has opened 5 cases within an hour"))
            }
        }
    }

    /// Answering machines, lists and reports are told nothing.
    @Test func onlyPeopleAreTold() async throws {
        try await withServer { server, database in
            let system = try TestMailSystem()
            defer { system.stop() }
            _ = try await supportQueue(database)
            try await withRouter(sending(server, to: system)) { router in
                let messages = [
                    message("1@x", fields: ["Auto-Submitted: auto-replied"]),
                    message("2@x", fields: ["List-Id: <l.x>"]),
                    message("3@x", from: "noreply@acme.example"), message("4@x", fields: ["Precedence: bulk"]),
                    message("5@x", from: "support@crm.example"),
                ]
                try await deliver(messages.map { ($0, "support@crm.example") }, router)
                let client = try MailClient(port: router.ports[0])
                try client.greet()
                #expect(try client.deliver(message("6@x"), from: "", to: ["support@crm.example"]).count == 1)
                try await router.drained()
                try await settled(database)
            }
            #expect(system.mails.isEmpty)
        }
    }
}
