// From raw bytes to a `MailMessage`: the only place that knows GMime.
//
// Guarantees: only the calls that `CGMime` declares; one parser, one stream and one set of options a call, since GMime's objects
// belong to one thread; everything is released before the call returns; exactly the bytes that it gets were
// checked by `MailBounds` before.
// A message is parsed once, and never written out again: what is kept of it is the raw bytes that came.

import CGMime

/// Reads messages. A value without state: any thread may use it.
public struct MailParser: Sendable {
    /// What is refused.
    public let limits: MailLimits

    public init(limits: MailLimits = MailLimits()) { self.limits = limits }

    // GMime's registry of types; it must be made once.
    private static let isInitialised: Bool = {
        g_mime_init()
        return true
    }()

    /// Parses a whole message, with or without an mbox line in front. Time grows with the bytes. Throws what the limits refuse.
    public func parse(_ bytes: [UInt8]) throws(MailError) -> MailMessage {
        try MailBounds(limits: limits).checkSize(bytes)
        precondition(MailParser.isInitialised)
        if let message = try read(MailHead.mended(bytes)) { return message }
        // GMime refuses some heads altogether: then all of it is body, and nothing is lost.
        guard let message = try read([.lineFeed] + bytes) else { throw .notAMessage }
        return message
    }

    private func read(_ bytes: [UInt8]) throws(MailError) -> MailMessage? {
        try MailBounds(limits: limits).check(bytes)
        let stream = bytes.withUnsafeBytes {
            g_mime_stream_mem_new_with_buffer($0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count)
        }
        defer { g_object_unref(UnsafeMutableRawPointer(stream)) }
        let parser = g_mime_parser_new_with_stream(stream)
        defer { g_object_unref(UnsafeMutableRawPointer(parser)) }
        let options = g_mime_parser_options_new()
        defer { g_mime_parser_options_free(options) }
        g_mime_parser_options_set_allow_addresses_without_domain(options, 1)
        guard let message = g_mime_parser_construct_message(parser, options) else { return nil }
        defer { g_object_unref(UnsafeMutableRawPointer(message)) }
        var reader = MailReader(limits: limits, fields: MailFields(limits: limits, options: options))
        return try reader.message(message, depth: 0)
    }
}

/// Walks the objects of one parsed message. Lives no longer than they do.
private struct MailReader {
    let limits: MailLimits
    let fields: MailFields
    private var partCount = 0

    init(limits: MailLimits, fields: MailFields) {
        self.limits = limits
        self.fields = fields
    }

    mutating func message(_ message: OpaquePointer, depth: Int) throws(MailError) -> MailMessage {
        let object = g_mime_message_get_mime_part(message)
        let part: MailPart
        if let object {
            part = try self.part(object, depth: depth)
        } else {
            part = MailPart(type: "text/plain", headers: [], content: .bytes([]))
        }
        var headers = fields.headers(of: message)
        if let object { headers += fields.headers(of: object) }
        headers.sort { $0.offset < $1.offset }
        var value = MailMessage(root: part)
        fields.fill(&value, from: headers.map(\.header))
        var body = MailBody(limits: limits)
        body.fill(&value)
        return value
    }

    private mutating func part(_ object: OpaquePointer, depth: Int) throws(MailError) -> MailPart {
        guard depth <= limits.depthMax else { throw .tooDeep(depth: depth) }
        partCount += 1
        guard partCount <= limits.partCountMax else { throw .tooManyParts(count: partCount) }
        var part = fields.part(object)
        if isInstance(object, of: g_mime_multipart_get_type()) {
            var parts: [MailPart] = []
            let count = g_mime_multipart_get_count(object)
            for index in 0..<max(count, 0) {
                guard let child = g_mime_multipart_get_part(object, index) else { continue }
                parts.append(try self.part(child, depth: depth + 1))
            }
            if parts.isEmpty, let text = g_mime_multipart_get_prologue(object) {
                // No boundary, or none that occurs: what was sent is one text.
                part.type = "text/plain"
                part.content = .bytes(Array(String(cString: text).utf8))
            } else {
                part.content = .parts(parts)
            }
        } else if isInstance(object, of: g_mime_message_part_get_type()) {
            if let inner = g_mime_message_part_get_message(object) {
                part.content = .message(try message(inner, depth: depth + 1))
            }
        } else if isInstance(object, of: g_mime_part_get_type()), let content = g_mime_part_get_content(object) {
            part.content = .bytes(decoded(content))
        }
        return part
    }

    private func isInstance(_ object: OpaquePointer, of type: GType) -> Bool {
        g_type_check_instance_is_a(object, type) != 0
    }

    private func decoded(_ content: OpaquePointer) -> [UInt8] {
        let stream = g_mime_stream_mem_new()
        defer { g_object_unref(UnsafeMutableRawPointer(stream)) }
        guard g_mime_data_wrapper_write_to_stream(content, stream) >= 0,
            let array = g_mime_stream_mem_get_byte_array(stream)
        else { return [] }
        // The array is the stream's, which lives until the bytes are copied.
        let bytes = UnsafePointer<KithByteArray>(array).pointee
        guard let start = bytes.data, bytes.len > 0 else { return [] }
        return Array(UnsafeBufferPointer(start: start, count: Int(bytes.len)))
    }
}
