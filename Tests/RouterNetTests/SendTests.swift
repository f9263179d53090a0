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

/// E-mails leave by a mail system on loopback, and the CRM knows what became of them.
@Suite(.timeLimit(.minutes(15))) struct SendTests {
    /// Ann of the company, whose e-mails are sent.
    private func draft(
        _ database: Database,
        to: String = "eva@acme.example",
        _ values: [(String, Value)] = []
    ) async throws -> RecordID {
        var transaction = Transaction(database.schema)
        let given: [(String, Value)] = [
            ("subject", "Offer"), ("description", "Here it is.\nRegards"), ("from", "ann@crm.example"),
            ("to", .text(to)),
        ]
        try transaction.createRecord("email", given + values)
        return try #require(try await database.execute(transaction).operations.first?.ids.first)
    }

    private func send(_ email: RecordID, _ database: Database) async throws {
        _ = try await database.perform(SendEmail(email))
    }

    @Test func anEmailIsSent() async throws {
        try await withServer { server, database in
            let system = try TestMailSystem()
            defer { system.stop() }
            let contact = try await database.record(
                "contact",
                ["fullname": "Eva Berger", "lastname": "Berger", "emailaddress1": "eva@acme.example"]
            )
            let email = try await draft(
                database,
                to: database.schema.text(of: contact),
                [("cc", "ken@else.example"), ("bcc", "boss@crm.example")]
            )
            try await send(email, database)
            try await withRouter(sending(server, to: system)) { router in
                try await settled(database)
                try await until { await router.sendCounts == SendCounts(confirmed: 1) }
            }
            let mail = try #require(system.mails.first)
            #expect(system.mails.count == 1)
            #expect(mail.recipients == ["eva@acme.example", "ken@else.example", "boss@crm.example"])
            #expect(mail.field("From") == "ann@crm.example" || mail.field("From") == "<ann@crm.example>")
            #expect(mail.field("To") == "Eva Berger <eva@acme.example>")
            #expect(!mail.text.contains("boss"), "Bcc is of the envelope only")
            #expect(mail.text.contains("Here it is.\r\nRegards"))
            let rows = try await database.rows(
                "SELECT statuscodename, deliveryattempts, messageid, senton IS NULL, sendafter FROM email"
            )
            #expect(rows[0][0] == .text("Sent") && rows[0][1] == .integer(1) && rows[0][3] == .boolean(false))
            #expect(rows[0][4] == .null)
            #expect(mail.field("Message-ID") == "<\(rows[0][2].string)>")
            let identifiers = try await database.rows("SELECT identifier, emailid FROM emailidentifier")
            #expect(identifiers == [[rows[0][2], .reference(email)]])
        }
    }

    @Test func filesGoWithIt() async throws {
        try await withServer { server, database in
            let system = try TestMailSystem()
            defer { system.stop() }
            let email = try await draft(database)
            let client = try await KithClient.connect(ClientOptions(port: server.port))
            var isSent = false
            let content = try await client.upload(lengthBytes: 5) {
                defer { isSent = true }
                return isSent ? [] : Array("a;b;c".utf8)
            }
            let file = try FileReference(content, name: "list.csv", contentType: "text/csv")
            _ = try await database.record(
                "annotation",
                [
                    "subject": "list", "objectid": .reference(email), "isdocument": true, "filename": "list.csv",
                    "mimetype": "text/csv", "documentbody": .text(file.text),
                ]
            )
            await client.close()
            try await send(email, database)
            try await withRouter(sending(server, to: system)) { _ in try await settled(database) }
            let text = try #require(system.mails.first?.text)
            let message = try MailParser().parse(Array(text.utf8))
            #expect(message.attachments.map(\.fileName) == ["list.csv"])
            #expect(message.attachments.first?.bytes == Array("a;b;c".utf8))
        }
    }

    @Test func whatIsRefusedForNowIsTriedAgain() async throws {
        try await withServer { server, database in
            let system = try TestMailSystem()
            defer { system.stop() }
            system.answer { $0.recipient = { $0.hasPrefix("ken") ? "451 4.7.1 greylisted" : "250 2.1.5 Ok" } }
            try await send(try await draft(database, to: "eva@acme.example; ken@else.example"), database)
            try await withRouter(sending(server, to: system)) { router in
                try await until { await router.sendCounts.postponed == 1 }
                let rows = try await database.rows(
                    "SELECT statuscodename, deliveryreason, sendafter > actualend FROM email"
                )
                #expect(rows[0][0] == .text("Pending Send") && rows[0][2] == .boolean(true))
                #expect(rows[0][1].string.contains("greylisted"))
                system.answer { $0.recipient = { _ in "250 2.1.5 Ok" } }
                try await makeDue(database)
                try await settled(database)
            }
            // Whoever has it does not get it again.
            #expect(system.mails.map(\.recipients) == [["eva@acme.example"], ["ken@else.example"]])
            #expect(Set(system.mails.map { $0.field("Message-ID") }).count == 1)
            let rows = try await database.rows("SELECT statuscodename, deliveryattempts FROM email")
            #expect(rows == [[.text("Sent"), .integer(2)]])
        }
    }

    @Test func whatIsRefusedForGoodFails() async throws {
        try await withServer { server, database in
            let system = try TestMailSystem()
            defer { system.stop() }
            system.answer { $0.recipient = { _ in "550 5.1.1 no such user" } }
            try await send(try await draft(database), database)
            try await withRouter(sending(server, to: system)) { _ in try await settled(database) }
            let rows = try await database.rows("SELECT statecodename, statuscodename, deliveryreason FROM email")
            #expect(rows[0][0] == .text("Open") && rows[0][1] == .text("Failed"))
            #expect(rows[0][2].string.contains("no such user"))
            let parties = try await database.rows(
                "SELECT deliverycodename, deliveryreason FROM activityparty WHERE participationtypemask = 2"
            )
            #expect(parties[0][0] == .text("Failed") && parties[0][1].string.contains("no such user"))
        }
    }

    /// Who hangs up behind the message may have it or not: it leaves again, as the same message.
    @Test func whatWasLostBehindTheMessageLeavesAgainAsTheSame() async throws {
        try await withServer { server, database in
            let system = try TestMailSystem()
            defer { system.stop() }
            system.answer { $0.end = { _, before in before == 0 ? "" : "250 2.0.0 Queued" } }
            try await send(try await draft(database), database)
            try await withRouter(sending(server, to: system)) { router in
                try await until { await router.sendCounts.postponed == 1 }
                try await makeDue(database)
                try await settled(database)
            }
            #expect(system.endCount == 2 && system.mails.count == 1)
            let rows = try await database.rows("SELECT statuscodename, messageid FROM email")
            #expect(rows[0][0] == .text("Sent"))
            #expect(system.mails[0].field("Message-ID") == "<\(rows[0][1].string)>")
        }
    }

    /// What somebody was sending who is there no more is sent when its time is over, under the identifier that it had.
    @Test func whatAnotherWasSendingIsTakenOver() async throws {
        try await withServer { server, database in
            let system = try TestMailSystem()
            defer { system.stop() }
            let email = try await draft(database)
            try await send(email, database)
            _ = try await database.perform(BeginDelivery(email, messageID: "1@crm.example", digest: "x", until: 1))
            try await withRouter(sending(server, to: system)) { _ in try await settled(database) }
            #expect(system.mails.map { $0.field("Message-ID") } == ["<1@crm.example>"])
            #expect(try await database.rows("SELECT deliveryattempts FROM email") == [[.integer(2)]])
        }
    }

    @Test func wishesAreObeyedWhenItLeaves() async throws {
        try await withServer { server, database in
            let system = try TestMailSystem()
            defer { system.stop() }
            let contact = try await database.record("contact", ["lastname": "B", "emailaddress1": "eva@acme.example"])
            let emails = [
                try await draft(database, to: database.schema.text(of: contact)),
                try await draft(database, to: "\"no address\""),
                try await draft(database, to: "ken@else.example"),
            ]
            for email in emails { try await send(email, database) }
            var transaction = Transaction(database.schema)
            try transaction.update(contact, ["donotemail": true])
            _ = try await database.execute(transaction)
            try await withRouter(sending(server, to: system)) { _ in try await settled(database) }
            let rows = try await database.rows("SELECT statuscodename, deliveryreason FROM email ORDER BY activityid")
            #expect(rows.map { $0[0] } == [.text("Failed"), .text("Failed"), .text("Sent")])
            #expect(rows[0][1].string.contains("does not wish to get e-mails"))
            #expect(rows[1][1].string.contains("no address"))
            #expect(system.mails.map(\.recipients) == [["ken@else.example"]])
        }
    }

    /// A mail system that is away costs no attempt.
    @Test func aMailSystemThatIsAwayIsWaitedFor() async throws {
        try await withServer { server, database in
            let first = try TestMailSystem()
            first.stop()
            try await send(try await draft(database), database)
            try await withRouter(sending(server, to: first)) { _ in
                try await Task.sleep(for: .milliseconds(100))
                let rows = try await database.rows("SELECT statuscodename, deliveryattempts FROM email")
                #expect(rows == [[.text("Pending Send"), .integer(0)]])
                let system = try TestMailSystem(port: first.port)
                defer { system.stop() }
                try await settled(database)
                #expect(system.mails.count == 1)
            }
        }
    }

    @Test func manyLeaveByOneConversation() async throws {
        try await withServer { server, database in
            let system = try TestMailSystem()
            defer { system.stop() }
            for number in 0..<25 {
                try await send(try await draft(database, to: "p\(number)@d\(number % 5).example"), database)
            }
            try await withRouter(sending(server, to: system)) { _ in try await settled(database) }
            #expect(Set(system.mails.flatMap(\.recipients)).count == 25 && system.mails.count == 25)
        }
    }
}
