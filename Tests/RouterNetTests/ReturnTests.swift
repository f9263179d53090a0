import CRM
import Engine
import Kith
import Net
import Router
import RouterNet
import Snapshot
import TestSupport
import Testing

/// Reports that say more than "failed", and what e-mails say of others.
@Suite(.timeLimit(.minutes(15))) struct ReturnTests {
    /// A report about recipients, to a signed address.
    private func report(_ id: String, to signed: String, _ recipients: [(address: String, action: String)]) -> String {
        let fields = recipients.flatMap { address, action in
            [
                "Final-Recipient: rfc822; \(address)", "Action: \(action)",
                "Status: \(action == "failed" ? "5.1.1" : "4.4.1")", "Diagnostic-Code: smtp; said \(action)", "",
            ]
        }
        let head = [
            "From: MAILER-DAEMON@mail.test", "To: \(signed)", "Subject: Report", "Message-ID: <\(id)@mail.test>",
            "MIME-Version: 1.0", "Content-Type: multipart/report; report-type=delivery-status; boundary=b", "", "--b",
            "Content-Type: text/plain", "", "So it is.", "--b", "Content-Type: message/delivery-status", "",
            "Reporting-MTA: dns; mail.test", "",
        ]
        return (head + fields + ["--b--", ""]).joined(separator: "\r\n")
    }

    private func send(_ database: Database, to: String, _ values: KeyValuePairs<String, Value> = [:]) async throws {
        let given: [(String, Value)] = [("subject", "Offer"), ("from", "ann@crm.example"), ("to", .text(to))]
        var transaction = Transaction(database.schema)
        try transaction.createRecord("email", given + values.map { ($0.key, $0.value) })
        let email = try #require(try await database.execute(transaction).operations.first?.ids.first)
        _ = try await database.perform(SendEmail(email))
    }

    private func codes(_ database: Database) async throws -> [String] {
        try await database.rows(
            "SELECT deliverycodename FROM activityparty WHERE participationtypemask = 2 AND deliverycode IS NOT NULL ORDER BY activitypartyid"
        ).map { $0[0].string }
    }

    @Test func aDelayOpensNobodyWhoIsSettled() async throws {
        try await withServer { server, database in
            let system = try TestMailSystem()
            defer { system.stop() }
            system.answer { $0.recipient = { $0.hasPrefix("ken") ? "451 4.7.1 greylisted" : "250 2.1.5 Ok" } }
            try await send(database, to: "eva@acme.example; ken@else.example")
            try await withRouter(sending(server, to: system)) { router in
                try await until { await router.sendCounts.postponed == 1 }
                let signed = try #require(system.mails.first?.sender)
                let delayed = [(address: "eva@acme.example", action: "delayed")]
                try await deliver([(report("1", to: signed, delayed), signed)], router)
                #expect(try await codes(database) == ["Accepted", "Delayed"])
                system.answer { $0.recipient = { _ in "250 2.1.5 Ok" } }
                try await makeDue(database)
                try await settled(database)
                #expect(system.mails.map(\.recipients) == [["eva@acme.example"], ["ken@else.example"]])
                // What failed stays so, whatever comes late.
                let failed = [(address: "eva@acme.example", action: "failed")]
                try await deliver([(report("2", to: signed, failed), signed)], router)
                try await deliver([(report("3", to: signed, delayed), signed)], router)
                #expect(try await codes(database) == ["Failed", "Accepted"])
            }
        }
    }

    @Test func ofARecipientWhoIsNamedTwiceTheWorstCounts() async throws {
        try await withServer { server, database in
            let system = try TestMailSystem()
            defer { system.stop() }
            // An address may have more characters than e-mails are usually addressed to.
            let address = String(repeating: "e", count: 60) + "@" + String(repeating: "acme.", count: 20) + "example"
            let contact = try await database.record("contact", ["lastname": "B", "fullname": "Eva"])
            try await send(database, to: "x@acme.example")
            let party = try #require(
                try await database.rows("SELECT activitypartyid FROM activityparty WHERE participationtypemask = 2")[0][
                    0
                ].record
            )
            var transaction = Transaction(database.schema)
            try transaction.update(party, ["partyid": .reference(contact), "addressused": .text(address)])
            _ = try await database.execute(transaction)
            try await withRouter(sending(server, to: system)) { router in
                try await settled(database)
                let signed = try #require(system.mails.first?.sender)
                let twice = ["failed", "delayed", "failed"].map { (address: address, action: $0) }
                try await deliver([(report("1", to: signed, twice), signed)], router)
            }
            #expect(try await codes(database) == ["Failed"])
            #expect(
                try await database.rows("SELECT bouncedaddress, bouncecount FROM contact")
                    == [[.text(address), .integer(1)]]
            )
        }
    }

    /// The conversation with one is not for another, though both are about one record.
    @Test func eachHasTheirOwnConversation() async throws {
        try await withServer { server, database in
            let system = try TestMailSystem()
            defer { system.stop() }
            let account = try await database.record("account", ["name": "Acme"])
            let user = try await database.record(
                "systemuser",
                ["fullname": "Uma", "internalemailaddress": "uma@office.example"]
            )
            try await withRouter(sending(server, to: system)) { _ in
                for address in ["eva@acme.example", "ken@acme.example", "eva@acme.example"] {
                    try await send(
                        database,
                        to: address,
                        ["regardingobjectid": .reference(account), "cc": .text(database.schema.text(of: user))]
                    )
                    try await settled(database)
                }
            }
            let mails = system.mails
            #expect(mails.count == 3)
            #expect(mails.map { $0.field("References") } == [nil, nil, mails[0].field("Message-ID")])
            #expect(mails.allSatisfy { $0.field("In-Reply-To") == nil })
        }
    }

    @Test func aMailingIsNoConversation() async throws {
        try await withServer { server, database in
            let system = try TestMailSystem()
            defer { system.stop() }
            let mailing = try await database.record("campaignactivity", ["subject": "Spring"])
            try await withRouter(sending(server, to: system)) { _ in
                for address in ["eva@acme.example", "ken@else.example", "eva@acme.example"] {
                    try await send(database, to: address, ["regardingobjectid": .reference(mailing)])
                    try await settled(database)
                }
            }
            #expect(system.mails.count == 3)
            #expect(system.mails.allSatisfy { $0.field("References") == nil && $0.field("In-Reply-To") == nil })
        }
    }
}
