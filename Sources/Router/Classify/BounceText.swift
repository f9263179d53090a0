// Reports in plain words: which addresses failed, and what is said of each.
//
// Guarantees: linear time in the text, which is bounded; only what stands before the returned message counts; addresses of the
// report's own people (who is told, who tells, who wrote) are no failures.

struct BounceText {
    /// What a report says about one address.
    struct Entry {
        var address: String
        var text: String
    }

    /// Characters that are looked at: a report says what it has to say at its beginning.
    private static let lengthMax = 64 << 10

    /// Bytes that are kept of what is said about one address.
    private static let entryLengthMax = 4 << 10

    private(set) var entries: [Entry] = []
    /// Everything before the returned message.
    let visible: String

    /// Reads a text. `others` are keys of addresses that did not fail.
    init(_ text: String, others: Set<String>) {
        let lines = text.unicodeScalars.prefix(BounceText.lengthMax).split(
            separator: "\n",
            omittingEmptySubsequences: false
        ).map(Substring.init)
        let end = BounceText.returnedMessage(lines)
        visible = lines[..<end].joined(separator: "\n")
        var preamble = ""
        var indexes: [String: Int] = [:]
        var current: Int?
        for line in lines[..<end] {
            let addresses = BounceText.addresses(line).filter {
                !others.contains($0.lowercased()) && !BounceText.isService($0)
            }
            for address in addresses {
                let key = address.lowercased()
                if let known = indexes[key] {
                    current = known
                } else if entries.count < 100 {
                    entries.append(Entry(address: address, text: ""))
                    indexes[key] = entries.count - 1
                    current = entries.count - 1
                }
            }
            if let current {
                if entries[current].text.utf8.count < BounceText.entryLengthMax { entries[current].text += line + "\n" }
            } else if preamble.utf8.count < BounceText.entryLengthMax {
                preamble += line + "\n"
            }
        }
        for index in entries.indices where DeliveryDiagnostic(entries[index].text).isEmpty {
            // Addresses first, what happened to all of them behind or before.
            let behind = entries[index...].first { !DeliveryDiagnostic($0.text).isEmpty }?.text
            entries[index].text += behind ?? preamble
        }
    }

    /// Where the returned message begins: three lines in a row that are fields of a head, or a line that says so.
    private static func returnedMessage(_ lines: [Substring]) -> Int {
        var fieldCount = 0
        for (index, line) in lines.enumerated() {
            let lower = line.lowercased()
            if index > 0, isMark(line) { return index }
            if let name = lower.split(separator: ":", maxSplits: 1).first, lower.contains(":"),
                fields.contains(String(name))
            {
                fieldCount += 1
                if fieldCount == 3 || name == "return-path" || name == "received" { return index - fieldCount + 1 }
            } else if !(line.first?.isWhitespace ?? false) {
                fieldCount = 0
            }
        }
        return lines.count
    }

    private static let fields: Set<String> = [
        "return-path", "received", "from", "to", "subject", "date", "message-id", "mime-version", "content-type",
        "x-mailer",
        "reply-to", "cc", "dkim-signature", "x-originating-ip",
    ]

    // Sentences that say so wherever they stand; and words that say so in a line that is drawn: `----- Returned message -----`.
    private static let sentences = [
        "below this line is a copy", "this is a copy of the message", "this is a copy of your message",
        "original message follows",
        "message headers follow", "headers of the message follow", "content-type: message/rfc822",
    ]

    private static let drawn = [
        "returned message", "unsent message", "original message", "message header", "message follows", "copy of",
        "start of message",
        "original mail",
    ]

    private static func isMark(_ line: Substring) -> Bool {
        let line = line.lowercased().drop(while: \.isWhitespace)
        if sentences.contains(where: { line.contains($0) }) { return true }
        guard let first = line.first, "-=*_#+".contains(first) else { return false }
        return drawn.contains { line.contains($0) }
    }

    /// Everything in a line that looks like an address. Linear: from each `@` outwards, and not further than an address may be long.
    static func addresses(_ line: Substring) -> [String] {
        guard line.utf8.contains(UInt8(ascii: "@")) else { return [] }
        let bytes = Array(line.utf8)
        var found: [String] = []
        for (at, byte) in bytes.enumerated() where byte == UInt8(ascii: "@") {
            var start = at
            while start > 0, at - start < 256, isLocal(bytes[start - 1]) { start -= 1 }
            var end = at + 1
            while end < bytes.count, end - at < 256, isDomain(bytes[end]) { end += 1 }
            let local = String(decoding: bytes[start..<at], as: UTF8.self).trimming("'.=")
            let domain = String(decoding: bytes[(at + 1)..<end], as: UTF8.self).trimming(".-")
            if !local.isEmpty, !domain.isEmpty { found.append("\(local)@\(domain)") }
        }
        return found
    }

    private static func isDomain(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."): true
        default: false
        }
    }

    private static func isLocal(_ byte: UInt8) -> Bool { isDomain(byte) || "_%+=&'/~#!$*^{}|?".utf8.contains(byte) }

    private static func isService(_ address: String) -> Bool {
        let local = address.prefix { $0 != "@" }.lowercased()
        return ["postmaster", "mailer-daemon", "abuse", "hostmaster", "support", "helpdesk", "webmaster"].contains(
            local
        )
    }
}

extension String {
    /// Without these characters at its ends.
    fileprivate func trimming(_ characters: String) -> String {
        var text = self[...]
        while let first = text.first, characters.contains(first) { text.removeFirst() }
        while let last = text.last, characters.contains(last) { text.removeLast() }
        return String(text)
    }
}
