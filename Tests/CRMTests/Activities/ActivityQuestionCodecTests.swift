import CRM
import Engine
import Testing

/// The bytes of questions about activities and of their answers.
@Suite struct ActivityQuestionCodecTests {
    private let record = RecordID(entity: EntityID(32), sequence: 1)

    private func bytes(_ question: ActivityQuestion) -> [UInt8] {
        var writer = ByteWriter()
        question.encode(into: &writer)
        return writer.bytes
    }

    private func question(_ bytes: [UInt8]) throws -> ActivityQuestion {
        try bytes.withUnsafeBytes { bytes in
            var reader = ByteReader(bytes)
            let question = try ActivityQuestion(from: &reader)
            try reader.expectEnd()
            return question
        }
    }

    @Test func goldenBytes() {
        #expect(
            bytes(.timeline(of: record, reach: .extended, limit: 258)) == [0] + idBytes + [2, 1, 0, 0, 2]
        )
        #expect(
            bytes(.agenda(of: .none, from: 1, to: -1, limit: 3))
                == [1, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]
                + [UInt8](repeating: 255, count: 8)
        )
    }

    private func answer(_ bytes: [UInt8]) throws -> ActivityAnswer {
        try bytes.withUnsafeBytes { bytes in
            var reader = ByteReader(bytes)
            let answer = try ActivityAnswer(from: &reader)
            try reader.expectEnd()
            return answer
        }
    }

    private var idBytes: [UInt8] { withUnsafeBytes(of: record.rawValue.littleEndian) { Array($0) } }

    @Test func questionsComeBack() throws {
        let questions =
            ActivityQuestion.Reach.allCases.map { ActivityQuestion.timeline(of: record, reach: $0, limit: 7) } + [
                .agenda(of: record, from: .min, to: .max, limit: 10_000)
            ]
        for asked in questions {
            let encoded = bytes(asked)
            #expect(try question(encoded) == asked)
            for count in 0..<encoded.count {
                #expect(throws: DecodeError.self) { try question(Array(encoded[..<count])) }
            }
        }
        #expect(throws: DecodeError.self) { try question([2] + bytes(questions[0]).dropFirst()) }
        #expect(throws: DecodeError.self) { try question(bytes(questions[0]).dropLast() + [3]) }
    }

    @Test func answersComeBack() throws {
        var answer = ActivityAnswer()
        (answer.position, answer.isCut, answer.omitted) = (9, true, [record])
        var entry = ActivityEntry(record)
        answer.entries.append(entry)
        (entry.instance, entry.start, entry.end) = ("20260713T090000", 5, nil)
        (entry.subject, entry.state, entry.regarding, entry.owner) = ("Zürich ☎", 3, record, record)
        answer.entries.append(entry)
        (entry.start, entry.end) = (nil, .max)
        answer.entries.append(entry)
        var writer = ByteWriter()
        answer.encode(into: &writer)
        #expect(try self.answer(writer.bytes) == answer)
        for count in 0..<writer.bytes.count {
            #expect(throws: DecodeError.self) { try self.answer(Array(writer.bytes[..<count])) }
        }
    }
}
