import Router
import Testing

/// A session and what it has done, driven without a socket.
struct Conversation {
    var session: MailSession
    /// What becomes of messages.
    var outcome = MailReply.stored
    private(set) var sent = ""
    private(set) var messages: [ReceivedMail] = []
    private(set) var isClosed = false

    init(_ dialect: MailDialect = .smtp, domains: Set<String>? = nil, limits: ReceiveLimits = ReceiveLimits()) {
        session = MailSession(dialect, hostName: "crm.example", domains: domains, limits: limits)
        follow()
    }

    /// Feeds bytes, in pieces of the sizes that `cut` gives, or at once.
    mutating func feed(_ bytes: [UInt8], cut: (() -> Int)? = nil) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = rest.prefix(cut.map { max(1, $0()) } ?? rest.count)
            rest = rest.dropFirst(piece.count)
            session.receive(piece)
            follow()
        }
    }

    mutating func feed(_ text: String) { feed(Array(text.utf8)) }

    private mutating func follow() {
        while let event = session.nextEvent() {
            switch event {
            case .send(let bytes):
                #expect(!isClosed)
                sent += String(decoding: bytes, as: UTF8.self)
            case .message(let mail):
                messages.append(mail)
                session.settle(outcome)
            case .close: isClosed = true
            }
        }
    }

    /// The answers, without the greeting, each up to its second blank: `250 2.1.0`. Of several lines only the last counts.
    var answers: [String] {
        sent.split(separator: "\r\n").dropFirst().filter { Array($0)[3] == " " }.map { line in
            let words = line.split(separator: " ")
            return words.count > 1 && words[1].first?.isNumber == true ? "\(words[0]) \(words[1])" : String(words[0])
        }
    }
}

/// The beginning of a transaction up to the answer to DATA.
let opening = "EHLO client.example\r\nMAIL FROM:<a@client.example>\r\nRCPT TO:<b@crm.example>\r\nDATA\r\n"
let openingAnswers = ["250", "250 2.1.0", "250 2.1.5", "354"]
