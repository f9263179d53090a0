// The parts of a message, as they are nested:
//
//   multipart/mixed                 with files
//     multipart/related             with pictures that the HTML shows
//       multipart/alternative       with HTML or a calendar beside the text
//         text/plain; format=flowed
//         text/html
//         text/calendar; method=…
//       picture …
//     file …
//
// Guarantees: a container is there only where something stands in it beside the first. A boundary begins with `=_`, which neither
// base64 nor quoted-printable contains, is made of a digest of what it separates, and of its bytes it was looked for in vain.

import COpenSSL

/// Fields and content of a part, from `Content-Type` on, with the empty line between.
struct MailBodyWriter {
    let bytes: [UInt8]

    static func body(of mail: OutgoingMail) throws(ComposeError) -> MailBodyWriter {
        let limits = mail.limits
        guard mail.attachments.count <= limits.attachmentsMax else {
            throw .tooManyAttachments(count: mail.attachments.count)
        }
        let size = mail.attachments.reduce(0) { $0 + $1.bytes.count }
        guard size <= limits.messageBytesMax else {
            throw .tooLong(.message, byteCount: size, byteMax: limits.messageBytesMax)
        }
        var body = try alternatives(mail, limits)
        let isShown = { (attachment: OutgoingMail.Attachment) in mail.html != nil && attachment.contentID != nil }
        let pictures = mail.attachments.filter(isShown)
        if !pictures.isEmpty {
            let type = mail.html != nil && body.count > 1 ? "multipart/alternative" : "text/html"
            var parts = [container("alternative", body)]
            for picture in pictures { parts.append(try file(picture, isInline: true, limits)) }
            body = [container("related", parts, "; type=\"\(type)\"")]
        }
        var parts = [container("alternative", body)]
        for attachment in mail.attachments where !isShown(attachment) {
            parts.append(try file(attachment, isInline: false, limits))
        }
        return container("mixed", parts)
    }

    /// The same thing in several ways, the plainest first.
    private static func alternatives(
        _ mail: OutgoingMail,
        _ limits: ComposeLimits
    ) throws(ComposeError) -> [MailBodyWriter] {
        for (measure, text) in [(ComposeError.Measure.text, mail.text), (.html, mail.html ?? "")]
        where text.utf8.count > limits.bodyBytesMax {
            throw .tooLong(measure, byteCount: text.utf8.count, byteMax: limits.bodyBytesMax)
        }
        let text = mail.text.isEmpty ? mail.html.map { HTMLText.text($0) } ?? "" : mail.text
        let plain = TransferEncoding.text(FlowedText.lines(TextLines.split(text)))
        var parts = [leaf("text/plain; charset=utf-8; format=flowed", [], plain)]
        if let html = mail.html {
            parts.append(
                leaf("text/html; charset=utf-8", [], TransferEncoding.text(TextLines.split(html).map { Array($0) }))
            )
        }
        if let calendar = mail.calendar {
            let method = calendar.method
            guard !method.isEmpty, method.utf8.count <= 40,
                method.utf8.allSatisfy({ $0.isLetterOrDigit || $0 == .hyphen })
            else { throw .invalidMethod(method) }
            guard calendar.text.utf8.count <= limits.bodyBytesMax else {
                throw .tooLong(.calendar, byteCount: calendar.text.utf8.count, byteMax: limits.bodyBytesMax)
            }
            let lines = TextLines.split(calendar.text).map { Array($0) }
            let type = "text/calendar; charset=utf-8; method=\(method.uppercased())"
            parts.append(leaf(type, [], TransferEncoding.text(lines)))
        }
        return parts
    }

    private static func file(
        _ attachment: OutgoingMail.Attachment,
        isInline: Bool,
        _ limits: ComposeLimits
    ) throws(ComposeError) -> MailBodyWriter {
        var fields: [(name: String, words: [String])] = []
        var disposition = [isInline ? "inline" : "attachment"]
        let name = MailFields.fileName(attachment.fileName)
        if !name.isEmpty {
            disposition[0] += ";"
            disposition += parameter("filename", name)
        }
        fields.append(("Content-Disposition", disposition))
        if let contentID = attachment.contentID {
            fields.append(("Content-ID", [try MailHeadWriter.identifier(contentID, limits)]))
        }
        return leaf(type(attachment.type), fields, .base64(attachment.bytes))
    }

