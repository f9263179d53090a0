// A history as it is answered:
//
//   u64 position, u64 begins after, u8 is cut, u32 steps, then per step
//     u64 position, i64 time, u64 actor, u16 message, u8 kind, u32 changes, then per change
//       text attribute, value before, value after      as in Value+Codec.swift

extension RecordHistory {
    package func encode(into writer: inout ByteWriter) {
        writer.u64(position)
        writer.u64(beginsAfter)
        writer.u8(isCut ? 1 : 0)
        writer.u32(UInt32(steps.count))
        for step in steps {
            writer.u64(step.position)
            writer.i64(step.timeMicroseconds)
            writer.u64(step.actor.rawValue)
            writer.u16(step.message)
            writer.u8(step.kind.rawValue)
            HistoryStep.Change.encode(step.changes, into: &writer)
        }
    }

    package init(from reader: inout ByteReader) throws(DecodeError) {
        self.init()
        position = try reader.u64()
        beginsAfter = try reader.u64()
        isCut = try reader.u8() != 0
        let at = reader.offset
        let count = Int(try reader.u32())
        guard count <= HistoryCollector.stepCountMax else { throw DecodeError("\(count) steps", at: at) }
        for _ in 0..<count {
            let position = try reader.u64()
            let time = try reader.i64()
            let actor = RecordID(rawValue: try reader.u64())
            let message = try reader.u16()
            guard let kind = HistoryStep.Kind(rawValue: try reader.u8()) else {
                throw DecodeError("unknown kind of step", at: reader.offset)
            }
            let changes = try HistoryStep.Change.list(from: &reader)
            steps.append(
                HistoryStep(
                    position: position,
                    timeMicroseconds: time,
                    actor: actor,
                    message: message,
                    kind: kind,
                    changes: changes
                )
            )
        }
    }
}

extension HistoryStep.Change {
    static func encode(_ changes: [HistoryStep.Change], into writer: inout ByteWriter) {
        writer.u32(UInt32(changes.count))
        for change in changes {
            writer.text(change.attribute)
            change.old.encode(into: &writer)
            change.new.encode(into: &writer)
        }
    }

    static func list(from reader: inout ByteReader) throws(DecodeError) -> [HistoryStep.Change] {
        var changes: [HistoryStep.Change] = []
        for _ in 0..<Int(try reader.u32()) {
            changes.append(
                HistoryStep.Change(
                    attribute: try reader.text(lengthBytesMax: QueryLimits.nameBytesMax),
                    old: try Value(from: &reader),
                    new: try Value(from: &reader)
                )
            )
        }
        return changes
    }
}
