// One conversation with a mail system, as a state machine: bytes come in, answers and messages go out. It knows no sockets, clocks or
// disks.
//
//   greeting ─hello─▶ ready ─MAIL─▶ sender ─RCPT─▶ recipients ─DATA─▶ data ─CR LF . CR LF─▶ settling ─settle─▶ ready
//
// Guarantees
// - Answers come in the order of the commands (PIPELINING, RFC 2920); the bytes that are sent do not depend on how the bytes that come
//   are cut into pieces.
// - A message is handed out once, and nothing behind it is looked at before `settle` has said what became of it. So no answer says
//   that a message was taken before whoever takes it says so; in LMTP there is one for each recipient, in their order (RFC 2033).
// - A carriage return or line feed that stands alone, in a command or in a message, is answered by 521 and the end: nothing behind
//   it is ever read as a command.
// - What it holds is bounded by `ReceiveLimits`.

/// What is spoken.
public enum MailDialect: String, Sendable, CaseIterable {
    /// RFC 2033: an answer for each recipient.
    case lmtp
    /// RFC 5321.
    case smtp
}

/// A message with its envelope, as it was sent.
public struct ReceivedMail: Equatable, Sendable {
    /// Empty for the null sender.
    public var sender: String
    /// In the order in which they were named, perhaps one more than once.
    public var recipients: [String]
    /// What the other side calls itself.
    public var peer: String
    /// The message: lines that end with CR LF, without stuffed dots.
    public var bytes: [UInt8]

    public init(sender: String, recipients: [String], peer: String, bytes: [UInt8]) {
        (self.sender, self.recipients, self.peer, self.bytes) = (sender, recipients, peer, bytes)
    }
}

/// A session. A value: whoever holds it feeds it and does what it says.
public struct MailSession: Sendable {
    /// What is to be done, in this order.
    public enum Event: Equatable, Sendable {
        /// Send these bytes.
        case send([UInt8])
        /// Keep this message, then call `settle`.
        case message(ReceivedMail)
        /// Close the connection when everything is sent.
        case close
    }

    private enum State {
        case command
        case data(MailData)
        case settling
        case closed
    }

    let dialect: MailDialect
    let hostName: String
    let limits: ReceiveLimits
    /// Domains that mail is taken for, in small letters; nil: for any.
    let domains: Set<String>?
    private var state = State.command
    private var input: [UInt8] = []
    /// How far `input` is done with.
    private var start = 0
    private var events: [Event] = []
    /// What the other side called itself; nil before its hello.
    var peer: String?
    /// Nil outside of a transaction.
    var sender: String?
    var recipients: [String] = []
    /// Whether the transaction may have characters beyond ASCII in paths.
    var isInternational = false
    private var errorCount = 0
    private var commandCount = 0

    /// - Parameter hostName: what it calls itself.
    public init(
        _ dialect: MailDialect,
        hostName: String,
        domains: Set<String>? = nil,
        limits: ReceiveLimits = ReceiveLimits()
    ) {
        self.dialect = dialect
        self.hostName = hostName
        self.domains = domains.map { Set($0.map { $0.lowercased() }) }
        self.limits = limits
        answer(MailReply(220, "", "\(hostName) \(dialect == .lmtp ? "LMTP" : "ESMTP") kith"))
    }

    /// Bytes of the message that is coming, as far as they are kept.
    public var keptBytes: Int { if case .data(let data) = state { data.bytes.count } else { 0 } }

    /// Whether a message is under way: its beginning has come, or it waits for `settle`.
    public var isTakingMessage: Bool {
        switch state {
        case .data, .settling: true
        case .command, .closed: false
        }
    }

    /// Takes what has come.
    public mutating func receive(_ bytes: some Sequence<UInt8>) {
        if case .closed = state { return }
        input.append(contentsOf: bytes)
    }

    /// What to do next; nil when more bytes have to come, or `settle` has to be called.
    public mutating func nextEvent() -> Event? {
        while events.isEmpty, advance() {}
        return events.isEmpty ? nil : events.removeFirst()
    }

    /// Says what became of the message that was handed out last.
    public mutating func settle(_ reply: MailReply) {
        guard case .settling = state else { preconditionFailure("settled without a message") }
        state = .command
        finish(reply)
    }

    /// Keeps nothing of the message that is coming: it is read to its end and refused for now.
    public mutating func dropMessage() {
        guard case .data(var data) = state else { return }
        data.drop()
        state = .data(data)
    }

