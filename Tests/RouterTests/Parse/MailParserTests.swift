import Router
import Testing

@Suite struct MailParserTests {
    @Test func theHeadIsRead() throws {
        let message = try mail(
            """
            Return-Path: <>
            Delivered-To: sales@crm.example
            Received: from a by b; Mon, 2 Mar 2026 10:00:02 +0100
            Received: from c by a; Mon, 2 Mar 2026 10:00:01 +0100
            Message-ID: <one@a.example>
            In-Reply-To: <zero@crm.example>
            References: <first@crm.example>
             <zero@crm.example>
            Date: Mon, 2 Mar 2026 10:00:00 +0100
            From: =?iso-8859-1?q?J=F6rg_M=FCller?= <joerg@a.example>
            Sender: "Office, Bern" <office@a.example>
            Reply-To: joerg@private.example
            To: Sales <sales@crm.example>, friends: one@x.example, Two <two@x.example>;
            Cc: three@x.example
            Subject: =?utf-8?b?R3LDvMOf?= =?utf-8?b?ZQ==?= aus Bern

            Hello
            """
        )
        #expect(message.messageID == MessageID("one@a.example"))
        #expect(message.inReplyTo == [MessageID("zero@crm.example")])
        #expect(message.references.map(\.text) == ["first@crm.example", "zero@crm.example"])
        #expect(message.dateSeconds == 1_772_442_000)
        #expect(message.from == [MailAddress(name: "Jörg Müller", address: "joerg@a.example")])
        #expect(message.sender == [MailAddress(name: "Office, Bern", address: "office@a.example")])
        #expect(message.replyTo.map(\.address) == ["joerg@private.example"])
        #expect(message.to.map(\.address) == ["sales@crm.example", "one@x.example", "two@x.example"])
        #expect(message.to.map(\.name) == ["Sales", "", "Two"])
        #expect(message.cc.map(\.key) == ["three@x.example"])
        #expect(message.deliveredTo.map(\.domain) == ["crm.example"])
        #expect(message.returnPath == "")
        #expect(message.subject == "Grüße aus Bern")
        #expect(message.receivedCount == 2)
        #expect(message.text == "Hello")
        #expect(message.value(of: "SUBJECT")?.hasSuffix("aus Bern") == true)
        #expect(message.values(of: "received").count == 2)
        #expect(message.recipients.count == 5)
    }

    @Test func fieldsKeepTheirOrder() throws {
        let message = try mail("A: 1\nContent-Type: text/plain\nB: 2\nMime-Version: 1.0\nA: 3\n\nx")
        #expect(message.headers.map(\.name) == ["A", "Content-Type", "B", "Mime-Version", "A"])
    }

    @Test func alternativesAreOneThing() throws {
        let message = try mail(
            """
            Content-Type: multipart/mixed; boundary=out

            --out
            Content-Type: multipart/alternative; boundary=in

            --in
            Content-Type: text/plain; charset=iso-8859-1
            Content-Transfer-Encoding: quoted-printable

            Gr=FC=DFe
            --in
            Content-Type: text/html; charset=utf-8

            <p>Gr&uuml;&szlig;e <b>fett</b></p>
            --in
            Content-Type: text/calendar; method=request; charset=utf-8

            BEGIN:VCALENDAR
            END:VCALENDAR
            --in--
            --out
            Content-Type: application/pdf; name="=?utf-8?q?Angebot_=E2=82=AC.pdf?="
            Content-Disposition: attachment; filename*=utf-8''..%2FAngebot%20%E2%82%AC.pdf
            Content-Transfer-Encoding: base64

            JVBERg==
            --out
            Content-Type: message/rfc822

            Subject: inner
            Content-Type: text/plain

            inside
            --out--
            """
        )
        #expect(message.text == "Grüße")
        #expect(message.html == "<p>Grüße <b>fett</b></p>")
        #expect(message.calendars.map(\.method) == ["REQUEST"])
        #expect(message.calendars.map(\.text) == ["BEGIN:VCALENDAR\nEND:VCALENDAR"])
        #expect(message.attachments.map(\.fileName) == ["Angebot €.pdf"])
        #expect(message.attachments.map(\.bytes) == [Array("%PDF".utf8)])
        guard case .parts(let parts) = message.root.content, case .message(let inner)? = parts.last?.content else {
            Issue.record("no message inside")
            return
        }
        #expect(inner.subject == "inner")
        #expect(inner.text == "inside\n")
    }

