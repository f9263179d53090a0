// One simulated disk and several lives of a database on it, each ended by a power cut at a random call. Everything follows
// from the seed.
//
// What holds after every recovery, or `Failure` is thrown:
// - the state is the one after some transaction, not before the last that was acknowledged, and no transaction that was
//   never executed is in it (digest; every value, key and count against the slow model now and then);
// - a read that was answered showed nothing that is gone;
// - a request that is sent again is answered as before and changes nothing, if it survived, and takes effect if it did not.

import Engine
import Kith
import Snapshot
import Synchronization
import TestSupport

struct PowerCutRun {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// The life is over: the machine went off, or the disk failed.
    struct Off: Error {}

    /// A read of one record: what it showed of it, and when that was true.
    private struct Reading {
        var position: Position
        var id: RecordID
        var version: Position?
        var values: [Value]
    }

    private static let readAttributes = ["name", "accountnumber", "employees", "parentaccountid"]

    private let isStrict: Bool
    var random: SplitMix64
    let storage: SimulatedStorage
    /// The same disk as the database sees it.
    private let disk: any Storage
    let clock = Clock()
    /// For how long the past is kept, and looked at; nil: neither.
    let keptSeconds: Int64?
    private let spacingBytes: UInt64
    /// What queries answered at some positions.
    var answers: [Position: [String]] = [:]
    private var workload = PowerCutWorkload()
    /// The state after each transaction, and its digest: element p is position p.
    private(set) var history = [CRMModel()]
    private(set) var digests: [UInt128] = [0]
    /// The last position that someone was told to be durable.
    private var acknowledged: Position = 0
    private var requests: [(transaction: ModelTransaction, encoded: [UInt8])] = []
    private var waiting: [Reading] = []
    private var answered: [Reading] = []
    var seen = Seen()

    final class Clock: Sendable {
        private let state = Mutex<Int64>(0)
        var now: Int64 {
            get { state.withLock { $0 } }
            set { state.withLock { $0 = newValue } }
        }
    }

    /// - Parameters:
    ///   - isStrict: compares every value after every turn, which finds the first transaction that went wrong.
    ///   - keptSeconds: looks at the past, which is kept for so long; a turn takes up to two seconds then.
    init(
        seed: UInt64,
        isStrict: Bool = false,
        keptSeconds: Int64? = nil,
        disk: (SimulatedStorage) -> any Storage = { $0 }
    ) {
        self.isStrict = isStrict
        self.keptSeconds = keptSeconds
        spacingBytes = [0, 64 << 10, 1 << 30][Int(seed % 3)]
        random = SplitMix64(seed: seed)
        storage = SimulatedStorage(seed: seed &+ 1)
        self.disk = disk(storage)
    }

    mutating func run(lives: Int) throws {
        for _ in 0..<lives {
            let database = try recover()
            if random.below(5) == 0 {
                storage.injectFault(below: 40, using: &random)
                seen.faults += 1
            } else {
                storage.cutPower(afterChanges: random.below(random.below(4) == 0 ? 300 : 60))
            }
            do { try live(database) } catch is Off {}
            // What anyone could have been told by then.
            acknowledge(database.durablePosition)
            end()
        }
        let database = try recover()
        try compareFully(database)
    }

    private mutating func end() {
        seen.cuts += 1
        waiting.removeAll()
        // A process that ends leaves everything written to the next; a machine that goes off does not.
        if random.below(4) == 0 { storage.restartProcess() } else { storage.crash() }
    }

    // MARK: Work

    private mutating func live(_ database: Database) throws {
        guard let queue = database.directory.inlineQueue else { throw Failure(description: "no inline queue") }
        var mustSync = false
        for _ in 0..<random.below(60) {
            switch random.below(16) {
            case 0:
                if mustSync { try untilOff { try queue.sync() } }
                mustSync = false
                _ = try untilOff { try database.writeSnapshot() }
                seen.snapshots += 1
            case 1 where !mustSync: try untilOff { try queue.seal() }
            case 2..<6:
                if mustSync {
                    try untilOff { try queue.sync() }
                    mustSync = false
                } else {
                    mustSync = try untilOff { try queue.write() }
                }
            case 6, 7:
                try read(database)
            case 8, 9:
                try retry(database)
            case 15:
                try changeSchema(database)
            default:
                try execute(database)
            }
            acknowledge(queue.durablePosition)
            try lookBack(database)
        }
        if !mustSync, random.below(5) == 0 { try untilOff { try database.close() } }
    }

