/// The text of a JSON file, byte by byte, with what all readers of it need: blanks, literals, texts, and skipping (RFC 8259).
///
/// Memory: a window, and what the caller appends to. One thread at a time.
final class JSONBytes {
    private static let windowBytes = 64 << 10
    /// Levels of objects and arrays: what people export has three.
    static let levelsMax = 32
    /// Bytes of a number: the longest that any attribute takes has 20.
    private static let literalBytesMax = 1_000
    /// Bytes of a member's name, with those of the objects that it is in.
    static let nameBytesMax = 1_000

    private let source: TextSource
    private let path: String
    private var window = [UInt8](repeating: 0, count: JSONBytes.windowBytes)
    private var head = 0
    private var filled = 0
    private var line = 1

    init(path: String) throws(ImportError) {
        self.path = path
        source = try TextSource(try ByteSource(path: path), encoding: .detect)
    }

    /// Bytes of the file on disk, and how many of them were read so far.
    var progress: (read: Int, total: Int) { (source.fileBytesRead, source.fileBytes) }

    /// The error that ends the reading of the file.
    func error(_ reason: String) -> ImportError { ImportError(.format, "\(path), line \(line): \(reason)") }

    /// The next byte, left where it is; nil at the end.
    func peek() throws(ImportError) -> UInt8? {
        if head == filled {
            let source = source
            let result = window.withUnsafeMutableBufferPointer { buffer in
                Result { () throws(ImportError) in try source.read(into: buffer) }
            }
            filled = try result.get()
            head = 0
            if filled == 0 { return nil }
        }
        return window[head]
    }

    /// Takes the next byte.
    func next() throws(ImportError) -> UInt8 {
        guard let byte = try peek() else { throw error("the file ends in the middle of a value") }
        head += 1
        if byte == UInt8(ascii: "\n") { line += 1 }
        return byte
    }

