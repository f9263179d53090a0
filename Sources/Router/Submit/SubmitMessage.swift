// A message with its envelope, ready to be handed over.
//
// Guarantees, from `init` on: every carriage return has a line feed behind it and every line feed a carriage return before it, the last
// line ends so, no line has more than 998 bytes, and there is no NUL; addresses of the envelope are of the form that `MailSession`
// takes. So nothing of it can be read as a command or as the end of the message, whatever system reads it.

/// A message that may be submitted.
package struct SubmitMessage: Equatable, Sendable {
    /// Empty for the null sender, to which nobody answers.
    package let sender: String
    package let recipients: [String]
    package let bytes: [UInt8]
    /// Whether the head, or the sender, has letters beyond ASCII (SMTPUTF8).
    let isInternational: Bool
    /// Whether any byte is beyond ASCII (8BITMIME).
    let isEightBit: Bool

    /// RFC 5321 wants systems to take a hundred; more is for their limits to say.
    package static let recipientsMax = 1_000
    /// RFC 5321, 4.5.3.1.6, without the line's end.
    package static let lineBytesMax = 998

    /// Why a message may not be submitted.
    package enum Refusal: Error, Equatable, Sendable {
        case noBytes
        case noRecipients
        case tooManyRecipients(count: Int)
        case invalidSender
        case invalidRecipient(index: Int)
        case nul(offset: Int)
        /// A carriage return or line feed alone, or a last line without an end.
        case bareLineEnd(offset: Int)
        /// The line that begins there has more than 998 bytes.
        case lineTooLong(offset: Int)
    }

    /// Takes a message that can be sent. Time grows with its size.
    package init(sender: String, recipients: [String], bytes: [UInt8]) throws(Refusal) {
        guard !bytes.isEmpty else { throw .noBytes }
        guard !recipients.isEmpty else { throw .noRecipients }
        guard recipients.count <= SubmitMessage.recipientsMax else {
            throw .tooManyRecipients(count: recipients.count)
        }
        guard SubmitMessage.isPath(sender, isSender: true) else { throw .invalidSender }
        for (index, recipient) in recipients.enumerated() where !SubmitMessage.isPath(recipient, isSender: false) {
            throw .invalidRecipient(index: index)
        }
        let scan = try SubmitMessage.scan(bytes)
        (self.sender, self.recipients, self.bytes) = (sender, recipients, bytes)
        isInternational = scan.isHeadEightBit || SubmitMessage.isInternational(sender)
        isEightBit = scan.isEightBit
    }

    static func isInternational(_ address: String) -> Bool { address.utf8.contains { $0 >= 0x80 } }

    private static func isPath(_ address: String, isSender: Bool) -> Bool {
        guard let path = MailPath(Array("<\(address)>".utf8)[...], isSender: isSender) else { return false }
        return path.address == address && path.parameters.isEmpty
            && !address.unicodeScalars.contains(where: \.isControl)
    }

    private static func scan(_ bytes: [UInt8]) throws(Refusal) -> (isEightBit: Bool, isHeadEightBit: Bool) {
        var (isEightBit, isHeadEightBit, isHead) = (false, false, true)
        var lineStart = 0
        var index = 0
        while index < bytes.count {
            switch bytes[index] {
            case 0: throw .nul(offset: index)
            case .lineFeed: throw .bareLineEnd(offset: index)
            case .carriageReturn:
                guard index + 1 < bytes.count, bytes[index + 1] == .lineFeed else { throw .bareLineEnd(offset: index) }
                guard index - lineStart <= lineBytesMax else { throw .lineTooLong(offset: lineStart) }
                if index == lineStart { isHead = false }
                index += 1
                lineStart = index + 1
            case 0x80...:
                isEightBit = true
                if isHead { isHeadEightBit = true }
            default: break
            }
            index += 1
        }
        guard lineStart == bytes.count else { throw .bareLineEnd(offset: bytes.count) }
        return (isEightBit, isHeadEightBit)
    }
}

/// An answer of the other side, or what this side says in its place.
package struct SubmitReply: Equatable, Sendable, CustomStringConvertible {
    /// Three digits; 0 where no answer was there and this side says why.
    package var code: Int
    /// `5.1.1`, as RFC 3463 has it; empty where the answer has none.
    package var status: String
    /// The words of all lines as one line, cut at `SubmitLimits.textBytesMax`.
    package var text: String

    init(_ code: Int, _ status: String, _ text: String) { (self.code, self.status, self.text) = (code, status, text) }

    /// As people know it.
    package var description: String {
        [code == 0 ? "" : "\(code)", status, text].filter { !$0.isEmpty }.joined(separator: " ")
    }

    /// Said by this side.
    package static func own(_ status: String, _ text: String) -> SubmitReply { SubmitReply(0, status, text) }
}

/// What became of one recipient of a message.
package enum SubmitOutcome: Equatable, Sendable {
    /// The other side answers for it now.
    case accepted(SubmitReply)
    /// Try again later.
    case temporary(SubmitReply)
    /// It never will be taken.
    case permanent(SubmitReply)
    /// The whole message was handed out, and the connection was lost before the answer: it may have been taken.
    case unknown
}
