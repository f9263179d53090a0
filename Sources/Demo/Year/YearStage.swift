import Engine
import Kith

// The database as the simulation uses it: everything in one order, each thing at its moment, as the person
// who does it; what a company's system would do (contracts, the making and routing of cases) as the system.

/// Where the year takes place. One thread.
final class YearStage {
    let database: Database
    private let clock: YearClock
    private let schema: Schema
    private var jobs = JobWork()
    /// Position of the last thing done.
    private(set) var position: Position = 0
    private(set) var report = YearReport()

    init(_ database: Database, _ clock: YearClock) {
        self.database = database
        self.clock = clock
        schema = database.schema
    }

    var now: Int64 { clock.now }
    var today: Int32 { Int32(YearTime.day(now)) }

    /// Lets time go on to a moment, and what is due until then happen.
    func advance(to moment: Int64) throws {
        clock.now = moment
        let done = try database.advanceAhead(to: moment)
        position = max(position, database.turn { $0.position })
        report.clockCount += done.performedCount
        for refused in done.refused {
            report.refused.append("\(schema.text(of: refused.record)): \(refused.refusal.message)")
        }
    }

    /// Sends a message; returns the records that it made.
    @discardableResult
    func perform(_ message: some Message, as actor: RecordID = .none) throws -> YearMade {
        let reply = try database.performAhead(message.request, as: actor)
        report.messageCount += 1
        position = max(position, reply.position)
        return YearMade(reply, schema)
    }

    /// Makes a record.
    @discardableResult
    func create(
        _ entity: String,
        _ values: KeyValuePairs<String, Value>,
        as actor: RecordID = .none
    ) throws -> RecordID {
        var transaction = Transaction(schema)
        try transaction.create(entity, values)
        return try execute(transaction, actor).operations[0].ids[0]
    }

    /// Fills in fields for which there is no verb.
    func fillIn(_ record: RecordID, _ values: KeyValuePairs<String, Value>, as actor: RecordID = .none) throws {
        var transaction = Transaction(schema)
        try transaction.update(record, values)
        _ = try execute(transaction, actor)
    }

    private func execute(_ transaction: borrowing Transaction, _ actor: RecordID) throws -> TransactionReply {
        let reply = try database.executeAhead(transaction, as: actor)
        report.plainCount += 1
        position = max(position, reply.position)
        return reply
    }

    /// Works off all bulk work that is open.
    func workOnJobs() throws {
        while case .more = database.workOnJobs(&jobs) {}
        position = max(position, database.currentView.position)
    }

    /// Sends a message to every record of a query, as bulk work.
    func startJob(_ message: String, _ query: String, as actor: RecordID) throws {
        let request = JobRequest(message: message, query: query)
        position = max(position, try database.startJob(request, key: nil, actor: actor).position)
        try workOnJobs()
    }

    /// The answer to a query, on the records as they are.
    func rows(_ sql: String) throws -> [[Value]] {
        let view = database.currentView
        return try PreparedQuery(sql, schema: view.schema).execute(on: view).rows
    }

    /// A record's code, as queries and texts name it.
    func code(_ record: RecordID) -> String { schema.text(of: record) }
}

/// What a message made.
struct YearMade {
    private let ids: [RecordID]
    private let schema: Schema

    init(_ reply: TransactionReply, _ schema: Schema) {
        self.schema = schema
        ids = reply.operations.flatMap { operation in
            zip(operation.ids, operation.outcomes).compactMap { $1 == .created ? $0 : nil }
        }
    }

    /// The records of an entity, in the order in which they were made.
    func all(_ entity: String) -> [RecordID] {
        guard let id = schema.entity(named: entity)?.id else { return [] }
        return ids.filter { $0.entity == id }
    }

    /// The one record of an entity.
    func one(_ entity: String) throws(YearError) -> RecordID {
        guard let record = all(entity).first else { throw YearError("a message made no \(entity)") }
        return record
    }
}

/// Something that the simulation relied on did not happen.
public struct YearError: Error, CustomStringConvertible {
    /// What it was.
    public let description: String

    init(_ description: String) { self.description = description }
}

/// What happens next: events in order of their moments, and at one moment as they were planned.
struct YearAgenda {
    enum Kind {
        case lead(Int), deal(Int), order(Int), incident(Int), contract(Int), activity(Int), call(Int)
        case campaign(Int, YearCampaignStep), response(Int)
    }

    struct Event {
        let moment: Int64
        let number: Int
        let kind: Kind
    }

    /// A binary heap: no event is before its parent.
    private var heap: [Event] = []
    private var planned = 0

    private func isBefore(_ a: Int, _ b: Int) -> Bool {
        (heap[a].moment, heap[a].number) < (heap[b].moment, heap[b].number)
    }

    mutating func plan(_ kind: Kind, at moment: Int64) {
        heap.append(Event(moment: moment, number: planned, kind: kind))
        planned += 1
        var place = heap.count - 1
        while place > 0, isBefore(place, (place - 1) / 2) {
            heap.swapAt(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    /// Takes the first event before a moment.
    mutating func next(before moment: Int64) -> Event? {
        guard let first = heap.first, first.moment < moment else { return nil }
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var place = 0
        while true {
            var least = place
            for child in [2 * place + 1, 2 * place + 2] where child < heap.count && isBefore(child, least) {
                least = child
            }
            if least == place { return first }
            heap.swapAt(place, least)
            place = least
        }
    }
}