    @Test func whatIsShownWithAPageIsNotABody() throws {
        let message = try mail(
            """
            Content-Type: multipart/related; boundary=b

            --b
            Content-Type: text/html

            <p>Look: <img src="cid:logo@a" alt="our logo"><img src="https://tracker.example/1.gif"></p>
            --b
            Content-Type: image/png
            Content-ID: <logo@a>
            Content-Transfer-Encoding: base64

            iVBORw==
            --b--
            """
        )
        #expect(message.text == "Look: our logo")
        #expect(message.html == "<p>Look: <img src=\"cid:logo@a\" alt=\"our logo\"><img></p>")
        #expect(message.attachments.map(\.contentID) == ["logo@a"])
        #expect(message.attachments.map(\.isInline) == [true])
    }

    @Test func brokenMessagesLoseNoText() throws {
        #expect(try mail("Just text, and no field\nat all").text == "Just text, and no field\nat all")
        #expect(try mail("\n\n  \nSubject: late\n\nx").subject == "late")
        #expect(try mail("Subject: a\nno empty line before this").text == "no empty line before this")
        let wrapped = try mail("Subject: a\nbroken without a blank\nFrom: x@y.example\n\ntext")
        #expect(wrapped.text == "text")
        #expect(wrapped.from.map(\.address) == ["x@y.example"])
        let unbounded = try mail("Content-Type: multipart/report\n\n--x\nUser unknown\n--x--\n")
        #expect(unbounded.text.contains("User unknown"))
        #expect(try MailParser().parse(Array("From a@b Mon Mar  2\nSubject: mbox\n\nx".utf8)).subject == "mbox")
        #expect(try MailParser().parse(Array("Subject: old\r\rx\ry".utf8)).text == "x\ny")
        #expect(try MailParser().parse(Array("Subject: nul\n\na\0b".utf8)).text == "ab")
    }

    @Test func oneLineOfAHeadStaysOne() throws {
        let message = try mail(
            "Subject: =?utf-8?q?a=0D=0ABcc:_x@y?=\nFrom: =?utf-8?q?a=0Ab?= <a@b.example>\n\nx"
        )
        #expect(message.subject == "a  Bcc: x@y")
        #expect(message.from.first?.name == "a b")
    }

    @Test func bytesAreKeptExactly() throws {
        var random = SeededRandom(11)
        let bytes = (0..<5_000).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        let message = try mail(
            """
            Content-Type: application/octet-stream; name=x
            Content-Transfer-Encoding: base64

            \(MailParserTests.base64(bytes))
            """
        )
        #expect(message.attachments.first?.bytes == bytes)
    }

