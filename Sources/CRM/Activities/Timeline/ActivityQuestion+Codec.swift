// Questions about activities and their answers as bytes:
//
//   question   u8 kind, u64 record, u32 limit, then
//     0 timeline   u8 reach
//     1 agenda     i64 from, i64 to
//   answer     u64 position, u8 is cut, u32 entries, then per entry
//                u64 record, text instance, u8 which moments follow (1 start, 2 end), i64 each,
//                text subject, u32 state, u64 regarding, u64 owner
//              u32 series that are left out, u64 each

import Engine

extension ActivityQuestion {
    package func encode(into writer: inout ByteWriter) {
        switch self {
        case .timeline(let record, let reach, let limit):
            writer.u8(0)
            writer.u64(record.rawValue)
            writer.u32(UInt32(clamping: limit))
            writer.u8(reach.rawValue)
        case .agenda(let owner, let from, let to, let limit):
            writer.u8(1)
            writer.u64(owner.rawValue)
            writer.u32(UInt32(clamping: limit))
            writer.i64(from)
            writer.i64(to)
        }
    }

    package init(from reader: inout ByteReader) throws(DecodeError) {
        let kind = try reader.u8()
        let record = RecordID(rawValue: try reader.u64())
        let limit = Int(try reader.u32())
        switch kind {
        case 0:
            guard let reach = Reach(rawValue: try reader.u8()) else {
                throw DecodeError("unknown reach of a timeline", at: reader.offset)
            }
            self = .timeline(of: record, reach: reach, limit: limit)
        case 1: self = .agenda(of: record, from: try reader.i64(), to: try reader.i64(), limit: limit)
        default: throw DecodeError("unknown question about activities", at: 0)
        }
    }
}

extension ActivityAnswer {
    /// Bytes of a subject: 200 characters of at most four.
    private static let subjectBytesMax = Limits.textBytesMax

    package func encode(into writer: inout ByteWriter) {
        writer.u64(position)
        writer.u8(isCut ? 1 : 0)
        writer.u32(UInt32(entries.count))
        for entry in entries {
            writer.u64(entry.record.rawValue)
            writer.text(entry.instance)
            writer.u8((entry.start == nil ? 0 : 1) | (entry.end == nil ? 0 : 2))
            if let start = entry.start { writer.i64(start) }
            if let end = entry.end { writer.i64(end) }
            writer.text(entry.subject)
            writer.u32(UInt32(bitPattern: entry.state))
            writer.u64(entry.regarding.rawValue)
            writer.u64(entry.owner.rawValue)
        }
        writer.u32(UInt32(omitted.count))
        for series in omitted { writer.u64(series.rawValue) }
    }

    package init(from reader: inout ByteReader) throws(DecodeError) {
        self.init()
        position = try reader.u64()
        isCut = try reader.u8() != 0
        let at = reader.offset
        let count = Int(try reader.u32())
        guard count <= ActivityQuestion.limitMax else { throw DecodeError("\(count) entries", at: at) }
        for _ in 0..<count {
            var entry = ActivityEntry(RecordID(rawValue: try reader.u64()))
            entry.instance = try reader.text(lengthBytesMax: 16)
            let moments = try reader.u8()
            if moments & 1 != 0 { entry.start = try reader.i64() }
            if moments & 2 != 0 { entry.end = try reader.i64() }
            entry.subject = try reader.text(lengthBytesMax: ActivityAnswer.subjectBytesMax)
            entry.state = Int32(bitPattern: try reader.u32())
            entry.regarding = RecordID(rawValue: try reader.u64())
            entry.owner = RecordID(rawValue: try reader.u64())
            entries.append(entry)
        }
        for _ in 0..<(try reader.u32()) { omitted.append(RecordID(rawValue: try reader.u64())) }
    }
}
