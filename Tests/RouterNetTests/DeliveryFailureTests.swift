import CRM
import Dispatch
import Engine
import Kith
import Logging
import Net
import Router
import RouterNet
import Snapshot
import Testing

/// What goes wrong between spool and CRM: messages that cannot be read, refusals, a server that is away.
@Suite(.timeLimit(.minutes(15))) struct DeliveryFailureTests {
    /// What cannot be read is in the queue as it came.
    @Test func whatIsRefusedByTheParserGoesInBare() async throws {
        try await withServer { server, database in
            var options = options(server)
            options.parse = { mail in
                var limits = MailLimits()
                limits.messageByteMax = 10
                return try MailDelivery(mail.mail.bytes, parser: MailParser(limits: limits))
            }
            try await withRouter(options) { router in
                try await deliver([(message("1@x"), "a@crm.example"), (message("1@x"), "a@crm.example")], router)
                #expect(await router.carrierCounts.bare == 1)
                #expect(await router.carrierCounts.known == 1)
            }
            let rows = try await database.rows("SELECT subject, routingreason, sourcesize FROM email")
            #expect(rows.count == 1 && "\(rows[0][1])".contains("not read") && rows[0][2] != .null)
            #expect(try await database.rows("SELECT queueid.name FROM queueitem") == [[.text("Mail to sort")]])
        }
    }

    /// Reading that has no end is seen, while the message's name says that it was begun.
    @Test func aParserThatStallsIsNoticed() async throws {
        try await withServer { server, database in
            let storage = SimulatedStorage(seed: 1)
            let (stalls, stalled) = AsyncStream.makeStream(of: Void.self)
            let gate = DispatchSemaphore(value: 0)
            var options = options(server)
            options.parseTimeMax = .milliseconds(20)
            options.stalled = { stalled.yield() }
            options.parse = { mail in
                gate.wait()
                return try MailDelivery(mail.mail.bytes)
            }
            try await withRouter(options, storage) { router in
                let client = try MailClient(port: router.ports[0])
                try client.greet()
                #expect(try client.deliver(message("1@x"), to: ["a@crm.example"]).count == 1)
                for await _ in stalls { break }
                #expect(try storage.list().contains("m-0000000000000001-1"))
                gate.signal()
                try await router.drained()
            }
            #expect(try await database.rows("SELECT count(*) FROM email") == [[.integer(1)]])
        }
    }

    /// Whoever has seen a received e-mail takes it out of its queue, although it is closed.
    @Test func whatWasSeenLeavesItsQueue() async throws {
        try await withServer { server, database in
            try await withRouter(options(server)) { router in
                try await deliver([(message("1@x"), "a@crm.example")], router)
            }
            let id = try #require(try await database.rows("SELECT activityid FROM email").first?[0].record)
            try await database.perform(RemoveItem(id))
            #expect(try await database.rows("SELECT count(*) FROM queueitem") == [[.integer(0)]])
        }
    }

    /// The server goes away and comes back; its mail waits.
    @Test func aServerThatIsAwayIsWaitedFor() async throws {
        let disk = SimulatedStorage(seed: 3)
        let spool = SimulatedStorage(seed: 4)
        var port = 0
        try await withServer(disk) { server, _ in port = server.port }
        var client = ClientOptions(port: port)
        client.giveUpAfterMilliseconds = 100
        var options = RouterOptions(CarrierOptions(client: client)) {}
        options.lmtp = .tcp(host: "127.0.0.1", port: 0)
        options.spool.freeBytesMin = 0
        try await withRouter(options, spool) { router in
            let mail = try MailClient(port: router.ports[0])
            try mail.greet()
            for index in 0..<3 {
                #expect(try mail.deliver(message("\(index)@x"), to: ["a@crm.example"]).first?.prefix(3) == "250")
            }
            #expect(router.waiting.count == 3)
            try await withServer(disk, port: port) { _, database in
                try await router.drained()
                #expect(try await database.rows("SELECT count(*) FROM email") == [[.integer(3)]])
            }
        }
    }

    @Test func theQueueForTheRestComesBackIntoUse() async throws {
        try await withServer { server, database in
            let queue = try await database.record("queue", ["name": "Mail to sort", "statecode": .option(1)])
            try await withRouter(options(server)) { router in
                try await deliver([(message("1@x"), "a@crm.example")], router)
                #expect(await router.carrierCounts.delivered == 1)
            }
            #expect(try await database.rows("SELECT queueid FROM queueitem").map { $0[0].record } == [queue])
        }
    }

    /// An organisation may ask more of records than the router gives: then the message goes in without them.
    @Test func whatTheServerRefusesInFullGoesInBare() async throws {
        try await withServer { server, database in
            try await require("mandatory", of: "emailidentifier", server)
            try await withRouter(options(server)) { router in
                try await deliver([(message("1@x"), "a@crm.example")], router)
                #expect(await router.carrierCounts.bare == 1)
            }
            let rows = try await database.rows("SELECT routingreason, sourcename FROM email")
            #expect(rows.count == 1 && "\(rows[0][0])".contains("refused in full"))
            #expect(rows.first?[1] == .text("message.eml"))
        }
    }

    @Test func whatTheServerRefusesEvenSoIsQuarantined() async throws {
        try await withServer { server, database in
            try await require("mandatory", of: "email", server)
            let storage = SimulatedStorage(seed: 1)
            try await withRouter(options(server), storage) { router in
                try await deliver([(message("1@x"), "a@crm.example")], router)
                #expect(await router.carrierCounts.quarantined == 1)
            }
            #expect(try await database.rows("SELECT count(*) FROM email") == [[.integer(0)]])
            let note = String(decoding: try #require(storage.contents(of: "q-0000000000000001.txt")), as: UTF8.self)
            #expect(note.contains("mandatory"))
        }
    }

    /// A file that the CRM does not take is no reason to wait: it will not take it later either.
    @Test func anAttachmentThatIsRefusedHoldsUpNothing() async throws {
        try await withServer { server, database in
            var body = AttributeDeclaration("documentbody", "file")
            body.parameters = [.maximum: ["100"]]
            var note = EntityDeclaration("annotation")
            note.attributes = [body]
            var document = SchemaDocument()
            document.entities = [note]
            let client = try await KithClient.connect(ClientOptions(port: server.port))
            let reply = try await client.change(document)
            #expect(reply.isApplied, "\(reply.problems)")
            await client.close()
            let text = [
                "--b", "Content-Type: text/csv", "Content-Disposition: attachment; filename=a.csv", "",
                String(repeating: "1;2\r\n", count: 100), "--b--", "",
            ].joined(separator: "\r\n")
            let fields = ["MIME-Version: 1.0", "Content-Type: multipart/mixed; boundary=b"]
            try await withRouter(options(server)) { router in
                try await deliver(
                    [(message("1@x", fields: fields, body: text), "a@crm.example"), (message("2@x"), "a@crm.example")],
                    router
                )
                #expect(await router.carrierCounts.bare == 1)
                #expect(await router.carrierCounts.delivered == 1)
            }
            let rows = try await database.rows("SELECT routingreason, sourcename FROM email ORDER BY activityid")
            #expect("\(rows[0][0])".contains("at most 100") && rows[0][1] == .text("message.eml"))
        }
    }

    /// What fails for every message is no fault of a message.
    @Test func aServerThatTakesNoMailIsWaitedFor() async throws {
        try await withServer { server, database in
            try await require("mandatory", of: "queue", server)
            let (logs, log) = AsyncStream.makeStream(of: String.self)
            let logger = Logger(label: "test") { _ in ReportingLogHandler { log.yield($0) } }
            try await withRouter(options(server), logger: logger) { router in
                let client = try MailClient(port: router.ports[0])
                try client.greet()
                #expect(try client.deliver(message("1@x"), to: ["a@crm.example"]).count == 1)
                for await line in logs where line == "mail waits" { break }
                #expect(router.waiting.count == 1)
                _ = try await database.record("queue", ["name": "Mail to sort", "mandatory": "given"])
                try await router.drained()
                #expect(await router.carrierCounts == CarrierCounts(delivered: 1))
            }
        }
    }

    /// Setting aside fails, or the file is gone: what is behind comes nevertheless.
    @Test func aSpoolThatFailsIsNoEnd() async throws {
        try await withServer { server, database in
            let storage = SimulatedStorage(seed: 1)
            let spool = try MailSpool(storage)
            _ = spool.store((1...4).map { SpoolTests.mail($0) })
            spool.close()
            // The first is damaged; the second is taken away while it is read.
            try [UInt8](repeating: 0, count: 40).withUnsafeBytes {
                try storage.open("m-0000000000000001-0", creating: false).write($0, at: 0)
            }
            storage.injectFault(.names, callsBefore: 0)
            var options = options(server)
            options.parse = { mail in
                if mail.receivedMicroseconds == 2 { try storage.remove("m-0000000000000002-1") }
                return try MailDelivery(mail.mail.bytes)
            }
            try await withRouter(options, storage) { router in
                try await router.drained()
                #expect(await router.carrierCounts == CarrierCounts(delivered: 2, quarantined: 1))
            }
            #expect(try storage.list().contains("q-0000000000000001"))
        }
    }

    /// A key of the organisation's own that refuses an e-mail does not make it known.
    @Test func anotherKeyIsNoSecondDelivery() async throws {
        try await withServer { server, database in
            let client = try await KithClient.connect(ClientOptions(port: server.port))
            var email = EntityDeclaration("email")
            email.keys = [KeyDeclaration("bysubject", ["subject"])]
            var document = SchemaDocument()
            document.entities = [email]
            #expect(try await client.change(document).isApplied)
            try await withRouter(options(server)) { router in
                try await deliver([(message("1@x"), "a@crm.example"), (message("2@x"), "a@crm.example")], router)
                #expect(await router.carrierCounts.delivered == 1)
                #expect(await router.carrierCounts.bare == 1)
            }
            #expect(try await database.rows("SELECT count(*) FROM email") == [[.integer(2)]])
            await client.close()
        }
    }

    private func require(_ attribute: String, of entity: String, _ server: Server) async throws {
        var declared = EntityDeclaration(entity)
        var added = AttributeDeclaration(attribute, "text")
        added.isRequired = true
        declared.attributes = [added]
        var document = SchemaDocument()
        document.entities = [declared]
        let client = try await KithClient.connect(ClientOptions(port: server.port))
        let reply = try await client.change(document)
        #expect(reply.isApplied, "\(reply.problems)")
        await client.close()
    }
}