    /// Ends the session from this side, unless a message waits to be settled.
    public mutating func end(_ reply: MailReply) {
        switch state {
        case .settling, .closed: return
        case .command, .data: answer(reply)
        }
    }

    // MARK: Bytes

    /// Does what the next bytes ask for; false when there are not enough of them.
    private mutating func advance() -> Bool {
        switch state {
        case .settling, .closed: return false
        case .command: return readCommand()
        case .data(var data):
            // The machine holds the message alone while it grows.
            state = .closed
            let progress = data.take(input[start...])
            switch progress {
            case .unfinished:
                consume(input.count - start)
                state = .data(data)
                return false
            case .bareLineEnd:
                refuseLineEnd()
            case .finished(let used):
                consume(used)
                state = .command
                endMessage(data)
            }
            return true
        }
    }

    private mutating func consume(_ count: Int) {
        start += count
        if start == input.count {
            input.removeAll(keepingCapacity: input.capacity <= 1 << 16)
            start = 0
        } else if start >= 1 << 16 {
            input.removeFirst(start)
            start = 0
        }
    }

    /// A command is a line; what is wrong with it is found at the same byte however the line is cut.
    private mutating func readCommand() -> Bool {
        let end = min(input.count, start + limits.commandBytesMax)
        guard let place = input[start..<end].firstIndex(where: { $0 == .carriageReturn || $0 == .lineFeed }) else {
            guard end - start == limits.commandBytesMax else { return false }
            answer(MailReply(521, "5.5.2", "no command is that long"))
            return true
        }
        if input[place] == .lineFeed {
            refuseLineEnd()
            return true
        }
        guard place + 1 < input.count else { return false }
        guard input[place + 1] == .lineFeed else {
            refuseLineEnd()
            return true
        }
        let line = Array(input[start..<place])
        consume(place + 2 - start)
        commandCount += 1
        guard commandCount <= limits.commandsMax else {
            answer(MailReply(421, "4.7.0", "too many commands"))
            return true
        }
        execute(line)
        return true
    }

    private mutating func refuseLineEnd() {
        state = .command
        answer(MailReply(521, "5.5.2", "lines end with CR LF, and neither stands alone"))
    }

    // MARK: What commands do

    /// Sends an answer; some end the session, and so do too many that refuse.
    mutating func answer(_ reply: MailReply) {
        events.append(.send(reply.line()))
        if reply.code >= 500, !reply.closes {
            errorCount += 1
            if errorCount >= limits.errorsMax { return answer(MailReply(421, "4.7.0", "too many errors")) }
        }
        guard reply.closes else { return }
        events.append(.close)
        state = .closed
        input = []
        start = 0
        resetTransaction()
    }

    /// Sends an answer of several lines.
    mutating func answer(lines: [MailReply]) {
        let bytes = lines.enumerated().flatMap { $1.line(isLast: $0 == lines.count - 1) }
        events.append(.send(bytes))
    }

    mutating func resetTransaction() {
        sender = nil
        recipients = []
        isInternational = false
    }

    mutating func beginData() {
        answer(MailReply(354, "", "send it, end with CR LF . CR LF"))
        state = .data(MailData(bytesMax: limits.messageBytesMax))
    }

    private mutating func endMessage(_ data: MailData) {
        if data.isTooLarge { return finish(.tooLarge(limits.messageBytesMax)) }
        if data.isDropped { return finish(MailReply(452, "4.3.1", "no memory for it at present, try again later")) }
        guard let sender, let peer else { preconditionFailure("data outside of a transaction") }
        let mail = ReceivedMail(sender: sender, recipients: recipients, peer: peer, bytes: data.bytes)
        state = .settling
        events.append(.message(mail))
    }

    /// The answer to the end of a message. In LMTP each recipient has one.
    private mutating func finish(_ reply: MailReply) {
        let count = dialect == .lmtp && !reply.closes ? recipients.count : 1
        resetTransaction()
        commandCount = 0
        let bytes = (0..<count).flatMap { _ in reply.line() }
        if reply.closes { return answer(reply) }
        events.append(.send(bytes))
    }
}

extension MailReply {
    static func tooLarge(_ bytesMax: Int) -> MailReply {
        MailReply(552, "5.3.4", "a message has at most \(bytesMax) bytes")
    }
}
