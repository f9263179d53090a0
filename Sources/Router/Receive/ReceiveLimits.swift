// What a session may cost, and what it answers. Every bound with its reason.

/// The bounds of one session.
public struct ReceiveLimits: Sendable {
    /// Bytes of a message, after dots were unstuffed: what the parser reads (`MailLimits`). Said in the answer to the greeting (SIZE).
    public var messageBytesMax = 64 << 20
    /// Recipients of a message. RFC 5321 wants 100 at least; mail servers send 50 to 1,000 at a time. More get 452 and come in
    /// another message.
    public var recipientsMax = 1_000
    /// Bytes of a command with its end. RFC 5321 says 512, each extension adds some (SIZE 26, BODY 16, SMTPUTF8 10), and paths may be
    /// UTF-8; what is longer than four times that is no command.
    public var commandBytesMax = 2_048
    /// Answers that begin with 5 before the session is ended: as Postfix has it.
    public var errorsMax = 20
    /// Commands between two messages, so that nobody holds a connection by NOOP for ever; each recipient is one.
    public var commandsMax = 3_000
    /// Bytes of a path without its brackets. RFC 5321 says 254; senders that encode the recipient go beyond it, and 320 is what a
    /// party of an activity holds.
    public static let pathBytesMax = 320

    /// The usual bounds.
    public init() {}
}

/// One answer: three digits, the same said in RFC 3463's numbers, and words.
public struct MailReply: Hashable, Sendable {
    /// `250` and the like.
    public var code: Int
    /// `2.0.0` and the like; empty where RFC 2034 has none: greeting, answer to it, 354.
    public var status: String
    /// ASCII without line ends.
    public var text: String

    init(_ code: Int, _ status: String, _ text: String) {
        (self.code, self.status, self.text) = (code, status, text)
    }

    /// The message is durable.
    public static let stored = MailReply(250, "2.0.0", "taken, it is on the disk")
    /// The spool is at its bound, or the disk is nearly full.
    public static let spoolFull = MailReply(452, "4.3.1", "no room for mail at present, try again later")
    /// The disk failed.
    public static let spoolFailed = MailReply(451, "4.3.0", "cannot store mail at present, try again later")
    /// The process ends.
    public static let stopping = MailReply(421, "4.3.2", "the router is stopping, try again later")
    /// More connections than are served.
    public static let tooManyConnections = MailReply(421, "4.3.2", "too many connections, try again later")
    /// Nothing came for too long.
    public static let timedOut = MailReply(421, "4.4.2", "nothing was heard for too long")

    /// Whether it ends the connection.
    var closes: Bool { code == 421 || code == 221 || code == 521 }

    /// As it is sent; of an answer of several lines, one that is not the last has a hyphen behind its code.
    func line(isLast: Bool = true) -> [UInt8] {
        Array("\(code)\(isLast ? " " : "-")\(status.isEmpty ? "" : status + " ")\(text)\r\n".utf8)
    }
}
