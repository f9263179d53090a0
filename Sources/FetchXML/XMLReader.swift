// Reads a text as XML 1.0 (by libexpat) into a tree of elements.
//
// Bounds: `QueryLimits.textBytesMax` bytes, `depthMax` elements deep, `elementCountMax` elements. A document type declaration
// is refused, and with it every entity that a text could define: only the five of XML and character references are left,
// so that nothing can grow beyond what was sent and nothing is fetched.

import CExpat
import Engine

enum XMLReader {
    /// A list of fifty thousand values fits beside everything else that a query says.
    static let elementCountMax = 100_000

    /// The outermost element. Complexity: linear in the text. Throws `syntax` with the place where the text stops being XML.
    static func read(_ text: String) throws(QueryError) -> XMLElement {
        let bytes = Array(text.utf8)
        guard bytes.count <= QueryLimits.textBytesMax else {
            throw QueryError(.tooComplex, "the document is longer than \(QueryLimits.textBytesMax) bytes")
        }
        // Whatever the declaration says, the text has been decoded already: it is UTF-8 here.
        guard let parser = XML_ParserCreate("UTF-8") else {
            throw QueryError(.budget, "there is no memory to read the document")
        }
        defer { XML_ParserFree(parser) }
        // The bytes are read in place by the builder while expat calls it: both end with this function.
        let builder = XMLBuilder(parser: parser, bytes: bytes)
        XML_SetUserData(parser, Unmanaged.passUnretained(builder).toOpaque())
        XML_SetElementHandler(
            parser,
            { context, name, attributes in
                guard let context, let name, let attributes else { return }
                Unmanaged<XMLBuilder>.fromOpaque(context).takeUnretainedValue().start(name, attributes)
            },
            { context, _ in
                guard let context else { return }
                Unmanaged<XMLBuilder>.fromOpaque(context).takeUnretainedValue().end()
            }
        )
        XML_SetCharacterDataHandler(parser) { context, characters, count in
            guard let context, let characters else { return }
            let bytes = UnsafeRawBufferPointer(start: characters, count: Int(count))
            Unmanaged<XMLBuilder>.fromOpaque(context).takeUnretainedValue().append(bytes)
        }
        XML_SetStartDoctypeDeclHandler(parser) { context, _, _, _, _ in
            guard let context else { return }
            Unmanaged<XMLBuilder>.fromOpaque(context).takeUnretainedValue().refuse(
                .syntax,
                "a document type declaration is refused"
            )
        }
        let status = bytes.withUnsafeBytes { buffer in
            XML_Parse(parser, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(buffer.count), 1)
        }
        if let refusal = builder.refusal { throw refusal }
        guard status == XML_STATUS_OK, let root = builder.root else {
            let reason = XML_ErrorString(XML_GetErrorCode(parser)).map { String(cString: $0) } ?? "unreadable"
            throw QueryError(
                .syntax,
                "the text is no XML: \(reason)",
                at: builder.place(ofByte: Int(XML_GetCurrentByteIndex(parser)))
            )
        }
        return root
    }
}

/// Puts the tree together while expat reads.
private final class XMLBuilder {
    private let parser: XML_Parser
    private let bytes: [UInt8]
    private var open: [XMLElement] = []
    private var elementCount = 0
    private(set) var root: XMLElement?
    private(set) var refusal: QueryError?
    // The last place that was asked for. Places rise, so that a text is walked once however many are asked for.
    private var placeByte = 0
    private var place = SourceLocation(line: 1, column: 1)

    init(parser: XML_Parser, bytes: [UInt8]) {
        self.parser = parser
        self.bytes = bytes
    }

    func refuse(_ code: QueryError.Code, _ message: String) {
        guard refusal == nil else { return }
        refusal = QueryError(code, message, at: place(ofByte: Int(XML_GetCurrentByteIndex(parser))))
        XML_StopParser(parser, XML_Bool(XML_FALSE))
    }

    func start(_ name: UnsafePointer<XML_Char>, _ pairs: UnsafeMutablePointer<UnsafePointer<XML_Char>?>) {
        guard refusal == nil else { return }
        elementCount += 1
        guard open.count < QueryLimits.depthMax, elementCount <= XMLReader.elementCountMax else {
            return refuse(.tooComplex, "the document is too deep or has too many elements")
        }
        let start = Int(XML_GetCurrentByteIndex(parser))
        var element = XMLElement(name: String(cString: name), location: place(ofByte: start), attributes: [])
        var scanner = TagScanner(bytes: bytes, offset: start, end: start + Int(XML_GetCurrentByteCount(parser)))
        var index = 0
        // Pairs of name and value, closed by a null pointer.
        while let name = pairs[index], let value = pairs[index + 1] {
            index += 2
            let location = place(ofByte: scanner.nextName())
            element.attributes.append(
                XMLElement.Attribute(name: String(cString: name), value: String(cString: value), location: location)
            )
        }
        open.append(element)
    }

    func end() {
        guard refusal == nil, let element = open.popLast() else { return }
        if open.isEmpty { root = element } else { open[open.count - 1].children.append(element) }
    }

    func append(_ characters: UnsafeRawBufferPointer) {
        guard refusal == nil, !open.isEmpty else { return }
        open[open.count - 1].text += String(decoding: characters, as: UTF8.self)
    }

    /// Line and column of a byte. Amortised over a document: linear in its length, if places are asked for as they come.
    func place(ofByte target: Int) -> SourceLocation {
        if target < placeByte {
            placeByte = 0
            place = SourceLocation(line: 1, column: 1)
        }
        while placeByte < min(target, bytes.count) {
            let byte = bytes[placeByte]
            placeByte += 1
            let isLineEnd = byte == 0x0A || byte == 0x0D && (placeByte == bytes.count || bytes[placeByte] != 0x0A)
            if isLineEnd {
                place = SourceLocation(line: place.line + 1, column: 1)
            } else if byte & 0xC0 != 0x80 {
                // Bytes that continue a scalar are no column of their own.
                place.column += 1
            }
        }
        return place
    }
}

/// Finds the names of attributes in a start tag that expat has found well-formed.
private struct TagScanner {
    let bytes: [UInt8]
    var offset: Int
    let end: Int

    init(bytes: [UInt8], offset: Int, end: Int) {
        self.bytes = bytes
        self.end = min(end, bytes.count)
        self.offset = offset
        skip { !Self.isSpace($0) }
    }

    /// Where the next attribute's name begins; goes on behind its value.
    mutating func nextName() -> Int {
        skip(Self.isSpace)
        let name = offset
        skip { $0 != 0x22 && $0 != 0x27 }
        guard offset < end else { return name }
        let quote = bytes[offset]
        offset += 1
        skip { $0 != quote }
        offset += 1
        return name
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D }

    private mutating func skip(_ predicate: (UInt8) -> Bool) {
        while offset < end, predicate(bytes[offset]) { offset += 1 }
    }
}
