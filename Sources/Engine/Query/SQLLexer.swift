// Splits query text into tokens, byte by byte, in one pass and with one token of memory.

/// One word, number, text or sign of the query.
struct SQLToken {
    enum Kind: Equatable {
        /// A keyword or name, in lower case.
        case word(String)
        /// A name in double quotes, in lower case: never a keyword.
        case quoted(String)
        case string(String)
        /// Digits as written, with at most one point and no exponent.
        case number(String)
        /// A number with an exponent.
        case double(Double)
        /// `?` (empty) or `:name`.
        case parameter(String)
        case symbol(Symbol)
        case end
    }

    enum Symbol: String {
        case plus = "+"
        case minus = "-"
        case star = "*"
        case slash = "/"
        case equal = "="
        case notEqual = "<>"
        case less = "<"
        case lessOrEqual = "<="
        case greater = ">"
        case greaterOrEqual = ">="
        case open = "("
        case close = ")"
        case comma = ","
        case point = "."
        case semicolon = ";"
        case percent = "%"
        case join = "||"
    }

    var kind: Kind
    var location: SourceLocation

    /// How an error names it.
    var description: String {
        switch kind {
        case .word(let text): "\"\(text)\""
        case .quoted(let text): "\"\(text)\""
        case .string: "a text"
        case .number(let text): text.utf8.count > 24 ? "a number" : text
        case .double: "a number"
        case .parameter(let name): name.isEmpty ? "?" : ":\(name)"
        case .symbol(let symbol): "\"\(symbol.rawValue)\""
        case .end: "the end of the query"
        }
    }
}

struct SQLLexer {
    private let bytes: [UInt8]
    private var offset = 0
    private var line: UInt32 = 1
    // Scalars of the line that stand before `countedOffset`: counted on from token to token, never again from the start.
    private var column: UInt32 = 0
    private var countedOffset = 0

    init(_ text: String) throws(QueryError) {
        guard text.utf8.count <= QueryLimits.textBytesMax else {
            throw QueryError(
                .tooComplex,
                "a query of \(text.utf8.count) bytes is over the limit of \(QueryLimits.textBytesMax)"
            )
        }
        bytes = Array(text.utf8)
    }

    /// The current place. Scalars are the bytes that are no continuation bytes.
    private mutating func location() -> SourceLocation {
        for byte in bytes[countedOffset..<offset] where byte & 0xC0 != 0x80 { column += 1 }
        countedOffset = offset
        return SourceLocation(line: line, column: column + 1)
    }

    /// The byte at `offset` ends a line.
    private mutating func startLine() {
        line += 1
        column = 0
        countedOffset = offset + 1
    }

    private func peek(_ distance: Int = 0) -> UInt8 { offset + distance < bytes.count ? bytes[offset + distance] : 0 }

    mutating func next() throws(QueryError) -> SQLToken {
        try skipBlanks()
        let location = location()
        guard offset < bytes.count else { return SQLToken(kind: .end, location: location) }
        let byte = bytes[offset]
        if Self.isWordStart(byte) { return SQLToken(kind: .word(try word(location)), location: location) }
        if Self.isDigit(byte) || (byte == UInt8(ascii: ".") && Self.isDigit(peek(1))) {
            return SQLToken(kind: try number(location), location: location)
        }
        switch byte {
        case UInt8(ascii: "'"):
            return SQLToken(kind: .string(try quoted(by: byte, "text", location)), location: location)
        case UInt8(ascii: "\""):
            let name = Self.lowercased(try quoted(by: byte, "name", location))
            guard !name.isEmpty, name.utf8.count <= QueryLimits.nameBytesMax else {
                throw QueryError(.syntax, "a name has 1 to \(QueryLimits.nameBytesMax) bytes", at: location)
            }
            return SQLToken(kind: .quoted(name), location: location)
        case UInt8(ascii: "?"):
            offset += 1
            return SQLToken(kind: .parameter(""), location: location)
        case UInt8(ascii: ":") where Self.isWordStart(peek(1)):
            offset += 1
            return SQLToken(kind: .parameter(try word(location)), location: location)
        default:
            return SQLToken(kind: .symbol(try symbol(location)), location: location)
        }
    }

