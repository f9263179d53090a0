// Questions about the time of people and equipment and their answers as bytes:
//
//   question   u8 kind, then
//     0 availability   u64 appointment, u64 service, u64 resource, u64 with, u64 site, i64 from, i64 to, i64 minutes (-1: as the
//                      service says), i64 step in minutes, u32 limit, u8 groups, per group u64 group, u32 count
//     1 validation     u64 record, i64 from, i64 to, u32 limit
//   answer     u64 position, u8 is cut, u32 times, then per time i64 start, i64 end, u16 resources, u64 each;
//              u32 conflicts, then per conflict u8 reason, u64 appointment, u64 resource, u64 other, u8 which moments follow (1 start, 2 end),
//              i64 each, text

import Engine

extension ScheduleQuestion {
    package func encode(into writer: inout ByteWriter) {
        switch self {
        case .availability(let wish):
            writer.u8(0)
            for id in [wish.appointment, wish.service, wish.resource, wish.with, wish.site] { writer.u64(id.rawValue) }
            writer.i64(wish.from)
            writer.i64(wish.to)
            writer.i64(wish.minutes.map { max($0, 0) } ?? -1)
            writer.i64(wish.stepMinutes)
            writer.u32(UInt32(clamping: wish.limit))
            let needs = wish.needs.prefix(AvailabilityWish.needsMax)
            writer.u8(UInt8(needs.count))
            for need in needs {
                writer.u64(need.group.rawValue)
                writer.u32(UInt32(clamping: need.count))
            }
        case .validation(let id, let from, let to, let limit):
            writer.u8(1)
            writer.u64(id.rawValue)
            writer.i64(from)
            writer.i64(to)
            writer.u32(UInt32(clamping: limit))
        }
    }

    package init(from reader: inout ByteReader) throws(DecodeError) {
        func id(_ reader: inout ByteReader) throws(DecodeError) -> RecordID { RecordID(rawValue: try reader.u64()) }
        switch try reader.u8() {
        case 0:
            var wish = AvailabilityWish(from: 0, to: 0)
            wish.appointment = try id(&reader)
            wish.service = try id(&reader)
            wish.resource = try id(&reader)
            wish.with = try id(&reader)
            wish.site = try id(&reader)
            wish.from = try reader.i64()
            wish.to = try reader.i64()
            let minutes = try reader.i64()
            wish.minutes = minutes < 0 ? nil : minutes
            wish.stepMinutes = try reader.i64()
            wish.limit = Int(try reader.u32())
            let at = reader.offset
            let count = Int(try reader.u8())
            guard count <= AvailabilityWish.needsMax else { throw DecodeError("\(count) groups", at: at) }
            for _ in 0..<count {
                wish.needs.append(.init(try id(&reader), count: Int(try reader.u32())))
            }
            self = .availability(wish)
        case 1:
            self = .validation(
                of: try id(&reader),
                from: try reader.i64(),
                to: try reader.i64(),
                limit: Int(try reader.u32())
            )
        default: throw DecodeError("unknown question about schedules", at: 0)
        }
    }
}

extension ScheduleAnswer {
    package func encode(into writer: inout ByteWriter) {
        writer.u64(position)
        writer.u8(isCut ? 1 : 0)
        writer.u32(UInt32(times.count))
        for time in times {
            writer.i64(time.start)
            writer.i64(time.end)
            writer.u16(UInt16(clamping: time.resources.count))
            for resource in time.resources { writer.u64(resource.rawValue) }
        }
        writer.u32(UInt32(conflicts.count))
        for conflict in conflicts {
            writer.u8(conflict.reason.rawValue)
            for id in [conflict.appointment, conflict.resource, conflict.other] { writer.u64(id.rawValue) }
            writer.u8((conflict.start == nil ? 0 : 1) | (conflict.end == nil ? 0 : 2))
            if let start = conflict.start { writer.i64(start) }
            if let end = conflict.end { writer.i64(end) }
            writer.text(conflict.text)
        }
    }

    package init(from reader: inout ByteReader) throws(DecodeError) {
        self.init()
        position = try reader.u64()
        isCut = try reader.u8() != 0
        for _ in 0..<(try Self.count(&reader)) {
            var time = AvailableTime(start: try reader.i64(), end: try reader.i64(), resources: [])
            for _ in 0..<(try reader.u16()) { time.resources.append(RecordID(rawValue: try reader.u64())) }
            times.append(time)
        }
        for _ in 0..<(try Self.count(&reader)) {
            let at = reader.offset
            guard let reason = ScheduleConflict.Reason(rawValue: try reader.u8()) else {
                throw DecodeError("unknown reason of a conflict", at: at)
            }
            var conflict = ScheduleConflict(reason, of: RecordID(rawValue: try reader.u64()))
            conflict.resource = RecordID(rawValue: try reader.u64())
            conflict.other = RecordID(rawValue: try reader.u64())
            let moments = try reader.u8()
            if moments & 1 != 0 { conflict.start = try reader.i64() }
            if moments & 2 != 0 { conflict.end = try reader.i64() }
            conflict.text = try reader.text(lengthBytesMax: Limits.textBytesMax)
            conflicts.append(conflict)
        }
    }

    private static func count(_ reader: inout ByteReader) throws(DecodeError) -> Int {
        let at = reader.offset
        let count = Int(try reader.u32())
        guard count <= ScheduleQuestion.limitMax else { throw DecodeError("\(count) entries", at: at) }
        return count
    }
}
