// JSON (RFC 8259) text, written in the order of the calls: the same calls give the same bytes.
//
// Guarantees: valid JSON whatever the values are (control characters are escaped, numbers that JSON does not know become
// null), no white space between tokens, members in the order in which they were written.

/// Writes one JSON value. The caller keeps the grammar: inside `object` only members, inside `array` only elements.
package struct JSONWriter {
    /// UTF-8 of what was written so far.
    package private(set) var bytes: [UInt8] = []
    private var needsComma = false

    package init() {}

    /// What was written so far.
    package var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Begins anew and keeps the memory.
    package mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        needsComma = false
    }

    package mutating func object(_ members: (inout JSONWriter) throws -> Void) rethrows {
        try nested(UInt8(ascii: "{"), UInt8(ascii: "}"), members)
    }

    package mutating func array(_ elements: (inout JSONWriter) throws -> Void) rethrows {
        try nested(UInt8(ascii: "["), UInt8(ascii: "]"), elements)
    }

    /// The name of a member; its value comes next.
    package mutating func key(_ name: String) {
        string(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    package mutating func string(_ value: String) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        for byte in value.utf8 { append(escaping: byte) }
        bytes.append(UInt8(ascii: "\""))
        needsComma = true
    }

    package mutating func number(_ value: some BinaryInteger) { token(String(value)) }

    /// Shortest digits that read back as the same number. Infinities and NaN, which JSON lacks, become null.
    package mutating func number(_ value: Double) { token(value.isFinite ? value.description : "null") }

    /// A number whose digits the caller has: a decimal as it is, without the detour over a binary number.
    package mutating func number(digits: String) { token(digits) }

    package mutating func boolean(_ value: Bool) { token(value ? "true" : "false") }

    package mutating func null() { token("null") }

    // MARK: Members

    package mutating func member(_ name: String, _ value: String?) {
        key(name)
        if let value { string(value) } else { null() }
    }

    package mutating func member(_ name: String, _ value: some BinaryInteger) {
        key(name)
        number(value)
    }

    package mutating func object(_ name: String, _ members: (inout JSONWriter) throws -> Void) rethrows {
        key(name)
        try object(members)
    }

    package mutating func array(_ name: String, _ elements: (inout JSONWriter) throws -> Void) rethrows {
        key(name)
        try array(elements)
    }

    // MARK: Parts

    private mutating func nested(_ open: UInt8, _ close: UInt8, _ body: (inout JSONWriter) throws -> Void) rethrows {
        separate()
        bytes.append(open)
        needsComma = false
        try body(&self)
        bytes.append(close)
        needsComma = true
    }

    private mutating func token(_ text: String) {
        separate()
        bytes.append(contentsOf: text.utf8)
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
    }

    private mutating func append(escaping byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): bytes.append(contentsOf: "\\\"".utf8)
        case UInt8(ascii: "\\"): bytes.append(contentsOf: "\\\\".utf8)
        case 0x0A: bytes.append(contentsOf: "\\n".utf8)
        case 0x0D: bytes.append(contentsOf: "\\r".utf8)
        case 0x09: bytes.append(contentsOf: "\\t".utf8)
        case 0..<0x20, 0x7F:
            let digits = String(byte, radix: 16)
            bytes.append(contentsOf: ("\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits).utf8)
        default: bytes.append(byte)
        }
    }
}
