import CRM
import Engine
import Kith
import Snapshot
import Testing

/// Ten senders of messages to one record at the same time: each message takes effect once, and who comes too late is told what
/// a user understands.
@Suite struct ConcurrentMessageTests {
    /// What became of each of ten senders' messages: "done", or the name of the rule, sorted.
    private func outcomes(
        _ database: Database,
        _ message: @escaping @Sendable (Int) -> MessageRequest
    ) async -> [String] {
        await withTaskGroup(of: String.self) { group in
            for sender in 0..<10 {
                group.addTask {
                    do {
                        _ = try await database.perform(message(sender))
                        return "done"
                    } catch let refusal as Refusal {
                        return refusal.rule
                    } catch {
                        return "\(error)"
                    }
                }
            }
            return await group.reduce(into: [String]()) { $0.append($1) }.sorted()
        }
    }

    private func open() throws -> Database {
        var options = DatabaseOptions()
        options.directory = DirectoryOptions(segmentBytes: 8 << 20)
        options.threadCount = 2
        return try Database.open(in: SimulatedStorage(seed: 3), options: options, random: 1)
    }

    private func count(_ entity: String, _ database: Database) async throws -> [[Value]] {
        try await database.query("SELECT count(*) FROM \(entity)").rows
    }

    private static let once = ["done"] + Array(repeating: "state", count: 9)

    @Test func aLeadIsQualifiedOnce() async throws {
        let database = try open()
        let lead = try await create(database, "lead", ["lastname": "Frisch", "companyname": "Acme"])
        let outcomes = await outcomes(database) { _ in
            QualifyLead(lead, account: true, opportunity: true).request
        }
        #expect(outcomes == Self.once)
        #expect(try await count("account", database) == [[1]])
        #expect(try await count("opportunity", database) == [[1]])
        try database.close()
    }

    @Test func aQuoteIsWonOrClosedOnce() async throws {
        let database = try open()
        let quote = try await create(database, "quote", ["name": "Offer", "statecode": 1])
        let outcomes = await outcomes(database) { sender in
            sender.isMultiple(of: 2) ? WinQuote(quote).request : CloseQuote(quote).request
        }
        #expect(outcomes == Self.once)
        #expect(try await count("quoteclose", database) == [[1]])
        try database.close()
    }

    @Test func aQuoteIsOrderedOnce() async throws {
        let database = try open()
        let quote = try await create(database, "quote", ["name": "Offer", "statecode": 1])
        let outcomes = await outcomes(database) { _ in OrderQuote(quote).request }
        #expect(outcomes == ["done"] + Array(repeating: "ordered-already", count: 9))
        #expect(try await count("salesorder", database) == [[1]])
        #expect(try await count("quoteclose", database) == [[1]])
        try database.close()
    }

    @Test func anOpportunityEndsOnce() async throws {
        let database = try open()
        let opportunity = try await create(database, "opportunity", ["name": "Rollout", "estimatedvalue": 100])
        let outcomes = await outcomes(database) { sender in
            sender.isMultiple(of: 2) ? WinOpportunity(opportunity).request : LoseOpportunity(opportunity).request
        }
        #expect(outcomes == Self.once)
        #expect(try await count("opportunityclose", database) == [[1]])
        try database.close()
    }

    @Test func aProcessStartsOnce() async throws {
        let database = try open()
        let process = try await create(database, "salesprocess", ["name": "Standard"])
        _ = try await create(
            database,
            "salesstage",
            ["name": "Qualify", "salesprocessid": .reference(process), "stagenumber": 1]
        )
        let opportunity = try await create(database, "opportunity", ["name": "Rollout"])
        let outcomes = await outcomes(database) { _ in StartProcess(opportunity, process: process).request }
        #expect(outcomes == ["done"] + Array(repeating: "process-running", count: 9))
        #expect(try await count("salesprocessinstance", database) == [[1]])
        try database.close()
    }

    /// Those that do not exclude each other all take effect, and none of them undoes another's sum.
    @Test func linesOfTenSendersAddUp() async throws {
        let database = try open()
        let quote = try await create(database, "quote", ["name": "Offer"])
        let outcomes = await outcomes(database) { sender in
            var line = AddLine()
            line.document = quote
            line.writeIn = "Hours of sender \(sender)"
            line.quantity = Decimal64(units: Int64(sender + 1), scale: 0)
            line.price = Decimal64(units: 2, scale: 0)
            return line.request
        }
        #expect(outcomes == Array(repeating: "done", count: 10))
        let numbers = try await database.query("SELECT lineitemnumber FROM quotedetail ORDER BY lineitemnumber").rows
        #expect(numbers == (1...10).map { [.integer($0)] })
        let total = try await database.query("SELECT totalamount FROM quote").rows
        #expect(total == [[.decimal(Decimal64(units: 1_100_000, scale: 4))]])
        try database.close()
    }
}
