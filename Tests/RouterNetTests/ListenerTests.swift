import Foundation
import Net
import Router
import RouterNet
import Snapshot
import Testing

/// Sockets, spool and session together; the server is not there.
@Suite(.timeLimit(.minutes(15))) struct ListenerTests {
    /// A router whose server does not exist, so that everything stays in the spool.
    private func alone() -> RouterOptions {
        var client = ClientOptions(port: 1)
        client.giveUpAfterMilliseconds = 0
        var options = RouterOptions(CarrierOptions(client: client)) {}
        options.lmtp = .tcp(host: "127.0.0.1", port: 0)
        options.smtp = .tcp(host: "127.0.0.1", port: 0)
        options.hostName = "crm.example"
        options.spool.freeBytesMin = 0
        return options
    }

    @Test func mailIsTakenWhileTheServerIsAway() async throws {
        let storage = SimulatedStorage(seed: 1)
        try await withRouter(alone(), storage) { router in
            let lmtp = try MailClient(port: router.ports[0])
            try lmtp.greet()
            let answers = try lmtp.deliver(message("1@acme.example"), to: ["a@crm.example", "b@crm.example"])
            #expect(answers.map { $0.prefix(9) } == ["250 2.0.0", "250 2.0.0"])
            let smtp = try MailClient(port: router.ports[1])
            try smtp.greet("EHLO")
            #expect(try smtp.deliver(message("2@acme.example"), to: ["a@crm.example"]).count == 1)
            #expect(router.waiting.count == 2)
        }
        // Another process finds both.
        storage.restartProcess()
        let spool = try MailSpool(storage)
        let mails = try SpoolTests.contents(spool)
        #expect(mails.map(\.mail.recipients) == [["a@crm.example", "b@crm.example"], ["a@crm.example"]])
        #expect(mails.map(\.mail.bytes) == [1, 2].map { Array((message("\($0)@acme.example") + "\r\n").utf8) })
    }

    @Test func aFullSpoolRefusesForNow() async throws {
        var options = alone()
        options.spool.countMax = 1
        try await withRouter(options) { router in
            let client = try MailClient(port: router.ports[0])
            try client.greet()
            #expect(try client.deliver(message("1@x"), to: ["a@crm.example"]).first?.hasPrefix("250 2.0.0") == true)
            let refused = try client.deliver(message("2@x"), to: ["a@crm.example", "b@crm.example"])
            #expect(refused.count == 2 && refused.allSatisfy { $0.hasPrefix("452 4.3.1") })
        }
    }

    @Test func aDiskThatFailsRefusesForNow() async throws {
        let storage = SimulatedStorage(seed: 1)
        try await withRouter(alone(), storage) { router in
            let client = try MailClient(port: router.ports[0])
            try client.greet()
            storage.injectFault(.sync, callsBefore: 0)
            #expect(try client.deliver(message("1@x"), to: ["a@crm.example"]).first?.hasPrefix("451 4.3.0") == true)
            #expect(try client.deliver(message("1@x"), to: ["a@crm.example"]).first?.hasPrefix("250 2.0.0") == true)
        }
    }

    @Test func smugglingEndsTheConnection() async throws {
        try await withRouter(alone()) { router in
            let client = try MailClient(port: router.ports[1])
            try client.greet("EHLO")
            try client.send("MAIL FROM:<>\r\nRCPT TO:<a@crm.example>\r\nDATA\r\n")
            for _ in 0..<3 { _ = client.answer() }
            try client.send("text\n.\r\n")
            #expect(client.answer()?.hasPrefix("521 5.5.2") == true)
            #expect(client.answer() == nil)
            #expect(router.waiting.count == 0)
        }
    }

    /// Who is still sending hears why it is hung up on: the socket is not closed with bytes unread.
    @Test func whoGoesOnSendingHearsTheRefusal() async throws {
        try await withRouter(alone()) { router in
            let client = try MailClient(port: router.ports[1])
            try client.greet("EHLO")
            try client.send("MAIL FROM:<>\r\nRCPT TO:<a@crm.example>\r\nDATA\r\n")
            for _ in 0..<3 { _ = client.answer() }
            try client.send(Array("text\rtext".utf8) + [UInt8](repeating: UInt8(ascii: "x"), count: 16 << 20))
            #expect(client.answer()?.hasPrefix("521 5.5.2") == true)
            #expect(client.answer() == nil)
            #expect(router.waiting.count == 0)
        }
    }

    /// Who reads no answers is not read: else a message of nothing to a thousand recipients makes memory of answers, again and again.
    @Test func whoReadsNothingIsNotRead() async throws {
        var options = alone()
        // A socket in the file system, since the system keeps little of what comes through it.
        let path = NSTemporaryDirectory() + "kith-\(UUID().uuidString.prefix(8)).sock"
        options.lmtp = .unix(path: path)
        options.smtp = nil
        try await withRouter(options) { router in
            let client = try MailClient(path: path)
            try client.greet()
            let recipients = String(repeating: "RCPT TO:<a>\r\n", count: 1_000)
            let unit = "MAIL FROM:<>\r\n\(recipients)DATA\r\n.\r\n"
            let sent = client.flood(unit, bytesMax: 4 << 20)
            #expect(sent < 4 << 20)
            // When it reads, everything goes on.
            let answers = sent / unit.utf8.count * 2_002
            #expect(answers > 0 && client.skipLines(answers) == answers)
        }
        try FileManager.default.removeItem(atPath: path)
    }

    /// Two listeners, one bound.
    @Test func connectionsOfBothProtocolsCountTogether() async throws {
        var options = alone()
        options.listen.connectionsMax = 1
        try await withRouter(options) { router in
            let first = try MailClient(port: router.ports[0])
            try first.greet()
            let second = try MailClient(port: router.ports[1])
            #expect(second.answer()?.hasPrefix("421 4.3.2") == true)
            #expect(router.listenCounts.connections == 1)
        }
    }

    @Test func tooManyConnectionsAreToldSo() async throws {
        var options = alone()
        options.listen.connectionsMax = 2
        try await withRouter(options) { router in
            let first = try MailClient(port: router.ports[0])
            let second = try MailClient(port: router.ports[0])
            try first.greet()
            try second.greet()
            let third = try MailClient(port: router.ports[0])
            #expect(third.answer()?.hasPrefix("421 4.3.2") == true)
            #expect(third.answer() == nil)
            try first.send("QUIT\r\n")
            #expect(first.answer()?.hasPrefix("221") == true)
            #expect(first.answer() == nil)
        }
    }

    @Test func memoryOfAllConnectionsIsBounded() async throws {
        var options = alone()
        options.listen.memoryBytesMax = 100_000
        try await withRouter(options) { router in
            let client = try MailClient(port: router.ports[0])
            try client.greet()
            let large = message("1@x", body: String(repeating: "x", count: 200_000))
            #expect(try client.deliver(large, to: ["a@crm.example"]).first?.hasPrefix("452 4.3.1") == true)
            #expect(try client.deliver(message("2@x"), to: ["a@crm.example"]).first?.hasPrefix("250 2.0.0") == true)
        }
    }

    @Test func whoIsSilentIsToldSo() async throws {
        var options = alone()
        options.listen.silence = .milliseconds(50)
        try await withRouter(options) { router in
            let client = try MailClient(port: router.ports[0])
            try client.greet()
            #expect(client.answer()?.hasPrefix("421 4.4.2") == true)
            #expect(client.answer() == nil)
        }
    }

    @Test func stoppingSaysSo() async throws {
        let router = try await RouterService.start(SimulatedStorage(seed: 1), alone(), logger: quiet)
        let client = try MailClient(port: router.ports[0])
        try client.greet()
        await router.stop()
        #expect(client.answer()?.hasPrefix("421 4.3.2") == true)
        #expect(client.answer() == nil)
    }

    @Test func aSocketInTheFileSystem() async throws {
        var options = alone()
        let path = NSTemporaryDirectory() + "kith-\(UUID().uuidString.prefix(8)).sock"
        options.lmtp = .unix(path: path)
        options.smtp = nil
        // The second time there is one that the first left behind.
        for _ in 0..<2 {
            try await withRouter(options) { router in
                #expect(router.ports == [0])
                let client = try MailClient(path: path)
                try client.greet()
                #expect(try client.deliver(message("1@x"), to: ["a@crm.example"]).first?.hasPrefix("250 2.0.0") == true)
                let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
                #expect(mode == 0o660)
                // Where somebody listens, nobody else does, and the first goes on.
                await #expect(throws: ServerError.self) {
                    try await RouterService.start(SimulatedStorage(seed: 2), options, logger: quiet)
                }
                #expect(try client.deliver(message("2@x"), to: ["a@crm.example"]).first?.hasPrefix("250 2.0.0") == true)
            }
        }
        try FileManager.default.removeItem(atPath: path)
        try Data().write(to: URL(fileURLWithPath: path))
        await #expect(throws: ServerError.self) {
            try await RouterService.start(SimulatedStorage(seed: 2), options, logger: quiet)
        }
        #expect(FileManager.default.fileExists(atPath: path))
        try FileManager.default.removeItem(atPath: path)
    }

    @Test func onlyLoopback() async throws {
        var options = alone()
        options.lmtp = .tcp(host: "192.0.2.1", port: 0)
        await #expect(throws: ServerError.self) {
            try await RouterService.start(SimulatedStorage(seed: 1), options, logger: quiet)
        }
    }
}
