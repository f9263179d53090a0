import Router

/// Messages with what makes messages difficult, from a seed.
enum RandomMail {
    private static let pieces = [
        "Hello", "world", " ", "  ", "\n", "\n\n", "\r\n", "> ", ">>", "From ", ".", "..", "-- ", "--", "=", "=20",
        "?=", "=?", "ü", "日本語", "👩‍👩‍👧",
        "e\u{301}", "\t", "a,b", "\"", "\\", "(x)", "<y>", "@", "longer-than-most-words-are", "x", " and ", "; ", "%",
        "\u{A0}", "\u{AD}",
        "=_", "--=_", "Content-Type: text/html",
    ]

    private static func text(_ random: inout SplitMix, _ most: Int) -> String {
        (0..<Int(random.next() % UInt64(most + 1))).map { _ in
            pieces[Int(random.next() % UInt64(pieces.count))]
        }.joined()
    }

    static func mail(_ random: inout SplitMix) -> OutgoingMail {
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
