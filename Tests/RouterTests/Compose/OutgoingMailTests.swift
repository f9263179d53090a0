import Router
import Testing

/// What messages look like, byte by byte, and what is not written.
@Suite struct OutgoingMailTests {
    private func text(_ mail: OutgoingMail) throws -> String {
        String(decoding: try mail.bytes(), as: UTF8.self).replacing("\r\n", with: "\n")
    }

    /// The lines of a message's head that a field takes.
    private func field(_ name: String, _ mail: OutgoingMail) throws -> String {
        let lines = try text(mail).split(separator: "\n", omittingEmptySubsequences: false).prefix { !$0.isEmpty }
        guard let start = lines.firstIndex(where: { $0.hasPrefix("\(name):") }) else { return "" }
        return ([lines[start]] + lines[(start + 1)...].prefix { $0.hasPrefix(" ") }).joined(separator: "\n")
    }

    @Test func aPlainMessage() throws {
        var mail = OutgoingMail.example
        mail.text = "Hello Ann,\n\nyes.\n\n-- \nSupport\n"
        #expect(
            try text(mail) == """
                Date: Sat, 28 Nov 2026 00:10:00 +0000
                From: Support <support@crm.example>
                To: ann@a.example
                Message-ID: <1.2@crm.example>
                Subject: Your question
                MIME-Version: 1.0
                Content-Type: text/plain; charset=utf-8; format=flowed
                Content-Transfer-Encoding: 7bit

                Hello Ann,

                yes.

                --\u{20}
                Support

                """
        )
    }

    @Test func everything() throws {
        var mail = OutgoingMail.example
        mail.replyTo = [MailAddress(name: "Support", address: "crm+abc@crm.example")]
        mail.cc = [MailAddress(name: "Müller, Jörg", address: "joerg@a.example")]
        mail.inReplyTo = [MessageID("2@a.example")]
        mail.references = [MessageID("1@a.example")]
        mail.text = "Grüße"
        mail.html = "<p>Grüße</p><img src=\"cid:logo@crm\">"
        mail.calendar = OutgoingMail.Calendar(method: "reply", text: "BEGIN:VCALENDAR\nMETHOD:REPLY\nEND:VCALENDAR")
        mail.attachments = [
            OutgoingMail.Attachment(fileName: "logo.png", type: "image/png", bytes: [1, 2, 3], contentID: "logo@crm"),
            OutgoingMail.Attachment(fileName: "Angebot €.pdf", type: "application/pdf", bytes: Array("%PDF".utf8)),
        ]
        mail.origin = .generated
        mail.unsubscribe = OutgoingMail.Unsubscribe(
            address: "unsubscribe+x@crm.example",
            link: "https://crm.example/u?t=x"
        )
        mail.routerName = "router-1"
        let boundaries = try text(mail).matches(of: #/boundary="([^"]+)"/#).map { String($0.output.1) }
        #expect(boundaries.count == 3 && Set(boundaries).count == 3)
        var written = try text(mail)
        for (index, boundary) in boundaries.enumerated() { written = written.replacing(boundary, with: "=_\(index)") }
        #expect(
            written == """
                Date: Sat, 28 Nov 2026 00:10:00 +0000
                From: Support <support@crm.example>
                Reply-To: Support <crm+abc@crm.example>
                To: ann@a.example
                Cc: =?utf-8?b?TcO8bGxlciwgSsO2cmc=?= <joerg@a.example>
                Message-ID: <1.2@crm.example>
                In-Reply-To: <2@a.example>
                References: <1@a.example> <2@a.example>
                Subject: Your question
                Auto-Submitted: auto-generated
                X-Auto-Response-Suppress: All
                List-Unsubscribe: <mailto:unsubscribe+x@crm.example>,
                 <https://crm.example/u?t=x>
                List-Unsubscribe-Post: List-Unsubscribe=One-Click
                X-Kith-Router: router-1
                MIME-Version: 1.0
                Content-Type: multipart/mixed; boundary="=_0"

                --=_0
                Content-Type: multipart/related;
                 boundary="=_1"; type="multipart/alternative"

                --=_1
                Content-Type: multipart/alternative;
                 boundary="=_2"

                --=_2
                Content-Type: text/plain; charset=utf-8; format=flowed
                Content-Transfer-Encoding: base64

                R3LDvMOfZQ==
                --=_2
                Content-Type: text/html; charset=utf-8
                Content-Transfer-Encoding: quoted-printable

                <p>Gr=C3=BC=C3=9Fe</p><img src=3D"cid:logo@crm">
                --=_2
                Content-Type: text/calendar; charset=utf-8; method=REPLY
                Content-Transfer-Encoding: 7bit

                BEGIN:VCALENDAR
                METHOD:REPLY
                END:VCALENDAR
                --=_2--

                --=_1
                Content-Type: image/png
                Content-Disposition: inline; filename="logo.png"
                Content-ID: <logo@crm>
                Content-Transfer-Encoding: base64

                AQID
                --=_1--

                --=_0
                Content-Type: application/pdf
                Content-Disposition: attachment; filename*=utf-8''Angebot%20%E2%82%AC.pdf
                Content-Transfer-Encoding: base64

                JVBERg==
                --=_0--

                """
        )
    }

    @Test func longSubjectsAreCutBetweenCharacters() throws {
        var mail = OutgoingMail.example
        mail.subject = String(repeating: "Grüße 👩‍👩‍👧 ", count: 8)
        let subject = try field("Subject", mail)
        let words = subject.matches(of: #/=\?utf-8\?[qb]\?[^?]*\?=/#).map { String($0.output) }
        #expect(words.count > 3)
        for word in words {
            #expect(word.utf8.count <= 75)
            // Each is whole by itself: no half of a letter, no part of a family.
            let decoded = EncodedWords.decode(word)
            #expect(!decoded.contains("\u{FFFD}") && !decoded.hasPrefix("\u{200D}") && !decoded.hasSuffix("\u{200D}"))
        }
        #expect(words.map(EncodedWords.decode).joined() == mail.subject)
        #expect(subject.split(separator: "\n").allSatisfy { $0.utf8.count <= 76 })
    }

    @Test(arguments: [
        ("Invoice 17", "Invoice 17"), ("a\r\nBcc: x", "=?utf-8?q?a__Bcc=3A_x?="), ("a\u{2028}b", "a b"),
        ("a  b", "=?utf-8?q?a__b?="), (" a", "=?utf-8?q?_a?="),
        ("=?utf-8?q?x?=", "=?utf-8?b?PT91dGYtOD9xP3g/PQ==?="), ("日本", "=?utf-8?b?5pel5pys?="),
        ("ü", "=?utf-8?b?w7w=?="),
    ])
    func subjects(_ subject: String, _ written: String) throws {
        var mail = OutgoingMail.example
        mail.subject = subject
        #expect(try field("Subject", mail) == "Subject: \(written)")
    }

    @Test(arguments: [
        ("", "a@b.example"), (" ", "a@b.example"), ("Ann Bern", "Ann Bern <a@b.example>"),
        ("Bern, Ann", "\"Bern, Ann\" <a@b.example>"), ("A \"B\" \\", "\"A \\\"B\\\" \\\\\" <a@b.example>"),
        ("Dr. Ä", "=?utf-8?b?RHIuIMOE?= <a@b.example>"), ("Dr. A", "\"Dr. A\" <a@b.example>"),
        ("Jörg", "=?utf-8?b?SsO2cmc=?= <a@b.example>"),
        ("a\r\nBcc: x", "\"a  Bcc: x\" <a@b.example>"),
        ("=?utf-8?q?x?=", "=?utf-8?b?PT91dGYtOD9xP3g/PQ==?= <a@b.example>"),
    ])
    func names(_ name: String, _ written: String) throws {
        var mail = OutgoingMail.example
        mail.from = MailAddress(name: name, address: "a@b.example")
        #expect(try field("From", mail) == "From: \(written)")
    }

    @Test func localPartsThatAreNoAtomsAreQuoted() throws {
        var mail = OutgoingMail.example
        mail.to = ["a..b@c.example", ".a@c.example", "\"a b\"@c.example"].map { MailAddress(address: $0) }
        #expect(try field("To", mail) == "To: \"a..b\"@c.example, \".a\"@c.example, \"a b\"@c.example")
    }

    @Test func manyRecipientsAreFoldedBetweenThem() throws {
        var mail = OutgoingMail.example
        mail.to = (0..<5).map { MailAddress(name: "Person \($0)", address: "person\($0)@some.example") }
        #expect(
            try field("To", mail) == """
                To: Person 0 <person0@some.example>, Person 1 <person1@some.example>,
                 Person 2 <person2@some.example>, Person 3 <person3@some.example>,
                 Person 4 <person4@some.example>
                """
        )
        (mail.to, mail.cc) = ([], [])
        #expect(try field("To", mail) == "To: undisclosed-recipients:;")
    }

    @Test(arguments: [
        (0, "Thu, 1 Jan 1970 00:00:00 +0000"), (951_782_400, "Tue, 29 Feb 2000 00:00:00 +0000"),
        (1_709_251_199, "Thu, 29 Feb 2024 23:59:59 +0000"), (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 +0000"),
    ])
    func dates(_ seconds: Int64, _ written: String) throws {
        var mail = OutgoingMail.example
        mail.dateSeconds = seconds
        #expect(try field("Date", mail) == "Date: \(written)")
    }

    @Test func longNamesOfFilesAreCutInPieces() throws {
        var mail = OutgoingMail.example
        let name = String(repeating: "Angebot für Köln ", count: 6) + ".pdf"
        mail.attachments = [OutgoingMail.Attachment(fileName: "/tmp/" + name, type: "application/pdf", bytes: [1])]
        #expect(try text(mail).contains("Content-Disposition: attachment;\n filename*0*=utf-8''Angebot%20f"))
        #expect(try MailParser().parse(mail.bytes()).attachments.map(\.fileName) == [name])
    }

    @Test func aBrokenLineIsNoSignature() throws {
        var mail = OutgoingMail.example
        mail.text = "-- \(String(repeating: "x", count: 80)) end"
        let plain = try #require(try MailParser().parse(mail.bytes()).root.first("text/plain"))
        #expect(Flowed.joined(plain).prefix(1) == [mail.text])
    }

    @Test func onlyTheContainersThatAreNeeded() throws {
        func types(_ change: (inout OutgoingMail) -> Void) throws -> [String] {
            var mail = OutgoingMail.example
            change(&mail)
            return try text(mail).matches(of: #/Content-Type: ([a-z\/\-]+)/#).map { String($0.output.1) }
        }
        let picture = OutgoingMail.Attachment(fileName: "", type: "image/png", bytes: [1], contentID: "a@b")
        let file = OutgoingMail.Attachment(fileName: "a", type: "a/b", bytes: [1])
        #expect(try types { $0.html = "<p>x" } == ["multipart/alternative", "text/plain", "text/html"])
        #expect(try types { $0.attachments = [file] } == ["multipart/mixed", "text/plain", "a/b"])
        // Without HTML nothing shows the picture, so it is a file.
        #expect(try types { $0.attachments = [picture] } == ["multipart/mixed", "text/plain", "image/png"])
        #expect(
            try types {
                $0.html = "x"
                $0.attachments = [picture]
            } == ["multipart/related", "multipart/alternative", "text/plain", "text/html", "image/png"]
        )
        for type in ["message/rfc822", "multipart/mixed", "text", "a/b; c=d", "a/b\r\nX: y", "/", "ä/b"] {
            let sent = try types { $0.attachments = [OutgoingMail.Attachment(fileName: "", type: type, bytes: [])] }
            #expect(sent == ["multipart/mixed", "text/plain", "application/octet-stream"])
        }
    }

    @Test func htmlAloneHasATextBesideIt() throws {
        var mail = OutgoingMail.example
        (mail.text, mail.html) = ("", "<p>Hello <b>Ann</b></p>")
        #expect(try MailParser().parse(mail.bytes()).text == "Hello Ann")
    }

    @Test func longListsOfReferencesKeepTheFirstAndTheNewest() throws {
        var mail = OutgoingMail.example
        mail.references =
            (0..<200).map { MessageID("\($0)@a.example") } + [MessageID("a b"), MessageID("ü"), MessageID("")]
        let read = try MailParser().parse(mail.bytes()).references
        #expect(read.count == 50)
        #expect(read.first == MessageID("0@a.example") && read[1] == MessageID("151@a.example"))
        #expect(read.last == MessageID("199@a.example"))
    }

    @Test func addressesBeyondASCIINeedTheirExtension() throws {
        var mail = OutgoingMail.example
        #expect(!mail.needsSMTPUTF8)
        mail.to = [MailAddress(name: "Jürg", address: "jürg@müller.example")]
        #expect(mail.needsSMTPUTF8)
        #expect(try field("To", mail) == "To: =?utf-8?b?SsO8cmc=?= <jürg@müller.example>")
    }
}

extension OutgoingMail {
    /// A small message, to be changed.
    static var example: OutgoingMail {
        var mail = OutgoingMail(
            messageID: MessageID("1.2@crm.example"),
            dateSeconds: 1_795_824_600,
            from: MailAddress(name: "Support", address: "support@crm.example")
        )
        mail.to = [MailAddress(address: "ann@a.example")]
        mail.subject = "Your question"
        mail.text = "Hello"
        return mail
    }
}
