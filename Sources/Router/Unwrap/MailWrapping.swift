// Mail that carries another message: journal reports, and messages that people forward as an attachment. What is wanted is the message inside,
// as if it had come by itself.
//
// Guarantees
// - The message inside is the very bytes that stand in the one around it: it has the same fingerprint as if it had come by itself, so that
//   what comes both ways, or in several reports, is one.
// - Nothing is guessed: where there is not exactly one message inside, where it was encoded for transport, or where the bytes do not show the
//   parts that the parser has seen, there is nothing to unwrap.
//
// Whoever can send to an address that is unwrapped can say that anybody has written anything, as with any mail; so only mail to addresses
// that were named for it is.

/// A message that was inside another one.
public struct WrappedMail: Sendable {
    /// What was around it.
    public enum Wrapping: String, Sendable {
        /// A report of Exchange or Microsoft 365 with the envelope.
        case journal
        /// A person's, or a rule's.
        case forwarded
    }

    public var wrapping: Wrapping
    /// As it stands in the message around it.
    public var bytes: [UInt8]
    /// Whom it was delivered to, as the journal report says; none of a forwarded message, of which only its head is known.
    public var recipients: [MailAddress]

    /// The message inside a message; nil where there is none to unwrap.
    /// - Parameters:
    ///   - message: the outer message, parsed.
    ///   - bytes: its bytes.
    /// - Complexity: O(bytes).
    public init?(in message: MailMessage, _ bytes: [UInt8]) {
        // A report of delivery has the message that it is about inside.
        guard message.root.type.hasPrefix("multipart/"), message.root.type != "multipart/report",
            case .parts(let parts) = message.root.content
        else {
            return nil
        }
        let inside = parts.indices.filter { if case .message = parts[$0].content { true } else { false } }
        guard inside.count == 1, let place = inside.first, WrappedMail.isVerbatim(parts[place]),
            let boundary = MailBoundary.parameter(of: message.value(of: "Content-Type") ?? "")
        else { return nil }
        let ranges = MailBoundary.parts(of: bytes, boundary)
        guard ranges.count == parts.count, let inner = WrappedMail.body(of: bytes[ranges[place]]) else { return nil }
        self.bytes = inner
        // The field is there, and mostly empty.
        if message.value(of: "X-MS-Journal-Report") != nil {
            (wrapping, recipients) = (.journal, JournalReport.recipients(message.text))
        } else {
            (wrapping, recipients) = (.forwarded, [])
        }
    }

    private static func isVerbatim(_ part: MailPart) -> Bool {
        let encoding = part.headers.first { $0.name.lowercased() == "content-transfer-encoding" }?.value.lowercased()
        return encoding.map { ["7bit", "8bit", "binary"].contains($0) } ?? true
    }

    /// What stands behind the head of a part, with an end of its last line: the one before the next boundary belongs to the boundary, and some
    /// programs write no other.
    private static func body(of part: ArraySlice<UInt8>) -> [UInt8]? {
        var line = part.startIndex
        while line < part.endIndex {
            let end = part[line...].firstIndex(of: .lineFeed) ?? part.endIndex
            let isEmpty = part[line..<end].allSatisfy { $0 == .carriageReturn }
            line = min(end + 1, part.endIndex)
            guard isEmpty else { continue }
            let body = Array(part[line...])
            if body.isEmpty { return nil }
            return body.last == .lineFeed ? body : body + [.carriageReturn, .lineFeed]
        }
        return nil
    }
}

extension MailDelivery {
    /// Parses raw bytes, and where they were delivered to addresses that are unwrapped, and no others, and carry another message, that one
    /// instead. Throws what the parser refuses; of a message inside that it refuses, the outer one stays.
    /// - Parameter unwrapped: addresses as `MailAddress.key` has them.
    public init(
        _ bytes: [UInt8],
        recipients: [MailAddress],
        unwrapping unwrapped: Set<String>,
        parser: MailParser = MailParser()
    ) throws(MailError) {
        let outer = try MailDelivery(bytes, recipients: recipients, parser: parser)
        guard !recipients.isEmpty,
            recipients.allSatisfy({ unwrapped.contains($0.key) || unwrapped.contains($0.plainKey) }),
            let wrapped = WrappedMail(in: outer.message, bytes),
            let inner = try? MailDelivery(wrapped.bytes, recipients: wrapped.recipients, parser: parser)
        else {
            self = outer
            return
        }
        self = inner
    }
}
