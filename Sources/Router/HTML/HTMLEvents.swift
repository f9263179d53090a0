// HTML as a stream of events: tags as libxml2's HTML parser sees them after mending what is wrong.
//
// Guarantees: no tree is built, so that memory grows with what the listener keeps; no network, no files, no entities from outside;
// the text is UTF-8 and stays so, whatever a `meta` element claims. The listener outlives the parse.

import CXML2

/// What listens to a parse.
protocol HTMLListener: AnyObject {
    func open(_ name: String, _ attributes: [(name: String, value: String)])
    func close(_ name: String)
    func characters(_ text: String)
}

enum HTMLEvents {
    /// A listener in a box that C can point to.
    private final class Context {
        let listener: any HTMLListener
        init(_ listener: any HTMLListener) { self.listener = listener }
    }

    private static let isInitialised: Bool = {
        xmlInitParser()
        return true
    }()

    // HTML_PARSE_RECOVER, _NOERROR, _NOWARNING, _NONET, _IGNORE_ENC.
    private static let options: Int32 = 1 << 0 | 1 << 5 | 1 << 6 | 1 << 11 | 1 << 21

    static func parse(_ html: String, _ listener: any HTMLListener) {
        precondition(isInitialised)
        let context = Context(listener)
        var events = KithHTMLEvents()
        events.startElement = { context, name, attributes in
            guard let listener = HTMLEvents.listener(context), let name else { return }
            listener.open(String(cString: name).lowercased(), HTMLEvents.pairs(attributes))
        }
        events.endElement = { context, name in
            guard let listener = HTMLEvents.listener(context), let name else { return }
            listener.close(String(cString: name).lowercased())
        }
        let characters: @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<UInt8>?, Int32) -> Void = {
            context,
            text,
            count in
            guard let listener = HTMLEvents.listener(context), let text, count > 0 else { return }
            listener.characters(String(decoding: UnsafeBufferPointer(start: text, count: Int(count)), as: UTF8.self))
        }
        events.characters = characters
        events.ignorableWhitespace = characters
        events.cdataBlock = characters
        // A NUL would end the text for the parser.
        let bytes = Array(html.utf8.filter { $0 != 0 })
        guard HTMLBounds.accepts(bytes) else { return }
        withExtendedLifetime(context) {
            withUnsafeMutablePointer(to: &events) { events in
                // The parser copies the events.
                let parser = htmlCreatePushParserCtxt(
                    OpaquePointer(events),
                    Unmanaged.passUnretained(context).toOpaque(),
                    nil,
                    0,
                    nil,
                    Int32(KithEncodingUTF8)
                )
                guard let parser else { return }
                defer { htmlFreeParserCtxt(parser) }
                htmlCtxtUseOptions(parser, options)
                bytes.withUnsafeBytes {
                    // Bodies are bounded far below what 32 bits count.
                    let start = $0.baseAddress?.assumingMemoryBound(to: CChar.self)
                    htmlParseChunk(parser, start, Int32(clamping: $0.count), 0)
                    htmlParseChunk(parser, start, 0, 1)
                }
            }
        }
    }

    private static func listener(_ context: UnsafeMutableRawPointer?) -> (any HTMLListener)? {
        context.map { Unmanaged<Context>.fromOpaque($0).takeUnretainedValue().listener }
    }

    /// Names and values in turn, with a null at the end; a value may be null.
    private static func pairs(
        _ attributes: UnsafeMutablePointer<UnsafePointer<UInt8>?>?
    ) -> [(name: String, value: String)] {
        guard let attributes else { return [] }
        var pairs: [(name: String, value: String)] = []
        var index = 0
        while let name = attributes[index] {
            pairs.append((String(cString: name).lowercased(), attributes[index + 1].map { String(cString: $0) } ?? ""))
            index += 2
        }
        return pairs
    }
}
