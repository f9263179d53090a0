// What stands behind `FROM:` and `TO:`: a path between angle brackets, and parameters.
//
// Guarantees: a path that is given back has no control characters, no blanks outside of quotes, no angle brackets, at most
// `ReceiveLimits.pathBytesMax` bytes, and is valid UTF-8; a source route (RFC 5321, appendix C) is cut off. Local parts are taken as
// mail systems write them: dots where RFC 5321 forbids them have been given to people as addresses for decades.

/// A path and its parameters.
struct MailPath: Equatable {
    /// Without brackets; empty for the null sender.
    var address: String
    /// Names in capitals, in the order in which they stand, each once.
    var parameters: [(name: String, value: String?)]

    static func == (a: MailPath, b: MailPath) -> Bool {
        a.address == b.address && a.parameters.elementsEqual(b.parameters) { $0 == $1 }
    }

    /// Whether a character beyond ASCII stands in it.
    var isInternational: Bool { address.utf8.contains { $0 >= 0x80 } }

    /// What stands behind the last `@`, in small letters; empty where there is none.
    var domain: String {
        address.lastIndex(of: "@").map { address[address.index(after: $0)...].lowercased() } ?? ""
    }

    /// Reads it; nil where it is not of the form. `isSender`: whether `<>` is one.
    init?(_ text: ArraySlice<UInt8>, isSender: Bool) {
        var rest = text.drop { $0 == UInt8(ascii: " ") }
        guard rest.popFirst() == UInt8(ascii: "<"), let end = MailPath.end(of: rest) else { return nil }
        guard let address = MailPath.address(rest[..<end]), isSender || !address.isEmpty else { return nil }
        rest = rest[(end + 1)...]
        guard rest.isEmpty || rest.first == UInt8(ascii: " ") else { return nil }
        var parameters: [(name: String, value: String?)] = []
        for part in rest.split(separator: UInt8(ascii: " ")) {
            let fields = part.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(decoding: fields[0], as: UTF8.self).uppercased()
            guard !name.isEmpty, name.utf8.allSatisfy(MailPath.isKeyword),
                !parameters.contains(where: { $0.name == name })
            else { return nil }
            parameters.append((name, fields.count > 1 ? String(decoding: fields[1], as: UTF8.self) : nil))
        }
        self.address = address
        self.parameters = parameters
    }

    /// Where the closing bracket is: the first that does not stand in quotes.
    private static func end(of text: ArraySlice<UInt8>) -> Int? {
        var (isQuoted, isEscaped) = (false, false)
        for (index, byte) in zip(text.indices, text) {
            if isEscaped {
                isEscaped = false
            } else if isQuoted, byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                isQuoted.toggle()
            } else if !isQuoted, byte == UInt8(ascii: ">") {
                return index
            }
        }
        return nil
    }

    private static func address(_ text: ArraySlice<UInt8>) -> String? {
        var text = text
        if text.first == UInt8(ascii: "@") {
            guard let colon = text.firstIndex(of: UInt8(ascii: ":")) else { return nil }
            text = text[(colon + 1)...]
            if text.isEmpty { return nil }
        }
        guard text.count <= ReceiveLimits.pathBytesMax, let address = String(validating: text, as: UTF8.self) else {
            return nil
        }
        if text.isEmpty { return address }
        // `postmaster` alone is an address (RFC 5321, 4.5.1), so a domain is not asked for.
        let at = text.lastIndex(of: UInt8(ascii: "@")) ?? text.endIndex
        guard isLocalPart(text[..<at]), at == text.endIndex || isDomain(text[(at + 1)...]) else { return nil }
        return address
    }

    private static func isLocalPart(_ text: ArraySlice<UInt8>) -> Bool {
        guard text.first == UInt8(ascii: "\"") else {
            return !text.isEmpty && text.allSatisfy { $0 > 0x20 && $0 != 0x7F && !"()<>[]:;,\\\"@".utf8.contains($0) }
        }
        guard text.count >= 2, text.last == UInt8(ascii: "\"") else { return false }
        var isEscaped = false
        for byte in text.dropFirst().dropLast() {
            guard byte >= 0x20, byte != 0x7F else { return false }
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "<") || byte == UInt8(ascii: ">") {
                return false
            }
        }
        return !isEscaped
    }

    private static func isDomain(_ text: ArraySlice<UInt8>) -> Bool {
        if text.first == UInt8(ascii: "["), text.last == UInt8(ascii: "]") {
            return text.dropFirst().dropLast().allSatisfy {
                isKeyword($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: ":")
            }
        }
        return !text.isEmpty && text.first != UInt8(ascii: ".") && text.last != UInt8(ascii: ".")
            && text.allSatisfy { isKeyword($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "_") || $0 >= 0x80 }
    }

    private static func isKeyword(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
