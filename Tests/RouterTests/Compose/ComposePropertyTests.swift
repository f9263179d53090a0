import Foundation
import Router
import Testing

/// Random messages are read back as what they were, and their bytes are as the standards want them.
@Suite struct ComposePropertyTests {
    /// What the head's texts become: one line.
    private func line(_ text: String) -> String {
        text.replacing("\r\n", with: "  ").replacing("\n", with: " ").replacing("\t", with: " ")
    }

    private func trimmed(_ text: String) -> String { text.trimmingCharacters(in: CharacterSet(charactersIn: " ")) }

    private func lines(_ text: String) -> [Substring] {
        text.replacing("\r\n", with: "\n").split(separator: "\n", omittingEmptySubsequences: false)
    }

    /// Without empty lines at the end: a message ends with a line's end whatever the text does.
    private func ended(_ lines: [String]) -> [String] { Array(lines.reversed().drop { $0.isEmpty }.reversed()) }

    @Test func whatIsReadBackIsWhatWasPutIn() throws {
        var random = SplitMix(state: 20_261_128)
        for round in 0..<500 {
            let mail = RandomMail.mail(&random)
            let bytes = try mail.bytes()
            #expect(try mail.bytes() == bytes, "round \(round)")
            let message = try MailParser().parse(bytes)
            #expect(message.messageID == mail.messageID && message.dateSeconds == mail.dateSeconds, "round \(round)")
            #expect(message.references == mail.references, "round \(round)")
            #expect(message.subject == line(mail.subject), "round \(round)")
            for (read, put) in [
                (message.from, [mail.from]), (message.to, mail.to), (message.cc, mail.cc),
                (message.replyTo, mail.replyTo),
            ] {
                #expect(read.map(\.address) == put.map(\.address), "round \(round)")
                #expect(read.map { trimmed($0.name) } == put.map { trimmed(line($0.name)) }, "round \(round)")
            }
            if !mail.text.isEmpty {
                let plain = try #require(message.root.first("text/plain"))
                #expect(
                    ended(Flowed.joined(plain)) == ended(Flowed.normal(mail.text)),
                    "round \(round): \(mail.text.debugDescription)"
                )
            }
            if let html = mail.html {
                let read = try #require(message.root.first("text/html"))
                #expect(lines(read) == lines(html), "round \(round)")
            }
            #expect(message.attachments.count == mail.attachments.count, "round \(round)")
            let order =
                mail.html == nil
                ? mail.attachments
                : mail.attachments.filter { $0.contentID != nil } + mail.attachments.filter { $0.contentID == nil }
            #expect(message.attachments.map(\.bytes) == order.map(\.bytes), "round \(round)")
            #expect(message.attachments.map(\.contentID) == order.map(\.contentID), "round \(round)")
            #expect(
                message.attachments.map(\.fileName)
                    == order.map { line($0.fileName.split { "/\\".contains($0) }.last.map(String.init) ?? "") },
                "round \(round)"
            )
            #expect(message.calendars.count == (mail.calendar == nil ? 0 : 1), "round \(round)")
        }
    }

    @Test func bytesAreAsTheStandardsWantThem() throws {
        var random = SplitMix(state: 28)
        for round in 0..<500 {
            let bytes = try RandomMail.mail(&random).bytes()
            #expect(
                bytes.allSatisfy { $0 == 9 || $0 == 10 || $0 == 13 || (0x20..<0x7F).contains($0) },
                "round \(round)"
            )
            let lines = bytes.split(separator: 10, omittingEmptySubsequences: false)
            #expect(lines.last?.isEmpty == true && lines.dropLast().allSatisfy { $0.last == 13 }, "round \(round)")
            #expect(lines.allSatisfy { $0.count { $0 == 13 } <= 1 && $0.count <= 79 }, "round \(round)")
            #expect(!lines.contains { $0.starts(with: "From ".utf8) || $0.elementsEqual(".\r".utf8) }, "round \(round)")
            // Handed over and taken again, it is the same.
            _ = try SubmitMessage(sender: "", recipients: ["a@b.example"], bytes: bytes)
        }
    }
}
