// A message that is to be sent, as a value, and its bytes.
//
// Guarantees
// - The same value gives the same bytes: the caller brings date and identifier, and boundaries are made of what they separate.
// - Lines end with CR LF, neither stands alone, and none is longer than 998 bytes; all bytes are ASCII, but for addresses with other
//   letters (`needsSMTPUTF8`).
// - No value makes a field, a part or an end of the message that it is not meant to make. In texts of the head control characters become
//   blanks; addresses, identifiers, links and words for programs that are not of their form are refused.
// - What is read back out of the bytes is what was put in: the tests read with this package's parser and with Python's.

/// A message that is to be sent. Who gets it without being named (Bcc) is in the envelope only: `SubmitMessage`.
package struct OutgoingMail: Sendable {
    /// A file or picture.
    package struct Attachment: Sendable {
        /// Without folders; what stands before the last `/` or `\` is cut off. May be empty.
        package var fileName: String
        /// `application/pdf`. What is not of that form, and a message or multipart, is sent as `application/octet-stream`.
        package var type: String
        package var bytes: [UInt8]
        /// For a picture that the HTML shows as `cid:…`, without brackets.
        package var contentID: String?

        package init(fileName: String, type: String, bytes: [UInt8], contentID: String? = nil) {
            (self.fileName, self.type, self.bytes, self.contentID) = (fileName, type, bytes, contentID)
        }
    }

    /// An invitation, an answer to one, or a cancellation.
    package struct Calendar: Sendable {
        /// `REQUEST`, `REPLY`, `CANCEL`, …
        package var method: String
        /// The iCalendar text; its lines may end in any way.
        package var text: String

        package init(method: String, text: String) { (self.method, self.text) = (method, text) }
    }

    /// What a message says of its origin (RFC 3834). Both marks also ask Exchange for no automatic answer (`X-Auto-Response-Suppress: All`).
    package enum Origin: Sendable {
        /// A person wrote it.
        case person
        /// A rule or a bulk job made it.
        case generated
        /// It answers a message automatically.
        case replied
    }

    /// How a recipient gets out of a list (RFC 2369). With a link a program may do it in one step (RFC 8058), so the link must be of
    /// this recipient only and do it without asking.
    package struct Unsubscribe: Sendable {
        /// An address to write to, such as `unsubscribe+TOKEN@crm.example`.
        package var address: String?
        /// Begins with `https://`.
        package var link: String?

        package init(address: String? = nil, link: String? = nil) { (self.address, self.link) = (address, link) }
    }

    package var messageID: MessageID
    /// Seconds since 1970.
    package var dateSeconds: Int64
    package var from: MailAddress
    package var replyTo: [MailAddress] = []
    package var to: [MailAddress] = []
    package var cc: [MailAddress] = []
    package var subject = ""
    /// What it answers. Of both lists, identifiers that cannot be written are left out: they came from outside.
    package var inReplyTo: [MessageID] = []
    /// The conversation, oldest first; what it answers is added when it is missing. Of long lists the first and the newest are written.
    package var references: [MessageID] = []
    /// Plain; lines may end in any way, and be as long as a paragraph is. Made of `html` where it is empty.
    package var text = ""
    /// Written as it is: whoever makes it of what strangers wrote has to escape that (`MailTemplate`).
    package var html: String?
    package var attachments: [Attachment] = []
    package var calendar: Calendar?
    package var origin = Origin.person
    package var unsubscribe: Unsubscribe?
    /// `MailRules.routerName`: by this mark the router knows its own mail when it comes back.
    package var routerName: String?
    package var limits = ComposeLimits()

    package init(messageID: MessageID, dateSeconds: Int64, from: MailAddress) {
        (self.messageID, self.dateSeconds, self.from) = (messageID, dateSeconds, from)
    }

    /// Whether an address in it has letters beyond ASCII: such a message is only taken by systems with SMTPUTF8 (RFC 6531, 6532).
    /// Domains are not turned into their ASCII form (`xn--…`), which is right as an address by itself.
    package var needsSMTPUTF8: Bool {
        ([from] + replyTo + to + cc).contains { address in address.address.utf8.contains { $0 >= 0x80 } }
    }

    /// The message as it is sent, ending with CR LF, dots not yet stuffed. Time and memory grow with its size.
    package func bytes() throws(ComposeError) -> [UInt8] {
        var head = try MailHeadWriter.head(of: self)
        let body = try MailBodyWriter.body(of: self)
        head += Array("MIME-Version: 1.0\r\n".utf8)
        let bytes = head + body.bytes
        guard bytes.count <= limits.messageBytesMax else {
            throw .tooLong(.message, byteCount: bytes.count, byteMax: limits.messageBytesMax)
        }
        return bytes.suffix(2) == [.carriageReturn, .lineFeed] ? bytes : bytes + [.carriageReturn, .lineFeed]
    }
}
