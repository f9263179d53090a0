import Router

/// What a mail system answers to what is sent, and what people store as templates.
enum FuzzOutgoingMail {
    /// The first byte says how the session is set and how the rest is cut. Each message has to have its result, and where no TLS begins, two
    /// cuts have to lead to the same actions: what comes in clear behind the answer to STARTTLS is found at different moments.
    static func answers(_ bytes: UnsafeRawBufferPointer) {
        guard let first = bytes.first else { return }
        let input = Array(bytes.dropFirst())
        let whole = actions(first, input, piece: max(1, input.count))
        let cut = actions(first, input, piece: Int(first >> 4) % 7 + 1)
        if !whole.contains(.startTLS), !cut.contains(.startTLS), first & 1 == 0 {
            precondition(whole == cut, "what is done depends on how the answers are cut")
        }
    }

    private static func actions(_ first: UInt8, _ input: [UInt8], piece: Int) -> [SubmitSession.Action] {
        let mechanism = SubmitCredentials.Mechanism.allCases[Int(first >> 2) % 3]
        let credentials = SubmitCredentials(user: "u", secret: "s", mechanism: first & 64 == 0 ? mechanism : nil)
        var settings = SubmitSettings(
            hostName: "crm.example",
            tls: first & 1 == 0 ? .never : .ifOffered,
            credentials: first & 2 == 0 ? nil : credentials
        )
        settings.allowsClearCredentials = true
        (settings.limits.pieceBytes, settings.limits.lineBytesMax, settings.limits.linesMax) = (9, 300, 20)
        guard
            let message = try? SubmitMessage(
                sender: "",
                recipients: ["a@b.example", "é@b.example"],
                bytes: Array("A: b\r\n\r\n.x\r\n".utf8)
            )
        else { preconditionFailure("a message that may be submitted was refused") }
        var session = SubmitSession(settings)
        var actions: [SubmitSession.Action] = []
        var (submitted, results) = (0, 0)
        func follow() {
            while let action = session.nextAction() {
                actions.append(action)
                switch action {
                case .ready where submitted == 3: session.quit()
                case .ready:
                    submitted += 1
                    session.submit(message)
                case .startTLS: session.tlsStarted()
                case .result(let outcomes):
                    precondition(outcomes.count == 2, "a recipient without an outcome")
                    results += 1
                case .write, .failed, .close: break
                }
            }
        }
        var rest = input[...]
        follow()
        while !rest.isEmpty {
            session.receive(rest.prefix(piece))
            rest = rest.dropFirst(piece)
            follow()
        }
        session.connectionLost()
        follow()
        precondition(results == submitted && actions.last == .close, "a message without a result")
        return actions
    }

    /// A template or an error; filled in, it ends.
    static func templates(_ bytes: UnsafeRawBufferPointer) {
        guard let template = try? MailTemplate(String(decoding: bytes, as: UTF8.self)) else { return }
        let values = TemplateValue.record([
            "a": .list([.text("<1>"), .record(["b": .text("2")])]), "b": .flag(true), "title": .text("x"),
        ])
        _ = try? template.render(values, as: .html)
        _ = try? template.render(values, as: .text)
    }

    static let dialogues: [[UInt8]] = [
        "\0220 a\r\n250-a\r\n250-PIPELINING\r\n250-SMTPUTF8\r\n250 SIZE 100\r\n250 ok\r\n250 2.1.5 ok\r\n550 5.1.1 no\r\n354 go\r\n250 2.0.0 taken\r\n",
        "\u{3}220 a\r\n250-a\r\n250-AUTH PLAIN LOGIN XOAUTH2\r\n250 STARTTLS\r\n454 no\r\n235 ok\r\n250 ok\r\n450 no\r\n250 ok\r\n",
        "\u{A}220-a\r\n220 b\r\n250-a\r\n250 AUTH XOAUTH2\r\n334 eyJ9\r\n535 5.7.8 no\r\n",
        "\u{6}220 a\r\n250-a\r\n250 AUTH LOGIN\r\n334 x\r\n334 y\r\n235 z\r\n421 bye\r\n",
        "\u{1}220 a\r\n502 what\r\n250 a\r\n550 no\r\n250 ok\r\n",
    ].map { Array($0.utf8) }

    static let templates: [[UInt8]] = [
        "Dear {{contact.name}},\n{{#a}}\n- {{b}}{{.}}\n{{/a}}\n{{^b}}x{{/b}}{{! y }}{{{title}}}{{&title}}",
        "{{#a}}{{#a}}{{.}}{{/a}}{{/a}}",
    ].map { Array($0.utf8) }
}
