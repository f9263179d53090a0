// What rules cost: a salesperson's day by messages, and the same changes of rows as plain transactions, in a database in a
// directory. Each lead is qualified (a contact and an opportunity), its opportunity won, a task completed.
//
// Both ways work on leads, tasks and accounts that are alike, by turns, so that what else the machine does meets both; what they
// leave behind is compared. The clock is the process's processor time, all threads, the log's with them: others on the machine
// do not count, and the disk, for which both wait alike, neither.

import BenchData
import Kith

struct RulesRound {
    private static let leads = 4_000
    /// Leads between two turns of the one and the other.
    private static let leadsPerTurn = 500
    private static let messagesPerLead = 3
    private static let tasksAtOnce = 16
    /// The first of May 2026, in days since 1970.
    private static let closingDay: Int32 = 20_574

    let directory: String

    func run() async throws {
        defer { removeTree(directory) }
        var options = DatabaseOptions()
        options.takesSnapshots = false
        let database = try Database.open(directory, options: options)
        let ways = try await (makeWorld(database), makeWorld(database))
        var nanoseconds: (messages: UInt64, changes: UInt64) = (0, 0)
        for first in stride(from: 0, to: RulesRound.leads, by: RulesRound.leadsPerTurn) {
            let turn = first..<first + RulesRound.leadsPerTurn
            nanoseconds.messages += try await time { try await sell(turn, in: ways.0, byMessages, database) }
            nanoseconds.changes += try await time { try await sell(turn, in: ways.1, byChanges, database) }
        }
        try await compare(database, ways.0, ways.1)
        let count = RulesRound.leads * RulesRound.messagesPerLead
        Main.report("rules: messages", count, nanoseconds: nanoseconds.messages)
        Main.report("rules: the same changes without", count, nanoseconds: nanoseconds.changes)
        for products in [1, 300] { try await price(database, products) }
        try database.close()
    }

    func time(_ work: () async throws -> Void) async throws -> UInt64 {
        let start = processorTime()
        try await work()
        return processorTime() - start
    }

    // MARK: A salesperson's day

    private struct World: Sendable {
        var owner: RecordID
        var account: RecordID
        var leads: [RecordID]
        var tasks: [RecordID]
    }

    private func makeWorld(_ database: Database) async throws -> World {
        let schema = database.schema
        var people = Transaction(schema)
        let owner = try people.create("systemuser", ["fullname": .text("Ann Keller")])
        let account = try people.create("account", ["name": .text("Acme"), "ownerid": .reference(owner)])
        _ = (owner, account)
        let made = try await database.execute(people).operations.map { $0.ids[0] }
        var world = World(owner: made[0], account: made[1], leads: [], tasks: [])
        for first in stride(from: 0, to: RulesRound.leads, by: 1_000) {
            let names = ["subject", "firstname", "lastname", "fullname", "ownerid", "emailaddress1", "estimatedamount"]
            var leads = try RecordBatch(schema, .create, "lead", attributes: names)
            var tasks = try RecordBatch(schema, .create, "task", attributes: ["subject", "ownerid"])
            for number in first..<first + 1_000 {
                try leads.append([
                    .text("Rollout \(number)"), .text("Max"), .text("Frisch \(number)"), .text("Max Frisch \(number)"),
                    .reference(world.owner), .text("max\(number)@example.com"), .decimal(RulesRound.value(number)),
                ])
                try tasks.append([.text("Call \(number)"), .reference(world.owner)])
            }
            var transaction = Transaction(schema)
            transaction.append(leads)
            transaction.append(tasks)
            let reply = try await database.execute(transaction)
            world.leads += reply.operations[0].ids
            world.tasks += reply.operations[1].ids
        }
        return world
    }

    private static func value(_ number: Int) -> Decimal64 { amount(1_000 + number) }

