import Engine
import Kith
import Net
import Router
import RouterNet
import Testing

/// Journal reports and forwarded mail, from the socket to the records.
@Suite(.timeLimit(.minutes(15))) struct UnwrapDeliveryTests {
    private func wrapped(_ inner: String, head: String, text: String) -> String {
        [
            head + "From: journal@exchange.example", "Message-ID: <\(inner.utf8.count)@exchange.example>",
            "MIME-Version: 1.0",
            "Content-Type: multipart/mixed; boundary=outer", "", "--outer", "Content-Type: text/plain", "", text,
            "--outer",
            "Content-Type: message/rfc822", "", inner, "", "--outer--", "",
        ].joined(separator: "\r\n")
    }

    @Test func aReportIsTheMessageThatItIsAbout() async throws {
        try await withServer { server, database in
            let queue = try await database.record(
                "queue",
                ["name": "Support", "emailaddress": "support@crm.example", "createscases": true]
            )
            var options = options(server)
            options.parse = { try $0.delivery(unwrapping: ["journal@crm.example"]) }
            let inner = message("1@acme.example", to: "somebody@crm.example")
            let report = wrapped(
                inner,
                head: "X-MS-Journal-Report: \r\n",
                text: "Sender: ann@acme.example\r\nBcc: support@crm.example"
            )
            try await withRouter(options) { router in
                // By itself, in two reports, and one that nobody unwraps.
                try await deliver(
                    [
                        (report, "journal@crm.example"), (inner, "somebody@crm.example"),
                        (report, "journal@crm.example"),
                        (report, "other@crm.example"),
                    ],
                    router
                )
                let counts = await router.carrierCounts
                #expect(counts.delivered == 2 && counts.known == 2 && counts.bare == 0)
            }
            let email = try #require(
                try await database.rows(
                    "SELECT subject, sender, bccrecipients, regardingobjectid.title FROM email WHERE messageid = '1@acme.example'"
                ).first
            )
            #expect(
                email == [
                    .text("Printer on fire"), .text("ann@acme.example"), .text("support@crm.example"),
                    .text("Printer on fire"),
                ]
            )
            #expect(
                try await database.rows("SELECT queueid FROM queueitem WHERE queueid.name = 'Support'") == [
                    [.reference(queue)]
                ]
            )
        }
    }
}
