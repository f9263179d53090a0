// The head of a message: fields, and how they are folded.
//
//   field = name ":" SP word *( SP word / CR LF SP word ) CR LF
//
// Guarantees: a field is folded only between words, before a word that would make its line longer than 76 characters (RFC 5322 wants
// 78 at most, RFC 2047 76 where encoded words are); a word has no control characters and at most 998 − 1 bytes, since every kind of word is bounded where it is made. So no value can begin a line
// of its own.

struct MailHeadWriter {
    /// Characters that a line has at most, unless a single word is longer.
    static let lineMax = 76

    private(set) var bytes: [UInt8] = []

    /// The head without the fields about the body.
    static func head(of mail: OutgoingMail) throws(ComposeError) -> [UInt8] {
        let limits = mail.limits
        var writer = MailHeadWriter()
        writer.field("Date", [try date(mail.dateSeconds)])
        let all = [mail.from] + mail.replyTo + mail.to + mail.cc
        let count = all.reduce(0) { $0 + $1.name.utf8.count + $1.address.utf8.count }
        guard count <= limits.addressListBytesMax else {
            throw .tooLong(.addresses, byteCount: count, byteMax: limits.addressListBytesMax)
        }
        writer.field("From", try MailAddressWriter.words([mail.from], limits))
        if !mail.replyTo.isEmpty { writer.field("Reply-To", try MailAddressWriter.words(mail.replyTo, limits)) }
        // A message names somebody, or says that it names nobody.
        if !mail.to.isEmpty { writer.field("To", try MailAddressWriter.words(mail.to, limits)) }
        if !mail.cc.isEmpty { writer.field("Cc", try MailAddressWriter.words(mail.cc, limits)) }
        if mail.to.isEmpty, mail.cc.isEmpty { writer.field("To", ["undisclosed-recipients:;"]) }
        writer.field("Message-ID", [try identifier(mail.messageID.text, limits)])
        writer.identifiers(mail)
        try writer.subject(mail)
        switch mail.origin {
        case .person: break
        case .generated: writer.automatic("auto-generated")
        case .replied: writer.automatic("auto-replied")
        }
        if let unsubscribe = mail.unsubscribe { try writer.unsubscribe(unsubscribe, limits) }
        if let name = mail.routerName {
            guard !name.isEmpty, name.utf8.count <= 200, name.utf8.allSatisfy(\.isNameCharacter) else {
                throw .invalidRouterName(name)
            }
            writer.field("X-Kith-Router", [name])
        }
        return writer.bytes
    }

    /// Writes a field of words.
    mutating func field(_ name: String, _ words: [String]) {
        var line = "\(name):"
        for word in words {
            if line.utf8.count + 1 + word.utf8.count > MailHeadWriter.lineMax {
                bytes += Array("\(line)\r\n".utf8)
                line = ""
            }
            line += " \(word)"
        }
        bytes += Array("\(line)\r\n".utf8)
    }

    /// With its brackets.
    static func identifier(_ text: String, _ limits: ComposeLimits) throws(ComposeError) -> String {
        guard isIdentifier(text, limits) else { throw .invalidIdentifier(text) }
        return "<\(text)>"
    }

    private static func isIdentifier(_ text: String, _ limits: ComposeLimits) -> Bool {
        let bracketed = text.utf8.contains { $0 == UInt8(ascii: "<") || $0 == UInt8(ascii: ">") }
        return !text.isEmpty && text.utf8.count <= limits.wordBytesMax && !bracketed
            && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }

    private mutating func identifiers(_ mail: OutgoingMail) {
        let answered = mail.inReplyTo.filter { MailHeadWriter.isIdentifier($0.text, mail.limits) }
        var seen: Set<MessageID> = []
        let all = (mail.references + answered).reversed()
            .filter { MailHeadWriter.isIdentifier($0.text, mail.limits) && seen.insert($0).inserted }.reversed()
        let most = max(mail.limits.referencesMax, 1)
        let references = all.count <= most ? Array(all) : Array(all.prefix(1) + all.suffix(most - 1))
        if !answered.isEmpty { field("In-Reply-To", answered.prefix(most).map(\.description)) }
        if !references.isEmpty { field("References", references.map(\.description)) }
    }

