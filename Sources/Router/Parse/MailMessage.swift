// A message as a value: what the router decides on. Everything in it was copied out of the parser; nothing refers to foreign memory.
//
// Guarantees: the same bytes give the same value; texts are valid Unicode, with U+FFFD where bytes were not text in their
// declared character set; fields keep their order; no field is invented.

/// A Message-ID without its angle brackets, compared byte by byte.
public struct MessageID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// What stands between the brackets.
    public let text: String

    /// Wraps what stands between the brackets.
    public init(_ text: String) { self.text = text }

    /// With the brackets.
    public var description: String { "<\(text)>" }

    /// By bytes.
    public static func < (a: MessageID, b: MessageID) -> Bool { a.text < b.text }
}

/// A mailbox with the name that stood beside it.
public struct MailAddress: Hashable, Sendable, CustomStringConvertible {
    /// The decoded name, or nothing.
    public let name: String

    /// Local part, `@` and domain, as it was written; without a domain when the message has none.
    public let address: String

    /// Puts the two together.
    public init(name: String = "", address: String) {
        self.name = name
        self.address = address
    }

    /// How addresses are compared: small letters throughout. The local part may differ by case in theory; no mail system that
    /// people use makes two mailboxes of it.
    public var key: String { address.lowercased() }

    /// What stands behind the last `@`, in small letters; empty when there is none.
    public var domain: String {
        guard let at = address.lastIndex(of: "@") else { return "" }
        return address[address.index(after: at)...].lowercased()
    }

    /// As a mail program shows it.
    public var description: String { name.isEmpty ? address : "\(name) <\(address)>" }
}

/// One header field.
public struct MailHeader: Hashable, Sendable {
    /// As it was written.
    public let name: String

    /// Unfolded, without blanks at its ends, encoded words as they stand.
    public let value: String

    public init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

/// A part of a message, as its sender declared it.
public struct MailPart: Sendable {
    /// What is in a part.
    public indirect enum Content: Sendable {
        /// A leaf: decoded from base64, quoted-printable or uuencode.
        case bytes([UInt8])
        /// A multipart.
        case parts([MailPart])
        /// A message inside the message.
        case message(MailMessage)
    }

    /// Type and subtype in small letters, such as `text/plain`.
    public var type: String
    /// The declared character set, in small letters.
    public var charset: String?
    /// The `method` of a calendar part, in capitals; the `report-type` of a report, in small letters.
    public var method: String?
    public var reportType: String?
    /// `attachment`, `inline` or what else was declared, in small letters.
    public var disposition: String?
    /// The decoded name of a file, without folders.
    public var fileName: String?
    /// Without its brackets.
    public var contentID: String?
    public var headers: [MailHeader]
    public var content: Content
}

/// A file of a message.
public struct MailAttachment: Sendable {
    /// The declared name; empty when there is none.
    public var fileName: String
    public var type: String
    public var contentID: String?
    public var isInline: Bool
    public var bytes: [UInt8]
}

/// An invitation, a reply to one, or a cancellation.
public struct MailCalendar: Sendable {
    /// `REQUEST`, `REPLY`, `CANCEL`, …; nil when the part does not say.
    public var method: String?
    /// The iCalendar text.
    public var text: String
}

/// A parsed message.
public struct MailMessage: Sendable {
    /// All fields of the head, in their order.
    public var headers: [MailHeader] = []

    public var messageID: MessageID?
    /// Usually one; several and none both occur.
    public var inReplyTo: [MessageID] = []
    /// Oldest first, as written, each once.
    public var references: [MessageID] = []
    /// Seconds since 1970, or nil when there is no date that can be read.
    public var dateSeconds: Int64?

    public var from: [MailAddress] = []
    public var sender: [MailAddress] = []
    public var replyTo: [MailAddress] = []
    public var to: [MailAddress] = []
    public var cc: [MailAddress] = []
    public var bcc: [MailAddress] = []
    /// What mail systems noted of the envelope: `Delivered-To`, `X-Original-To`, `Envelope-To`, `X-Envelope-To`.
    public var deliveredTo: [MailAddress] = []
    /// The envelope sender, as the last mail system noted it; empty for the null sender of reports.
    public var returnPath: String?

    /// Decoded.
    public var subject = ""
    /// How many mail systems have passed it on.
    public var receivedCount = 0

    /// The parts as they were declared.
    public var root: MailPart
    /// What there is to read: the plain text, or what the HTML says.
    public var text = ""
    /// Sanitised, or nil when there is none or it is longer than is read.
    public var html: String?
    /// Everything that is not the body, in the order of the message.
    public var attachments: [MailAttachment] = []
    public var calendars: [MailCalendar] = []

    /// The value of the first field of that name, whatever its case.
    public func value(of name: String) -> String? {
        headers.first { $0.name.utf8.elementsEqual(name.utf8) || $0.name.lowercased() == name.lowercased() }?.value
    }

    /// The values of all fields of that name.
    public func values(of name: String) -> [String] {
        let key = name.lowercased()
        return headers.filter { $0.name.lowercased() == key }.map(\.value)
    }

    /// Every address that the message was sent to, as far as it says so: recipients and what mail systems noted.
    public var recipients: [MailAddress] { to + cc + bcc + deliveredTo }
}
