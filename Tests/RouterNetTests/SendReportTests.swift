import CRM
import Engine
import Router
import RouterNet
import Testing

/// What the CRM is told of an attempt, by what was said of each recipient; and how fast e-mails to a domain are begun.
@Suite struct SendReportTests {
    private struct Row: CustomTestStringConvertible {
        var testDescription: String
        var fates: [(address: String, fate: RecipientFate)]
        var isLate = false
        var report: SendReport
    }

    private static let rows: [Row] = [
        Row(
            testDescription: "all accepted",
            fates: [("a@x", .accepted), ("b@x", .accepted)],
            report: .confirmed(refused: [])
        ),
        Row(
            testDescription: "some refused",
            fates: [("a@x", .accepted), ("b@x", .refused("550 no"))],
            report: .confirmed(refused: [("b@x", "550 no")])
        ),
        Row(
            testDescription: "all refused",
            fates: [("a@x", .refused("550 no"))],
            report: .confirmed(refused: [("a@x", "550 no")])
        ),
        Row(
            testDescription: "some later",
            fates: [("a@x", .accepted), ("b@x", .later("451 wait")), ("c@x", .refused("550 no"))],
            report: .postponed(reason: "451 wait", accepted: ["a@x"], refused: [("c@x", "550 no")])
        ),
        Row(
            testDescription: "later than anything is tried",
            fates: [("a@x", .accepted), ("b@x", .later("451 wait"))],
            isLate: true,
            report: .confirmed(refused: [("b@x", "given up after 5 days: 451 wait")])
        ),
    ]

    @Test func fatesMakeAReport() {
        for row in Self.rows {
            #expect(SendReport(row.fates, isLate: row.isLate, days: 5) == row.report, "\(row.testDescription)")
        }
    }

    /// What a mail system says is one line, whatever it says.
    @Test func whatWasSaidIsOneLine() throws {
        let report = SendReport.confirmed(refused: [("a@x", "550 no\nb@x forged\r\n")])
        let request = report.request(RecordID(rawValue: 1), attempt: 1)
        let texts = request.arguments.compactMap { argument -> String? in
            if case .text(let text) = argument.value { text } else { nil }
        }
        #expect(texts == ["a@x 550 no b@x forged  "])
    }

    @Test func aDomainHasItsPace() {
        var pace = DomainPace(countMax: 2, minuteMax: 3)
        #expect(pace.begin(["a.example"], at: 0) == nil)
        #expect(pace.begin(["a.example", "b.example"], at: 10) == nil)
        // Two are under way; nobody else is held up.
        #expect(pace.begin(["a.example"], at: 20) == 1_000)
        #expect(pace.begin(["b.example"], at: 20) == nil)
        pace.end(["a.example"], at: 30)
        #expect(pace.begin(["a.example"], at: 40) == nil)
        pace.end(["a.example"], at: 50)
        pace.end(["a.example", "b.example"], at: 50)
        // Three were begun within a minute, the first at 0.
        #expect(pace.begin(["a.example"], at: 100) == 59_900)
        #expect(pace.begin(["a.example"], at: 60_000) == nil)
    }

    @Test func domainsAreForgotten() {
        var pace = DomainPace(countMax: 2, minuteMax: 3)
        for number in 0..<1_000 {
            #expect(pace.begin(["\(number).example"], at: 0) == nil)
            if number > 0 { pace.end(["\(number).example"], at: 10) }
        }
        #expect(pace.begin(["a.example"], at: 60_000) == nil)
        #expect(pace.domainCount == 2, "what is under way, and what began")
    }
}
