import CRMark
import Engine
import Kith
import Logging
import Net
import Snapshot
import Synchronization
import TestSupport
import Testing

/// CRMark's records in a database: embedded, over the wire, interrupted, and as a story that holds together.
@Suite struct CRMarkLoadTests {
    static let mark = CRMark(accountCount: 100, seed: 7)

    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory() }

    private func rows(_ sql: String, _ database: Database) async throws -> [[Value]] {
        try await database.query(sql).rows
    }

    private func presence(_ database: Database) async throws -> CRMarkPresence {
        var presence = CRMarkPresence()
        for kind in CRMarkEntity.allCases {
            presence.set(kind, try await rows(CRMarkPresence.query(kind), database)[0])
        }
        if case .text(let mark)? = try await rows(CRMarkPresence.markQuery, database).first?.first {
            presence.mark = mark
        }
        return presence
    }

    /// A few columns of everything, in an order that does not depend on how it came there.
    private func picture(_ database: Database) async throws -> [[[Value]]] {
        var picture: [[[Value]]] = []
        for sql in [
            "SELECT name, accountnumber, ownerid, parentaccountid, revenue FROM account ORDER BY accountnumber",
            "SELECT fullname, parentcustomerid, emailaddress1 FROM contact ORDER BY contactid",
            "SELECT name, customerid, ownerid, estimatedvalue, statecode FROM opportunity ORDER BY opportunitynumber",
            "SELECT subject, regardingobjectid, scheduledend, ownerid FROM phonecall ORDER BY activityid",
            "SELECT subject, regardingobjectid, scheduledend, ownerid FROM appointment ORDER BY activityid",
        ] { picture.append(try await rows(sql, database)) }
        return picture
    }

    @Test func everyRecordGoesIn() async throws {
        let database = try emptyDatabase(in: folder)
        var reports: [CRMarkLoadReport] = []
        let report = try await CRMarkLoadTests.mark.load(into: database) { reports.append($0) }
        #expect(report.created == CRMarkLoadTests.mark.recordCount)
        #expect(report.present == report.total)
        #expect(zip(reports, reports.dropFirst()).allSatisfy { $0.present < $1.present })
        let presence = try await presence(database)
        #expect(CRMarkLoadTests.mark.isComplete(presence))
        for kind in CRMarkEntity.allCases {
            let count = try await rows("SELECT COUNT(*) AS n FROM \(kind.rawValue)", database)
            #expect(count == [[.integer(Int64(CRMarkLoadTests.mark.count(of: kind)))]])
        }
        try database.close()
    }

    @Test func theStoryHoldsTogether() async throws {
        let database = try emptyDatabase(in: folder)
        _ = try await database.change(CRMark.indexes)
        try await CRMarkLoadTests.mark.load(into: database)
        func count(_ entity: String, _ condition: String) async throws -> Int {
            let sql = "SELECT COUNT(*) AS n FROM \(entity) WHERE \(condition)"
            guard case .integer(let count)? = try await rows(sql, database).first?.first else { return -1 }
            return Int(count)
        }
        // Won deals have a value and a day that is over; open ones have neither, and a probability that goes with the stage.
        #expect(
            try await count("opportunity", "statecode = 1 AND (actualvalue IS NULL OR actualclosedate > '2026-01-01')")
                == 0
        )
        #expect(
            try await count("opportunity", "statecode = 0 AND (actualvalue IS NOT NULL OR closeprobability > 90)") == 0
        )
        #expect(try await count("opportunity", "statecode = 0") > 20)
        #expect(try await count("opportunity", "statecode = 1") > 20)
        // Resolved cases say how; most activities are done, and what is planned lies ahead.
        #expect(try await count("incident", "statecode = 1 AND resolution IS NULL") == 0)
        #expect(try await count("incident", "statecode = 0 AND followupby < '2026-01-01'") > 0)
        #expect(try await count("phonecall", "statecode = 0 AND scheduledend < '2026-01-01'") == 0)
        // Business gathers at few accounts: the busiest has many times its share.
        let busiest = try await rows(
            "SELECT customerid, COUNT(*) AS n FROM incident GROUP BY customerid ORDER BY n DESC LIMIT 1",
            database
        )
        guard case .integer(let cases)? = busiest.first?.last else { throw CRMarkError.disturbed(entity: "incident") }
        #expect(cases > 40)
        try database.close()
    }

    @Test func aFillingThatStoppedGoesOn() async throws {
        let whole = try emptyDatabase(in: folder, "whole")
        try await CRMarkLoadTests.mark.load(into: whole)
        let stopped = try emptyDatabase(in: folder, "stopped")
        // Before the first batch, in the middle, and before the last.
        for batches in [1, 3, 6, 9] {
            let start = try await presence(stopped)
            let failing = Failing(stopped, after: batches - start.counts.count { $0 > 0 })
            await #expect(throws: Breakdown.self) { try await CRMarkLoadTests.mark.load(into: failing, from: start) }
        }
        let start = try await presence(stopped)
        #expect(!CRMarkLoadTests.mark.isComplete(start))
        try await CRMarkLoadTests.mark.load(into: stopped, from: start)
        #expect(try await picture(stopped) == picture(whole))
        try whole.close()
        try stopped.close()
    }

    @Test func aDatabaseInUseIsRefused() async throws {
        let database = try emptyDatabase(in: folder)
        var transaction = Transaction(database.schema)
        try transaction.create("account", ["name": "Somebody"])
        _ = try await database.execute(transaction)
        let found = try await presence(database)
        await #expect(throws: CRMarkError.occupied(entity: "account")) {
            try await CRMarkLoadTests.mark.load(into: database, from: found)
        }
        var other = CRMarkPresence()
        other.mark = CRMark(accountCount: 100, seed: 8).mark
        await #expect(throws: CRMarkError.different("crmark:1:100:8")) {
            try await CRMarkLoadTests.mark.load(into: database, from: other)
        }
        try database.close()
    }

    @Test func theWireMakesNoDifference() async throws {
        let embedded = try emptyDatabase(in: folder, "embedded")
        try await CRMarkLoadTests.mark.load(into: embedded)
        let served = try emptyDatabase(in: folder, "served")
        let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let server = try await Server.start(served, port: 0, limits: WireLimits(), logger: quiet, loopCount: 1)
        let client = try await KithClient.connect(ClientOptions(port: server.port))
        try await CRMarkLoadTests.mark.load(into: client)
        await client.close()
        await server.abort()
        #expect(try await picture(served) == picture(embedded))
        try embedded.close()
        try served.close()
    }
}

private struct Breakdown: Error {}

/// A session that stops working after some transactions.
private final class Failing: Session {
    private let session: Database
    private let left: Mutex<Int>

    init(_ session: Database, after count: Int) {
        self.session = session
        left = Mutex(count)
    }

    var schema: Schema { get async throws { session.schema } }

    func execute(_ transaction: Transaction) async throws -> TransactionReply {
        let works = left.withLock { left in
            left -= 1
            return left >= 0
        }
        guard works else { throw Breakdown() }
        return try await session.execute(transaction)
    }

    func read(_ entity: String, _ attributes: [String], _ ids: [RecordID]) async throws -> RecordPage {
        try await session.read(entity, attributes, ids)
    }
}
