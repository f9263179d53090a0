// Transport encodings of bodies: as it is, quoted-printable, or base64 (RFC 2045, 6).
//
// Guarantees: what is encoded is ASCII in lines of at most 78 characters that end with CR LF, the last without it; decoded it is
// what it was, with line ends as CR LF where it is a text. Linear time.

/// A body with the name of its encoding.
struct TransferEncoding {
    let name: String
    let bytes: [UInt8]

    /// A file, byte by byte.
    static func base64(_ bytes: [UInt8]) -> TransferEncoding {
        // 57 bytes are 76 digits.
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count / 57 * 78 + 80)
        var rest = bytes[...]
        while !rest.isEmpty {
            if !result.isEmpty { result += [.carriageReturn, .lineFeed] }
            result += Base64.encoded(rest.prefix(57))
            rest = rest.dropFirst(57)
        }
        return TransferEncoding(name: "base64", bytes: result)
    }

    /// The lines of a text, in the shortest way that nobody on the way changes.
    static func text(_ lines: [[UInt8]]) -> TransferEncoding {
        if lines.allSatisfy(isSafe) { return TransferEncoding(name: "7bit", bytes: joined(lines)) }
        let quoted = joined(lines.map(quotedPrintable))
        let count = lines.reduce(0) { $0 + $1.count + 2 }
        guard quoted.count > (count + 2) / 3 * 4 * 78 / 76 else {
            return TransferEncoding(name: "quoted-printable", bytes: quoted)
        }
        return base64(joined(lines))
    }

    private static func joined(_ lines: [[UInt8]]) -> [UInt8] {
        Array(lines.joined(separator: [.carriageReturn, .lineFeed]))
    }

    /// Whether a line is sent as it is. Programs on the way quote `From `, some end a message at a dot, and a line that looks like a
    /// boundary is not worth the doubt.
    private static func isSafe(_ line: [UInt8]) -> Bool {
        line.count <= 78 && line.allSatisfy { $0 == .tab || ($0 >= 0x20 && $0 < 0x7F) } && line.last != .tab
            && line.first != UInt8(ascii: ".") && !line.starts(with: "From ".utf8) && !line.starts(with: "--=_".utf8)
    }

    private static func quotedPrintable(_ line: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var column = 0
        for (index, byte) in line.enumerated() {
            let isLast = index == line.count - 1
            // The first letter of `From ` and a dot in front are what programs look for.
            let isMarked = index == 0 && (byte == UInt8(ascii: ".") || line.starts(with: "From ".utf8))
            let isBlank = byte == .space || byte == .tab
            let isPlain = byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "=")
            let piece =
                isPlain && !isMarked || isBlank && !isLast ? [byte] : [UInt8(ascii: "=")] + Hexadecimal.digits(byte)
            // The last piece of a line may stand where the others have to leave room for the mark that the line goes on.
            if column + piece.count > (isLast ? 76 : 75) {
                result += [UInt8(ascii: "="), .carriageReturn, .lineFeed]
                column = 0
            }
            result += piece
            column += piece.count
        }
        return result
    }
}
