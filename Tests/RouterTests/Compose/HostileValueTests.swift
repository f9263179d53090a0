import Router
import Testing

/// Whatever is in a value, the message has the fields, the parts and the end that it has without it.
@Suite struct HostileValueTests {
    /// What people and programs try in values, and neighbours of it.
    static let hostile = [
        "\r\nBcc: victim@x.example", "\nBcc: victim@x.example", "\rBcc: victim@x.example", "a\r\n\r\n<script>",
        "\u{0}", "\u{B}Bcc: x", "\u{C}Bcc: x", "\u{85}Bcc: x", "\u{2028}Bcc: x", "\u{2029}Bcc: x", "\u{7F}",
        "=?utf-8?q?=0D=0ABcc:_x?=", "=?utf-8?b?DQpCY2M6IHg=?=", "?= =?utf-8?q?x?=", "\"\r\n", "\\\"", "\\", "\"",
        "a\" <x@y.example>, \"b",
        "x>, <victim@x.example>", "a, victim@x.example", "a; b: c;", "(comment", ")", "<", ">", "--=_0",
        "\r\n.\r\nMAIL FROM:<x@y.example>",
        "\n.\n", "\r.\r", "../../etc/passwd", "a/b\r\nContent-Type: text/html", "name\"; filename=\"evil.exe",
        "%0d%0aBcc: x", "\u{202E}gpj.exe",
        "''", "utf-8''x", "\u{FEFF}", "\u{200B}", String(repeating: "x", count: 1_500),
        String(repeating: "a ", count: 500),
        String(repeating: "e\u{301}", count: 300), String(repeating: "\u{301}", count: 400), "\r\n", " ", "",
    ]

    private static let plain = ["Date", "From", "To", "Message-ID", "Subject", "MIME-Version", "Content-Type"]

    private func names(_ message: MailMessage) -> [String] { message.headers.map(\.name) }

    private func read(_ mail: OutgoingMail) throws -> MailMessage {
        let bytes = try mail.bytes()
        // No line end alone, none too long: or the envelope would refuse it.
        _ = try SubmitMessage(sender: "", recipients: ["a@b.example"], bytes: bytes)
        return try MailParser().parse(bytes)
    }

    @Test(arguments: hostile)
    func textsOfTheHeadStayTexts(_ value: String) throws {
        let reference = try read(.example)
        var mail = OutgoingMail.example
        mail.subject = value
        if let message = try? read(mail) {
            #expect(names(message).filter { $0 != "Subject" } == names(reference).filter { $0 != "Subject" })
            #expect(message.subject == oneLine(value))
        }
        mail = .example
        mail.to = [MailAddress(name: value, address: "ann@a.example"), MailAddress(name: "b", address: "b@a.example")]
        if let message = try? read(mail) {
            #expect(names(message) == names(reference))
            #expect(message.to.map(\.address) == ["ann@a.example", "b@a.example"])
            #expect(message.cc.isEmpty && message.bcc.isEmpty)
        } else {
            #expect(value.utf8.count > 256)
        }
    }

    @Test(arguments: hostile)
    func whatIsForProgramsIsRefusedOrExact(_ value: String) throws {
        let reference = names(try read(.example))
        var changes: [(inout OutgoingMail) -> Void] = [
            { $0.from = MailAddress(address: value) }, { $0.to = [MailAddress(address: value)] },
            { $0.to = [MailAddress(address: value + "@a.example")] }, { $0.to = [MailAddress(address: "a@" + value)] },
            { $0.cc = [MailAddress(address: "\"\(value)\"@a.example")] },
            { $0.replyTo = [MailAddress(address: "a@b.example\(value)")] },
            { $0.messageID = MessageID(value) }, { $0.messageID = MessageID("a\(value)@b") },
            { $0.inReplyTo = [MessageID("a\(value)@b"), MessageID("c@d")] },
            { $0.references = [MessageID("a\(value)@b"), MessageID("c@d")] },
            { $0.routerName = value }, { $0.unsubscribe = .init(address: value) },
            { $0.unsubscribe = .init(address: "a@b\(value)") },
            { $0.unsubscribe = .init(link: "https://a.example/\(value)") }, { $0.unsubscribe = .init(link: value) },
        ]
        changes += [{ $0.calendar = .init(method: value, text: "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n") }]
        let added: Set = [
            "Cc", "Reply-To", "In-Reply-To", "References", "X-Kith-Router", "List-Unsubscribe", "List-Unsubscribe-Post",
        ]
        for (index, change) in changes.enumerated() {
            var mail = OutgoingMail.example
            change(&mail)
            // Refused is right as well; what is written has no field that nobody asked for, and those that were asked for once each.
            guard let message = try? read(mail) else { continue }
            let more = names(message).filter { !reference.contains($0) }
            #expect(Set(more).isSubset(of: added) && Set(more).count == more.count, "change \(index): \(more)")
            #expect(message.bcc.isEmpty && message.from.count == 1 && message.to.count == 1, "change \(index)")
        }
    }

