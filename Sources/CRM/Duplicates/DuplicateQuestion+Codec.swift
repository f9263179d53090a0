// Questions about duplicates and their answers as bytes:
//
//   question   u8 kind, then
//     0 records        u32 records, u64 each
//     1 transaction    the transaction, as it would be executed
//   answer     u64 position, u8 is cut
//              u32 reasons, then per reason   u64 rule, text name, text because
//              u32 hits, then per hit         u64 record, u64 other, u8 reasons, u8 each
//              u32 omissions, then each       u64 record, u8 reason
//
// An entity's published rules have 128 alternatives at most (`DuplicateKeys.keysMax`); a question about so many entities that their reasons
// do not go into 256 is refused.

import Engine

extension DuplicateQuestion {
    package func encode(into writer: inout ByteWriter) {
        switch self {
        case .records(let ids):
            writer.u8(0)
            writer.u32(UInt32(ids.count))
            for id in ids { writer.u64(id.rawValue) }
        case .encoded(let bytes):
            writer.u8(1)
            bytes.withUnsafeBytes { writer.raw($0) }
        }
    }

    package init(decoding bytes: UnsafeRawBufferPointer) throws(DecodeError) {
        var reader = ByteReader(bytes)
        switch try reader.u8() {
        case 0:
            let count = Int(try reader.u32())
            guard count <= Self.recordsMax else { throw DecodeError("a question about \(count) records", at: 1) }
            var ids: [RecordID] = []
            for _ in 0..<count { ids.append(RecordID(rawValue: try reader.u64())) }
            try reader.expectEnd()
            self = .records(ids)
        case 1: self = .encoded(Array(bytes.dropFirst()))
        default: throw DecodeError("unknown question about duplicates", at: 0)
        }
    }
}

extension DuplicateReport {
    /// Reasons that one answer can name.
    static let reasonsMax = 256
    /// Bytes of a rule's name, and of what an alternative says: eight conditions of four names.
    private static let textBytesMax = 8_192

    package func encode(into writer: inout ByteWriter) {
        writer.u64(position)
        writer.u8(isCut ? 1 : 0)
        writer.u32(UInt32(reasons.count))
        for reason in reasons {
            writer.u64(reason.rule.rawValue)
            writer.text(reason.name)
            writer.text(reason.because)
        }
        writer.u32(UInt32(hits.count))
        for hit in hits {
            writer.u64(hit.record.rawValue)
            writer.u64(hit.other.rawValue)
            writer.u8(UInt8(hit.reasons.count))
            for reason in hit.reasons { writer.u8(UInt8(reason)) }
        }
        writer.u32(UInt32(omissions.count))
        for omission in omissions {
            writer.u64(omission.record.rawValue)
            writer.u8(UInt8(omission.reason))
        }
    }

    package init(from reader: inout ByteReader) throws(DecodeError) {
        self.init()
        position = try reader.u64()
        isCut = try reader.u8() != 0
        for _ in 0..<(try Self.count(&reader, Self.reasonsMax)) {
            reasons.append(
                Reason(
                    rule: RecordID(rawValue: try reader.u64()),
                    name: try reader.text(lengthBytesMax: Self.textBytesMax),
                    because: try reader.text(lengthBytesMax: Self.textBytesMax)
                )
            )
        }
        for _ in 0..<(try Self.count(&reader, Self.hitsMax)) {
            var hit = Hit(record: RecordID(rawValue: try reader.u64()), other: .none, reasons: [])
            hit.other = RecordID(rawValue: try reader.u64())
            for _ in 0..<(try reader.u8()) { hit.reasons.append(try reason(&reader)) }
            hits.append(hit)
        }
        for _ in 0..<(try Self.count(&reader, Self.hitsMax)) {
            let record = RecordID(rawValue: try reader.u64())
            omissions.append(Omission(record: record, reason: try reason(&reader)))
        }
    }

    private static func count(_ reader: inout ByteReader, _ countMax: Int) throws(DecodeError) -> Int {
        let at = reader.offset
        let count = Int(try reader.u32())
        guard count <= countMax else { throw DecodeError("\(count) parts of an answer about duplicates", at: at) }
        return count
    }

    private func reason(_ reader: inout ByteReader) throws(DecodeError) -> Int {
        let at = reader.offset
        let place = Int(try reader.u8())
        guard reasons.indices.contains(place) else { throw DecodeError("reason \(place) of \(reasons.count)", at: at) }
        return place
    }
}
