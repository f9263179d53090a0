// Duplicates in a database: found beside writers and refused among them, by keys that are made when somebody asks and are the same after a
// restart.

import CRM
import Engine
import Kith
import Snapshot
import TestSupport
import Testing

@Suite struct DuplicateTests {
    private func open(_ storage: SimulatedStorage = SimulatedStorage(seed: 21), threads: Int = 2) throws -> Database {
        var options = DatabaseOptions()
        options.directory = DirectoryOptions(segmentBytes: 8 << 20)
        options.threadCount = threads
        return try Database.open(in: storage, options: options, random: 1)
    }

    /// A rule that is published: conditions as attributes, operator and alternative.
    @discardableResult
    private func publish(
        _ database: Database,
        _ name: String,
        _ entity: String,
        _ conditions: [(String, Int32, Int)]
    ) async throws -> RecordID {
        let rule = try await create(database, "duplicaterule", ["name": .text(name), "baseentityname": .text(entity)])
        for (attributes, code, alternative) in conditions {
            _ = try await create(
                database,
                "duplicaterulecondition",
                [
                    "regardingobjectid": .reference(rule), "baseattributename": .text(attributes),
                    "operatorcode": .option(code), "alternativenumber": .integer(Int64(alternative)),
                ]
            )
        }
        try await database.perform(PublishDuplicateRule(rule))
        return rule
    }

    private func person(_ schema: Schema, _ name: String, _ mail: String, refuses: Bool) throws -> Transaction {
        var transaction = Transaction(schema)
        try transaction.create("contact", ["fullname": .text(name), "emailaddress1": .text(mail)])
        transaction.refusesDuplicates = refuses
        return transaction
    }

    private func hasKeys(_ database: Database, _ entity: String) -> Bool {
        let view = database.currentView
        return view.schema.place(named: entity).map { view.table($0).table.recordKeys != nil } ?? false
    }

    /// "done", the name of the rule that refuses, or the error.
    private func outcome(_ work: () async throws -> Void) async -> String {
        do {
            try await work()
            return "done"
        } catch let refusal as Refusal {
            return refusal.rule.isEmpty ? "\(refusal.code)" : refusal.rule
        } catch {
            return "\(error)"
        }
    }

    private func expect(
        _ expected: String,
        sourceLocation: Testing.SourceLocation = #_sourceLocation,
        _ work: () async throws -> Void
    ) async {
        let outcome = await outcome(work)
        #expect(outcome == expected, sourceLocation: sourceLocation)
    }

    @Test func ofTenWhoMakeTheSamePersonOneIsNotRefused() async throws {
        let database = try open()
        try await publish(database, "mail", "contact", [("emailaddress1, emailaddress2", 0, 1)])
        for round in 0..<5 {
            let outcomes = await withTaskGroup(of: String.self) { group in
                for sender in 0..<10 {
                    group.addTask {
                        await outcome {
                            let transaction = try person(
                                database.schema,
                                "Anna \(sender)",
                                "anna\(round)@acme.com",
                                refuses: true
                            )
                            _ = try await database.execute(transaction)
                        }
                    }
                }
                return await group.reduce(into: [String]()) { $0.append($1) }.sorted()
            }
            #expect(outcomes == ["done"] + Array(repeating: "duplicate", count: 9))
        }
        #expect(try await database.query("SELECT count(*) FROM contact").rows == [[5]])
        // Whoever does not ask goes on.
        _ = try await database.execute(try person(database.schema, "Anna", "anna0@acme.com", refuses: false))
        database.turn { $0.checkInvariants() }
        try database.close()
    }

