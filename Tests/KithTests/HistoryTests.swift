import CRM
import Engine
import Kith
import Snapshot
import Testing

/// What became of records, read from the log.
@Suite struct HistoryTests {
    private func database(
        _ storage: SimulatedStorage = SimulatedStorage(seed: 1),
        segmentBytes: Int = 512 << 10
    ) throws -> Database {
        var options = DatabaseOptions()
        options.directory = DirectoryOptions(segmentBytes: segmentBytes, usesThreads: true)
        options.threadCount = 1
        options.takesSnapshots = false
        let clock = FileClock()
        options.clock = {
            clock.pass(microseconds: 1)
            return clock.now
        }
        return try Database.open(in: storage, options: options)
    }

    /// A step as a line: what happened, and `attribute: old -> new` for each change.
    private func lines(_ history: RecordHistory, _ schema: Schema) -> [String] {
        history.steps.map { step in
            let changes = step.changes.map {
                "\($0.attribute): \($0.old.text(in: schema) ?? "-") -> \($0.new.text(in: schema) ?? "-")"
            }
            return "\(step.kind) \(step.message) " + changes.joined(separator: ", ")
        }
    }

    private func update(
        _ database: Database,
        _ id: RecordID,
        _ values: KeyValuePairs<String, Value>
    ) async throws {
        var transaction = Transaction(database.schema)
        try transaction.update(id, values)
        _ = try await database.execute(transaction)
    }

