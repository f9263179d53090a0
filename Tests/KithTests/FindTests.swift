// Quick find of a database: the index is made when somebody searches, beside writers, and is the same after a restart.

import Engine
import Kith
import Snapshot
import TestSupport
import Testing

@Suite struct FindTests {
    private func options() -> DatabaseOptions {
        var options = DatabaseOptions()
        options.directory = DirectoryOptions(segmentBytes: 8 << 20)
        options.threadCount = 2
        return options
    }

    private func contacts(_ schema: Schema, _ range: Range<Int>) throws -> Transaction {
        var batch = try RecordBatch(schema, .create, "contact", attributes: ["fullname", "emailaddress1"])
        for number in range {
            try batch.append([.text("Anna\(number % 97) Smith\(number % 31)"), .text("p\(number)@example.com")])
        }
        var transaction = Transaction(schema)
        transaction.append(batch)
        return transaction
    }

    private func answers(_ database: Database) async throws -> [[FindHit]] {
        var answers: [[FindHit]] = []
        for text in ["anna1", "ann smi", "nna9", "anan smith", "p100", "annx", "smiht", "example anna5"] {
            answers.append(try await database.find(text, limit: 50))
        }
        return answers
    }

    @Test func theIndexIsMadeOnceAndSeesEveryTransaction() async throws {
        let database = try Database.open(in: SimulatedStorage(seed: 11), options: options(), random: 1)
        _ = try await database.execute(contacts(database.schema, 0..<3000))
        func searchBytes() -> Int { database.status.entities.reduce(0) { $0 + $1.searchBytes } }
        #expect(searchBytes() == 0)
        #expect(try await database.find("-").isEmpty)
        #expect(searchBytes() == 0, "nothing to look for")
        #expect(try await database.find("p2999").map(\.match) == [.exact])
        #expect(searchBytes() > 0)
        var transaction = Transaction(database.schema)
        try transaction.create("contact", ["fullname": "Zoë Ångström"])
        let id = try await database.execute(transaction).operations[0].ids[0]
        #expect(try await database.find("angstr zo").map(\.record) == [id])
        transaction = Transaction(database.schema)
        try transaction.update(id, ["fullname": "Zoë Berg"])
        _ = try await database.execute(transaction)
        #expect(try await database.find("angstr zo").isEmpty)
        #expect(try await database.find("berg", entities: ["contact"]).map(\.name) == ["Zoë Berg"])
        transaction = Transaction(database.schema)
        try transaction.delete(id)
        _ = try await database.execute(transaction)
        #expect(try await database.find("zoe").isEmpty)
        database.turn { $0.checkInvariants() }
        try database.close()
    }

    @Test func writersGoOnWhileTheIndexIsMade() async throws {
        let database = try Database.open(in: SimulatedStorage(seed: 12), options: options(), random: 1)
        let schema = database.schema
        let first = try await database.execute(contacts(schema, 0..<2000)).operations[0].ids
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for number in 0..<40 {
                    _ = try await database.execute(try contacts(schema, 2000 + number * 10..<2010 + number * 10))
                    var transaction = Transaction(schema)
                    try transaction.update(first[number], ["fullname": .text("Changed \(number)")])
                    try transaction.delete(first[1000 + number])
                    _ = try await database.execute(transaction)
                }
            }
            for _ in 0..<3 {
                group.addTask {
                    for number in 0..<10 { _ = try await database.find("anna\(number)", entities: ["contact"]) }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await database.find("changed", limit: 1000).count == 40)
        #expect(try await database.find("p1000").isEmpty)
        database.turn { $0.checkInvariants() }
        try database.close()
    }

    @Test func answersAreTheSameAfterARestart() async throws {
        let storage = SimulatedStorage(seed: 13)
        var database = try Database.open(in: storage, options: options(), random: 1)
        let ids = try await database.execute(contacts(database.schema, 0..<1500)).operations[0].ids
        _ = try await answers(database)
        for start in stride(from: 0, to: 600, by: 20) {
            var transaction = Transaction(database.schema)
            for id in ids[start..<start + 10] { try transaction.delete(id) }
            for id in ids[start + 10..<start + 20] { try transaction.update(id, ["fullname": "Anna Smithe"]) }
            _ = try await database.execute(transaction)
        }
        _ = try await database.execute(contacts(database.schema, 2000..<2300))
        let before = try await answers(database)
        #expect(before.allSatisfy { !$0.isEmpty })
        for round in 0..<2 {
            if round == 1 { try database.writeSnapshot() }
            try database.close()
            database = try Database.open(in: storage, options: options(), random: 1)
            #expect(try await answers(database) == before)
        }
        try database.close()
    }

    @Test func theSchemaSaysWhatIsSearched() async throws {
        let database = try Database.open(in: SimulatedStorage(seed: 14), options: options(), random: 1)
        var transaction = Transaction(database.schema)
        try transaction.create("contact", ["fullname": "Anna", "jobtitle": "Plumber"])
        _ = try await database.execute(transaction)
        #expect(try await database.find("plumb").isEmpty)
        var document = SchemaDocument()
        var contact = EntityDeclaration("contact")
        var title = AttributeDeclaration("jobtitle")
        title.isSearched = true
        contact.attributes = [title]
        document.entities = [contact]
        #expect(try await database.change(document).isApplied)
        #expect(try await database.find("plumb").map(\.attribute) == ["jobtitle"])
        title.isSearched = false
        document.entities[0].attributes = [title]
        #expect(try await database.change(document).isApplied)
        #expect(try await database.find("plumb").isEmpty)
        #expect(try await database.find("anna").count == 1)
        var number = AttributeDeclaration("numberofchildren")
        number.isSearched = true
        document.entities[0].attributes = [number]
        #expect(try await database.change(document).problems.first?.message == "Only texts can be searched.")
        try database.close()
    }
}
