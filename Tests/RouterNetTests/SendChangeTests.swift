import CRM
import Dispatch
import Engine
import Kith
import Net
import Router
import RouterNet
import Snapshot
import TestSupport
import Testing

/// What changes while e-mails leave, and mail systems that are difficult.
@Suite(.timeLimit(.minutes(2))) struct SendChangeTests {
    private func draft(_ database: Database, to: String, _ text: String = "old") async throws -> RecordID {
        let email = try await database.record(
            "email",
            ["subject": "Offer", "description": .text(text), "from": "ann@crm.example", "to": .text(to)]
        )
        _ = try await database.perform(SendEmail(email))
        return email
    }

    /// Runs something from a thread that may wait.
    private static func wait(_ body: @escaping @Sendable () async throws -> Void) {
        let done = DispatchSemaphore(value: 0)
        Task {
            try? await body()
            done.signal()
        }
        done.wait()
    }

    /// What is said of a recipient is of whom it was written to, whatever address they have by then.
    @Test func anAddressChangesWhileItLeaves() async throws {
        try await withServer { server, database in
            let system = try TestMailSystem()
            defer { system.stop() }
            let contact = try await database.record("contact", ["lastname": "B", "emailaddress1": "eva@acme.example"])
            _ = try await draft(database, to: "\(database.schema.text(of: contact)); ken@else.example")
            system.answer {
                $0.recipient = { address in
                    Self.wait {
                        var transaction = Transaction(database.schema)
                        try transaction.update(contact, ["emailaddress1": "eva@home.example"])
                        _ = try await database.execute(transaction)
                    }
                    return address.hasPrefix("eva") ? "550 5.1.1 no such user" : "250 2.1.5 Ok"
                }
            }
            try await withRouter(sending(server, to: system)) { _ in try await settled(database) }
            let rows = try await database.rows(
                "SELECT deliverycodename FROM activityparty WHERE participationtypemask = 2 ORDER BY activitypartyid"
            )
            #expect(rows == [[.text("Failed")], [.text("Accepted")]])
            #expect(system.mails.count == 1)
        }
    }

    /// Whoever takes an e-mail back before it is begun, and corrects it, has the corrected one sent.
    @Test func whatIsCorrectedLeavesCorrected() async throws {
        try await withServer { server, database in
            let system = try TestMailSystem()
            defer { system.stop() }
            let emails = [
                try await draft(database, to: "eva@acme.example"), try await draft(database, to: "ken@else.example"),
            ]
            // The second conversation begins when both have been read, and one has not begun.
            system.answer {
                $0.greeting = { count in
                    if count > 1 {
                        for email in emails {
                            Self.wait {
                                var transaction = Transaction(database.schema)
                                try transaction.update(
                                    email,
                                    ["statecode": 0, "statuscode": 1, "sendafter": .null, "description": "corrected"]
                                )
                                _ = try await database.execute(transaction)
                                _ = try await database.perform(SendEmail(email))
                            }
                        }
                    }
                    return "220 mail.test ESMTP"
                }
            }
            try await withRouter(sending(server, to: system)) { _ in try await settled(database) }
            let last = [
                system.mails.last { $0.recipients == ["eva@acme.example"] },
                system.mails.last { $0.recipients == ["ken@else.example"] },
            ]
            let rows = try await database.rows("SELECT description FROM email ORDER BY activityid")
            for (mail, row) in zip(last, rows) { #expect(mail?.text.contains(row[0].string) == true) }
        }
    }

    /// A mail system that takes one conversation at a time costs no attempts.
    @Test func oneConversationIsEnough() async throws {
        try await withServer { server, database in
            let system = try TestMailSystem()
            defer { system.stop() }
            system.answer { $0.greeting = { $0 > 1 ? "" : "220 mail.test ESMTP" } }
            for number in 0..<12 { _ = try await draft(database, to: "a@d\(number).example") }
            try await withRouter(sending(server, to: system)) { _ in try await settled(database) }
            #expect(system.mails.count == 12)
            #expect(try await database.rows("SELECT max(deliveryattempts) FROM email") == [[.integer(1)]])
        }
    }

    @Test func aSystemThatNeverTakesLeaveHoldsNobodyUp() async throws {
        try await withServer { server, database in
            let system = try TestMailSystem()
            defer { system.stop() }
            system.answer { $0.quit = "" }
            try await withRouter(sending(server, to: system)) { _ in
                for number in 1...3 {
                    _ = try await draft(database, to: "a@d\(number).example")
                    try await settled(database)
                }
            }
            #expect(system.mails.count == 3)
        }
    }

    /// A login that is wanted, or another sender, is no fault of the e-mails: they wait until somebody has put it right.
    @Test func whatIsWrongWithTheSenderIsWaitedFor() async throws {
        try await withServer { server, database in
            let system = try TestMailSystem()
            defer { system.stop() }
            system.answer { $0.sender = { _ in "530 5.7.0 authentication required" } }
            _ = try await draft(database, to: "eva@acme.example")
            try await withRouter(sending(server, to: system)) { router in
                try await until { await router.sendCounts.postponed > 0 }
                system.answer { $0.sender = { _ in "250 2.1.0 Ok" } }
                try await makeDue(database)
                try await settled(database)
            }
            #expect(system.mails.count == 1)
            #expect(try await database.rows("SELECT statuscodename FROM email") == [[.text("Sent")]])
        }
    }

    /// However much a domain's pace holds up, it hides nothing that may leave.
    @Test func whatIsHeldUpHidesNothing() async throws {
        try await withServer { server, database in
            let system = try TestMailSystem()
            defer { system.stop() }
            for _ in 0..<5 { _ = try await draft(database, to: "a@many.example") }
            _ = try await draft(database, to: "eva@acme.example")
            var options = sending(server, to: system)
            options.send?.limits.domainMinuteMax = 1
            options.send?.limits.dueMax = 2
            try await withRouter(options) { _ in
                try await until { system.mails.contains { $0.recipients == ["eva@acme.example"] } }
            }
        }
    }
}