    private mutating func subject(_ mail: OutgoingMail) throws(ComposeError) {
        let most = mail.limits.subjectBytesMax
        guard mail.subject.utf8.count <= most else {
            throw .tooLong(.subject, byteCount: mail.subject.utf8.count, byteMax: most)
        }
        let line = MailFields.oneLine(mail.subject)
        if !line.isEmpty { field("Subject", MailHeadWriter.words(line, name: "Subject")) }
    }

    /// A text of one line, as it is where blanks and width allow it, else in encoded words.
    private static func words(_ line: String, name: String) -> [String] {
        let pieces = line.split(separator: " ", omittingEmptySubsequences: false)
        let isPlain = line.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F } && !line.contains("=?")
        if isPlain, pieces.allSatisfy({ !$0.isEmpty && $0.utf8.count < lineMax - name.utf8.count - 2 }) {
            return pieces.map(String.init)
        }
        return EncodedWordWriter.words(line, firstMax: lineMax - name.utf8.count - 2)
    }

    private mutating func automatic(_ value: String) {
        field("Auto-Submitted", [value])
        field("X-Auto-Response-Suppress", ["All"])
    }

    private mutating func unsubscribe(
        _ unsubscribe: OutgoingMail.Unsubscribe,
        _ limits: ComposeLimits
    ) throws(ComposeError) {
        var ways: [String] = []
        if let address = unsubscribe.address {
            let path = try MailAddressWriter.checked(address, limits)
            guard path.utf8.allSatisfy({ $0 < 0x80 }) else { throw .invalidAddress(address) }
            ways.append("<mailto:\(PercentEncoding.encoded(path, keeping: "@+"))>")
        }
        if let link = unsubscribe.link {
            let isLink =
                link.hasPrefix("https://") && link.utf8.count > 8 && link.utf8.count <= limits.wordBytesMax
                && link.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"<>\"\\^`{|}".utf8.contains($0) }
            guard isLink else { throw .invalidLink(link) }
            ways.append("<\(link)>")
        }
        guard !ways.isEmpty else { return }
        field("List-Unsubscribe", ways.dropLast().map { $0 + "," } + ways.suffix(1))
        if unsubscribe.link != nil { field("List-Unsubscribe-Post", ["List-Unsubscribe=One-Click"]) }
    }

    /// `Sat, 28 Nov 2026 00:10:00 +0000`: the proleptic Gregorian calendar, in UTC, since where the writer sits nobody has to know.
    static func date(_ seconds: Int64) throws(ComposeError) -> String {
        // The first second of the year 10000.
        guard seconds >= 0, seconds < 253_402_300_800 else { throw .invalidDate(seconds: seconds) }
        let (days, rest) = (Int(seconds / 86_400), Int(seconds % 86_400))
        // Hinnant's algorithm, for days that are not before 1970: eras of 400 years that begin on the first of March of the year 0.
        let shifted = days + 719_468
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * month + 2) / 5 + 1
        let year = shifted / 146_097 * 400 + yearOfEra + (month >= 10 ? 1 : 0)
        let months = ["Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Jan", "Feb"]
        let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let time = "\(two(rest / 3_600)):\(two(rest / 60 % 60)):\(two(rest % 60))"
        return "\(weekdays[days % 7]), \(day) \(months[month]) \(year) \(time) +0000"
    }
}

extension UInt8 {
    /// A letter or digit of ASCII.
    var isLetterOrDigit: Bool {
        switch self {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: false
        }
    }

    /// What names of hosts and routers are made of.
    var isNameCharacter: Bool {
        isLetterOrDigit || self == .hyphen || self == UInt8(ascii: ".") || self == UInt8(ascii: "_")
    }
}
