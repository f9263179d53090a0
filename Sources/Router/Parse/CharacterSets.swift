// Bytes of a declared character set, as text.
//
// Guarantees: any bytes give a text; what cannot be decoded becomes U+FFFD, byte by byte, and the rest stays; a set that the C
// library does not know, or that lies about itself, falls back to UTF-8 where the bytes are UTF-8, and else to Windows-1252, in
// which nearly every byte is a letter. Linear time.

import Glibc

package enum CharacterSets {
    package static func text(_ bytes: [UInt8], charset: String?) -> String {
        let name = charset.map { normal($0) } ?? "utf-8"
        switch name {
        case "utf-8", "us-ascii", "ascii", "unknown-8bit", "x-unknown", "8bit", "binary", "":
            if let text = String(validating: bytes, as: UTF8.self) { return text }
            if name == "utf-8", charset != nil { return String(decoding: bytes, as: UTF8.self) }
            return convert(bytes, from: "windows-1252") ?? String(decoding: bytes, as: UTF8.self)
        default:
            if let text = convert(bytes, from: name) { return text }
            if let text = String(validating: bytes, as: UTF8.self) { return text }
            return convert(bytes, from: "windows-1252") ?? String(decoding: bytes, as: UTF8.self)
        }
    }

    /// Names that the C library does not know, or that mail means otherwise: what calls itself ISO-8859-1 is Windows-1252 as soon
    /// as a byte from 0x80 to 0x9F is in it, which are control characters there that nobody writes.
    private static func normal(_ charset: String) -> String {
        let name = charset.lowercased().filter { $0.isASCII && !$0.isWhitespace && $0 != "\"" && $0 != "'" }
        return switch name {
        case "iso-8859-1", "iso8859-1", "iso_8859-1", "latin1", "latin-1", "cp-1252", "x-cp1252", "ansi": "windows-1252"
        case "utf8", "unicode-1-1-utf-8", "utf-8n": "utf-8"
        case "unicode-1-1-utf-7", "x-unicode-2-0-utf-7": "utf-7"
        case "gb2312", "x-gbk", "gb_2312-80", "gbk": "gb18030"
        case "ks_c_5601-1987", "ks_c_5601", "ksc5601", "euc-kr": "cp949"
        case "x-sjis", "shift_jis", "shift-jis", "x-ms-cp932": "cp932"
        case "iso-8859-8-i", "iso-8859-8-e": "iso-8859-8"
        case "x-mac-roman", "x-macintosh", "macintosh": "macintosh"
        case "iso-2022-jp": "iso-2022-jp-3"
        case let name where name.hasPrefix("cp-"): "cp" + name.dropFirst(3)
        case let name where name.hasPrefix("x-"): String(name.dropFirst(2))
        default: name
        }
    }

    /// Nil when the C library does not know the set.
    private static func convert(_ bytes: [UInt8], from charset: String) -> String? {
        guard let converter = iconv_open("UTF-8", charset), converter != iconv_t(bitPattern: -1) else { return nil }
        defer { iconv_close(converter) }
        var source = bytes
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count + bytes.count / 4)
        var chunk = [UInt8](repeating: 0, count: 16 << 10)
        source.withUnsafeMutableBytes { input in
            var next = input.baseAddress?.assumingMemoryBound(to: CChar.self)
            var left = input.count
            while left > 0 {
                let (result, written, problem) = chunk.withUnsafeMutableBytes { output in
                    var place = output.baseAddress?.assumingMemoryBound(to: CChar.self)
                    var room = output.count
                    let result = iconv(converter, &next, &left, &place, &room)
                    return (result, output.count - room, errno)
                }
                text.append(contentsOf: chunk[..<written])
                guard result == -1, problem != E2BIG else { continue }
                // A byte that begins no character (EILSEQ), or a character that the end cuts off (EINVAL).
                text.append(contentsOf: "\u{FFFD}".utf8)
                next = next.map { $0 + 1 }
                left -= 1
            }
        }
        // Some converters hold a letter back until they know whether an accent follows.
        let written = chunk.withUnsafeMutableBytes { output in
            var place = output.baseAddress?.assumingMemoryBound(to: CChar.self)
            var room = output.count
            iconv(converter, nil, nil, &place, &room)
            return output.count - room
        }
        text.append(contentsOf: chunk[..<written])
        return String(decoding: text, as: UTF8.self)
    }
}
