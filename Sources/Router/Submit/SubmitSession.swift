// Handing messages to a mail system (RFC 5321, submission by RFC 6409), as a state machine: what it says comes in as bytes, what is to be
// done goes out. It knows no sockets, clocks or disks.
//
//   greeting ─220─▶ hello ─250─▶ [ startTLS ─220─▶ handshake ─tlsStarted─▶ hello ] ─▶ [ authentication ─235─▶ ] ready
//   ready ─submit─▶ envelope ─▶ data ─354─▶ content ─last piece─▶ settling ─answer─▶ ready ─quit─▶ quitting ─▶ closed
//
// Guarantees
// - Each message that is submitted has one result, with an outcome for each recipient in their order, whatever happens. `accepted` is what the
//   other side said of the whole message; `unknown` is said only when its last byte was handed out and no answer came.
// - The message is sent as it is, with dots stuffed; only the end of this message is CR LF `.` CR LF.
// - Nothing that was said in clear counts after TLS began; bytes that came in clear behind the answer to STARTTLS end the session.
// - Credentials go over an encrypted connection, unless the settings say otherwise.
// - The actions do not depend on how the bytes are cut. What it holds is bounded by `SubmitLimits`, beside the message.

/// A session. A value: whoever holds it feeds it and does what it says.
package struct SubmitSession: Sendable {
    /// What is to be done, in this order.
    package enum Action: Equatable, Sendable {
        /// Send these bytes. They may hold credentials: they are for no log.
        case write([UInt8])
        /// Encrypt the connection and check the name in the certificate, then call `tlsStarted` or `tlsFailed`. What came before goes into the
        /// session, what comes from now on is TLS's.
        case startTLS
        /// A message may be submitted.
        case ready
        /// What became of the message, for each recipient.
        case result([SubmitOutcome])
        /// No message can be submitted any more.
        case failed(SubmitFailure)
        /// Close the connection.
        case close
    }

    enum State: Equatable {
        case greeting
        case hello(isExtended: Bool)
        case startTLS
        case handshake
        case authentication(SubmitAuthentication)
        case ready
        /// The commands that were sent and not yet answered: MAIL where nil, else the recipient of that index.
        case envelope([Int?])
        case data
        /// How many bytes of the message were handed out.
        case content(Int)
        case settling
        case reset
        case quitting
        case closed
    }

    /// The message under way.
    struct Transaction {
        let message: SubmitMessage
        var outcomes: [SubmitOutcome?]
        /// Recipients that were taken so far.
        var taken: [Int] = []
        /// The answer to MAIL, where it refused.
        var refusal: SubmitOutcome?
        /// Commands that are still to be sent.
        var unsent: [Int?] = []
        var usesSMTPUTF8 = false
    }

    let settings: SubmitSettings
    var state = State.greeting
    var offer = SubmitOffer()
    var isEncrypted: Bool
    var transaction: Transaction?
    private var reader: SubmitReplyReader
    private var actions: [Action] = []
    private var isEnding = false

    package init(_ settings: SubmitSettings) {
        self.settings = settings
        isEncrypted = settings.tls == .fromStart
        reader = SubmitReplyReader(settings.limits)
        let name = settings.hostName.utf8
        let isName =
            !name.isEmpty && name.count <= 255
            && name.allSatisfy { $0.isNameCharacter || "[]:".utf8.contains($0) }
        if !isName { fail(.hello, .own("5.5.4", "the name of this side is no name of a host")) }
    }

    /// Whether `submit` may be called.
    package var isReady: Bool { state == .ready && !isEnding }

    /// Seconds to wait for the next bytes, or for bytes to be taken, before the connection is given up: RFC 5321, 4.5.3.2.
    package var patienceSeconds: Int {
        switch state {
        case .greeting, .hello, .envelope, .ready, .reset: 300
        case .startTLS, .handshake, .authentication, .data: 120
        case .content: 180
        // Systems look through the whole message before they answer; who gives up sooner sends it twice.
        case .settling: 600
        case .quitting, .closed: 30
        }
    }

    // MARK: What happens

    /// Takes what has come.
    package mutating func receive(_ bytes: some Sequence<UInt8>) {
        switch state {
        case .closed: break
        case .handshake: fail(.tls, .own("4.7.0", "something came in clear behind the answer to STARTTLS"))
        default:
            reader.take(bytes)
            // While the message goes out nothing is read, and there is nothing to say but that it is refused.
            if case .content = state, reader.heldBytes > settings.limits.replyBytesMax {
                fail(.protocolError, .own("4.5.0", "it says too much while the message comes"))
            }
        }
    }

    /// The connection is encrypted now.
    package mutating func tlsStarted() {
        guard state == .handshake else { preconditionFailure("TLS began without being asked for") }
        isEncrypted = true
        offer = SubmitOffer()
        sayHello()
    }

    /// The connection could not be encrypted, or the certificate is not that of the other side.
    package mutating func tlsFailed(_ why: String) {
        guard state == .handshake else { preconditionFailure("TLS failed without being asked for") }
        fail(.tls, .own("4.7.0", MailFields.oneLine(why)))
    }

    /// The connection ended, or was given up.
    package mutating func connectionLost(_ why: String = "") {
        while advance(mayWrite: false) {}
        // What was answered still counts; what would be said next is not.
        actions.removeAll { action in
            switch action {
            case .write, .startTLS, .ready: true
            case .result, .failed, .close: false
            }
        }
        switch state {
        case .closed: return
        case .quitting: end()
        default: fail(.connectionLost, .own("4.4.2", why.isEmpty ? "the connection ended" : MailFields.oneLine(why)))
        }
    }

    /// Takes a message. Only when it is ready.
    package mutating func submit(_ message: SubmitMessage) {
        precondition(isReady, "a message was submitted before the session was ready")
        begin(message)
    }

    /// Ends the session as soon as no message is under way.
    package mutating func quit() {
        isEnding = true
        if state == .ready { sayQuit() }
    }

    /// What to do next; nil when more has to happen.
    package mutating func nextAction() -> Action? {
        while actions.isEmpty, advance(mayWrite: true) {}
        return actions.isEmpty ? nil : actions.removeFirst()
    }

    // MARK: Steps

    /// Does the next thing that can be done; false when there is none.
    private mutating func advance(mayWrite: Bool) -> Bool {
        switch state {
        case .closed, .handshake: return false
        case .content(let offset) where mayWrite:
            writePiece(offset)
            return true
        default:
            switch reader.next() {
            case .unfinished: return false
            case .noAnswer: fail(.protocolError, .own("4.5.0", "what it said is no answer"))
            case .answer(let answer): take(answer)
            }
            return true
        }
    }

    private mutating func take(_ answer: SubmitLines) {
        let reply = answer.reply(settings.limits)
        if reply.code == 421, state != .quitting { return fail(.closing, reply) }
        // It wants a login, or another one: the message is not at fault.
        if [530, 535, 538].contains(reply.code), transaction != nil { return fail(.credentials, reply) }
        switch state {
        case .greeting:
            guard reply.code == 220 else { return fail(.greeting, reply) }
            sayHello()
        case .hello(let isExtended): takeHello(answer, reply, isExtended)
        case .startTLS: takeStartTLS(reply)
        case .authentication(let step): takeAuthentication(step, answer, reply)
        case .envelope(let sent): takeEnvelope(sent, reply)
        case .data: takeData(reply)
        case .content: takeEarly(reply)
        case .settling: takeSettlement(reply)
        case .reset:
            guard reply.code / 100 == 2 else { return fail(.protocolError, reply) }
            becomeReady()
        case .quitting: end()
        case .ready: fail(.protocolError, reply)
        case .handshake, .closed: preconditionFailure("an answer was read where none is waited for")
        }
    }

    private mutating func sayHello() {
        send("EHLO \(settings.hostName)")
        state = .hello(isExtended: true)
    }

    private mutating func takeHello(_ answer: SubmitLines, _ reply: SubmitReply, _ isExtended: Bool) {
        if reply.code / 100 == 5, isExtended, !isEncrypted, settings.tls != .required, settings.credentials == nil {
            send("HELO \(settings.hostName)")
            state = .hello(isExtended: false)
            return
        }
        guard reply.code == 250 else { return fail(.hello, reply) }
        offer = isExtended ? SubmitOffer(answer) : SubmitOffer()
        let wantsTLS = !isEncrypted && (settings.tls == .required || settings.tls == .ifOffered)
        if wantsTLS, offer.startTLS {
            send("STARTTLS")
            state = .startTLS
        } else if wantsTLS, settings.tls == .required {
            fail(.tlsMissing, .own("5.7.4", "TLS is required, and STARTTLS is not offered"))
        } else {
            authenticate()
        }
    }

    private mutating func takeStartTLS(_ reply: SubmitReply) {
        guard reply.code == 220 else {
            return settings.tls == .ifOffered && reply.code >= 400 ? authenticate() : fail(.tls, reply)
        }
        guard reader.isEmpty else {
            return fail(.tls, .own("4.7.0", "something came in clear behind the answer to STARTTLS"))
        }
        actions.append(.startTLS)
        state = .handshake
    }

    // MARK: What is done

    mutating func send(_ line: String) { actions.append(.write(Array("\(line)\r\n".utf8))) }

    mutating func write(_ bytes: [UInt8]) { actions.append(.write(bytes)) }

    mutating func becomeReady() {
        state = .ready
        if isEnding { sayQuit() } else { actions.append(.ready) }
    }

    /// Says what became of the message. What has no outcome yet gets this one.
    mutating func settle(_ outcome: SubmitOutcome) {
        guard let transaction else { preconditionFailure("settled without a message") }
        actions.append(.result(transaction.outcomes.map { $0 ?? outcome }))
        self.transaction = nil
    }

    /// Ends the session, and says first what became of a message under way.
    mutating func fail(_ reason: SubmitFailure.Reason, _ reply: SubmitReply) {
        if transaction != nil {
            // Only an answer tells that the other side did not take what it has whole.
            let isUnknown = state == .settling && reason != .closing && reason != .credentials
            settle(isUnknown ? .unknown : .temporary(reply))
        }
        actions.append(.failed(SubmitFailure(reason: reason, reply: reply)))
        end()
    }

    private mutating func sayQuit() {
        send("QUIT")
        state = .quitting
    }

    private mutating func end() {
        actions.append(.close)
        state = .closed
        reader = SubmitReplyReader(settings.limits)
    }
}