    @Test func keysAreThereWhileSomebodyCanAskThem() async throws {
        let database = try open()
        let one = try await create(database, "contact", ["fullname": "Anna", "emailaddress1": "anna@acme.com"])
        let two = try await create(database, "contact", ["fullname": "Anna", "emailaddress2": "Anna@Acme.com"])
        #expect(try await database.duplicates(.records([one])).hits.isEmpty, "nothing is published")
        let rule = try await publish(database, "mail", "contact", [("emailaddress1, emailaddress2", 0, 1)])
        #expect(!hasKeys(database, "contact"), "nobody has asked")
        let report = try await database.duplicates(.records([one]))
        #expect(report.hits == [.init(record: one, other: two, reasons: [0])])
        #expect(report.reasons == [.init(rule: rule, name: "mail", because: "emailaddress1, emailaddress2 same")])
        let position = database.turn { $0.position }
        #expect(report.position == position)
        #expect(hasKeys(database, "contact") && !hasKeys(database, "account"))
        try await publish(database, "number", "account", [("accountnumber", 0, 1)])
        #expect(hasKeys(database, "contact"), "another entity's rules")
        try await database.perform(UnpublishDuplicateRule(rule))
        #expect(!hasKeys(database, "contact"))
        #expect(try await database.duplicates(.records([one])).hits.isEmpty)
        let nobody = RecordID(entity: one.entity, origin: 0, sequence: 1 << 30)
        await expect("recordNotFound") { _ = try await database.duplicates(.records([nobody])) }
        try database.close()
    }

    @Test func messagesAreRefusedToo() async throws {
        let database = try open()
        try await publish(database, "mail", "contact", [("emailaddress1", 0, 1)])
        _ = try await create(database, "contact", ["fullname": "Anna", "emailaddress1": "anna@acme.com"])
        let lead = try await create(database, "lead", ["lastname": "Keller", "emailaddress1": "anna@acme.com"])
        var request = QualifyLead(lead, contact: true).request
        request.refusesDuplicates = true
        let before = database.turn { $0.digest }
        await expect("duplicate") { _ = try await database.rehearse(request) }
        await expect("duplicate") { _ = try await database.perform(request) }
        let after = database.turn { $0.digest }
        #expect(after == before)
        request.refusesDuplicates = false
        await expect("done") { _ = try await database.perform(request) }
        var independent = try person(database.schema, "A", "b@acme.com", refuses: true)
        independent.isIndependent = true
        let transaction = independent
        await expect("malformed") { _ = try await database.execute(transaction) }
        // A rehearsal refuses as its database does, and knows what it has tried itself.
        let rehearsal = try #require(try await database.rehearsal() as? Rehearsal)
        let eva = try person(database.schema, "Eva", "eva@acme.com", refuses: true)
        await expect("done") { _ = try await rehearsal.execute(eva) }
        await expect("duplicate") { _ = try await rehearsal.execute(eva) }
        #expect(try await rehearsal.duplicates(.transaction(eva)).hits.count == 1)
        #expect(try await database.duplicates(.transaction(eva)).hits.isEmpty)
        try database.close()
    }

    /// What the keys find of all contacts, and what comparing their addresses does.
    private func compare(_ database: Database) async throws {
        let rows = try await database.query("SELECT contactid, emailaddress1 FROM contact").rows
        var byMail: [Value: [RecordID]] = [:]
        var ids: [RecordID] = []
        for row in rows {
            guard case .reference(let id) = row[0] else { continue }
            ids.append(id)
            byMail[row[1], default: []].append(id)
        }
        let report = try await database.duplicates(.records(ids))
        var found: [RecordID: Set<RecordID>] = [:]
        for hit in report.hits { found[hit.record, default: []].insert(hit.other) }
        for row in rows {
            guard case .reference(let id) = row[0] else { continue }
            let others = Set(byMail[row[1]] ?? []).subtracting([id])
            #expect(found[id] ?? [] == others)
        }
    }

