import Router
import Testing

/// A session that is driven by a script, and what was said and done, line by line:
///
///     S what the mail system says          C what the session sends
///     > what the caller does               = what the session tells the caller
struct Dialogue {
    var session: SubmitSession
    private(set) var log: [String] = []
    private let recipients: [String]
    private let sender: String
    private let bytes: [UInt8]

    init(
        _ settings: SubmitSettings,
        sender: String = "a@b.example",
        recipients: [String] = ["c@d.example"],
        message: String = "Subject: x\r\n\r\nHello\r\n.dot\r\n"
    ) {
        session = SubmitSession(settings)
        (self.sender, self.recipients, self.bytes) = (sender, recipients, Array(message.utf8))
    }

    /// Plays a script; the log is the script when everything happens as it says.
    mutating func play(_ script: String) throws -> [String] {
        follow()
        for line in script.split(separator: "\n") {
            switch line.prefix(2) {
            case "S ":
                log.append(String(line))
                session.receive(Array("\(line.dropFirst(2))\r\n".utf8))
            case "> ":
                log.append(String(line))
                switch line.dropFirst(2) {
                case "submit":
                    session.submit(try SubmitMessage(sender: sender, recipients: recipients, bytes: bytes))
                case "no tls": session.tlsFailed("certificate\nof another")
                case "tls": session.tlsStarted()
                case "quit": session.quit()
                case "lost": session.connectionLost()
                default: Issue.record("what is \(line)?")
                }
            default: break
            }
            follow()
        }
        return log
    }

    private mutating func follow() {
        while let action = session.nextAction() { log += Dialogue.lines(action) }
    }

    static func lines(_ action: SubmitSession.Action) -> [String] {
        switch action {
        case .write(let bytes):
            return String(decoding: bytes, as: UTF8.self).split(separator: "\r\n", omittingEmptySubsequences: false)
                .dropLast().map { "C \($0)" }
        case .startTLS: return ["= starttls"]
        case .ready: return ["= ready"]
        case .result(let outcomes): return ["= result " + outcomes.map(text).joined(separator: "; ")]
        case .failed(let failure):
            return ["= failed \(failure.isTemporary ? "for now" : "for good") \(failure.reason.name): \(failure.reply)"]
        case .close: return ["= close"]
        }
    }

    static func text(_ outcome: SubmitOutcome) -> String {
        switch outcome {
        case .accepted(let reply): "accepted \(reply)"
        case .temporary(let reply): "temporary \(reply)"
        case .permanent(let reply): "permanent \(reply)"
        case .unknown: "unknown"
        }
    }
}

extension SubmitFailure.Reason {
    /// The name of the case.
    var name: String { String(describing: self) }
}
