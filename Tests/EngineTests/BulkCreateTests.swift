// A batch of many rows ends in the same records and the same indexes as the same rows one by one: what the kernels of bulk
// creates write, and which of their ways (whole columns, or row by row) was taken, can never be seen.

import Engine
import Testing

@Suite struct BulkCreateTests {
    private static let attributes = [
        "externalid", "fullname", "lastname", "firstname", "description", "parentcustomerid", "gendercode",
        "numberofchildren", "birthdate", "annualincome", "creditonhold",
    ]

    /// Short, long, empty, equal and non-ASCII texts: of seven bytes and about, of sixteen and about, of many.
    private func text(_ random: inout PropertyRandom) -> String {
        let word = ["a", "Ö", "ß", "Zoë", "x-ray", "Smith", "smith", "SMITH", "\u{1F600}", "한국"][random.below(10)]
        switch random.below(6) {
        case 0: return ""
        case 1: return String(repeating: "k", count: 6 + random.below(4))
        case 2: return String(repeating: "m", count: 14 + random.below(6)) + word
        case 3: return String(repeating: word, count: random.below(9))
        case 4: return "\(word) \(random.below(50))"
        default: return "Contact number \(random.below(900_000)) of many"
        }
    }

    private func row(_ number: Int, _ accounts: [RecordID], isPlain: Bool, _ random: inout PropertyRandom) -> [Value] {
        let values: [Value] = [
            .text("c-\(number)"), .text(isPlain ? "Name \(random.below(500))" : text(&random)),
            .text(isPlain ? "Family \(random.below(99))" : text(&random)), .text(isPlain ? "Ann" : text(&random)),
            .text(isPlain ? String(repeating: "d", count: random.below(80)) : text(&random)),
            .reference(accounts[random.below(accounts.count)]), .option(Int32(1 + random.below(2))),
            .integer(Int64(random.below(20))), .date(Int32(random.below(20_000))),
            .decimal(Decimal64(units: Int64(random.below(1_000_000)), scale: 4)), .boolean(random.below(2) == 0),
        ]
        if isPlain { return values }
        return values.map { random.below(4) == 0 ? .null : $0 }
    }

    private func execute(_ engine: Engine, _ transaction: Transaction) throws -> TransactionReply {
        var entry = ByteWriter()
        var reply = ByteWriter()
        try transaction.encoded().withUnsafeBytes {
            _ = try engine.execute($0, context: CommandContext(timeMicroseconds: 5), entry: &entry, reply: &reply)
        }
        return try reply.withUnsafeBytes { try TransactionReply(decoding: $0) }
    }

    private func order(_ engine: Engine, _ column: String) throws -> [RecordID] {
        let entity = try #require(engine.schema.entity(named: "contact"))
        let table = engine.view.table(try #require(engine.schema.place(of: entity.id)))
        var ids: [RecordID] = []
        table.forEachInTextOrder(Int(try #require(entity.attributeID(column)).rawValue)) { row in
            ids.append(table.recordID(atRow: Int(row)))
            return true
        }
        return ids
    }

    @Test func aBatchEqualsItsRows() throws {
        for seed in PropertyRandom.seeds(3) {
            var random = PropertyRandom(seed: seed)
            let engines = [Engine(), Engine()]
            var accounts: [RecordID] = []
            for engine in engines {
                var transaction = Transaction(engine.schema)
                for number in 0..<30 { try transaction.create("account", ["name": .text("A\(number)")]) }
                accounts = try execute(engine, transaction).operations.map { $0.ids[0] }
            }
            var number = 0
            for _ in 0..<14 {
                // Views share blocks, pages and nodes, which a batch must copy before it writes.
                let view = engines[0].view
                let digest = Engine(copying: view).digest
                let count = [1, 15, 16, 300, 1000][random.below(5)]
                let isPlain = random.below(2) == 0
                var batch = try RecordBatch(engines[0].schema, .create, "contact", attributes: Self.attributes)
                var whole = Transaction(engines[0].schema)
                var single = whole
                for _ in 0..<count {
                    let values = row(number, accounts, isPlain: isPlain, &random)
                    number += 1
                    try batch.append(values)
                    try single.createRecord("contact", Array(zip(Self.attributes, values)))
                }
                whole.append(batch)
                let ids = try execute(engines[0], whole).operations[0].ids
                #expect(try execute(engines[1], single).operations.map { $0.ids[0] } == ids)
                #expect(engines[0].digest == engines[1].digest, "seed \(seed)")
                #expect(Engine(copying: view).digest == digest, "seed \(seed)")
                guard random.below(3) == 0 else { continue }
                for engine in engines {
                    var transaction = Transaction(engine.schema)
                    for id in ids.prefix(40) { try transaction.delete(id) }
                    _ = try execute(engine, transaction)
                }
            }
            for engine in engines { engine.checkInvariants() }
            for column in ["fullname", "lastname"] {
                #expect(try order(engines[0], column) == order(engines[1], column), "seed \(seed)")
            }
        }
    }

    @Test func aBatchThatIsRevertedLeavesNothing() throws {
        let engine = Engine()
        var transaction = Transaction(engine.schema)
        try transaction.create("account", ["name": "One"])
        let accounts = [try execute(engine, transaction).operations[0].ids[0]]
        let before = engine.digest
        for seed in PropertyRandom.seeds(4) {
            var random = PropertyRandom(seed: seed)
            var batch = try RecordBatch(engine.schema, .create, "contact", attributes: Self.attributes)
            for number in 0..<700 { try batch.append(row(number, accounts, isPlain: seed % 2 == 0, &random)) }
            var failing = Transaction(engine.schema)
            failing.append(batch)
            try failing.create("contact", ["lastname": .text(String(repeating: "x", count: 5000))])
            #expect(throws: Refusal.self) { try execute(engine, failing) }
            #expect(engine.digest == before)
            engine.checkInvariants()
        }
    }
}
