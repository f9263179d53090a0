import Foundation
import Router
import Testing

/// Random messages are read back as what they were, and their bytes are as the standards want them.
@Suite struct ComposePropertyTests {
    private static let pieces = [
        "Hello", "world", " ", "  ", "\n", "\n\n", "\r\n", "> ", ">>", "From ", ".", "..", "-- ", "--", "=", "=20",
        "?=", "=?", "ü", "日本語", "👩‍👩‍👧",
        "e\u{301}", "\t", "a,b", "\"", "\\", "(x)", "<y>", "@", "longer-than-most-words-are", "x", " and ", "; ", "%",
        "\u{A0}", "\u{AD}",
        "=_", "--=_", "Content-Type: text/html",
    ]

    private func text(_ random: inout SplitMix, _ most: Int) -> String {
        (0..<Int(random.next() % UInt64(most + 1))).map { _ in
            Self.pieces[Int(random.next() % UInt64(Self.pieces.count))]
        }.joined()
    }

    private func mail(_ random: inout SplitMix) -> OutgoingMail {
        var mail = OutgoingMail(
            messageID: MessageID("\(random.next())@crm.example"),
            dateSeconds: Int64(random.next() % 4_000_000_000),
            from: MailAddress(name: text(&random, 6), address: "a\(random.next() % 10)@crm.example")
        )
        func people(_ random: inout SplitMix) -> [MailAddress] {
            (0..<Int(random.next() % 5)).map { _ in
                MailAddress(name: text(&random, 5), address: "p\(random.next())@some-domain.example")
            }
        }
        (mail.to, mail.cc, mail.replyTo) = (people(&random), people(&random), people(&random))
        mail.subject = text(&random, 20)
        mail.references = (0..<random.next() % 8).map { _ in MessageID("\(random.next()).\(random.next())@x.example") }
        mail.text = text(&random, 200)
        if random.next() % 2 == 0 { mail.html = "<p>" + text(&random, 100) }
        for _ in 0..<random.next() % 4 {
            let bytes = (0..<random.next() % 300).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            let id = random.next() % 3 == 0 ? "\(random.next())@pictures" : nil
            mail.attachments.append(
                OutgoingMail.Attachment(
                    fileName: text(&random, 4) + "f",
                    type: "image/png",
                    bytes: bytes,
                    contentID: id
                )
            )
        }
        if random.next() % 4 == 0 {
            mail.calendar = OutgoingMail.Calendar(method: "REPLY", text: "BEGIN:VCALENDAR\r\nX:\(text(&random, 9))")
        }
        return mail
    }

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
            let mail = mail(&random)
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
            let bytes = try mail(&random).bytes()
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

/// What a reader of RFC 3676 makes of flowed lines, and what a writer may lose.
enum Flowed {
    private static func quotes(_ line: Substring) -> Int { line.prefix(40).prefix { $0 == ">" }.count }

    /// Lines joined again, each with its marks of quotes and one blank behind them.
    static func joined(_ text: String) -> [String] {
        var result: [String] = []
        var open: Int?
        for line in text.replacing("\r\n", with: "\n").split(separator: "\n", omittingEmptySubsequences: false) {
            let depth = quotes(line)
            var content = line.dropFirst(depth)
            if content.first == " " { content = content.dropFirst() }
            if open == depth {
                result[result.count - 1] += content
            } else {
                result.append(
                    String(repeating: ">", count: depth) + (depth > 0 && !content.isEmpty ? " " : "") + content
                )
            }
            open = content.last == " " && content != "-- " ? depth : nil
        }
        return result
    }

    /// The text without what flowing does not keep.
    static func normal(_ text: String) -> [String] {
        text.replacing("\r\n", with: "\n").split(separator: "\n", omittingEmptySubsequences: false).map { line in
            let depth = quotes(line)
            var content = line.dropFirst(depth)
            if depth > 0, content.first == " " { content = content.dropFirst() }
            if content != "-- " { while content.last == " " { content = content.dropLast() } }
            return String(repeating: ">", count: depth) + (depth > 0 && !content.isEmpty ? " " : "") + content
        }
    }
}

extension MailPart {
    /// The text of the first part of a type.
    func first(_ type: String) -> String? {
        switch content {
        case .bytes(let bytes): self.type == type ? String(decoding: bytes, as: UTF8.self) : nil
        case .parts(let parts): parts.lazy.compactMap { $0.first(type) }.first
        case .message: nil
        }
    }
}
