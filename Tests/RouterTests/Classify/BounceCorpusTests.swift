import Foundation
import Router
import Testing

/// Delivery reports of a hundred mail systems, with what another program reads out of them.
@Suite(.enabled(if: MailCorpus.isPresent, "no real mail")) struct BounceCorpusTests {
    private struct Expectation: Decodable {
        var dsn: String
        var hard: Bool
        var reason: String
        var reply: String
    }

    private static func kind(_ bytes: [UInt8]) throws -> MailKind {
        MailRouter().decide(try MailDelivery(bytes), knowing: InMemoryMailKnowledge()).kind
    }

    /// The reference calls "user unknown" a filter's word, and so no hard bounce, where its knowledge of a product says so; and it
    /// calls a receipt and a complaint bounces too. The first are counted as differences, the second are no bounces here.
    @Test func readsWhatIsExpected() throws {
        let table = MailCorpus.root.appending(path: "mail-bounces/sisimai-expected.dev.json")
        let expectations = try JSONDecoder().decode([String: [Expectation]].self, from: Data(contentsOf: table))
        let files = Dictionary(MailCorpus.files("mail-bounces").map { ($0.lastPathComponent, $0) }) { a, _ in a }
        var counts = (all: 0, read: 0, status: 0, hard: 0, both: 0, words: 0)
        var differences: [String] = []
        for (name, expected) in expectations.sorted(by: { $0.key < $1.key })
        where !expected.contains(where: { ["delivered", "feedback"].contains($0.reason) }) {
            let file = try #require(files[name])
            counts.all += 1
            guard case .bounce(let report) = try BounceCorpusTests.kind(try MailCorpus.bytes(file)) else {
                differences.append("\(name): not read")
                continue
            }
            counts.read += 1
            let hasStatus = expected.contains { expected in
                report.recipients.contains { BounceCorpusTests.agrees($0, expected) }
            }
            let hasHard = expected.contains { expected in report.recipients.contains { $0.isHard == expected.hard } }
            counts.status += hasStatus ? 1 : 0
            counts.hard += hasHard ? 1 : 0
            counts.both += hasStatus && hasHard ? 1 : 0
            if !hasHard, expected.contains(where: { $0.reason == "filtered" }) { counts.words += 1 }
            if !hasStatus || !hasHard {
                let own = report.recipients.map { "\($0.status ?? "-") \($0.isHard) \($0.reason.rawValue)" }
                differences.append("\(name): \(own), expected \(expected.map { "\($0.dsn) \($0.hard) \($0.reason)" })")
            }
        }
        print(
            """
            \(counts.all) bounces: \(counts.read) read; the status agrees in \(counts.status), hard or soft in \(counts.hard), \
            both in \(counts.both); \(counts.words) say "unknown", and the reference says "filtered"
            """
        )
        let report = differences.joined(separator: "\n")
        #expect(counts.read * 100 >= counts.all * 98, "\(report)")
        #expect(counts.status * 100 >= counts.all * 95, "\(report)")
        #expect((counts.hard + counts.words) * 100 >= counts.all * 95, "\(report)")
    }

    /// The reference gives numbers of its own (`5.0.9xx`) where the report has none: there only the class can agree.
    private static func agrees(_ recipient: BouncedRecipient, _ expected: Expectation) -> Bool {
        if expected.dsn.contains(".0.9") {
            return (recipient.status ?? recipient.replyCode ?? expected.dsn).first == expected.dsn.first
        }
        return recipient.status == expected.dsn
    }

    @Test(arguments: ["mail-threads", "mail-bulk", "mail-helpdesk", "mail-mime", "mail-replies"])
    func nothingElseIsABounce(_ folder: String) throws {
        for file in MailCorpus.files(folder) {
            let bytes = try MailCorpus.bytes(file)
            guard !bytes.isEmpty, case .bounce = try BounceCorpusTests.kind(bytes) else { continue }
            // A few of the torture messages are reports.
            let text = String(decoding: bytes, as: UTF8.self).lowercased()
            #expect(
                text.contains("delivery-status") || text.contains("mailer-daemon"),
                "\(file.lastPathComponent) is no bounce"
            )
        }
    }
}