    /// Runs a step that needs the disk; a disk that fails ends the life.
    func untilOff<R>(_ step: () throws -> R) throws -> R {
        do {
            return try step()
        } catch is DirectoryError {
            throw Off()
        } catch let error as DatabaseError {
            guard case .directory = error else { throw error }
            throw Off()
        }
    }

    private mutating func acknowledge(_ position: Position) {
        acknowledged = max(acknowledged, position)
        let released = waiting.filter { $0.position <= position }
        seen.answeredReads += released.count
        answered += released
        waiting.removeAll { $0.position <= position }
    }

    /// One turn of a few transactions.
    private mutating func execute(_ database: Database) throws {
        var work: [(ModelTransaction, [UInt8], RecordID, Int64)] = []
        // A turn has one time. Sometimes the clock goes back; the engine's time never does.
        let time = clock.now + (Int64(random.below(2000)) - 200) * (keptSeconds == nil ? 1 : 1000)
        for _ in 0..<1 + random.below(3) {
            let transaction = workload.transaction(history[history.count - 1], &random)
            let encoded = try transaction.encoded()
            work.append((transaction, encoded, workload.actor(history[history.count - 1], &random), time))
            if transaction.key != nil { requests.append((transaction, encoded)) }
        }
        try perform(work, database)
    }

    /// A change of the schema that no record shows: the model knows only that it is a transaction.
    private mutating func changeSchema(_ database: Database) throws {
        let request = SchemaRequest(workload.schemaDocument(&random)).encoded
        clock.now += 1
        let (result, position, digest) = database.turn { turn in
            var reply = ByteWriter()
            let result = Result {
                try request.withUnsafeBytes { try turn.changeSchema($0, actor: .none, reply: &reply) }
            }
            return (result.map { reply.bytes }, turn.position, turn.digest)
        }
        if case .failure(let error as Refusal) = result {
            switch error.code {
            case .overloaded, .limitExceeded: return
            default: throw Off()
            }
        }
        let reply = try result.get().withUnsafeBytes { try SchemaReply(decoding: $0) }
        guard reply.problems.isEmpty else { throw Failure(description: "\(reply.problems)") }
        guard reply.isApplied else { return }
        seen.schemaChanges += 1
        var model = history[history.count - 1]
        model.position += 1
        model.timeMicroseconds = max(model.timeMicroseconds, clock.now)
        history.append(model)
        digests.append(digest)
        guard position == model.position else { throw Failure(description: "position \(position) after a schema") }
    }

    private mutating func retry(_ database: Database) throws {
        guard !requests.isEmpty else { return }
        let request = requests[random.below(requests.count)]
        seen.retries += 1
        try perform([(request.transaction, request.encoded, .none, clock.now + 1)], database)
    }

    private mutating func perform(
        _ work: [(transaction: ModelTransaction, encoded: [UInt8], actor: RecordID, time: Int64)],
        _ database: Database
    ) throws {
        let clock = clock
        let replies = database.turn { turn in
            work.map { item in
                clock.now = item.time
                var reply = ByteWriter()
                let result = Result {
                    try item.encoded.withUnsafeBytes { try turn.execute($0, actor: item.actor, reply: &reply) }
                }
                return (result.map { reply.bytes }, turn.position, turn.digest)
            }
        }
        for (item, (result, position, digest)) in zip(work, replies) {
            if case .failure(let error as Refusal) = result {
                if error.code == .overloaded { continue }
                if error.code == .halted || error.code == .diskFull { throw Off() }
            }
            try check(item, result, position, digest)
        }
        if isStrict { try compareFully(database) }
    }