    @Test func rulesChangeWhileDataDo() async throws {
        let database = try open()
        let schema = database.schema
        let rule = try await publish(database, "mail", "contact", [("emailaddress1", 0, 1)])
        var batch = try RecordBatch(schema, .create, "contact", attributes: ["fullname", "emailaddress1"])
        for number in 0..<600 { try batch.append([.text("P\(number)"), .text("p\(number)@acme.com")]) }
        var transaction = Transaction(schema)
        transaction.append(batch)
        let first = try await database.execute(transaction).operations[0].ids
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<2 {
                group.addTask {
                    for number in 0..<20 {
                        var change = Transaction(schema)
                        let other = (number * 7 + writer) % 100
                        try change.update(first[writer * 200 + number], ["emailaddress1": .text("p\(other)@acme.com")])
                        try change.delete(first[500 + writer * 50 + number])
                        _ = try await database.execute(change)
                        let new = try person(schema, "N", "n\(number)@acme.com", refuses: true)
                        let outcome = await outcome { _ = try await database.execute(new) }
                        #expect(["done", "duplicate", "overloaded"].contains(outcome))
                    }
                }
            }
            group.addTask {
                for _ in 0..<4 {
                    try await database.perform(UnpublishDuplicateRule(rule))
                    try await database.perform(PublishDuplicateRule(rule))
                }
            }
            group.addTask {
                for number in 0..<5 { _ = try await database.duplicates(.records([first[number]])) }
            }
            try await group.waitForAll()
        }
        try await compare(database)
        #expect(hasKeys(database, "contact"))
        database.turn { $0.checkInvariants() }
        try database.close()
    }

    /// A view that somebody holds shows the hits of its own moment, whatever is written meanwhile.
    @Test func aQuestionOfATaskThatHasEndedIsCalledOff() async throws {
        let database = try open()
        try await publish(database, "mail", "contact", [("emailaddress1", 0, 1)])
        let one = try await create(database, "contact", ["fullname": "A", "emailaddress1": "a@acme.com"])
        _ = try await database.duplicates(.records([one]))
        let question = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await database.duplicates(.records([one]))
        }
        question.cancel()
        let refusal = await #expect(throws: Refusal.self) { _ = try await question.value }
        #expect(refusal?.code == .overloaded)
        try database.close()
    }

    @Test func powerCutsChangeNoAnswer() async throws {
        for seed in 0..<UInt64(Effort.count(2, torture: 100, full: 400)) {
            let storage = SimulatedStorage(seed: 100 + seed)
            func openInline(_ storage: SimulatedStorage) throws -> Database {
                var options = DatabaseOptions()
                options.directory = DirectoryOptions(segmentBytes: 1 << 20, usesThreads: true)
                options.threadCount = 1
                options.takesSnapshots = false
                return try Database.open(in: storage, options: options, random: 1)
            }
            var database = try openInline(storage)
            try await publish(database, "mail", "contact", [("emailaddress1", 0, 1)])
            var made: [String: RecordID] = [:]
            var random = SplitMix64(seed: seed)
            for round in 0..<3 {
                storage.cutPower(afterChanges: 5 + random.below(40))
                do {
                    for number in 0..<25 {
                        let mail = "p\(random.below(30))@acme.com"
                        let new = try person(database.schema, "\(round)-\(number)", mail, refuses: true)
                        do {
                            let id = try await database.execute(new).operations[0].ids[0]
                            #expect(made.updateValue(id, forKey: mail) == nil, "refused where it is known")
                        } catch let refusal as Refusal where refusal.rule == "duplicate" {
                            // Of a record that was acknowledged, or of one whose reply the cut took.
                            #expect(made[mail] == nil || refusal.record == made[mail])
                        }
                    }
                } catch {
                    // The cut.
                }
                try? database.close()
                storage.crash()
                database = try openInline(storage)
                #expect(!hasKeys(database, "contact"))
                for (mail, id) in made.sorted(by: { $0.key < $1.key }).prefix(2) {
                    let new = try person(database.schema, "again", mail, refuses: true)
                    await expect("duplicate") { _ = try await database.execute(new) }
                    #expect(try await database.duplicates(.transaction(new)).hits.map(\.other) == [id])
                }
                database.turn { $0.checkInvariants() }
            }
            try database.close()
        }
    }
}
