// What a message that is written may have, and why one is not written.

/// The bounds of one message. They are within those of the parser (`MailLimits`), so that what is sent can be read here as well.
package struct ComposeLimits: Sendable {
    /// Bytes of the whole message: what the parser reads. Large providers take 25 to 50 MB, and say so (SIZE).
    package var messageBytesMax = 64 << 20
    /// Bytes of the text and of the HTML, each: what the parser reads as a body.
    package var bodyBytesMax = 4 << 20
    /// Bytes of the subject: a long one has 200.
    package var subjectBytesMax = 2_000
    /// Bytes of the name beside an address.
    package var nameBytesMax = 256
    /// Bytes of an address: what the envelope and a party of an activity hold.
    package var addressBytesMax = ReceiveLimits.pathBytesMax
    /// Bytes of addresses and names in the head, as they are in the value: half of what the parser reads of a head, since written names
    /// may be three times as long, and 800 people with short ones.
    package var addressListBytesMax = 32 << 10
    /// Files: the parser reads 2,000 parts.
    package var attachmentsMax = 200
    /// Identifiers in References: the first, and the newest of the others. Long lists are cut by mail programs in the same way.
    package var referencesMax = 50
    /// Bytes of an identifier or a link: a line may have 998, and other words stand in it.
    package var wordBytesMax = 900

    package init() {}
}

/// Why a message was not written.
package enum ComposeError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What may be too long.
    package enum Measure: String, Sendable {
        case message, text, html, subject, name
        case addresses = "all addresses together"
        case calendar
    }

    /// Not of the form `local@domain`, or with characters that no address has.
    case invalidAddress(String)
    /// A Message-ID or Content-ID with blanks, brackets, or characters beyond ASCII.
    case invalidIdentifier(String)
    /// Before 1970 or behind the year 9999.
    case invalidDate(seconds: Int64)
    /// The method of a calendar is no word.
    case invalidMethod(String)
    /// A link that is no `https` link in ASCII.
    case invalidLink(String)
    /// The name of a router is no word in ASCII.
    case invalidRouterName(String)
    case tooLong(Measure, byteCount: Int, byteMax: Int)
    case tooManyAttachments(count: Int)

    /// One line for people; what it quotes is made one line, and cut.
    package var description: String {
        switch self {
        case .invalidAddress(let text): "‘\(text.quotable)’ is no address that mail can be sent to"
        case .invalidIdentifier(let text): "‘\(text.quotable)’ is no identifier of a message or a part"
        case .invalidDate(let seconds): "\(seconds) seconds since 1970 is no date of a message"
        case .invalidMethod(let text): "‘\(text.quotable)’ is no method of a calendar"
        case .invalidLink(let text): "‘\(text.quotable)’ is no link that begins with https://"
        case .invalidRouterName(let text):
            "‘\(text.quotable)’ is no name of a router: letters, digits, dots and hyphens"
        case .tooLong(let measure, let count, let most):
            "\(measure.rawValue) too long: \(count) bytes, where \(most) are written"
        case .tooManyAttachments(let count): "\(count) attachments are more than are written"
        }
    }
}

extension String {
    fileprivate var quotable: String {
        let line = MailFields.oneLine(self)
        return line.utf8.count <= 80 ? line : String(line.prefix(60)) + "…"
    }
}