    /// The same transaction on the model, and whether the engine said the same.
    private mutating func check(
        _ item: (transaction: ModelTransaction, encoded: [UInt8], actor: RecordID, time: Int64),
        _ result: Result<[UInt8], any Error>,
        _ position: Position,
        _ digest: UInt128
    ) throws {
        var model = history[history.count - 1]
        seen.transactions += 1
        if let key = item.transaction.key, let stored = model.replies[key] {
            guard case .success(let reply) = result, reply == stored, position == model.position else {
                throw Failure(description: "request \(key) again: \(result) at \(position)")
            }
            return
        }
        let expected = model.execute(item.transaction, actor: item.actor, timeMicroseconds: item.time)
        switch (expected, result) {
        case (.refused, .failure):
            seen.refusals += 1
        case (.unchanged(let rows), .success(let bytes)), (.changed(let rows), .success(let bytes)):
            let reply = try bytes.withUnsafeBytes { try TransactionReply(decoding: $0) }
            let said = reply.operations.map { operation in
                operation.outcomes.indices.map { row in
                    CRMModel.RowResult(
                        outcome: operation.outcomes[row],
                        id: operation.ids.isEmpty ? .none : operation.ids[row]
                    )
                }
            }
            guard said == rows, reply.position == model.position else {
                throw Failure(description: "\(item.transaction): \(said) instead of \(rows)")
            }
            if case .changed = expected {
                if let key = item.transaction.key { model.replies[key] = bytes }
                history.append(model)
                digests.append(digest)
            }
        default: throw Failure(description: "\(item.transaction): \(result) instead of \(expected)")
        }
        guard position == history[history.count - 1].position else {
            throw Failure(description: "position \(position) after \(item.transaction)")
        }
    }

    // MARK: Reads

    private func readings(_ ids: [RecordID], _ database: Database) throws -> [Reading] {
        let (entity, columns) = try RecordPage.resolve("account", Self.readAttributes, TestSchema.schema)
        let request = RecordPage.request(entity, columns, ids)
        let (bytes, position) = try database.turn { turn in
            Result {
                var reply = ByteWriter()
                try request.withUnsafeBytes { try turn.read($0, into: &reply) }
                return (reply.bytes, turn.position)
            }
        }.get()
        let page = try bytes.withUnsafeBytes {
            try RecordPage(entity, columns, count: ids.count, in: TestSchema.schema, decoding: $0)
        }
        return ids.indices.map {
            Reading(position: position, id: ids[$0], version: page.versions[$0], values: page.rows[$0])
        }
    }

    private mutating func read(_ database: Database) throws {
        let ids = (0..<1 + random.below(5)).map { _ in
            RecordID(entity: EntityID(3), sequence: UInt64(1 + random.below(60)))
        }
        let shown: [Reading]
        do {
            shown = try readings(ids, database)
        } catch is Refusal {
            throw Off()
        }
        let model = history[history.count - 1]
        for reading in shown {
            let record = model.records[reading.id]
            let values = Self.readAttributes.map { record?[$0] ?? .null }
            guard reading.position == model.position, reading.values == values,
                reading.version.map({ Value.integer(Int64($0)) }) == record?["versionnumber"]
            else { throw Failure(description: "read \(reading) instead of \(values)") }
        }
        // The answer leaves when what it saw is durable.
        waiting += shown
        acknowledge(database.durablePosition)
    }

    // MARK: Recovery

    /// Opens the directory, with more cuts in the middle of it, and compares it with the model.
    private mutating func recover() throws -> Database {
        while random.below(3) == 0 {
            let fails = random.below(2) == 0
            if fails {
                storage.injectFault(below: 20, using: &random)
                seen.recoveryFaults += 1
            } else {
                storage.cutPower(afterChanges: random.below(14))
            }
            do {
                try compare(try untilOff { try open() }, mayMissSnapshots: fails)
            } catch is Off {
                seen.interruptedRecoveries += 1
            }
            end()
        }
        if random.below(10) == 0, acknowledged > 0 {
            let report = try DataDirectory.verify(storage)
            guard report.isSound, report.lastPosition >= acknowledged else {
                throw Failure(description: "not sound: \(report.damage), \(report.lastPosition) of \(acknowledged)")
            }
        }
        let database = try open()
        try compare(database)
        if random.below(8) == 0 { try compareFully(database) }
        try checkPast(database)
        return database
    }

    private func open() throws(DatabaseError) -> Database {
        var options = DatabaseOptions()
        options.directory = DirectoryOptions(segmentBytes: 64 << 10, usesThreads: false)
        options.threadCount = 1
        options.takesSnapshots = false
        options.schema = TestSchema.schema
        let clock = clock
        options.clock = { clock.now }
        if let keptSeconds { options.keepHistory(keptSeconds, storage, spacingBytes: spacingBytes) }
        return try Database.open(in: disk, options: options, random: 7)
    }

