// The engine by itself: what the database is without log, locks and typed values. Requests and replies are the bytes of the
// wire's execute and read.

import BenchData
import Kith

struct EngineRound {
    private static let idsPerRead = 64

    private let data: Dataset
    private let seconds: Double
    private let engine = Engine()
    private let context = CommandContext(timeMicroseconds: 1_700_000_000_000_000)

    init(_ data: Dataset, seconds: Double) {
        self.data = data
        self.seconds = seconds
    }

    func run() throws {
        var firstAccount: UInt64 = 0
        for (index, transaction) in try data.accounts(engine.schema).enumerated() {
            let id = try execute(transaction.encoded())
            if index == 0 { firstAccount = id }
        }
        var ids: [UInt64] = []
        var nanoseconds: UInt64 = 0
        for range in data.batches {
            let bytes = try data.contacts(engine.schema, range, firstAccount: firstAccount).encoded()
            let start = now()
            let first = try execute(bytes)
            nanoseconds += now() - start
            ids += range.indices.map { first + UInt64($0 - range.lowerBound) }
        }
        Main.report("embedded load, engine alone", data.recordCount, nanoseconds: nanoseconds)
        try read(ids, firstAccount)
        try update(ids)
        try FindRound(data, engine).run()
    }

    /// Executes a batch of creates and returns the first id of its run.
    private func execute(_ bytes: [UInt8]) throws -> UInt64 {
        var entry = ByteWriter(capacityBytes: 1 << 20)
        var reply = ByteWriter()
        _ = try bytes.withUnsafeBytes { try engine.execute($0, context: context, entry: &entry, reply: &reply) }
        var cursor = Cursor(reply.bytes[...])
        _ = try cursor.take(8 + 2 + 1)
        guard try cursor.little(UInt8.self) == 1 else { throw BenchError("the ids are not a run") }
        _ = try cursor.take(2 + 5 * 4)
        return try cursor.little(UInt64.self)
    }

    /// Updates of two attributes of one record each, far from each other, as row 5 sends them: the part of it that is the engine's.
    private func update(_ ids: [UInt64]) throws {
        let count = min(data.recordCount, 32_768)
        let step = data.recordCount / count
        let ids = ids.map { RecordID(rawValue: $0) }
        let requests = try (1...2).map { generation in
            try (0..<count).map { number in
                let row = number * 40_503 % count * step
                return try data.changes(engine.schema, row..<row + 1, ids, generation: generation).encoded()
            }
        }
        var done = 0
        let start = now()
        let deadline = start + UInt64(seconds * 1e9)
        var time = start
        while time < deadline {
            // As many as a turn of a busy server executes.
            let turn = done % count..<min(done % count + 512, count)
            var entries = ByteWriter(capacityBytes: 128 << 10)
            var replies = ByteWriter(capacityBytes: 64 << 10)
            for bytes in requests[done / count % 2][turn] {
                let outcome = try bytes.withUnsafeBytes {
                    try engine.execute($0, context: context, entry: &entries, reply: &replies)
                }
                guard outcome == .changed else { throw BenchError("an update changed nothing") }
            }
            done += turn.count
            time = now()
        }
        Main.report("embedded update, engine alone", done, nanoseconds: time - start)
    }

    private func read(_ ids: [UInt64], _ firstAccount: UInt64) throws {
        guard let contact = engine.schema.entity(named: "contact") else { throw BenchError("no contact") }
        var random = Random(state: 4)
        var requests: [[UInt8]] = []
        for _ in 0..<max(1, min(data.recordCount, 262_144) / EngineRound.idsPerRead) {
            let rows = (0..<EngineRound.idsPerRead).map { _ in random.below(data.recordCount) }
            var bytes: [UInt8] = []
            bytes.little(contact.id.rawValue)
            bytes.little(UInt16(data.readColumns.count))
            for place in data.readColumns {
                guard let attribute = contact.attributeID(data.columns[place].name) else {
                    throw BenchError("no column")
                }
                bytes.little(attribute.rawValue)
            }
            bytes.little(UInt32(rows.count))
            for row in rows { bytes.little(ids[row]) }
            requests.append(bytes)

            // Every answer is compared before the clock starts.
            var expected: [UInt8] = []
            for place in data.readColumns {
                data.appendColumn(place, rows, generation: 0, firstAccount: firstAccount, to: &expected)
            }
            var reply = ByteWriter()
            try bytes.withUnsafeBytes { try engine.read($0, into: &reply) }
            guard reply.bytes.suffix(expected.count).elementsEqual(expected) else {
                throw BenchError("an answer is not what was written")
            }
        }
        var count = 0
        let start = now()
        let deadline = start + UInt64(seconds * 1e9)
        var time = start
        while time < deadline {
            for bytes in requests {
                var reply = ByteWriter(capacityBytes: 32 << 10)
                try bytes.withUnsafeBytes { try engine.read($0, into: &reply) }
                count += EngineRound.idsPerRead
            }
            time = now()
        }
        Main.report("embedded read, engine alone", count, nanoseconds: time - start)
    }
}
