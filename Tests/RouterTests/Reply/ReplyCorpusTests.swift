import Foundation
import Router
import Testing

/// Answers from many mail programs, with the text that other people cut out of them by other rules.
@Suite(.enabled(if: MailCorpus.isPresent, "no real mail")) struct ReplyCorpusTests {
    @Test func cutsWhatIsExpected() throws {
        let folder = MailCorpus.root.appending(path: "mail-replies/discourse-trimmer")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: "emails").path())
            .sorted()
        var exactCount = 0
        var differences: [String] = []
        for name in names {
            let mail = try String(contentsOf: folder.appending(path: "emails/\(name)"), encoding: .utf8)
            let expected = try String(contentsOf: folder.appending(path: "trimmed/\(name)"), encoding: .utf8)
            let trimmed = ReplyText.trim(mail)
            // A file ends with a line end; blanks at the ends are no words.
            let isExact = trimmed.trimmingCharacters(in: .newlines) == expected.trimmingCharacters(in: .newlines)
            exactCount += isExact ? 1 : 0
            if !isExact {
                differences.append("--- \(name)\n\(trimmed.prefix(300))\n--- expected\n\(expected.prefix(300))")
            }
        }
        print("\(names.count) answers: \(exactCount) are cut exactly as expected")
        #expect(exactCount * 10 >= names.count * 9, "\(differences.joined(separator: "\n"))")
    }
}