    private func sell(
        _ turn: Range<Int>,
        in world: World,
        _ way: @escaping @Sendable (Int, World, Database) async throws -> Void,
        _ database: Database
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<RulesRound.tasksAtOnce {
                group.addTask {
                    for number in stride(from: turn.lowerBound + task, to: turn.upperBound, by: RulesRound.tasksAtOnce)
                    {
                        try await way(number, world, database)
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    @Sendable private func byMessages(_ number: Int, _ world: World, _ database: Database) async throws {
        var qualify = QualifyLead(world.leads[number], contact: true, opportunity: true)
        qualify.customer = world.account
        let made = try await database.perform(qualify).operations
        try await database.perform(WinOpportunity(made[1].ids[0], on: RulesRound.closingDay))
        try await database.perform(CompleteTask(world.tasks[number], at: RulesRound.doneAt))
    }

    /// The second of May 2026, 08:00.
    private static let doneAt = Int64(closingDay + 1) * 86_400_000_000 + 8 * 3_600_000_000

    @Sendable private func byChanges(_ number: Int, _ world: World, _ database: Database) async throws {
        let schema = database.schema
        let (lead, owner) = (world.leads[number], Value.reference(world.owner))
        let value = Value.decimal(RulesRound.value(number))
        var qualify = Transaction(schema)
        let contact = try qualify.create(
            "contact",
            [
                "fullname": .text("Max Frisch \(number)"), "originatingleadid": .reference(lead),
                "parentcustomerid": .reference(world.account), "emailaddress1": .text("max\(number)@example.com"),
                "ownerid": owner, "firstname": .text("Max"), "lastname": .text("Frisch \(number)"),
            ]
        )
        let opportunity = try qualify.create(
            "opportunity",
            [
                "name": .text("Rollout \(number)"), "customerid": .reference(world.account),
                "originatingleadid": .reference(lead), "ownerid": owner, "estimatedvalue": value,
            ]
        )
        try qualify.update(
            lead,
            [
                "statecode": .option(1), "parentaccountid": .reference(world.account),
                "parentcontactid": .reference(contact), "qualifyingopportunityid": .reference(opportunity),
            ]
        )
        let made = try await database.execute(qualify).operations[1].ids[0]
        var win = Transaction(schema)
        _ = try win.create(
            "opportunityclose",
            [
                "subject": .text("Won: Rollout \(number)"), "statecode": .option(1),
                "regardingobjectid": .reference(made), "ownerid": owner, "actualend": .instant(RulesRound.doneAt),
                "actualrevenue": value,
            ]
        )
        try win.update(
            made,
            [
                "statecode": .option(1), "actualvalue": value, "actualclosedate": .date(RulesRound.closingDay),
                "closeprobability": .integer(100),
            ]
        )
        _ = try await database.execute(win)
        var complete = Transaction(schema)
        try complete.update(
            world.tasks[number],
            [
                "statecode": .option(1), "actualend": .instant(RulesRound.doneAt), "actualdurationminutes": .null,
                "percentcomplete": .integer(100),
            ]
        )
        _ = try await database.execute(complete)
    }

    /// What both left behind is the same, row by row.
    private func compare(_ database: Database, _ one: World, _ other: World) async throws {
        let queries = [
            """
            SELECT l.subject, l.statuscodename, l.parentcontactidname, l.qualifyingopportunityidname FROM lead l \
            WHERE l.ownerid = ? ORDER BY l.leadid
            """,
            """
            SELECT name, customeridname, statuscodename, estimatedvalue, actualvalue, actualclosedate, closeprobability \
            FROM opportunity WHERE ownerid = ? ORDER BY name
            """,
            "SELECT fullname, firstname, lastname, emailaddress1 FROM contact WHERE ownerid = ? ORDER BY fullname",
            "SELECT subject, statuscodename, actualrevenue FROM opportunityclose WHERE ownerid = ? ORDER BY subject",
            "SELECT subject, statuscodename, actualend, percentcomplete FROM task WHERE ownerid = ? ORDER BY activityid",
        ]
        for query in queries {
            let rows = try await database.query(query, [.reference(one.owner)]).rows
            let others = try await database.query(query, [.reference(other.owner)]).rows
            guard rows.count == RulesRound.leads, rows == others else {
                throw BenchError("messages and plain changes leave different rows behind: \(query)")
            }
        }
    }

    static func amount(_ number: Int) -> Decimal64 { Decimal64(units: Int64(number) * 10_000, scale: 4) }
}
