// Which parts of a message are its body, and what the body says.
//
// Guarantees: every leaf is in exactly one place: the body, the attachments or the calendars. Of alternatives the plain text is
// what is read and the HTML what is shown; a part without plain text is read through its HTML. HTML leaves here only sanitised.

/// Fills in text, HTML, attachments and calendars of a message.
struct MailBody {
    let limits: MailLimits
    private var bodyByteCount = 0

    init(limits: MailLimits) { self.limits = limits }

    /// A piece of the body: one thing, said as text, as HTML, or both.
    private struct Piece {
        var plain: String?
        /// Each is parsed by itself, as it was bounded by itself.
        var html: [String] = []

        func said(byteMax: Int) -> String {
            plain ?? html.map { HTMLText.text($0, byteMax: byteMax) }.joined(separator: "\n")
        }
    }

    mutating func fill(_ message: inout MailMessage) {
        var pieces: [Piece] = []
        visit(message.root, into: &pieces, &message)
        message.text = pieces.map { $0.said(byteMax: limits.bodyByteMax) }.joined(separator: "\n")
        guard pieces.contains(where: { !$0.html.isEmpty }) else { return }
        message.html = pieces.map { piece in
            piece.html.isEmpty
                ? "<pre>\(HTMLSanitiser.escape(piece.plain ?? ""))</pre>"
                : piece.html.map(HTMLSanitiser.sanitise).joined(separator: "\n")
        }.joined(separator: "\n")
    }

    private mutating func visit(_ part: MailPart, into pieces: inout [Piece], _ message: inout MailMessage) {
        switch part.content {
        case .message: return
        case .bytes(let bytes): leaf(part, bytes, into: &pieces, &message)
        case .parts(let parts):
            switch part.type {
            case "multipart/alternative":
                var alternatives: [Piece] = []
                for part in parts { visit(part, into: &alternatives, &message) }
                guard !alternatives.isEmpty else { return }
                let hasText = { (text: String?) in text?.contains { !$0.isWhitespace } ?? false }
                let plain = alternatives.compactMap(\.plain).filter(hasText)
                let html = alternatives.flatMap(\.html)
                pieces.append(
                    Piece(
                        plain: plain.isEmpty ? nil : plain.joined(separator: "\n"),
                        html: html
                    )
                )
            case "multipart/related", "multipart/report":
                // The first part is what is shown; the rest belongs to it, or to programs.
                for (index, part) in parts.enumerated() {
                    var own: [Piece] = []
                    if index > 0, case .bytes(let bytes) = part.content {
                        attach(part, bytes, &message)
                    } else {
                        visit(part, into: &own, &message)
                    }
                    pieces += own
                }
            default: for part in parts { visit(part, into: &pieces, &message) }
            }
        }
    }

    private mutating func leaf(
        _ part: MailPart,
        _ bytes: [UInt8],
        into pieces: inout [Piece],
        _ message: inout MailMessage
    ) {
        if part.type == "text/calendar" {
            let text = CharacterSets.text(bytes, charset: part.charset ?? "utf-8")
            message.calendars.append(MailCalendar(method: part.method, text: MailBody.lines(text)))
            return
        }
        let isShown =
            part.disposition != "attachment" && (part.fileName ?? "").isEmpty
            && bytes.count <= limits.bodyByteMax - bodyByteCount
        switch part.type {
        case "text/plain" where isShown:
            bodyByteCount += bytes.count
            pieces.append(Piece(plain: MailBody.lines(CharacterSets.text(bytes, charset: part.charset))))
        case "text/html" where isShown && HTMLBounds.accepts(bytes):
            bodyByteCount += bytes.count
            pieces.append(Piece(html: [CharacterSets.text(bytes, charset: part.charset)]))
        default: attach(part, bytes, &message)
        }
    }

    private func attach(_ part: MailPart, _ bytes: [UInt8], _ message: inout MailMessage) {
        message.attachments.append(
            MailAttachment(
                fileName: part.fileName ?? "",
                type: part.type,
                contentID: part.contentID,
                isInline: part.disposition == "inline" || part.contentID != nil,
                bytes: bytes
            )
        )
    }

    /// Lines end with a line feed alone, and there is no NUL.
    private static func lines(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        var hasReturn = false
        for scalar in text.unicodeScalars {
            if hasReturn, scalar != "\n" { result.append("\n") }
            hasReturn = scalar == "\r"
            if !hasReturn, scalar != "\0" { result.append(scalar) }
        }
        if hasReturn { result.append("\n") }
        return String(result)
    }
}
