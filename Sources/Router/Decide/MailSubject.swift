// What a subject says, without what programs put before it.
//
// Guarantees: `core` is what two subjects of one conversation have in common: without prefixes of replies and forwards in the
// languages below, names of mailing lists in brackets, tags, blanks and case. Only prefixes that end with a colon count.

/// A subject, taken apart.
public struct MailSubject: Sendable {
    /// In small letters, without prefixes; empty when there is nothing else.
    public let core: String
    /// Whether the outermost prefix is that of a reply.
    public let isReply: Bool
    /// Whether the outermost prefix is that of a forward: `Fwd: Re: x` is one, `Re: Fwd: x` is a reply to one.
    public internal(set) var isForward: Bool

    // Outlook, Notes, Apple and web mailers translate them. Swedish `VB` and Danish and Norwegian `VS` are forwards, but Finnish
    // `VS` is a reply: as a reply it does least harm, since a forward is taken for one only by what its fields say.
    private static let replies: Set<String> = [
        "re", "aw", "antw", "antwort", "sv", "vs", "ref", "rif", "res", "resp", "odp", "ynt", "atb", "bls", "na", "vá",
        "vast", "отв",
        "ответ", "на", "απ", "σχετ", "答复", "回复", "回覆", "返信", "답장", "רפ", "رد",
    ]

    private static let forwards: Set<String> = [
        "fw", "fwd", "wg", "tr", "rv", "enc", "i", "doorst", "vl", "vb", "videresendt", "pd", "ilt", "i̇lt", "tov",
        "továbbítás", "fs",
        "пересл", "fwd.", "прд", "πρθ", "转发", "轉寄", "転送", "전달", "הועבר", "إعادة توجيه",
    ]

    // What mail systems put before subjects from outside; it says nothing of what the writer did.
    private static let marks: Set<String> = ["external", "extern", "externe", "ext"]

    public init(_ subject: String) {
        var rest = subject.lowercased()[...]
        var outermost: Bool?
        while true {
            rest = rest.drop(while: \.isWhitespace)
            if let (prefix, behind) = MailSubject.prefix(rest) {
                let isForward = MailSubject.forwards.contains(prefix)
                if !MailSubject.marks.contains(prefix) {
                    guard isForward || MailSubject.replies.contains(prefix) else { break }
                    outermost = outermost ?? isForward
                }
                rest = behind
            } else if rest.first == "[", rest.last == "]", let (prefix, behind) = MailSubject.prefix(rest.dropFirst()),
                MailSubject.forwards.contains(prefix)
            {
                // `[Fwd: x]`, as some programs have it.
                outermost = outermost ?? true
                rest = behind.dropLast()
            } else if rest.first == "[", let end = rest.firstIndex(of: "]"),
                rest.distance(from: rest.startIndex, to: end) <= 60
            {
                // The name of a list. A subject that is nothing else stays.
                let behind = rest[rest.index(after: end)...].drop(while: \.isWhitespace)
                guard !behind.isEmpty else { break }
                rest = behind
            } else {
                break
            }
        }
        core = rest.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        isReply = outermost == false
        isForward = outermost == true
    }

    /// The word before a colon, without a counter (`Re[2]:`, `Re(2):`, `Re^2:`), and what is behind the colon.
    private static func prefix(_ text: Substring) -> (String, Substring)? {
        guard text.first != "[", let colon = text.prefix(24).firstIndex(where: { $0 == ":" || $0 == "：" }) else {
            return nil
        }
        var word = text[..<colon]
        while let last = word.last, last.isWhitespace { word.removeLast() }
        if let last = word.last, last == "]" || last == ")",
            let open = word.lastIndex(where: { $0 == "[" || $0 == "(" })
        {
            let counter = word[word.index(after: open)...].dropLast()
            guard !counter.isEmpty, counter.allSatisfy(\.isNumber) else { return nil }
            word = word[..<open]
        } else if let caret = word.lastIndex(of: "^") {
            word = word[..<caret]
        }
        guard !word.isEmpty else { return nil }
        return (String(word), text[text.index(after: colon)...])
    }

    /// Whether two subjects have something in common: one contains the other, or half of the words of the shorter are in the other.
    /// `New subject (was: old)` and a longer version of the same are one topic; nothing, compared with anything, is one too.
    static func isSameTopic(_ a: String, _ b: String) -> Bool {
        if a.isEmpty || b.isEmpty || a.contains(b) || b.contains(a) { return true }
        let words = { (text: String) in
            Set(text.split { !$0.isLetter && !$0.isNumber }.map(String.init).filter { $0.count > 2 })
        }
        let (x, y) = (words(a), words(b))
        return 2 * x.intersection(y).count >= max(1, min(x.count, y.count))
    }

    /// A tag of the form `PREFIX` and digits anywhere in a subject, such as `CRM:0001001`; nil when there is none or several.
    package static func tag(_ subject: String, prefix: String) -> String? {
        // Nothing before the digits would make every number a tag.
        guard !prefix.isEmpty else { return nil }
        var found: Set<String> = []
        var rest = subject.uppercased()[...]
        let prefix = prefix.uppercased()
        while let range = rest.firstRange(of: prefix) {
            let digits = rest[range.upperBound...].prefix { $0.isASCII && $0.isNumber }
            if (4...12).contains(digits.count) { found.insert(String(digits)) }
            rest = rest[range.upperBound...]
        }
        return found.count == 1 ? found.first : nil
    }
}
