import CRM
import Engine
import Snapshot
import TestSupport
import Testing

/// Random messages on cases and activities that wait in queues, beside a model of where each of them is: a record has one queue item at
/// most, exactly those wait that the model says, with the worker that it says, and nothing that is closed waits.
@Suite struct QueuePropertyTests {
    private struct Model {
        /// Where an open record waits, and who works on it.
        var places: [String: (queue: String, worker: String)] = [:]
        var closed: Set<String> = []
    }

    private static let records = ["C1", "C2", "T1", "T2", "P1", "M1"]
    private static let queues = ["Q", "R", "S"]
    private static let users = ["ann", "bob"]

    private static func organisation() throws -> TestOrganisation {
        var organisation = TestOrganisation()
        for user in users { try organisation.create("systemuser \(user): fullname=\(user)") }
        for queue in queues { try organisation.create("queue \(queue): name=\(queue)") }
        for (name, entity) in zip(records, ["incident", "incident", "task", "task", "phonecall", "email"]) {
            try organisation.create("\(entity) \(name): \(entity == "incident" ? "title" : "subject")=\(name)")
        }
        return organisation
    }

    @Test(arguments: 0..<UInt64(Effort.count(6, torture: 60, full: 600)))
    func aRecordIsInOnePlace(_ seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        func pick(_ names: [String]) -> String { names[Int(random.next() % UInt64(names.count))] }
        var organisation = try Self.organisation()
        var model = Model()
        var refusedCount = 0
        for round in 0..<150 {
            let record = pick(Self.records)
            let place = "seed \(seed), round \(round), \(record)"
            let (queue, user) = (pick(Self.queues), pick(Self.users))
            let isClosed = model.closed.contains(record)
            let present = model.places[record]
            var act = ""
            var expected: String?
            var after = present
            switch random.next() % 8 {
            case 0, 1:
                act = "route \(record) --queue \(queue)"
                expected = isClosed ? "state" : present?.queue == queue ? "in-queue" : nil
                after = (queue, "")
            case 2:
                act = "route \(record) --user \(user)"
                expected = isClosed ? "state" : nil
                after = nil
            case 3, 4:
                act = "pick \(record) --user \(user)"
                expected = present == nil ? "not-in-queue" : present?.worker != "" ? "worked-on" : nil
                after?.worker = user
            case 5:
                act = "release \(record)"
                expected = present == nil ? "not-in-queue" : present?.worker == "" ? "not-worked-on" : nil
                after?.worker = ""
            case 6:
                act = "remove-from-queue \(record)"
                expected = present == nil ? "not-in-queue" : nil
                after = nil
            default:
                let end = pick(record.hasPrefix("C") ? ["resolve", "cancel"] : ["complete", "cancel"])
                act = isClosed ? "reopen \(record)" : "\(end) \(record)"
                after = nil
                if isClosed { model.closed.remove(record) } else { model.closed.insert(record) }
            }
            var rule: String?
            do {
                try organisation.perform(
                    try MessageRequest(act, in: organisation.engine.schema, named: organisation.names)
                )
            } catch let refusal as Refusal {
                rule = refusal.rule
                refusedCount += 1
            }
            #expect(rule == expected, "\(place): \(act)")
            if rule == nil { model.places[record] = after }
            let rows = organisation.rows("SELECT objectid, queueid, workerid FROM queueitem ORDER BY title")
            let wanted = Self.records.sorted().compactMap { name in
                model.places[name].map { "\(name) | \($0.queue) | \($0.worker.isEmpty ? "NULL" : $0.worker)" }
            }
            #expect(rows == wanted, "\(place): \(act)")
            if rows != wanted { return }
        }
        #expect(refusedCount > 0 && refusedCount < 150)
    }

    /// The key, and not the messages alone, keeps a record from being in two places.
    @Test func aSecondItemIsRefusedWhoeverWritesIt() throws {
        var organisation = try Self.organisation()
        try organisation.create("queueitem I: queueid=Q | objectid=C1")
        let refusal = try #require(throws: Refusal.self) {
            try organisation.create("queueitem J: queueid=R | objectid=C1")
        }
        #expect(refusal.code == .duplicateKey)
    }
}
