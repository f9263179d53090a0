// Saying who submits: AUTH (RFC 4954) by PLAIN (RFC 4616), LOGIN, and XOAUTH2 as Google and Microsoft describe it.
//
//   AUTH PLAIN base64( NUL user NUL password )
//   AUTH LOGIN, 334, base64( user ), 334, base64( password )
//   AUTH XOAUTH2 base64( "user=" user ^A "auth=Bearer " token ^A ^A ), and where that is answered by 334 with the reason, an empty line

/// What was said so far.
enum SubmitAuthentication: Equatable {
    case plain
    case loginUser, loginSecret, loginEnd
    case token
    /// The token was refused, for this reason.
    case tokenRefused(String)
}

extension SubmitSession {
    /// Begins, where there are credentials.
    mutating func authenticate() {
        guard let credentials = settings.credentials else { return becomeReady() }
        guard isEncrypted || settings.allowsClearCredentials else {
            return fail(.clearCredentials, .own("5.7.11", "the connection is not encrypted"))
        }
        let wanted = credentials.mechanism.map { [$0] } ?? [.plain, .login]
        guard let mechanism = wanted.first(where: offer.mechanisms.contains) else {
            let names = wanted.map(\.rawValue).joined(separator: " and ")
            return fail(.mechanismMissing, .own("5.7.4", "\(names) not offered"))
        }
        let text = credentials.user + credentials.secret
        guard !text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }), !credentials.user.isEmpty
        else { return fail(.credentials, .own("5.7.8", "user and password have no control characters")) }
        switch mechanism {
        case .plain:
            send("AUTH PLAIN \(Base64.text(Array("\0\(credentials.user)\0\(credentials.secret)".utf8)))")
            state = .authentication(.plain)
        case .login:
            send("AUTH LOGIN")
            state = .authentication(.loginUser)
        case .xoauth2:
            let words = "user=\(credentials.user)\u{1}auth=Bearer \(credentials.secret)\u{1}\u{1}"
            send("AUTH XOAUTH2 \(Base64.text(Array(words.utf8)))")
            state = .authentication(.token)
        }
    }

    mutating func takeAuthentication(_ step: SubmitAuthentication, _ answer: SubmitLines, _ reply: SubmitReply) {
        guard let credentials = settings.credentials else { preconditionFailure("an answer about no credentials") }
        switch (step, reply.code) {
        case (.plain, 235), (.loginEnd, 235), (.token, 235): becomeReady()
        case (.loginUser, 334):
            send(Base64.text(Array(credentials.user.utf8)))
            state = .authentication(.loginSecret)
        case (.loginSecret, 334):
            send(Base64.text(Array(credentials.secret.utf8)))
            state = .authentication(.loginEnd)
        case (.token, 334):
            let reason = EncodedWords.base64(Array(answer.lines.joined())[...])
            send("")
            state = .authentication(.tokenRefused(MailFields.oneLine(String(decoding: reason, as: UTF8.self))))
        case (.tokenRefused(let reason), 400...):
            let text = "\(reply.text) \(reason)"
            fail(.credentials, SubmitReply(reply.code, reply.status, String(text.prefix(settings.limits.textBytesMax))))
        case (_, 400...): fail(.credentials, reply)
        default: fail(.protocolError, reply)
        }
    }
}