    /// - Parameter mayMissSnapshots: the disk failed to give one, so that an older one stood in.
    private mutating func compare(_ database: Database, mayMissSnapshots: Bool = false) throws {
        let recovery = database.recovery
        guard recovery.damagedSnapshots.isEmpty || mayMissSnapshots else {
            throw Failure(description: "a power cut damaged a snapshot: \(recovery.damagedSnapshots)")
        }
        seen.recoveries += 1
        if recovery.snapshot != nil { seen.restoredSnapshots += 1 }
        let position = recovery.lastPosition
        guard position >= acknowledged else {
            throw Failure(description: "\(acknowledged) were acknowledged, \(position) are there")
        }
        guard position < UInt64(history.count) else {
            throw Failure(description: "\(history.count - 1) were executed, \(position) are there")
        }
        let lost = history.count - 1 - Int(position)
        seen.lostTransactions += lost
        history.removeLast(lost)
        digests.removeLast(lost)
        for gone in answers.keys.filter({ $0 > position }) { answers[gone] = nil }
        // Shown to whoever asks from now on, so it has to stay.
        acknowledged = position
        let digest = database.turn { $0.digest }
        if position == 0 {
            // The schema's installation is the first transaction.
            var model = CRMModel()
            model.position = 1
            model.timeMicroseconds = max(clock.now, 0)
            history.append(model)
            digests.append(digest)
        }
        guard digest == digests[digests.count - 1] else {
            throw Failure(description: "the state after \(position) is not the one of then")
        }
        for reading in answered {
            let record = history[history.count - 1].records[reading.id]
            guard reading.position <= position else {
                throw Failure(description: "a read at \(reading.position) was answered, \(position) are there")
            }
            if let record, record["versionnumber"] == reading.version.map({ .integer(Int64($0)) }),
                Self.readAttributes.map({ record[$0] ?? .null }) != reading.values
            {
                throw Failure(description: "an answered read showed \(reading), now there is \(record)")
            }
        }
        answered.removeAll()
    }

    /// Every value, count and key of the engine against the model; the engine's indexes against its rows.
    private mutating func compareFully(_ database: Database) throws {
        seen.fullComparisons += 1
        let model = history[history.count - 1]
        let view = database.currentView
        var found: [RecordID: CRMModel.Record] = [:]
        for entity in view.schema.entities {
            guard let place = view.schema.place(of: entity.id) else { continue }
            let table = view.table(place)
            for row in 0..<table.rowCount where table.recordID(atRow: row) != .none {
                var record: CRMModel.Record = [:]
                for (column, attribute) in entity.attributes.enumerated().dropFirst() {
                    let value = table.value(column, row)
                    if value != .null { record[attribute.name] = value }
                }
                found[table.recordID(atRow: row)] = record
            }
            guard view.recordCount(entity.id) == model.records.keys.filter({ $0.entity == entity.id }).count else {
                throw Failure(description: "\(view.recordCount(entity.id)) of \(entity.name)")
            }
        }
        guard found == model.records else {
            let ids = Set(found.keys).union(model.records.keys).filter { found[$0] != model.records[$0] }.sorted()
            let first = ids.first.map { "\($0): \(found[$0] ?? [:]) instead of \(model.records[$0] ?? [:])" } ?? ""
            throw Failure(description: "\(ids.count) records differ; \(first)")
        }
        guard let place = view.schema.place(of: EntityID(3)),
            let key = view.schema.entities[place].keys.firstIndex(where: { $0.name == "accountnumber" })
        else { throw Failure(description: "no key") }
        for number in 0..<25 {
            let expected = model.accounts(numbered: "n\(number)").first
            var text = "N\(number)"
            let row = text.withUTF8 { view.table(place).find(key: key, text: UnsafeRawBufferPointer($0)) }
            guard row.map({ view.table(place).recordID(atRow: Int($0)) }) == expected else {
                throw Failure(description: "key \(text) leads elsewhere than to \(String(describing: expected))")
            }
        }
        database.turn { $0.checkInvariants() }
    }
}
