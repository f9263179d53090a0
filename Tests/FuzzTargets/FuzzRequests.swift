import CRM
import Engine
import Kith
import Net

/// Requests with decoders of their own.
enum FuzzRequests {
    static func jobs(_ bytes: UnsafeRawBufferPointer) {
        guard let (request, key) = try? JobRequest.decode(bytes) else { return }
        let again = request.encoded(key: key)
        let read = try? again.withUnsafeBytes { try JobRequest.decode($0) }
        precondition(read?.request == request && read?.key == key, "a job reads back as it was")
    }

    static func moments(_ bytes: UnsafeRawBufferPointer) {
        var reader = ByteReader(bytes)
        guard let point = try? RestorePoint(from: &reader) else { return }
        var writer = ByteWriter()
        point.encode(into: &writer)
        precondition(writer.bytes == Array(bytes[..<reader.offset]), "a moment reads back as it was")
    }

    static func activities(_ bytes: UnsafeRawBufferPointer) {
        guard let kind = bytes.first else { return }
        var reader = ByteReader(UnsafeRawBufferPointer(rebasing: bytes.dropFirst()))
        if kind % 2 == 0 {
            _ = try? ActivityQuestion(from: &reader)
        } else {
            _ = try? ActivityAnswer(from: &reader)
        }
    }

    static func duplicates(_ bytes: UnsafeRawBufferPointer) {
        guard let kind = bytes.first else { return }
        let rest = UnsafeRawBufferPointer(rebasing: bytes.dropFirst())
        var writer = ByteWriter()
        if kind % 2 == 0 {
            guard let question = try? DuplicateQuestion(decoding: rest) else { return }
            question.encode(into: &writer)
            precondition(writer.bytes == Array(rest), "a question reads back as it was")
        } else {
            var reader = ByteReader(rest)
            guard let report = try? DuplicateReport(from: &reader) else { return }
            report.encode(into: &writer)
            let again = try? writer.withUnsafeBytes { bytes in
                var reader = ByteReader(bytes)
                return try DuplicateReport(from: &reader)
            }
            precondition(again == report, "an answer reads back as it was")
        }
    }

    static func schedules(_ bytes: UnsafeRawBufferPointer) {
        guard let kind = bytes.first else { return }
        var reader = ByteReader(UnsafeRawBufferPointer(rebasing: bytes.dropFirst()))
        if kind % 2 == 0 {
            _ = try? ScheduleQuestion(from: &reader)
        } else {
            _ = try? ScheduleAnswer(from: &reader)
        }
    }

    // MARK: Seeds

    static var duplicateSeeds: [[UInt8]] {
        let record = RecordID(rawValue: 1)
        var seeds: [[UInt8]] = []
        for question in [DuplicateQuestion.records([record, record]), .encoded([0, 0, 0, 0, 1, 0])] {
            var writer = ByteWriter()
            writer.u8(0)
            question.encode(into: &writer)
            seeds.append(writer.bytes)
        }
        var report = DuplicateReport()
        report.reasons = [.init(rule: record, name: "Mail", because: "emailaddress1 same")]
        report.hits = [.init(record: record, other: record, reasons: [0])]
        report.omissions = [.init(record: record, reason: 0)]
        var writer = ByteWriter()
        writer.u8(1)
        report.encode(into: &writer)
        return seeds + [writer.bytes]
    }

    static var jobSeeds: [[UInt8]] {
        let request = JobRequest(
            name: "Leaving",
            message: "assign --to systemuser/1N",
            query: "SELECT accountid FROM account"
        )
        return [request.encoded(key: nil), request.encoded(key: RequestKey(client: 3, request: 4))]
    }

    static var momentSeeds: [[UInt8]] {
        [RestorePoint.position(7), .time(1_800_000_000_000_000)].map { point in
            var writer = ByteWriter()
            point.encode(into: &writer)
            return writer.bytes
        }
    }

    static var activitySeeds: [[UInt8]] {
        let record = RecordID(rawValue: 1)
        var seeds: [[UInt8]] = []
        func add(_ kind: UInt8, _ encode: (inout ByteWriter) -> Void) {
            var writer = ByteWriter()
            writer.u8(kind)
            encode(&writer)
            seeds.append(writer.bytes)
        }
        add(0) { ActivityQuestion.timeline(of: record, reach: .related, limit: 10).encode(into: &$0) }
        add(0) { ActivityQuestion.agenda(of: record, from: 0, to: 1, limit: 10).encode(into: &$0) }
        var answer = ActivityAnswer()
        var entry = ActivityEntry(record)
        (entry.instance, entry.start, entry.subject) = ("20260713T090000", 5, "Round")
        (answer.entries, answer.omitted) = ([entry], [record])
        add(1) { answer.encode(into: &$0) }
        return seeds
    }

    static var scheduleSeeds: [[UInt8]] {
        let record = RecordID(rawValue: 1)
        func bytes(_ kind: UInt8, _ encode: (inout ByteWriter) -> Void) -> [UInt8] {
            var writer = ByteWriter()
            writer.u8(kind)
            encode(&writer)
            return writer.bytes
        }
        var wish = AvailabilityWish(from: 0, to: 1)
        (wish.service, wish.needs) = (record, [.init(record, count: 2)])
        var answer = ScheduleAnswer()
        answer.times = [AvailableTime(start: 0, end: 1, resources: [record])]
        var conflict = ScheduleConflict(.taken, of: record)
        (conflict.start, conflict.text) = (5, "Ann is taken")
        answer.conflicts = [conflict]
        return [
            bytes(0) { ScheduleQuestion.availability(wish).encode(into: &$0) },
            bytes(0) { ScheduleQuestion.validation(of: record, from: 0, to: 1, limit: 10).encode(into: &$0) },
            bytes(1) { answer.encode(into: &$0) },
        ]
    }
}