    private static func base64(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        var text = ""
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let piece = bytes[start..<min(start + 3, bytes.count)]
            var bits = piece.reduce(0) { $0 << 8 | Int($1) }
            bits <<= 8 * (3 - piece.count)
            for index in 0..<4 { text.append(index <= piece.count ? alphabet[bits >> (18 - 6 * index) & 63] : "=") }
            if text.utf8.count % 61 == 60 { text += "\n" }
        }
        return text
    }

    /// Each limit refuses what is just over it, and nothing that is just under it.
    @Test func limitsAreTypedErrors() throws {
        var limits = MailLimits()
        #expect(throws: MailError.empty) { try mail("") }
        limits.messageByteMax = 20
        #expect(throws: MailError.tooLarge(byteCount: 21)) { try mail("Subject: 1234567890\n", limits: limits) }
        _ = try mail("Subject: 123456789\n", limits: limits)

        limits = MailLimits()
        limits.headByteMax = 100
        let long = String(repeating: "x", count: 100)
        #expect(throws: MailError.headTooLarge(byteCount: 111)) { try mail("Subject: \(long)\n\n", limits: limits) }
        _ = try mail("Subject: a\n\n\(long)\(long)", limits: limits)

        limits = MailLimits()
        limits.headerCountMax = 3
        #expect(throws: MailError.tooManyHeaders(count: 4)) { try mail("A: 1\nA: 1\nA: 1\nA: 1\n\n", limits: limits) }
        _ = try mail("A: 1\nA: 1\n b\nA: 1\n\nB: 1\nB: 1\n", limits: limits)

        limits = MailLimits()
        limits.partCountMax = 3
        let parts = "Content-Type: multipart/mixed; boundary=b\n\n--b\n\n1\n--b\n\n2\n"
        _ = try mail(parts + "--b--\n", limits: limits)
        #expect(throws: MailError.tooManyParts(count: 4)) { try mail(parts + "--b\n\n3\n--b--\n", limits: limits) }

        limits = MailLimits()
        limits.depthMax = 2
        let deep = (0..<4).map { "Content-Type: multipart/mixed; boundary=b\($0)\n\n--b\($0)\n" }.joined()
        #expect(throws: MailError.tooDeep(depth: 3)) { try mail(deep + "\nx\n", limits: limits) }

        limits = MailLimits()
        limits.bodyByteMax = 10
        let large = try mail("Content-Type: text/html\n\n<p>01234567890</p>", limits: limits)
        #expect(large.html == nil && large.text.isEmpty && large.attachments.count == 1)
    }

    /// What is known to cost GMime its stack, or time that grows with the square of the message.
    @Test func hostileMessagesAreRefusedBeforeTheyAreParsed() {
        let groups = String(repeating: "a:", count: 60_000)
        #expect(throws: MailError.tooManyGroups(colonCount: 60_001)) { try mail("To: \(groups)\n\nx") }
        #expect(throws: MailError.tooManyGroups(colonCount: 60_001)) {
            try mail("X: multipart/mixed\n\n--b\nreply-TO :\n \(groups)\n\nx")
        }
        let pieces = (0..<20_000).map { "name*\($0)=a" }.joined(separator: "; ")
        #expect(throws: MailError.self) { try mail("Content-Type: text/plain; \(pieces)\n\nx") }
        let opened = (0..<1_000).map { "Content-Type: multipart/mixed; boundary=b\($0)\n\n--b\($0)\n" }.joined()
        let lines = String(repeating: "--x\n", count: 50_000)
        #expect(throws: MailError.tooManyBoundaries(comparisonCount: 51_000_000)) { try mail(opened + lines) }
    }

    /// The same, in disguises that GMime sees through after the head was mended.
    @Test func disguisedFieldsAreBoundedToo() {
        let groups = String(repeating: "a:", count: 60_000)
        let blanks = String(repeating: " ", count: 50)
        for text in [
            "To\(blanks): \(groups)\n\nx", " To: \(groups)\n\nx", "\n\n To: \(groups)\n\nx",
            "Content-Type: message/rfc822\n\n\(String(repeating: "x", count: 300))\nTo: \(groups)\n\nx",
            "Content-Type: message/rfc822\n\nTo\0: \(groups)\n\nx",
            "Content-Type: message/rfc822\n\n To: \(groups)\n\nx",
        ] {
            #expect(throws: MailError.tooManyGroups(colonCount: 60_001), "\(text.prefix(60))") {
                try MailParser().parse(Array(text.utf8))
            }
        }
        let returns = Array("Subject: a\rTo: \(groups)\r\rx".utf8)
        #expect(throws: MailError.tooManyGroups(colonCount: 60_001)) { try MailParser().parse(returns) }
        let opened = (0..<1_000).map { "Content-Type: multipart /mixed; boundary=b\($0)\n\n--b\($0)\n" }.joined()
        #expect(throws: MailError.tooManyBoundaries(comparisonCount: 51_000_000)) {
            try mail(opened + String(repeating: "--x\n", count: 50_000))
        }
    }

    /// What GMime would build before anybody can count it.
    @Test func partsAndFieldsAreCountedBeforeTheyAreBuilt() {
        let head = "Content-Type: multipart/mixed; boundary=b\n\n"
        #expect(throws: MailError.tooManyParts(count: 100_001)) {
            try mail(head + String(repeating: "--b\n\n", count: 100_001))
        }
        let fields = String(repeating: "a:\n", count: 200_000)
        #expect(throws: MailError.tooManyHeaders(count: 200_001)) { try mail(head + "--b\n\(fields)\nx") }
        // Without parts, it is text.
        #expect(throws: Never.self) { try mail("Subject: a\n\n\(fields)") }
    }

    /// GMime's time for each of these grows with the square of their length; so they are refused, wherever they stand.
    @Test func subjectsOfWordsWithoutEndAreBounded() throws {
        let word = "=?a?q?x "
        #expect(throws: MailError.self) { try mail("Subject: \(String(repeating: word, count: 20_000))\n\nx") }
        let late = String(repeating: word, count: 4_000) + String(repeating: "x", count: 400_000)
        #expect(throws: MailError.self) { try mail("Subject: \(late)\n\nx") }
        let long = String(repeating: "long ", count: 40_000)
        #expect(try mail("Subject: \(long)\n\nx").subject.utf8.count == 199_999)
    }

    @Test(arguments: ["To: ", "Delivered-To: ", "Content-Type: message/rfc822\n\nCc: "])
    func listsAreBounded(_ name: String) throws {
        for piece in ["=?a?q?x ", "\"a,", "a (b,"] {
            let text = String(repeating: piece, count: (65 << 10) / piece.utf8.count)
            #expect(throws: MailError.self) { try mail("\(name)\(text)\n\nx") }
        }
        let several = String(repeating: "To: abc@b.example\n", count: 3_900)
        #expect(throws: MailError.listsTooLong(byteCount: 65_550)) { try mail("X: y\n\(several)\nx") }
        let messages = (0..<6).map { _ in "--b\n\nTo: \(String(repeating: "a@b.example, ", count: 4_900))\n\nx\n" }
        #expect(throws: MailError.self) {
            try mail("Content-Type: multipart/digest; boundary=b\n\n" + messages.joined())
        }
    }

    @Test func theBodyIsBoundedInAll() throws {
        var limits = MailLimits()
        limits.bodyByteMax = 100
        let part = "--b\nContent-Type: text/plain\n\n\(String(repeating: "x", count: 60))\n"
        let message = try mail("Content-Type: multipart/mixed; boundary=b\n\n\(part)\(part)--b--\n", limits: limits)
        #expect(message.text == String(repeating: "x", count: 60))
        #expect(message.attachments.count == 1)
        let quotes = String(repeating: "<blockquote>", count: 20) + String(repeating: "<br>", count: 10_000)
        #expect(HTMLText.text(quotes, byteMax: 1_000).utf8.count <= 1_000)
        #expect(HTMLText.text(quotes).utf8.count > 100_000)
    }

    @Test func manyIdentifiersInManyFieldsAreReadOnce() throws {
        let field = "In-Reply-To: " + (0..<40).map { "<a\($0)@x.example>" }.joined(separator: " ") + "\n"
        #expect(try mail(String(repeating: field, count: 30) + "\nx").inReplyTo.count == 40)
        let others = (0..<60).map { row in
            "In-Reply-To: " + (0..<40).map { "<\(row).\($0)@x.example>" }.joined(separator: " ") + "\n"
        }
        #expect(try mail(others.joined() + "\nx").inReplyTo.count == 1_000)
    }

    /// A field's name that made GMime's search for a boundary endless; Kith cannot even call it.
    @Test func theNameThatStopsGMimeIsHarmless() throws {
        for count in 30...80 {
            let name = String(repeating: "é", count: count)
            #expect(try mail("Content-Type: multipart/mixed; \(name)=1\n\ntext").text == "text")
        }
    }

    @Test func parallelParsesDoNotDisturbEachOther() async throws {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for task in 0..<8 {
                group.addTask {
                    for index in 0..<50 {
                        let message = try mail(
                            "Subject: =?utf-8?q?s_\(task)?=\nFrom: \(index)@x.example\n\n\(task)-\(index)"
                        )
                        guard message.text == "\(task)-\(index)", message.subject == "s \(task)" else { return false }
                    }
                    return true
                }
            }
            for try await isRight in group { #expect(isRight) }
        }
    }
}
