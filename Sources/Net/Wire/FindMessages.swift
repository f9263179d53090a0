import Engine

// Quick find on the wire (docs/protocol.md).

extension FindRequest {
    /// Names of entities in a request: all that a schema can have.
    private static let entityCountMax = Limits.entityCountMax

    package init(from reader: inout ByteReader) throws(DecodeError) {
        let text = try reader.text(lengthBytesMax: FindLimits.textBytesMax)
        let count = Int(try reader.u16())
        guard count <= FindRequest.entityCountMax else { throw DecodeError("\(count) entities", at: reader.offset) }
        var entities: [String] = []
        for _ in 0..<count { entities.append(try reader.text(lengthBytesMax: QueryLimits.nameBytesMax)) }
        self.init(text, entities: entities, limit: Int(try reader.u32()))
    }

    package func encode(into writer: inout ByteWriter) {
        writer.text(text)
        writer.u16(UInt16(truncatingIfNeeded: entities.count))
        for entity in entities { writer.text(entity) }
        writer.u32(UInt32(clamping: limit))
    }
}

extension FindHit {
    package init(from reader: inout ByteReader) throws(DecodeError) {
        let record = RecordID(rawValue: try reader.u64())
        guard let match = FindMatch(rawValue: try reader.u8()) else {
            throw DecodeError("unknown kind of match", at: reader.offset)
        }
        self.init(
            record: record,
            match: match,
            name: try reader.text(lengthBytesMax: Limits.textBytesMax),
            attribute: try reader.text(lengthBytesMax: QueryLimits.nameBytesMax),
            text: try reader.text(lengthBytesMax: Limits.textBytesMax)
        )
    }

    package func encode(into writer: inout ByteWriter) {
        writer.u64(record.rawValue)
        writer.u8(match.rawValue)
        writer.text(name)
        writer.text(attribute)
        writer.text(text)
    }

    package static func list(from reader: inout ByteReader) throws(DecodeError) -> [FindHit] {
        var hits: [FindHit] = []
        for _ in 0..<Int(try reader.u32()) { hits.append(try FindHit(from: &reader)) }
        return hits
    }
}