    private mutating func symbol(_ location: SourceLocation) throws(QueryError) -> SQLToken.Symbol {
        let byte = bytes[offset]
        let following = peek(1)
        let two: SQLToken.Symbol? =
            switch (byte, following) {
            case (UInt8(ascii: "<"), UInt8(ascii: ">")), (UInt8(ascii: "!"), UInt8(ascii: "=")): .notEqual
            case (UInt8(ascii: "<"), UInt8(ascii: "=")): .lessOrEqual
            case (UInt8(ascii: ">"), UInt8(ascii: "=")): .greaterOrEqual
            case (UInt8(ascii: "|"), UInt8(ascii: "|")): .join
            default: nil
            }
        if let two {
            offset += 2
            return two
        }
        guard byte < 0x80, let one = SQLToken.Symbol(rawValue: String(UnicodeScalar(byte))) else {
            // The whole scalar, so that the message stays valid text.
            let rest = String(decoding: bytes[offset..<min(offset + 4, bytes.count)], as: UTF8.self)
            throw QueryError(
                .syntax,
                "unexpected character \(rest.unicodeScalars.first?.debugDescription ?? "")",
                at: location
            )
        }
        offset += 1
        return one
    }

    private mutating func skipBlanks() throws(QueryError) {
        while offset < bytes.count {
            switch bytes[offset] {
            case 0x0A:
                startLine()
                offset += 1
            case 0x20, 0x09, 0x0D:
                offset += 1
            case UInt8(ascii: "-") where peek(1) == UInt8(ascii: "-"):
                while offset < bytes.count, bytes[offset] != 0x0A { offset += 1 }
            default:
                return
            }
        }
    }

    private mutating func word(_ location: SourceLocation) throws(QueryError) -> String {
        let start = offset
        while offset < bytes.count, Self.isWordStart(bytes[offset]) || Self.isDigit(bytes[offset]) { offset += 1 }
        guard offset - start <= QueryLimits.nameBytesMax else {
            throw QueryError(.syntax, "a name has at most \(QueryLimits.nameBytesMax) bytes", at: location)
        }
        return Self.lowercased(String(decoding: bytes[start..<offset], as: UTF8.self))
    }

    /// Digits, point, digits, exponent; a letter right behind is a mistake, not the next word.
    private mutating func number(_ location: SourceLocation) throws(QueryError) -> SQLToken.Kind {
        let start = offset
        var hasExponent = false
        while Self.isDigit(peek()) { offset += 1 }
        if peek() == UInt8(ascii: ".") {
            offset += 1
            while Self.isDigit(peek()) { offset += 1 }
        }
        if peek() | 0x20 == UInt8(ascii: "e") {
            let sign = peek(1) == UInt8(ascii: "-") || peek(1) == UInt8(ascii: "+") ? 1 : 0
            if Self.isDigit(peek(1 + sign)) {
                hasExponent = true
                offset += 1 + sign
                while Self.isDigit(peek()) { offset += 1 }
            }
        }
        guard !Self.isWordStart(peek()) else {
            throw QueryError(.syntax, "a letter inside a number", at: self.location())
        }
        let text = String(decoding: bytes[start..<offset], as: UTF8.self)
        guard hasExponent else { return .number(text) }
        guard let value = Double(text), value.isFinite else {
            throw QueryError(.syntax, "the number is too large", at: location)
        }
        return .double(value)
    }

    /// Text up to the closing quote; a doubled quote stands for one.
    private mutating func quoted(
        by quote: UInt8,
        _ what: String,
        _ location: SourceLocation
    ) throws(QueryError) -> String {
        var content: [UInt8] = []
        offset += 1
        while offset < bytes.count {
            let byte = bytes[offset]
            if byte == quote {
                if peek(1) != quote {
                    offset += 1
                    return String(decoding: content, as: UTF8.self)
                }
                offset += 1
            } else if byte == 0x0A {
                startLine()
            }
            content.append(byte)
            offset += 1
        }
        throw QueryError(.syntax, "the \(what) that begins here has no closing quote", at: location)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }
    private static func isWordStart(_ byte: UInt8) -> Bool {
        (byte | 0x20) &- 0x61 < 26 || byte == UInt8(ascii: "_") || byte >= 0x80
    }

    /// Lower case of ASCII letters only: logical names are ASCII, and others stay as they are.
    static func lowercased(_ text: String) -> String {
        String(decoding: text.utf8.map { $0 &- 0x41 < 26 ? $0 | 0x20 : $0 }, as: UTF8.self)
    }
}
