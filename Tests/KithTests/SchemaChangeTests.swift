// Changes of the schema of a database: durable as transactions are, with records and queries going on.

import CRM
import Engine
import Kith
import Snapshot
import TestSupport
import Testing

@Suite struct SchemaChangeTests {
    private func options() -> DatabaseOptions {
        var options = DatabaseOptions()
        options.directory = DirectoryOptions(segmentBytes: 8 << 20)
        options.threadCount = 2
        return options
    }

    private func document(_ number: Int) -> SchemaDocument {
        var document = SchemaDocument()
        var project = EntityDeclaration("project")
        project.attributes = [AttributeDeclaration("name", "text"), AttributeDeclaration("budget\(number)", "money")]
        if number > 0 {
            var old = AttributeDeclaration("budget\(number - 1)")
            old.deletion = .withData
            project.attributes.append(old)
        }
        document.entities = [project]
        return document
    }

    @Test func changesSurviveCloseReopenAndSnapshots() async throws {
        let storage = SimulatedStorage(seed: 3)
        for round in 0..<6 {
            let database = try Database.open(in: storage, options: options(), random: 1)
            let reply = try await database.change(document(round))
            #expect(reply.isApplied && reply.problems.isEmpty && reply.epoch == database.schema.epoch)
            #expect(database.durablePosition >= reply.position)
            if round == 2 || round == 4 { try database.writeSnapshot() }
            var transaction = Transaction(database.schema)
            try transaction.create("project", ["name": .text("P\(round)"), "budget\(round)": 5])
            _ = try await database.execute(transaction)
            #expect(
                try await database.query("SELECT COUNT(*) FROM project").columns[0][0] == .integer(Int64(round + 1))
            )
            let again = try await database.change(document(round))
            #expect(!again.isApplied && again.differences.isEmpty)
            try database.close()
        }
        let database = try Database.open(in: storage, options: options(), random: 1)
        let project = try #require(database.schema.entity(named: "project"))
        #expect(project.attributes.filter(\.isDeleted).map(\.displayName) == (0..<5).map { "budget\($0)" })
        #expect(try await database.query("SELECT COUNT(budget5) FROM project").columns[0][0] == .integer(1))
        database.turn { $0.checkInvariants() }
        try database.close()
    }

    /// A directory from before there were jobs, whose organisation has something of its own under that name.
    @Test func anOwnEntityIsNotTakenForTheStandardsOfTheSameName() async throws {
        let storage = SimulatedStorage(seed: 3)
        var older = options()
        // The standard before it had jobs, and what refers to them.
        let newer: Set = ["bulkoperationid", "reachedcount", "refusedcount", "responserate"]
        let entities = Schema.standard.entities.filter { !["bulkoperation", "bulkoperationlog"].contains($0.name) }
        older.schema = Schema(
            epoch: 1,
            entities: entities.map { entity in
                var entity = entity
                entity.attributes.removeAll { newer.contains($0.name) }
                return entity
            },
            optionSets: Schema.standard.optionSets
        )
        older.runsJobs = false
        var database = try Database.open(in: storage, options: older, random: 1)
        var document = SchemaDocument()
        var own = EntityDeclaration("bulkoperation")
        own.attributes = [AttributeDeclaration("name", "text")]
        own.states = [
            StateDeclaration(OptionDeclaration(0, "Open"), [OptionDeclaration(1, "Open")]),
            StateDeclaration(OptionDeclaration(1, "Closed"), [OptionDeclaration(2, "Closed")]),
        ]
        document.entities = [own]
        #expect(try await database.change(document).problems.isEmpty)
        #expect(database.status.replacedEntities.isEmpty)
        let entity = try #require(database.schema.entity(named: "bulkoperation"))
        let record = try await create(database, "bulkoperation", ["name": "Ours"])
        try database.close()

        database = try Database.open(in: storage, options: options(), random: 1)
        #expect(database.schema.entity(named: "bulkoperation") == entity)
        #expect(database.status.replacedEntities == ["bulkoperation"])
        #expect(database.status.json.contains("\"replacedEntities\":[\"bulkoperation\"]"))
        let code = database.schema.text(of: record)
        let refusal = await #expect(throws: Refusal.self) { try await database.perform(CancelJob(record)) }
        #expect(
            refusal?.message == "'cancel' is for bulkoperation, not for \(code): 'bulkoperation' is an entity of the "
                + "organisation's own here, and not the standard's."
        )
        let request = JobRequest(message: "deactivate", query: "SELECT accountid FROM account")
        await #expect(throws: Refusal.self) { _ = try await database.startJob(request) }
        // Its open records are no jobs.
        var work = JobWork()
        guard case .nothing = database.workOnJobs(&work) else {
            Issue.record("a record of the organisation's own was taken for a job")
            return
        }
        try database.close()
    }

    /// A query keeps the view, and with it the schema, that it began with.
    @Test func queriesGoOnWithTheirSchema() async throws {
        let database = try Database.open(in: SimulatedStorage(seed: 4), options: options(), random: 1)
        _ = try await database.change(document(0))
        var transaction = Transaction(database.schema)
        for number in 0..<100 { try transaction.create("project", ["name": .text("P\(number)"), "budget0": 7]) }
        _ = try await database.execute(transaction)
        let view = database.currentView
        let prepared = try PreparedQuery("SELECT SUM(budget0) FROM project", schema: view.schema)
        _ = try await database.change(document(1))
        #expect(try prepared.execute(on: view).columns[0][0] == .decimal(Decimal64(units: 7_000_000, scale: 4)))
        #expect(throws: QueryError.self) { try prepared.execute(on: database.currentView) }
        let error = await #expect(throws: QueryError.self) {
            try await database.query("SELECT SUM(budget0) FROM project")
        }
        #expect(error?.code == .unknownName)
        try database.close()
    }

    /// Writers and a reader go on while attributes come and go.
    @Test func trafficFlowsDuringChanges() async throws {
        let database = try Database.open(in: SimulatedStorage(seed: 5), options: options(), random: 1)
        _ = try await database.change(document(0))
        let old = database.schema
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<3 {
                group.addTask {
                    for number in 0..<60 {
                        // Under the first schema throughout: its numbers stay good.
                        var transaction = Transaction(old)
                        try transaction.create("project", ["name": .text("W\(writer) \(number)")])
                        _ = try await database.execute(transaction)
                    }
                }
            }
            group.addTask {
                for round in 1...20 {
                    let reply = try await database.change(self.document(round))
                    #expect(reply.isApplied)
                }
            }
            group.addTask {
                for _ in 0..<40 { _ = try await database.query("SELECT COUNT(*), MAX(name) FROM project") }
            }
            try await group.waitForAll()
        }
        #expect(try await database.query("SELECT COUNT(*) FROM project").columns[0][0] == .integer(180))
        database.turn { $0.checkInvariants() }
        try database.close()
    }
}
