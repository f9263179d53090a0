import Router
import Testing

/// Random mail systems: how their answers are cut makes no difference, and each message has one result that is what they said.
@Suite struct SubmitPropertyTests {
    /// A mail system that answers at random, always the same for a seed.
    private struct Server {
        var random: SplitMix
        var output: [UInt8] = []
        var isClosed = false
        /// What it said of messages that it had whole.
        var settled: [Int] = []
        private var input = ""
        private var isContent = false

        init(seed: UInt64) {
            random = SplitMix(state: seed)
            answer(["220 a"], rare: ["554 no", "220-a\r\n220 b", "hello"])
        }

        mutating func take(_ bytes: [UInt8]) {
            input += String(decoding: bytes, as: UTF8.self)
            while !isClosed {
                if isContent {
                    guard let end = input.range(of: "\r\n.\r\n") else { return }
                    input = String(input[end.upperBound...])
                    isContent = false
                    answer(
                        ["250 2.0.0 taken", "250-a\r\n250 b", "451 later", "550 5.7.1 no"],
                        rare: ["354 x", "xyz"],
                        settles: true
                    )
                } else {
                    guard let end = input.range(of: "\r\n") else { return }
                    let line = input[..<end.lowerBound]
                    input = String(input[end.upperBound...])
                    switch line.prefix(4) {
                    case "EHLO":
                        answer(
                            ["250-a\r\n250-PIPELINING\r\n250 SIZE 500", "250 a", "250-PIPELINING\r\n250 AUTH PLAIN"],
                            rare: ["502 no", "250-"]
                        )
                    case "MAIL": answer(["250 ok"], rare: ["550 no", "451 4.0.0 later", "250 ok\n"])
                    case "RCPT":
                        answer(
                            ["250 ok", "250 2.1.5 ok", "550 5.1.1 no", "450 later", "552 many"],
                            rare: ["354 x", ""]
                        )
                    case "DATA":
                        let text = answer(["354 go"], rare: ["554 no", "250 ok"])
                        isContent = text == "354 go"
                    case "QUIT": answer(["221 bye"], rare: [])
                    default: answer(["250 ok"], rare: ["500 no"])
                    }
                }
            }
        }

        @discardableResult
        private mutating func answer(_ usual: [String], rare: [String], settles: Bool = false) -> String {
            let draw = random.next() % 60
            if draw == 0 {
                isClosed = true
                return ""
            }
            let all = draw == 1 ? ["421 4.3.2 stopping"] : draw < 5 && !rare.isEmpty ? rare : usual
            let text = all[Int(random.next() % UInt64(all.count))]
            output += Array("\(text)\r\n".utf8)
            if settles { settled.append(Int(text.prefix(3)) ?? 0) }
            return text
        }
    }

    /// All that was done, with the results.
    private func run(
        _ seed: UInt64,
        cut: () -> Int
    ) throws -> (actions: [SubmitSession.Action], submitted: [Int], server: Server) {
        var plan = SplitMix(state: seed &+ 1)
        var settings = SubmitSettings(hostName: "crm.example", tls: plan.next() % 2 == 0 ? .never : .ifOffered)
        settings.limits.pieceBytes = Int(plan.next() % 40) + 1
        settings.limits.lineBytesMax = 60
        var server = Server(seed: seed)
        var session = SubmitSession(settings)
        var actions: [SubmitSession.Action] = []
        var submitted: [Int] = []
        while true {
            while let action = session.nextAction() {
                actions.append(action)
                switch action {
                case .write(let bytes): server.take(bytes)
                case .ready where submitted.count == 4: session.quit()
                case .ready:
                    let count = Int(plan.next() % 4) + 1
                    let recipients = (0..<count).map { $0 == 2 ? "é@d.example" : "r\($0)@d.example" }
                    let text = "A: b\r\n\r\n" + String(repeating: ".x\r\n", count: Int(plan.next() % 30))
                    session.submit(try SubmitMessage(sender: "", recipients: recipients, bytes: Array(text.utf8)))
                    submitted.append(count)
                default: break
                }
            }
            if !server.output.isEmpty {
                let piece = server.output.prefix(max(1, cut()))
                server.output.removeFirst(piece.count)
                session.receive(piece)
            } else if actions.last == .close {
                return (actions, submitted, server)
            } else {
                // It says nothing more: it hung up, or it said something without an end.
                session.connectionLost()
            }
        }
    }

    @Test func anyCutGivesTheSameActions() throws {
        var accepted = 0
        var unknown = 0
        for round in 0..<3_000 as Range<UInt64> {
            var random = SplitMix(state: round)
            let whole = try run(round) { .max }
            let single = try run(round) { 1 }
            let cut = try run(round) { Int(random.next() % 9) }
            for other in [single, cut] { #expect(other.actions == whole.actions, "round \(round)") }
            let results = whole.actions.compactMap { action -> [SubmitOutcome]? in
                if case .result(let outcomes) = action { outcomes } else { nil }
            }
            #expect(results.map(\.count) == whole.submitted, "round \(round)")
            #expect(whole.actions.count { $0 == .close } == 1 && whole.actions.last == .close, "round \(round)")
            // What is accepted was said to be taken, and the other way round.
            let codes = results.compactMap { outcomes in
                outcomes.lazy.compactMap { outcome -> Int? in
                    if case .accepted(let reply) = outcome { reply.code } else { nil }
                }.first
            }
            #expect(codes == whole.server.settled.filter { $0 / 100 == 2 }, "round \(round)")
            accepted += codes.count
            unknown += results.count { $0.contains(.unknown) }
        }
        #expect(accepted > 1_000 && unknown > 50, "\(accepted) accepted, \(unknown) unknown")
    }

    /// Handed over by one state machine and taken by the other, a message is what it was.
    @Test func handedOverAndTaken() throws {
        var random = SplitMix(state: 9)
        let lines = [".", "..", ".a", "a.", "", "RSET", "QUIT", "é", "\t", " .", "..."]
        for _ in 0..<500 {
            let text =
                "A: b\r\n\r\n" + (0..<random.next() % 12).map { _ in lines[Int(random.next() % 11)] + "\r\n" }.joined()
            var settings = SubmitSettings(hostName: "crm.example", tls: .ifOffered)
            settings.limits.pieceBytes = Int(random.next() % 20) + 1
            var session = SubmitSession(settings)
            var other = MailSession(.smtp, hostName: "mail.example")
            let message = try SubmitMessage(
                sender: "a@b.example",
                recipients: ["c@d.example", "e@f.example"],
                bytes: Array(text.utf8)
            )
            var taken: [ReceivedMail] = []
            var results: [[SubmitOutcome]] = []
            var isOver = false
            var turns = 0
            while !isOver, turns < 1_000 {
                turns += 1
                while let event = other.nextEvent() {
                    switch event {
                    case .send(let bytes): session.receive(bytes)
                    case .message(let mail):
                        taken.append(mail)
                        other.settle(.stored)
                    case .close: break
                    }
                }
                while let action = session.nextAction() {
                    switch action {
                    case .write(let bytes): other.receive(bytes)
                    case .ready: if results.count < 2 { session.submit(message) } else { session.quit() }
                    case .result(let outcomes): results.append(outcomes)
                    case .failed(let failure): Issue.record("\(failure)")
                    case .startTLS: Issue.record("TLS was not offered")
                    case .close: isOver = true
                    }
                }
            }
            #expect(taken.map(\.bytes) == [message.bytes, message.bytes])
            #expect(taken.allSatisfy { $0.sender == message.sender && $0.recipients == message.recipients })
            #expect(isOver && results.count == 2)
        }
    }
}
