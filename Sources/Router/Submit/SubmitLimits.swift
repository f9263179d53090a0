// What the other side of a submission may cost, and how long it is waited for.

/// The bounds of one session with a mail system.
package struct SubmitLimits: Sendable {
    /// Bytes of a line of an answer. RFC 5321 says 512; what greets with advertising is longer.
    package var lineBytesMax = 2_048
    /// Lines of an answer: the longest known answers to EHLO have 30.
    package var linesMax = 200
    /// Bytes of an answer.
    package var replyBytesMax = 64 << 10
    /// Bytes of an answer's words that are kept.
    package var textBytesMax = 1_000
    /// Bytes of the message that are handed out at once.
    package var pieceBytes = 64 << 10

    package init() {}
}

/// Whether a connection is encrypted.
package enum SubmitTLS: String, Sendable, CaseIterable {
    /// By STARTTLS, or nothing is sent. For strangers' networks.
    case required
    /// By STARTTLS where the other side offers it. Who sits between can take the offer away.
    case ifOffered
    /// Not at all, and STARTTLS is not asked for.
    case never
    /// From the first byte (port 465): the caller has done it.
    case fromStart
}

/// Who submits.
package struct SubmitCredentials: Equatable, Sendable {
    /// How it is said.
    package enum Mechanism: String, Sendable, CaseIterable {
        case plain = "PLAIN"
        case login = "LOGIN"
        /// An access token of OAuth 2 instead of a password, as Google and Microsoft take it.
        case xoauth2 = "XOAUTH2"
    }

    package var user: String
    /// A password or an access token.
    package var secret: String
    /// Nil: PLAIN where it is offered, else LOGIN.
    package var mechanism: Mechanism?

    package init(user: String, secret: String, mechanism: Mechanism? = nil) {
        (self.user, self.secret, self.mechanism) = (user, secret, mechanism)
    }
}

/// How a session is held.
package struct SubmitSettings: Sendable {
    /// What this side calls itself: a name of a host, or an address in square brackets.
    package var hostName: String
    package var tls: SubmitTLS
    package var credentials: SubmitCredentials?
    /// Whether credentials may go over a connection that is not encrypted: to a system on the same machine.
    package var allowsClearCredentials = false
    package var limits = SubmitLimits()

    package init(hostName: String, tls: SubmitTLS, credentials: SubmitCredentials? = nil) {
        (self.hostName, self.tls, self.credentials) = (hostName, tls, credentials)
    }
}

/// Why no message can be submitted in a session.
package struct SubmitFailure: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Reason: String, Sendable, CaseIterable {
        /// The greeting was no 220.
        case greeting = "it does not take mail now"
        /// EHLO and HELO were refused.
        case hello = "it does not want to know this name"
        /// TLS is required and not offered.
        case tlsMissing = "it offers no STARTTLS"
        /// STARTTLS was refused, or something stood behind the answer in clear.
        case tls = "encryption did not begin"
        /// The mechanism, or any that is known, is not offered.
        case mechanismMissing = "it does not offer this way to say who submits"
        /// Credentials would go in clear.
        case clearCredentials = "user and password are not sent without encryption"
        /// Credentials were refused, or hold what the mechanism cannot carry.
        case credentials = "it does not know user and password"
        /// It ends the session.
        case closing = "it ends the session"
        /// What it said is no answer, or none to what was asked.
        case protocolError = "what it said is no answer of SMTP"
        /// The connection ended.
        case connectionLost = "the connection ended"
    }

    package var reason: Reason
    /// What the other side said, or this side in its place.
    package var reply: SubmitReply

    /// Whether it may be otherwise later, without anybody changing settings.
    package var isTemporary: Bool {
        switch reason {
        case .closing, .connectionLost, .protocolError: true
        // This side says it by the status alone.
        case .greeting, .hello, .tls, .credentials: reply.code < 500 && !reply.status.hasPrefix("5")
        case .tlsMissing, .mechanismMissing, .clearCredentials: false
        }
    }

    /// One line for people.
    package var description: String { "\(reason.rawValue): \(reply)" }
}
