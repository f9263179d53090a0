import CRM
import Engine
import Testing

/// The bytes of questions about schedules and of their answers.
@Suite struct ScheduleCodecTests {
    private let record = RecordID(entity: EntityID(108), sequence: 1)

    private func bytes(_ question: ScheduleQuestion) -> [UInt8] {
        var writer = ByteWriter()
        question.encode(into: &writer)
        return writer.bytes
    }

    private func question(_ bytes: [UInt8]) throws -> ScheduleQuestion {
        try bytes.withUnsafeBytes { bytes in
            var reader = ByteReader(bytes)
            let question = try ScheduleQuestion(from: &reader)
            try reader.expectEnd()
            return question
        }
    }

    private func answer(_ bytes: [UInt8]) throws -> ScheduleAnswer {
        try bytes.withUnsafeBytes { bytes in
            var reader = ByteReader(bytes)
            let answer = try ScheduleAnswer(from: &reader)
            try reader.expectEnd()
            return answer
        }
    }

    private func littleEndian<T: FixedWidthInteger>(_ number: T) -> [UInt8] {
        withUnsafeBytes(of: number.littleEndian) { Array($0) }
    }

    private var wish: AvailabilityWish {
        var wish = AvailabilityWish(from: 1, to: -1)
        (wish.service, wish.limit, wish.needs) = (record, 258, [.init(record, count: 2)])
        return wish
    }

    @Test func goldenBytes() {
        let none = [UInt8](repeating: 0, count: 8)
        let id = littleEndian(record.rawValue)
        #expect(
            bytes(.availability(wish))
                == [0] + none + id + none + none + none + littleEndian(Int64(1)) + littleEndian(Int64(-1))
                + littleEndian(Int64(-1)) + littleEndian(Int64(15)) + [2, 1, 0, 0] + [1] + id + [2, 0, 0, 0]
        )
        #expect(
            bytes(.validation(of: record, from: 1, to: 2, limit: 3))
                == [1] + id + littleEndian(Int64(1)) + littleEndian(Int64(2)) + [3, 0, 0, 0]
        )
    }

    @Test func questionsComeBack() throws {
        var other = wish
        (other.appointment, other.resource, other.with, other.site) = (record, record, record, record)
        (other.minutes, other.stepMinutes) = (0, .max)
        let questions: [ScheduleQuestion] = [
            .availability(wish), .availability(other), .validation(of: .none, from: .min, to: .max, limit: 10_000),
        ]
        for asked in questions {
            let encoded = bytes(asked)
            #expect(try question(encoded) == asked)
            for count in 0..<encoded.count {
                #expect(throws: DecodeError.self) { try question(Array(encoded[..<count])) }
            }
        }
        #expect(throws: DecodeError.self) { try question([2] + bytes(questions[0]).dropFirst()) }
        var many = wish
        many.needs = Array(repeating: .init(record), count: AvailabilityWish.needsMax)
        var encoded = bytes(.availability(many))
        encoded[encoded.count - AvailabilityWish.needsMax * 12 - 1] += 1
        #expect(throws: DecodeError.self) { try question(encoded + [UInt8](repeating: 0, count: 12)) }
    }

    @Test func answersComeBack() throws {
        var answer = ScheduleAnswer()
        (answer.position, answer.isCut) = (9, true)
        answer.times = [
            AvailableTime(start: 5, end: .max, resources: [record, .none]),
            AvailableTime(start: 6, end: 7, resources: []),
        ]
        for reason in ScheduleConflict.Reason.allCases {
            var conflict = ScheduleConflict(reason, of: record)
            (conflict.resource, conflict.other, conflict.text) = (record, record, "Zürich ☎")
            if reason != .time { conflict.start = Int64(reason.rawValue) }
            if reason == .taken { conflict.end = .min }
            answer.conflicts.append(conflict)
        }
        var writer = ByteWriter()
        answer.encode(into: &writer)
        #expect(try self.answer(writer.bytes) == answer)
        for count in 0..<writer.bytes.count {
            #expect(throws: DecodeError.self) { try self.answer(Array(writer.bytes[..<count])) }
        }
    }
}