    @Test func whoChangedWhatThroughWhichMessage() async throws {
        let database = try database()
        let id = try await create(database, "opportunity", ["name": "Rollout", "estimatedvalue": 5000])
        let other = try await create(database, "opportunity", ["name": "Other"])
        try await update(database, id, ["estimatedvalue": 6200, "name": "Rollout"])
        try await update(database, other, ["name": "Another"])
        try await database.perform(WinOpportunity(id, on: 0))
        let history = try await database.history(of: id, limit: 100)
        #expect(
            lines(history, database.schema) == [
                "created 0 name: - -> Rollout, estimatedvalue: - -> 5000",
                "updated 0 estimatedvalue: 5000 -> 6200",
                "updated 35 statecode: 0 -> 1, actualvalue: - -> 6200, actualclosedate: - -> 1970-01-01, "
                    + "closeprobability: - -> 100, statuscode: 1 -> 3",
            ]
        )
        #expect(history.beginsAfter == 0 && !history.isCut)
        #expect(history.steps.map(\.position) == history.steps.map(\.position).sorted())
        // The versions that the record had.
        let version = try await database.read("opportunity", ["name"], [id]).versions[0]
        #expect(history.steps.last?.position == version)
        #expect(Set(history.steps.map(\.timeMicroseconds)).count == 3)
        #expect(history.position == version)
        try database.close()
    }

    @Test func cascadesAndDeletesAreInIt() async throws {
        let database = try database()
        let account = try await create(database, "account", ["name": "Acme"])
        let contact = try await create(
            database,
            "contact",
            ["lastname": "Frei", "parentcustomerid": .reference(account)]
        )
        let address = try await create(database, "customeraddress", ["name": "Home", "parentid": .reference(account)])
        var transaction = Transaction(database.schema)
        try transaction.delete(account)
        _ = try await database.execute(transaction)
        let code = database.schema.text(of: account)
        #expect(
            try await lines(database.history(of: contact, limit: 100), database.schema).last
                == "updated 0 parentcustomerid: \(code) -> -"
        )
        let gone = try await database.history(of: address, limit: 100)
        #expect(gone.steps.map(\.kind) == [.created, .deleted])
        #expect(gone.steps[1].changes.contains { $0.attribute == "name" && $0.old == "Home" && $0.new == .null })
        #expect(try await database.history(of: account, limit: 100).steps.map(\.kind) == [.created, .deleted])
        try database.close()
    }

    @Test func theNewestAreKept() async throws {
        let database = try database()
        let id = try await create(database, "account", ["name": "0"])
        for number in 1...20 { try await update(database, id, ["name": .text("\(number)")]) }
        let history = try await database.history(of: id, limit: 3)
        #expect(history.isCut)
        #expect(history.steps.flatMap(\.changes).map(\.new) == ["18", "19", "20"])
        #expect(try await database.history(of: id, limit: 21).isCut == false)
        try database.close()
    }

    /// Attributes under the names that they had, also behind a snapshot and a restart; and an attribute that is another one now.
    @Test func schemasOfThen() async throws {
        let storage = SimulatedStorage(seed: 1)
        var database = try database(storage, segmentBytes: 1 << 20)
        var size = AttributeDeclaration("shoe", "integer")
        var entity = EntityDeclaration("account")
        entity.attributes = [size]
        var document = SchemaDocument()
        document.entities = [entity]
        #expect(try await database.change(document).isApplied)
        let id = try await create(database, "account", ["name": "Acme", "shoe": 42])
        try await update(database, id, ["shoe": 43])
        size.deletion = .withData
        document.entities[0].attributes = [size]
        #expect(try await database.change(document).isApplied)
        try await update(database, id, ["name": "Acme AG"])
        let expected = [
            "created 0 name: - -> Acme, shoe: - -> 42", "updated 0 shoe: 42 -> 43", "updated 0 name: Acme -> Acme AG",
        ]
        #expect(try await lines(database.history(of: id, limit: 100), database.schema) == expected)
        try database.writeSnapshot()
        try database.close()
        database = try self.database(storage, segmentBytes: 1 << 20)
        #expect(try await lines(database.history(of: id, limit: 100), database.schema) == expected)
        try database.close()
    }

    /// The log before the older of two snapshots is given up: the history says where it begins, and reads on under the schema of
    /// that snapshot.
    @Test func whereTheLogBegins() async throws {
        let database = try database()
        let id = try await create(database, "account", ["name": "First"])
        var wanted: [String] = []
        for round in 0..<4 {
            for number in 0..<200 {
                try await update(
                    database,
                    id,
                    [
                        "name": .text("\(round)-\(number)"),
                        "description": .text(String(repeating: "x", count: 500 + number)),
                    ]
                )
            }
            wanted = Array((wanted + [database.schema.text(of: id)]).suffix(2))
            try database.writeSnapshot()
        }
        try await update(database, id, ["name": "Last"])
        let history = try await database.history(of: id, limit: 10_000)
        #expect(history.beginsAfter > 0)
        #expect((history.steps.first?.position ?? 0) > history.beginsAfter)
        #expect(history.steps.count == Int(history.position - history.beginsAfter))
        #expect(history.steps.last?.changes.first?.new == "Last")
        for (before, after) in zip(history.steps, history.steps.dropFirst()) {
            #expect(
                before.changes.first { $0.attribute == "name" }?.new
                    == after.changes.first { $0.attribute == "name" }?.old
            )
        }
        try database.close()
    }

    /// A transaction may change a record as often as it has rows: several steps then, of which none is too large for an answer.
    @Test func aRecordThatOneTransactionChangesTenThousandTimes() async throws {
        let database = try database(segmentBytes: 16 << 20)
        var batch = try RecordBatch(
            database.schema,
            .upsert,
            "account",
            attributes: ["externalid", "name"],
            key: "externalid"
        )
        for number in 0..<10_000 { try batch.append(["x", .text(number % 2 == 0 ? "a" : "b")]) }
        var transaction = Transaction(database.schema)
        transaction.append(batch)
        let id = try await database.execute(transaction).operations[0].ids[0]
        let history = try await database.history(of: id, limit: 100)
        #expect(history.steps.first?.kind == .created)
        #expect(history.steps.reduce(0) { $0 + $1.changes.count } == 2 + 9999)
        #expect(history.steps.allSatisfy { $0.changes.count <= 4096 && $0.position == history.position })
        try database.close()
    }

    /// Round trip of the answer's bytes, and every prefix of them refused.
    @Test func answerBytes() async throws {
        let database = try database()
        let id = try await create(database, "account", ["name": "Acme", "revenue": 5])
        try await update(database, id, ["name": "Acme AG"])
        let history = try await database.history(of: id, limit: 10)
        var writer = ByteWriter()
        history.encode(into: &writer)
        let bytes = writer.bytes
        let read = try bytes.withUnsafeBytes { bytes in
            var reader = ByteReader(bytes)
            let history = try RecordHistory(from: &reader)
            try reader.expectEnd()
            return history
        }
        #expect(read == history)
        for count in 0..<bytes.count {
            #expect(throws: DecodeError.self) {
                try bytes[..<count].withUnsafeBytes { bytes in
                    var reader = ByteReader(bytes)
                    _ = try RecordHistory(from: &reader)
                }
            }
        }
        try database.close()
    }
}
