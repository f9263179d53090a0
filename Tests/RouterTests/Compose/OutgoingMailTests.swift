import Router
import Testing

/// What messages look like, byte by byte, and that they are read back as they were meant.
@Suite struct OutgoingMailTests {
    private func mail() -> OutgoingMail {
        var mail = OutgoingMail(
            messageID: MessageID("1.2@crm.example"),
            dateSeconds: 1_795_824_600,
            from: MailAddress(name: "Support", address: "support@crm.example")
        )
        mail.to = [MailAddress(address: "ann@a.example")]
        mail.subject = "Your question"
        mail.text = "Hello Ann,\n\nyes.\n\n-- \nSupport\n"
        return mail
    }

    private func text(_ mail: OutgoingMail) throws -> String { String(decoding: try mail.bytes(), as: UTF8.self) }

    @Test func aPlainMessage() throws {
        #expect(
            try text(mail())
                == """
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

                """.replacing("\n", with: "\r\n")
        )
    }
}
