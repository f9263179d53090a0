// Mail inside mail: what is unwrapped, exactly the bytes that stood there, and what is left alone.

import Router
import Testing

@Suite struct UnwrapTests {
    private static let inner = """
        From: Ann <ann@customer.example>\r
        To: support@crm.example\r
        Message-ID: <1@customer.example>\r
        Date: Mon, 2 Nov 2026 10:00:00 +0000\r
        Subject: Printer\r
        \r
        It is on fire.\r
        .dot and --boundary-like lines stay\r

        """

    private static func outer(
        _ head: String,
        text: String = "",
        inner: String = UnwrapTests.inner,
        boundary: String = "\"b;1\"",
        mark: String = "b;1",
        innerHead: String = "Content-Type: message/rfc822",
        end: String = "\r\n"
    ) -> [UInt8] {
        Array(
            (head + "From: journal@exchange.example\r\nMessage-ID: <o@exchange.example>\r\nMIME-Version: 1.0\r\n"
                + "Content-Type: multipart/mixed; charset=x; Boundary=\(boundary)\r\n\r\npreamble\r\n--\(mark)\r\n"
                + "Content-Type: text/plain; charset=us-ascii\r\n\r\n\(text)\r\n--\(mark) \r\n\(innerHead)\r\n\r\n\(inner)\(end)--\(mark)--\r\nepilogue\r\n")
                .utf8
        )
    }

    private static let journal = """
        Sender: ann@customer.example\r
        Subject: Printer\r
        Message-ID: <1@customer.example>\r
        To: bob@crm.example, Expanded: support@crm.example\r
        Cc: "Carla, C." <carla@crm.example>\r
        Bcc: dora@crm.example, Forwarded: dan@crm.example\r
        Recipient: <BOB@crm.example>\r
        On-Behalf-Of: nobody@crm.example\r
        To: not an address\r

        """

    private func delivered(_ bytes: [UInt8], to recipient: String = "wrapped+x@crm.example") throws -> MailDelivery {
        try MailDelivery(
            bytes,
            recipients: [MailAddress(address: recipient)],
            unwrapping: ["wrapped@crm.example"]
        )
    }

    private func subject(_ bytes: [UInt8], to recipient: String = "Wrapped@CRM.example") throws -> String {
        try delivered(bytes, to: recipient).message.subject
    }

    @Test func aJournalReportIsTheMessageWithItsEnvelope() throws {
        let delivery = try delivered(Self.outer("X-MS-Journal-Report: \r\n", text: Self.journal))
        #expect(delivery.message.messageID?.text == "1@customer.example")
        #expect(
            delivery.recipients.map(\.address) == ["bob@crm.example", "carla@crm.example", "dora@crm.example"]
        )
        // Whatever way it came, it is the same message.
        let direct = try MailDelivery(Array(Self.inner.utf8), recipients: [])
        #expect(delivery.fingerprint == direct.fingerprint)
        let other = try delivered(Self.outer("X-MS-Journal-Report: \r\n", text: "To: eve@crm.example"))
        #expect(other.fingerprint == direct.fingerprint && other.recipients.map(\.address) == ["eve@crm.example"])
    }

    @Test func aForwardedMessageIsTheMessage() throws {
        for end in ["\r\n", ""] {
            let delivery = try delivered(Self.outer("", text: "See below", end: end))
            #expect(delivery.message.from.map(\.address) == ["ann@customer.example"] && delivery.recipients.isEmpty)
            #expect(delivery.fingerprint == (try MailDelivery(Array(Self.inner.utf8), recipients: [])).fingerprint)
        }
    }

    @Test func theBytesAreThoseThatStoodThere() throws {
        let bytes = Self.outer(
            "",
            boundary: "simple",
            mark: "simple",
            innerHead: "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 8BIT"
        )
        let wrapped = try #require(WrappedMail(in: try MailParser().parse(bytes), bytes))
        #expect(wrapped.bytes == Array(Self.inner.utf8) && wrapped.wrapping == .forwarded)
    }

    @Test func whatIsNotUnwrappedStays() throws {
        let head = "Subject: Outer\r\n"
        // To another address; a report that nobody asked to unwrap; no message inside; two; one that was encoded.
        #expect(try subject(Self.outer(head), to: "support@crm.example") == "Outer")
        #expect(try subject(Self.outer(head, innerHead: "Content-Type: text/plain")) == "Outer")
        #expect(
            try subject(
                Self.outer(
                    head,
                    innerHead: "Content-Type: message/rfc822",
                    end: "\r\n--b;1\r\nContent-Type: message/rfc822\r\n\r\nSubject: Second\r\n\r\nText\r\n"
                )
            ) == "Outer"
        )
        #expect(
            try subject(
                Self.outer(head, innerHead: "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64")
            ) == "Outer"
        )
        #expect(try subject(Array("Subject: Outer\r\n\r\nText\r\n".utf8)) == "Outer")
        // Also to somebody else: it is a message to them, too.
        let both = [MailAddress(address: "wrapped@crm.example"), MailAddress(address: "support@crm.example")]
        let delivery = try MailDelivery(Self.outer(head), recipients: both, unwrapping: ["wrapped@crm.example"])
        #expect(delivery.message.subject == "Outer" && delivery.recipients == both)
        // A report of delivery.
        let report = String(decoding: Self.outer(head), as: UTF8.self)
            .replacing("multipart/mixed;", with: "multipart/report; report-type=delivery-status;")
        #expect(try subject(Array(report.utf8)) == "Outer")
        // One level: what is inside is a message as any other.
        let twice = Self.outer(
            head,
            inner: String(decoding: Self.outer("Subject: Inner\r\n", boundary: "c", mark: "c"), as: UTF8.self)
        )
        #expect(try subject(twice) == "Inner")
    }

    @Test func parametersAreReadInOnePass() throws {
        // What GMime takes too, up to the longest field; a search for each semicolon would have no end.
        let semicolons = String(repeating: ";", count: 60_000)
        for boundary in [
            "\(semicolons) boundary=b", "a=\"boundary=no; \\\"\\\"\"; BOUNDARY=\"b\" ; x=y",
            "charset=\"y;z\"; boundary=b;x",
        ] {
            let bytes = Self.outer("Subject: Outer\r\n", boundary: "x; \(boundary)", mark: "b")
            let text = String(decoding: bytes, as: UTF8.self).replacing("Boundary=x; ", with: "")
            #expect(try subject(Array(text.utf8)) == "Printer", "\(boundary.suffix(30))")
        }
    }

    /// Damaged bytes are read as something, or refused; nothing traps, and what is unwrapped stood there.
    @Test func damagedReportsAreReadOrRefused() {
        let whole = Self.outer("X-MS-Journal-Report: \r\nSubject: Outer\r\n", text: Self.journal)
        var random = SplitMix(state: 20_261_128)
        var unwrapped = 0
        for _ in 0..<2_000 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: place)
                case 2: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 40)], at: place)
                default: bytes.removeSubrange(place..<min(bytes.count, place + 30))
                }
            }
            guard let message = try? MailParser().parse(bytes), let wrapped = WrappedMail(in: message, bytes) else {
                continue
            }
            unwrapped += 1
            let stood = wrapped.bytes.dropLast(2)
            #expect(bytes.indices.contains { bytes[$0...].starts(with: stood) })
        }
        #expect(unwrapped > 200, "\(unwrapped) of 2,000 were unwrapped")
    }
}
