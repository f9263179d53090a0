import CRM
import Engine
import Kith
import Net
import Router
import RouterNet
import Snapshot
import TestSupport
import Testing

/// What comes back to the signed addresses of an e-mail: answers, reports, wishes to get no more; and its mark.
@Suite(.timeLimit(.minutes(15))) struct SignedAddressTests {
    /// Sends an e-mail to a contact about a record, and runs `body` with the router, the message as it left, and the contact.
    private func withSentEmail(
        about entity: String,
        _ body: (RouterService, TestMailSystem.Mail, Database, (contact: RecordID, record: RecordID)) async throws ->
            Void
    ) async throws {
        try await withServer { server, database in
            let system = try TestMailSystem()
            defer { system.stop() }
            let contact = try await database.record(
                "contact",
                ["fullname": "Eva", "lastname": "B", "emailaddress1": "eva@acme.example"]
            )
            let name = entity == "incident" ? "title" : "subject"
            let record = try await database.record(entity, KeyValuePairs(dictionaryLiteral: (name, "Pump")))
            let email = try await database.record(
                "email",
                [
                    "subject": "Pump", "from": "ann@crm.example", "to": .text(database.schema.text(of: contact)),
                    "regardingobjectid": .reference(record),
                ]
            )
            _ = try await database.perform(SendEmail(email))
            try await withRouter(sending(server, to: system)) { router in
                try await settled(database)
                let mail = try #require(system.mails.first)
                try await body(router, mail, database, (contact, record))
            }
        }
    }

    @Test func anAnswerThatSaysNothingElseJoinsByItsAddress() async throws {
        try await withSentEmail(about: "incident") { router, mail, database, sent in
            let address = try #require(mail.field("Reply-To")?.split(separator: "<").last?.split(separator: ">").first)
            #expect(address.hasPrefix("crm+") && address.hasSuffix("@crm.example"))
            let answer = message("9@else.example", from: "eva@home.example", to: String(address), subject: "Hello")
            try await deliver([(answer, String(address))], router)
            let rows = try await database.rows("SELECT regardingobjectid FROM email WHERE messageid = '9@else.example'")
            #expect(rows.map { $0[0].record } == [sent.record])
        }
    }

    /// Many reports have neither the head of what they are about nor its recipient.
    @Test func aReportIsKnownByItsAddress() async throws {
        try await withSentEmail(about: "incident") { router, mail, database, sent in
            #expect(mail.sender.hasPrefix("bounce+"))
            let report = [
                "From: MAILER-DAEMON@mail.test", "To: \(mail.sender)", "Subject: Undelivered",
                "Message-ID: <r@mail.test>",
                "MIME-Version: 1.0", "Content-Type: multipart/report; report-type=delivery-status; boundary=b", "",
                "--b",
                "Content-Type: text/plain", "", "No.", "--b", "Content-Type: message/delivery-status", "",
                "Reporting-MTA: dns; mail.test", "", "Final-Recipient: rfc822; eva@acme.example", "Action: failed",
                "Status: 5.1.1", "Diagnostic-Code: smtp; 550 5.1.1 no such user", "", "--b--", "",
            ]
            try await deliver([(report.joined(separator: "\r\n"), mail.sender)], router)
            let rows = try await database.rows("SELECT bouncedaddress FROM contact")
            #expect(rows == [[.text("eva@acme.example")]])
            let reports = try await database.rows(
                "SELECT regardingobjectid, routingreason FROM email WHERE directioncode = false"
            )
            #expect(reports[0][0].record == sent.record)
            #expect(reports[0][1].string.contains("marked: contact/"))
            #expect(try await database.rows("SELECT count(*) FROM queueitem") == [[.integer(0)]])
        }
    }

    @Test func aWishToGetNoMoreIsObeyed() async throws {
        try await withSentEmail(about: "campaignactivity") { router, mail, database, sent in
            let field = try #require(mail.field("List-Unsubscribe"))
            let address = try #require(field.split(separator: ":").last?.split(separator: ">").first)
            #expect(address.hasPrefix("unsubscribe+"))
            // Somebody who guesses an address changes nothing.
            let forged = address.dropFirst(14)
            let guess = "unsubscribe+aa" + forged
            try await deliver([(message("8@x", to: guess, subject: "unsubscribe"), guess)], router)
            #expect(try await database.rows("SELECT donotbulkemail FROM contact") == [[.boolean(false)]])
            let wish = message("9@x", to: String(address), subject: "unsubscribe")
            try await deliver([(wish, String(address))], router)
            #expect(try await database.rows("SELECT donotbulkemail FROM contact") == [[.boolean(true)]])
            let rows = try await database.rows("SELECT regardingobjectid FROM email WHERE messageid = '9@x'")
            #expect(rows.map { $0[0].record } == [sent.record])
        }
    }

    @Test func whatComesBackAsItLeftIsALoop() async throws {
        try await withSentEmail(about: "incident") { router, mail, database, _ in
            #expect(mail.field("X-Kith-Router") == "crm.example")
            try await deliver([(mail.text, "support@crm.example")], router)
            let rows = try await database.rows("SELECT routingreason FROM email WHERE directioncode = false")
            #expect(rows[0][0].string.contains("loop: own-loop-mark"))
        }
    }
}
