/// How the bytes of a text file stand for characters.
package enum TextEncoding: String, Sendable, CaseIterable {
    /// UTF-8, or UTF-16 where the file begins with its byte order mark; a cell that is not valid UTF-8 is read as
    /// Windows-1252. Decided cell by cell, so that one pass suffices and a single old cell costs no row.
    case detect
    /// Cells that are not valid UTF-8 are rejected.
    case utf8 = "utf-8"
    /// ISO 8859-1, which in practice is always Windows-1252: the 27 printable characters that the latter adds stand
    /// where the former has control codes that no one writes.
    case latin1 = "latin-1"
    case windows1252 = "windows-1252"
    case utf16LittleEndian = "utf-16le"
    case utf16BigEndian = "utf-16be"

    /// Code points of the bytes 0x80 to 0x9F in Windows-1252. The five unassigned ones map to themselves, as the WHATWG
    /// encoding standard does, so that decoding is total.
    private static let windows1252High: [UInt16] = [
        0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x008D,
        0x017D, 0x008F, 0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A,
        0x0153, 0x009D, 0x017E, 0x0178,
    ]

    /// Appends the UTF-8 form of Windows-1252 bytes.
    package static func appendWindows1252(_ bytes: Span<UInt8>, to text: inout [UInt8]) {
        for index in bytes.indices {
            let byte = bytes[index]
            if byte < 0x80 {
                text.append(byte)
            } else {
                appendUTF8(byte < 0xA0 ? UInt32(windows1252High[Int(byte) - 0x80]) : UInt32(byte), to: &text)
            }
        }
    }

    /// Appends one scalar value (below 0x110000, no surrogate) as UTF-8.
    package static func appendUTF8(_ scalar: UInt32, to text: inout [UInt8]) {
        switch scalar {
        case ..<0x80:
            text.append(UInt8(scalar))
        case ..<0x800:
            text.append(UInt8(0xC0 | scalar >> 6))
            text.append(UInt8(0x80 | scalar & 0x3F))
        case ..<0x1_0000:
            text.append(UInt8(0xE0 | scalar >> 12))
            text.append(UInt8(0x80 | scalar >> 6 & 0x3F))
            text.append(UInt8(0x80 | scalar & 0x3F))
        default:
            text.append(UInt8(0xF0 | scalar >> 18 & 0x07))
            text.append(UInt8(0x80 | scalar >> 12 & 0x3F))
            text.append(UInt8(0x80 | scalar >> 6 & 0x3F))
            text.append(UInt8(0x80 | scalar & 0x3F))
        }
    }

    /// Whether the bytes are well-formed UTF-8 (no overlong form, no surrogate, nothing above U+10FFFF). O(n).
    package static func isValidUTF8(_ bytes: Span<UInt8>) -> Bool {
        var index = 0
        let count = bytes.count
        while index < count {
            let first = bytes[index]
            index += 1
            if first < 0x80 { continue }
            let trailing: Int
            var low: UInt8 = 0x80
            var high: UInt8 = 0xBF
            switch first {
            case 0xC2...0xDF: trailing = 1
            case 0xE0: (trailing, low) = (2, 0xA0)
            case 0xED: (trailing, high) = (2, 0x9F)
            case 0xE1...0xEF: trailing = 2
            case 0xF0: (trailing, low) = (3, 0x90)
            case 0xF1...0xF3: trailing = 3
            case 0xF4: (trailing, high) = (3, 0x8F)
            default: return false
            }
            guard index + trailing <= count else { return false }
            for step in 0..<trailing {
                let byte = bytes[index + step]
                guard byte >= low, byte <= high else { return false }
                low = 0x80
                high = 0xBF
            }
            index += trailing
        }
        return true
    }
}
