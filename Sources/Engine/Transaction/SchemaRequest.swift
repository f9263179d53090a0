// A request to change the schema, and its reply, as bytes.
//
//   request
//     u8  flags          bit 0: a request key follows; bit 1: only say what would change
//     u8  0
//     u16 0
//     u64 client, u64 request     only with bit 0
//     document           see SchemaDocument+Codec.swift
//   reply
//     u64 position       the transaction's; where nothing changed, the position at which that was seen
//     u32 epoch          of the schema in force
//     u8  1: the change took effect; 0: it did not
//     u32 differences, each: text subject, text change
//     u32 problems, each: text entity, text attribute, text message, u32 line, u32 column (0: unknown)

/// A decoded request.
package struct SchemaRequest {
    static let keyedFlag: UInt8 = 1
    /// In the first byte.
    package static let checkFlag: UInt8 = 2

    package var document: SchemaDocument
    /// Only says what would change.
    package var isCheck: Bool
    package var key: RequestKey?

    package init(_ document: SchemaDocument, isCheck: Bool = false, key: RequestKey? = nil) {
        self.document = document
        self.isCheck = isCheck
        self.key = key
    }

    package var encoded: [UInt8] {
        var writer = ByteWriter()
        writer.u8((key == nil ? 0 : SchemaRequest.keyedFlag) | (isCheck ? SchemaRequest.checkFlag : 0))
        writer.u8(0)
        writer.u16(0)
        if let key {
            writer.u64(key.client)
            writer.u64(key.request)
        }
        document.encode(into: &writer)
        return writer.bytes
    }

    package init(from reader: inout ByteReader) throws(DecodeError) {
        let flags = try reader.u8()
        guard flags < 4, try reader.u8() == 0, try reader.u16() == 0 else {
            throw DecodeError("unknown flags of a schema request", at: 0)
        }
        isCheck = flags & SchemaRequest.checkFlag != 0
        if flags & SchemaRequest.keyedFlag != 0 {
            key = RequestKey(client: try reader.u64(), request: try reader.u64())
        }
        document = try SchemaDocument(from: &reader)
    }
}

/// What became of a request to change the schema.
public struct SchemaReply: Hashable, Sendable {
    /// Position of the change; where nothing changed, the position at which that was seen.
    public var position: Position
    /// Epoch of the schema in force.
    public var epoch: UInt32
    /// Whether the schema was changed.
    public var isApplied = false
    /// What is different, or would be.
    public var differences: [SchemaDifference] = []
    /// Why nothing was changed; empty where the schema said all of it already, or only a check was asked for.
    public var problems: [SchemaProblem] = []

    init(position: Position, epoch: UInt32) {
        self.position = position
        self.epoch = epoch
    }

    private static let problemsMax = 1000
    private static let textBytesMax = 8192

    func encode(into writer: inout ByteWriter) {
        writer.u64(position)
        writer.u32(epoch)
        writer.u8(isApplied ? 1 : 0)
        writer.u32(UInt32(differences.count))
        for difference in differences {
            writer.text(Refusal.cut(difference.subject, SchemaReply.textBytesMax))
            writer.text(Refusal.cut(difference.change, SchemaReply.textBytesMax))
        }
        writer.u32(UInt32(min(problems.count, SchemaReply.problemsMax)))
        for problem in problems.prefix(SchemaReply.problemsMax) {
            writer.text(Refusal.cut(problem.entity, SchemaReply.textBytesMax))
            writer.text(Refusal.cut(problem.attribute, SchemaReply.textBytesMax))
            writer.text(Refusal.cut(problem.message, SchemaReply.textBytesMax))
            writer.u32(problem.place.line)
            writer.u32(problem.place.column)
        }
    }

    /// Reads a reply.
    package init(decoding bytes: UnsafeRawBufferPointer) throws(DecodeError) {
        var reader = ByteReader(bytes)
        func text(_ reader: inout ByteReader) throws(DecodeError) -> String {
            try reader.text(lengthBytesMax: SchemaReply.textBytesMax)
        }
        self.init(position: try reader.u64(), epoch: try reader.u32())
        isApplied = try reader.u8() != 0
        for _ in 0..<(try reader.u32()) {
            differences.append(SchemaDifference(try text(&reader), try text(&reader)))
        }
        for _ in 0..<(try reader.u32()) {
            var problem = SchemaProblem("", entity: try text(&reader), attribute: try text(&reader))
            problem.message = try text(&reader)
            problem.place = SourcePlace(line: try reader.u32(), column: try reader.u32())
            problems.append(problem)
        }
        try reader.expectEnd()
    }
}
