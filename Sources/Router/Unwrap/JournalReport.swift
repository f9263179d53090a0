// The text of a journal report: a line for each value, of which the recipients are wanted (Exchange's "journal report format", MS-XJRNL).
//
//   To: member@contoso.com, Expanded: list@contoso.com
//   Cc: other@contoso.com, Forwarded: user@contoso.com
//   Recipient: somebody@contoso.com
//
// They are the envelope: hidden recipients stand there, and members of lists.

enum JournalReport {
    /// Recipients of one report that are read.
    private static let recipientsMax = 1_000
    private static let names: Set<String> = ["to", "cc", "bcc", "recipient"]

    /// Whom the message inside was delivered to, each once, in the order of the report.
    static func recipients(_ text: String) -> [MailAddress] {
        var found: [MailAddress] = []
        var known: Set<String> = []
        for line in text.split(whereSeparator: \.isNewline) where found.count < recipientsMax {
            guard let colon = line.firstIndex(of: ":"),
                names.contains(line[..<colon].filter { !$0.isWhitespace }.lowercased())
            else { continue }
            guard let address = address(line[line.index(after: colon)...]), known.insert(address.key).inserted else {
                continue
            }
            found.append(address)
        }
        return found
    }

    /// `user@contoso.com`, with or without brackets and a name; what it was before a list was expanded, or a rule forwarded it, stands behind.
    private static func address(_ value: Substring) -> MailAddress? {
        var text = value
        for mark in [", Expanded:", ", Forwarded:"] {
            if let range = text.firstRange(of: mark) { text = text[..<range.lowerBound] }
        }
        if let open = text.lastIndex(of: "<") { text = text[text.index(after: open)...].prefix { $0 != ">" } }
        let address = text.trimmingPrefix(while: \.isWhitespace).prefix { !$0.isWhitespace }
        guard address.utf8.count <= 320, let at = address.lastIndex(of: "@"), at != address.startIndex,
            address.index(after: at) != address.endIndex
        else { return nil }
        return MailAddress(address: String(address))
    }
}