    @Test(arguments: hostile)
    func filesAndTextsStayWhatTheyAre(_ value: String) throws {
        var mail = OutgoingMail.example
        mail.attachments = [OutgoingMail.Attachment(fileName: value, type: value, bytes: Array(value.utf8))]
        var message = try read(mail)
        #expect(message.attachments.count == 1)
        #expect(message.attachments.first?.bytes == Array(value.utf8))
        #expect(message.attachments.first?.type == "application/octet-stream")
        #expect(message.text == "Hello")
        mail.attachments[0].contentID = value
        if let message = try? read(mail) { #expect(message.attachments.map(\.contentID) == [value]) }
        mail = .example
        (mail.text, mail.html) = (value, "<p>\(value)</p>")
        mail.calendar = OutgoingMail.Calendar(method: "REQUEST", text: value)
        mail.attachments = [OutgoingMail.Attachment(fileName: "a.txt", type: "text/plain", bytes: [65])]
        message = try read(mail)
        #expect(message.attachments.map(\.fileName) == ["a.txt"])
        #expect(message.calendars.map(\.method) == ["REQUEST"])
        #expect(message.headers.count == HostileValueTests.plain.count)
    }

    /// A template puts the value where it says, and the message is as safe as with the value itself.
    @Test(arguments: hostile)
    func templatesAreNoWayAround(_ value: String) throws {
        let template = try MailTemplate("About {{title}}")
        let markup = try MailTemplate("<p title=\"{{title}}\">{{title}}</p>")
        let values = TemplateValue.record(["title": .text(value)])
        var mail = OutgoingMail.example
        mail.subject = try template.render(values, as: .text)
        mail.html = try markup.render(values, as: .html)
        let message = try read(mail)
        #expect(message.headers.count == HostileValueTests.plain.count)
        #expect(message.subject == oneLine("About \(value)"))
        #expect(
            mail.html?.utf8.count { $0 == UInt8(ascii: "<") } == 2
                && mail.html?.utf8.count { $0 == UInt8(ascii: "\"") } == 2
        )
        #expect(try template.render(.record(["title": .text("{{title}}")]), as: .text) == "About {{title}}")
    }

    /// Where the parser trims what stands at the ends of a field, so does this.
    private func oneLine(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { scalar in
                    let isControl =
                        scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || scalar.value == 0x2028
                        || scalar.value == 0x2029
                    return isControl ? " " : scalar
                }
            )
        )
    }

    /// Somebody with a long name gets mail all the same.
    @Test func aLongNameIsCutAtACharacter() throws {
        var mail = OutgoingMail.example
        mail.from = MailAddress(name: "x" + String(repeating: "é", count: 200), address: "a@b.example")
        let from = try MailParser().parse(try mail.bytes()).from
        #expect(from == [MailAddress(name: "x" + String(repeating: "é", count: 127), address: "a@b.example")])
    }

    @Test func whatIsRefusedSaysWhy() {
        func error(_ change: (inout OutgoingMail) -> Void) -> ComposeError? {
            var mail = OutgoingMail.example
            change(&mail)
            do throws(ComposeError) {
                _ = try mail.bytes()
                return nil
            } catch { return error }
        }
        let long = String(repeating: "x", count: 5 << 20)
        #expect(error { $0.from = MailAddress(address: "a") } == .invalidAddress("a"))
        #expect(error { $0.cc = [MailAddress(address: "a@b\u{2028}c")] } == .invalidAddress("a@b\u{2028}c"))
        #expect(error { $0.messageID = MessageID("a b") } == .invalidIdentifier("a b"))
        #expect(error { $0.dateSeconds = -1 } == .invalidDate(seconds: -1))
        #expect(error { $0.dateSeconds = .max } == .invalidDate(seconds: .max))
        #expect(error { $0.calendar = .init(method: "", text: "") } == .invalidMethod(""))
        #expect(error { $0.unsubscribe = .init(link: "http://a") } == .invalidLink("http://a"))
        #expect(error { $0.routerName = "a b" } == .invalidRouterName("a b"))
        #expect(error { $0.text = long } == .tooLong(.text, byteCount: 5 << 20, byteMax: 4 << 20))
        #expect(error { $0.html = long } == .tooLong(.html, byteCount: 5 << 20, byteMax: 4 << 20))
        #expect(error { $0.subject = long } == .tooLong(.subject, byteCount: 5 << 20, byteMax: 2_000))
        #expect(error { $0.to = (0..<3_000).map { MailAddress(address: "a\($0)@b.example") } } != nil)
        #expect(
            error { $0.attachments = Array(repeating: .init(fileName: "", type: "", bytes: []), count: 201) }
                == .tooManyAttachments(count: 201)
        )
        #expect(ComposeError.invalidAddress("a\r\nb" + long).description.utf8.count < 200)
        #expect(!ComposeError.invalidAddress("a\r\nb").description.contains("\n"))
    }
}
