// Addresses in a head: `Ann Bern <ann@a.example>, "Cy, D." <cy@a.example>, =?utf-8?q?J=C3=B6rg?= <joerg@a.example>`.
//
// Guarantees: an address is written only if it is one that the envelope takes too; a name becomes atoms, a quoted string or encoded
// words, whatever is in it, and its control characters blanks. A name that is too long is cut at a character.

enum MailAddressWriter {
    /// The words of a list.
    static func words(_ addresses: [MailAddress], _ limits: ComposeLimits) throws(ComposeError) -> [String] {
        var words: [String] = []
        for (index, address) in addresses.enumerated() {
            let path = written(try checked(address.address, limits))
            let end = index < addresses.count - 1 ? "," : ""
            let pieces = try name(address.name, limits)
            let all = pieces + ["\(pieces.isEmpty ? path : "<\(path)>")\(end)"]
            // An address stays on one line where it can.
            let whole = all.joined(separator: " ")
            words += whole.utf8.count < MailHeadWriter.lineMax ? [whole] : all
        }
        return words
    }

    /// The address, if mail can be sent to it.
    static func checked(_ address: String, _ limits: ComposeLimits) throws(ComposeError) -> String {
        let path = MailPath(Array("<\(address)>".utf8)[...], isSender: false)
        let isClean = !address.unicodeScalars.contains {
            $0.value > 0x7F && ($0.properties.isWhitespace || $0.isControl)
        }
        guard let path, path.address == address, path.parameters.isEmpty, isClean, address.contains("@"),
            address.utf8.count <= limits.addressBytesMax
        else { throw .invalidAddress(address) }
        return address
    }

    /// As a head has it: local parts with dots in front, behind, or side by side, which some providers gave to people, are quoted.
    private static func written(_ path: String) -> String {
        guard let at = path.lastIndex(of: "@"), path.first != "\"" else { return path }
        let local = path[..<at]
        let isAtom = !local.split(separator: ".", omittingEmptySubsequences: false).contains { $0.isEmpty }
        return isAtom ? path : "\"\(local)\"\(path[at...])"
    }

    private static func name(_ name: String, _ limits: ComposeLimits) throws(ComposeError) -> [String] {
        var byteCount = 0
        let cut = name.prefix { character in
            byteCount += character.utf8.count
            return byteCount <= limits.nameBytesMax
        }
        let line = MailFields.oneLine(String(cut))
        let pieces = line.split(separator: " ", omittingEmptySubsequences: false)
        if pieces.allSatisfy({ $0.isEmpty }) { return [] }
        let isPlain = line.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F } && !line.contains("=?")
        guard isPlain, line.utf8.count <= 60 else { return EncodedWordWriter.words(line, firstMax: 60) }
        if pieces.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(isAtomCharacter) }) { return pieces.map(String.init) }
        return ["\"\(line.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""]
    }

    /// RFC 5322's atext.
    private static func isAtomCharacter(_ byte: UInt8) -> Bool {
        byte.isLetterOrDigit || "!#$%&'*+-/=?^_`{|}~".utf8.contains(byte)
    }
}

extension Unicode.Scalar {
    /// A control character, or one that some programs take for the end of a line.
    var isControl: Bool { value < 0x20 || (0x7F...0x9F).contains(value) || value == 0x2028 || value == 0x2029 }
}

/// Percent encoding, of links and of parameters (RFC 2231).
enum PercentEncoding {
    /// ASCII letters, digits, `-._~` and what is kept stay.
    static func encoded(_ text: some StringProtocol, keeping kept: String = "") -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            if byte.isNameCharacter || byte == UInt8(ascii: "~") || kept.utf8.contains(byte) {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%")] + Hexadecimal.digits(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