    /// The next byte that is no blank, left where it is; nil at the end.
    func peekPastBlanks() throws(ImportError) -> UInt8? {
        while let byte = try peek() {
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return byte }
            _ = try next()
        }
        return nil
    }

    /// Takes a sign that has to come next, blanks aside.
    func expect(_ sign: Character) throws(ImportError) {
        guard let wanted = sign.asciiValue, try peekPastBlanks() == wanted else {
            throw error("'\(sign)' is missing")
        }
        _ = try next()
    }

    /// Takes the sign if it comes next, blanks aside.
    func take(_ sign: Character) throws(ImportError) -> Bool {
        guard let wanted = sign.asciiValue, try peekPastBlanks() == wanted else { return false }
        _ = try next()
        return true
    }

    /// Whether another element comes, in an array or an object that `end` closes: takes the end, or the comma before it.
    func goesOn(_ isFirst: inout Bool, to end: Character) throws(ImportError) -> Bool {
        if try take(end) { return false }
        if isFirst {
            isFirst = false
            return true
        }
        try expect(",")
        guard try peekPastBlanks() != end.asciiValue else { throw error("nothing follows a comma") }
        return true
    }

    /// Appends a number, `true`, `false` or `null` as it is written.
    func literal(to bytes: inout [UInt8]) throws(ImportError) {
        let start = bytes.count
        while let byte = try peek(), JSONBytes.isOfLiteral(byte) {
            guard bytes.count - start < JSONBytes.literalBytesMax else {
                throw error("a number is longer than \(JSONBytes.literalBytesMax) bytes")
            }
            bytes.append(try next())
        }
        let text = bytes[start...]
        guard let first = text.first else { throw error("a value is missing") }
        guard (0x30...0x39).contains(first) || first == UInt8(ascii: "-") || JSONBytes.words.contains(Array(text))
        else {
            throw error("'\(String(decoding: text.prefix(20), as: UTF8.self))' is no value")
        }
    }

    private static let words = ["true", "false", "null"].map { Array($0.utf8) }

    private static func isOfLiteral(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "E"),
            UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
            true
        default: false
        }
    }

    /// Appends the text between quotes, unescaped. Half of a surrogate pair becomes U+FFFD.
    func text(to bytes: inout [UInt8], bytesMax: Int) throws(ImportError) {
        try expect("\"")
        let start = bytes.count
        while true {
            let byte = try next()
            switch byte {
            case UInt8(ascii: "\""): return
            case UInt8(ascii: "\\"): try escape(to: &bytes)
            case ..<0x20: throw error("a text has a control character in it")
            default: bytes.append(byte)
            }
            guard bytes.count - start <= bytesMax else { throw error("a text is longer than \(bytesMax) bytes") }
        }
    }

    private func escape(to bytes: inout [UInt8]) throws(ImportError) {
        switch try next() {
        case UInt8(ascii: "n"): bytes.append(0x0A)
        case UInt8(ascii: "r"): bytes.append(0x0D)
        case UInt8(ascii: "t"): bytes.append(0x09)
        case UInt8(ascii: "b"): bytes.append(0x08)
        case UInt8(ascii: "f"): bytes.append(0x0C)
        case let sign where sign == UInt8(ascii: "\"") || sign == UInt8(ascii: "\\") || sign == UInt8(ascii: "/"):
            bytes.append(sign)
        case UInt8(ascii: "u"): try scalar(to: &bytes)
        default: throw error("a text has an unknown escape in it")
        }
    }

    private func scalar(to bytes: inout [UInt8]) throws(ImportError) {
        var unit = try fourDigits()
        while unit & 0xFC00 == 0xD800 {
            // The other half has to follow as an escape.
            guard try peek() == UInt8(ascii: "\\") else { break }
            _ = try next()
            guard try peek() == UInt8(ascii: "u") else {
                TextEncoding.appendUTF8(0xFFFD, to: &bytes)
                return try escape(to: &bytes)
            }
            _ = try next()
            let low = try fourDigits()
            if low & 0xFC00 == 0xDC00 {
                return TextEncoding.appendUTF8(0x1_0000 + (unit & 0x3FF) << 10 + low & 0x3FF, to: &bytes)
            }
            TextEncoding.appendUTF8(0xFFFD, to: &bytes)
            unit = low
        }
        TextEncoding.appendUTF8((0xD800...0xDFFF).contains(unit) ? 0xFFFD : unit, to: &bytes)
    }

    private func fourDigits() throws(ImportError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            let byte = try next()
            guard let digit = Character(UnicodeScalar(byte)).hexDigitValue, byte < 0x80 else {
                throw error("an escape \\u needs four hexadecimal digits")
            }
            value = value << 4 | UInt32(digit)
        }
        return value
    }

    /// Takes a whole value and appends it as it is written, without the blanks between its parts.
    func raw(to bytes: inout [UInt8], bytesMax: Int, level: Int = 0) throws(ImportError) {
        guard level < JSONBytes.levelsMax else { throw error("a value has more than \(JSONBytes.levelsMax) levels") }
        switch try peekPastBlanks() {
        case UInt8(ascii: "\""): try rawText(to: &bytes, bytesMax: bytesMax)
        case UInt8(ascii: "{"):
            bytes.append(try next())
            var isFirst = true
            while try goesOn(&isFirst, to: "}") {
                if bytes.last != UInt8(ascii: "{") { bytes.append(UInt8(ascii: ",")) }
                _ = try peekPastBlanks()
                try rawText(to: &bytes, bytesMax: bytesMax)
                try expect(":")
                bytes.append(UInt8(ascii: ":"))
                try raw(to: &bytes, bytesMax: bytesMax, level: level + 1)
            }
            bytes.append(UInt8(ascii: "}"))
        case UInt8(ascii: "["):
            bytes.append(try next())
            var isFirst = true
            while try goesOn(&isFirst, to: "]") {
                if bytes.last != UInt8(ascii: "[") { bytes.append(UInt8(ascii: ",")) }
                try raw(to: &bytes, bytesMax: bytesMax, level: level + 1)
            }
            bytes.append(UInt8(ascii: "]"))
        default: try literal(to: &bytes)
        }
        guard bytes.count <= bytesMax else { throw error("a record is longer than \(bytesMax) bytes") }
    }

    private func rawText(to bytes: inout [UInt8], bytesMax: Int) throws(ImportError) {
        try expect("\"")
        bytes.append(UInt8(ascii: "\""))
        while true {
            let byte = try next()
            guard byte >= 0x20 else { throw error("a text has a control character in it") }
            bytes.append(byte)
            if byte == UInt8(ascii: "\"") { return }
            if byte == UInt8(ascii: "\\") { bytes.append(try next()) }
            guard bytes.count <= bytesMax else { throw error("a record is longer than \(bytesMax) bytes") }
        }
    }

    /// Takes a text that nobody needs.
    func skipText() throws(ImportError) {
        var bytes: [UInt8] = []
        _ = try peekPastBlanks()
        try rawText(to: &bytes, bytesMax: 1 << 20)
    }

    /// Takes a whole value that nobody needs.
    func skip(bytesMax: Int) throws(ImportError) {
        var bytes: [UInt8] = []
        try raw(to: &bytes, bytesMax: bytesMax)
    }
}
