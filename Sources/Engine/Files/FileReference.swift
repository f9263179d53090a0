// The value of a file attribute: which content, and what people call it. The content lies outside (docs/files.md).
//
// A value is a text of four fields with a blank between them, so that it lies, is logged and is sent as any text:
//
//   9f86d081…0a08 1048576 application/pdf Offer 2026.pdf
//   hash          length  content type    name, which may have blanks
//
// Each field has one form only (lower-case digits, no zeros in front, no blanks), so that equal values are equal texts.

/// Which content a record refers to, and how it is called.
public struct FileReference: Hashable, Sendable {
    /// Characters of a name at most: what file systems take.
    public static let nameLengthMax = 255
    /// Bytes of a content type at most.
    public static let contentTypeBytesMax = 100
    /// What a content is where nobody says more.
    public static let unknownContentType = "application/octet-stream"
    /// Bytes of the longest content that any attribute takes: 16 GiB. With its 11 digits a value stays far below the longest text.
    public static let lengthBytesMax: Int64 = 1 << 34
    /// Bytes of a value's text at most.
    static let textBytesMax = 64 + 1 + 11 + 1 + contentTypeBytesMax + 1 + 4 * nameLengthMax

    /// Which content.
    public var content: FileContent
    /// Two names with `/` between them: `application/pdf`.
    public var contentType: String
    /// What people call the file: no path.
    public var name: String

    /// Makes a value; throws what is wrong with the name or the content type.
    public init(
        _ content: FileContent,
        name: String,
        contentType: String = unknownContentType
    ) throws(FileReferenceFlaw) {
        self.content = content
        self.name = name
        self.contentType = contentType
        if let flaw { throw flaw }
    }

    /// Reads a value's text.
    public init(text: String) throws(FileReferenceFlaw) {
        var text = text
        let fields = text.withUTF8 { bytes in
            FileFields(bytes).map { fields in
                (
                    ContentHash(fields.hash), FileReference.length(fields.length),
                    String(decoding: fields.contentType, as: UTF8.self), String(decoding: fields.name, as: UTF8.self)
                )
            }
        }
        guard let fields, let hash = fields.0, let length = fields.1 else {
            throw FileReferenceFlaw("It is not a hash, a length, a content type and a name with blanks between them.")
        }
        try self.init(FileContent(hash: hash, lengthBytes: length), name: fields.3, contentType: fields.2)
    }

    /// The value as it is stored and sent.
    public var text: String { "\(content.hash) \(content.lengthBytes) \(contentType) \(name)" }

    private static func length(_ digits: some Collection<UInt8>) -> Int64? {
        guard (1...11).contains(digits.count), digits.count == 1 || digits.first != UInt8(ascii: "0") else {
            return nil
        }
        var number: Int64 = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            number = number * 10 + Int64(digit - UInt8(ascii: "0"))
        }
        return number
    }

    private var flaw: FileReferenceFlaw? {
        guard content.lengthBytes >= 0, content.lengthBytes <= FileReference.lengthBytesMax else {
            return FileReferenceFlaw("A content has at most \(FileReference.lengthBytesMax) bytes.")
        }
        guard FileReference.isContentType(contentType) else {
            return FileReferenceFlaw("'\(contentType)' is no content type, such as application/pdf.")
        }
        guard !name.isEmpty, name.unicodeScalars.count <= FileReference.nameLengthMax else {
            return FileReferenceFlaw("A file's name has 1 to \(FileReference.nameLengthMax) characters.")
        }
        guard name != ".", name != "..", !name.unicodeScalars.contains(where: FileReference.isForbidden) else {
            return FileReferenceFlaw("A file's name has no path and no control characters in it.")
        }
        return nil
    }

    /// What would make a name a path somewhere, or write to a terminal.
    private static func isForbidden(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "/" || scalar == "\\" || scalar.properties.generalCategory == .control
    }

    /// Whether a text is two names of letters, digits and some signs, with `/` between them; the second may be `*` in a
    /// pattern. Parameters behind a semicolon are not kept.
    static func isContentType(_ text: String, mayBePattern: Bool = false) -> Bool {
        guard text.utf8.count <= contentTypeBytesMax else { return false }
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }) else { return false }
        if mayBePattern, Array(parts[1]) == [UInt8(ascii: "*")] { return parts[0].allSatisfy(isTokenByte) }
        return parts.allSatisfy { $0.allSatisfy(isTokenByte) }
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."),
            UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    /// Whether the content type is one of these: `application/pdf`, `image/*`. An empty list allows all.
    func isOfType(_ allowed: [String]) -> Bool {
        allowed.isEmpty
            || allowed.contains { pattern in
                pattern.hasSuffix("/*") ? contentType.hasPrefix(pattern.dropLast()) : contentType == pattern
            }
    }
}

/// What is wrong with a file's value.
public struct FileReferenceFlaw: Error, Hashable, Sendable, CustomStringConvertible {
    /// In one sentence.
    public var description: String
    init(_ description: String) { self.description = description }
}

/// The fields of a value's text, where they stand in it.
struct FileFields {
    let hash: UnsafeBufferPointer<UInt8>
    let length: UnsafeBufferPointer<UInt8>
    let contentType: UnsafeBufferPointer<UInt8>
    let name: UnsafeBufferPointer<UInt8>

    /// Nil when there are fewer than three blanks.
    init?(_ text: UnsafeBufferPointer<UInt8>) {
        var blanks: [Int] = []
        for index in text.indices where text[index] == UInt8(ascii: " ") {
            blanks.append(index)
            if blanks.count == 3 { break }
        }
        guard blanks.count == 3 else { return nil }
        func part(_ range: Range<Int>) -> UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(rebasing: text[range]) }
        hash = part(0..<blanks[0])
        length = part(blanks[0] + 1..<blanks[1])
        contentType = part(blanks[1] + 1..<blanks[2])
        name = part(blanks[2] + 1..<text.count)
    }

    subscript(_ part: FilePart) -> UnsafeBufferPointer<UInt8> {
        switch part {
        case .name: name
        case .size: length
        case .hash: hash
        case .type: contentType
        }
    }
}

/// What a query can ask of a file: its attribute is the name, the others are `<attribute>size` and so on.
enum FilePart: String, CaseIterable, Hashable, Sendable {
    case name
    case size
    case hash
    case type

    /// The type of the value in queries.
    var queryType: QueryType { self == .size ? .integer : .text(.general) }
}

extension AttributeType {
    /// Whether the values are files.
    public var isFile: Bool { if case .file = self { true } else { false } }
}