    /// The declared type where it may be sent in base64, which a message and a multipart may not (RFC 2046, 5.1 and 5.2.1).
    private static func type(_ declared: String) -> String {
        let pieces = declared.split(separator: "/", omittingEmptySubsequences: false)
        let isType =
            pieces.count == 2
            && pieces.allSatisfy { piece in
                // RFC 6838, 4.2.
                !piece.isEmpty && piece.utf8.count <= 127 && piece.utf8.first?.isLetterOrDigit == true
                    && piece.utf8.allSatisfy { $0.isLetterOrDigit || "!#$&-^_.+".utf8.contains($0) }
            }
        guard isType, let first = pieces.first?.lowercased(), first != "message", first != "multipart" else {
            return "application/octet-stream"
        }
        return declared.lowercased()
    }

    /// A parameter of RFC 2231: quoted where it is short and plain, else encoded, in pieces where it is long.
    private static func parameter(_ name: String, _ value: String) -> [String] {
        let isPlain = value.utf8.allSatisfy {
            $0 >= 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
        }
        if isPlain, value.utf8.count <= 60, !value.contains("=?") { return ["\(name)=\"\(value)\""] }
        var pieces = [""]
        for character in value {
            let encoded = PercentEncoding.encoded(String(character))
            if pieces[pieces.count - 1].utf8.count + encoded.utf8.count > 54 { pieces.append("") }
            pieces[pieces.count - 1] += encoded
        }
        if pieces.count == 1 { return ["\(name)*=utf-8''\(pieces[0])"] }
        return pieces.enumerated().map { index, piece in
            "\(name)*\(index)*=\(index == 0 ? "utf-8''" : "")\(piece)\(index < pieces.count - 1 ? ";" : "")"
        }
    }

    // MARK: Parts

    private static func leaf(
        _ type: String,
        _ fields: [(name: String, words: [String])],
        _ content: TransferEncoding
    ) -> MailBodyWriter {
        var head = MailHeadWriter()
        head.field("Content-Type", type.split(separator: " ").map(String.init))
        for field in fields { head.field(field.name, field.words) }
        head.field("Content-Transfer-Encoding", [content.name])
        return MailBodyWriter(bytes: head.bytes + [.carriageReturn, .lineFeed] + content.bytes)
    }

    /// The parts within a multipart; a single one stands alone.
    private static func container(
        _ subtype: String,
        _ parts: [MailBodyWriter],
        _ parameters: String = ""
    ) -> MailBodyWriter {
        if parts.count == 1 { return parts[0] }
        let boundary = boundary(parts)
        var head = MailHeadWriter()
        head.field("Content-Type", ["multipart/\(subtype);", "boundary=\"\(boundary)\"\(parameters)"])
        var bytes = head.bytes + [.carriageReturn, .lineFeed]
        for part in parts {
            bytes += Array("--\(boundary)\r\n".utf8)
            bytes += part.bytes
            bytes += [.carriageReturn, .lineFeed]
        }
        return MailBodyWriter(bytes: bytes + Array("--\(boundary)--\r\n".utf8))
    }

    /// A boundary that stands in none of the parts: another digest is taken until it does not.
    private static func boundary(_ parts: [MailBodyWriter]) -> String {
        var text = "=_"
        var attempt: UInt8 = 0
        repeat {
            var digest = [UInt8](repeating: attempt, count: 32)
            for part in parts { digest = sha256(digest + sha256(part.bytes)) }
            text = "=_" + String(decoding: digest.prefix(15).flatMap(Hexadecimal.digits), as: UTF8.self)
            attempt &+= 1
        } while parts.contains { $0.contains(Array(text.utf8)) }
        return text
    }

    private func contains(_ boundary: [UInt8]) -> Bool {
        guard bytes.count >= boundary.count else { return false }
        for start in 0...(bytes.count - boundary.count)
        where bytes[start] == boundary[0] && bytes[start + 1] == boundary[1] {
            if bytes[start..<(start + boundary.count)].elementsEqual(boundary) { return true }
        }
        return false
    }

    private static func sha256(_ bytes: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        let isMade = EVP_Digest(bytes, bytes.count, &digest, nil, EVP_sha256(), nil)
        precondition(isMade == 1, "libcrypto has SHA-256")
        return digest
    }
}
