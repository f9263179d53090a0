// Auto-numbers: formats there and back, and a model of which number a record gets whatever happens around it.

import Engine
import TestSupport
import Testing

@Suite struct AutoNumberTests {
    private static func schema(_ format: String? = "CAS-{SEQNUM:5}", isKey: Bool = true) -> Schema {
        var builder = SchemaBuilder()
        builder.entity(1, "systemuser", "User", ownership: .organisation) { e in
            e.text("name", "Name", 20)
            if let format { e.autoNumber("number", "Number", format) } else { e.text("number", "Number", 100) }
            e.text("code", "Code", 100)
            e.primaryName("name")
            e.key("code")
            if isKey { e.key("number") }
        }
        return builder.build()
    }

    private func texts(_ h: EngineHarness, _ ids: [RecordID]) -> [Value] { ids.map { h.value($0, "number") } }

    // MARK: Formats

    @Test func formatsAreWrittenAndRead() throws {
        let moment = try #require(CalendarText.instant("2024-03-09T07:05:01.5Z"))
        let cases: [(format: String, number: UInt64, text: String)] = [
            ("{SEQNUM}", 1, "1"), ("CAS-{SEQNUM:5}", 42, "CAS-00042"), ("CAS-{SEQNUM:5}", 1_234_567, "CAS-1234567"),
            ("{DATETIMEUTC:yyyyMM}-{SEQNUM:3}", 7, "202403-007"), ("{seqnum:2}/{datetimeutc:yy}", 3, "03/24"),
            ("R{SEQNUM:4}1", 12, "R00121"),
            ("{DATETIMEUTC:dd.MM.yyyy HH:mm:ss} #{SEQNUM}", 9, "09.03.2024 07:05:01 #9"),
            ("{SEQNUM:15}", AutoNumberFormat.numberMax, "999999999999999"),
        ]
        for (format, number, text) in cases {
            let parsed = try AutoNumberFormat(format)
            #expect(parsed.text(number, timeMicroseconds: moment) == text)
            #expect(read(parsed, text) == number, "\(format)")
            #expect(read(parsed, text.lowercased()) == number, "\(format)")
            #expect(read(parsed, text + "x") == nil && read(parsed, String(text.dropFirst(text.count))) == nil)
        }
        let format = try AutoNumberFormat("Às-{SEQNUM:2}".replacing("À", with: "A"))
        #expect(read(format, "ÀS-007") == 7, "equal under the collation")
        #expect(read(format, "as–7") == 7, "a dash is a hyphen under the collation")
        for other in [
            "", "as", "as-", "bs-1", "as-1a", "as-9999999999999999", "as--1", String(repeating: "1", count: 500),
        ] {
            #expect(read(format, other) == nil, "\(other)")
        }
    }

    private func read(_ format: AutoNumberFormat, _ text: String) -> UInt64? {
        Array(text.utf8).withUnsafeBytes { format.number(in: $0) }
    }

    @Test(arguments: [
        "CAS", "", "{SEQNUM}{SEQNUM}", "{SEQNUM:0}", "{SEQNUM:16}", "{SEQNUM:x}", "{SEQNUM", "SEQNUM}{SEQNUM}",
        "{RANDSTRING:6}-{SEQNUM}", "{DATETIMEUTC}{SEQNUM}", "{DATETIMEUTC:}{SEQNUM}", "{DATETIMEUTC:MMM}{SEQNUM}",
        "{NAME}-{SEQNUM}", "Ä{SEQNUM}", "a\u{0}{SEQNUM}", String(repeating: "a", count: 86) + "{SEQNUM}", "{}{SEQNUM}",
    ])
    func flawedFormatsAreRefused(_ text: String) {
        #expect(throws: AutoNumberFormat.Flaw.self) { try AutoNumberFormat(text) }
    }

    @Test func aSchemaWithAFlawedFormatIsRefused() throws {
        var entity = Self.schema(nil, isKey: false).entities[0]
        let attributes = entity.attributes.map { attribute in
            var attribute = attribute
            if attribute.name == "number" { attribute.type = .autoNumber(format: "{RANDSTRING:3}{SEQNUM}") }
            return attribute
        }
        entity = entity.with(attributes: attributes)
        var writer = ByteWriter()
        Schema(epoch: 1, entities: [entity], optionSets: []).encode(into: &writer)
        #expect(throws: DecodeError.self) {
            try writer.bytes.withUnsafeBytes {
                var reader = ByteReader($0)
                _ = try Schema(from: &reader)
            }
        }
    }

    // MARK: Numbers

    @Test func newRecordsGetTheNextNumber() throws {
        let h = EngineHarness(Self.schema())
        var ids = try h.run { try $0.create("systemuser", ["name": "a"]) }.operations[0].ids
        ids += try h.run { try $0.create("systemuser", ["name": "b", "number": .null]) }.operations[0].ids
        ids += try h.run { try $0.create("systemuser", ["name": "c", "number": "cas-0100"]) }.operations[0].ids
        ids += try h.run { try $0.create("systemuser", ["name": "d", "number": "other"]) }.operations[0].ids
        ids += try h.run { try $0.create("systemuser", ["name": "e"]) }.operations[0].ids
        #expect(texts(h, ids) == ["CAS-00001", "CAS-00002", "cas-0100", "other", "CAS-00101"])
        // A deleted record's number does not come again, nor one that a record lost.
        try h.run { try $0.delete(ids[4]) }
        try h.run { try $0.update(ids[0], ["number": "CAS-200"]) }
        try h.run { try $0.update(ids[0], ["number": "mine"]) }
        ids += try h.run { try $0.create("systemuser", ["name": "f"]) }.operations[0].ids
        #expect(texts(h, [ids[0], ids[5]]) == ["mine", "CAS-00201"])
        // Null takes no number away.
        let reply = try h.run { try $0.update(ids[5], ["number": .null]) }
        #expect(reply.operations[0].outcomes.first == .unchanged)
        try h.run { try $0.update(ids[5], ["number": .null, "name": "g"]) }
        #expect(texts(h, [ids[5]]) == ["CAS-00201"])
    }

    @Test func aRefusedTransactionLeavesNoGap() throws {
        let h = EngineHarness(Self.schema())
        _ = try h.run { try $0.create("systemuser", ["name": "a"]) }
        #expect(throws: Refusal.self) {
            try h.run {
                try $0.create("systemuser", ["name": "b"])
                try $0.create("systemuser", ["name": "c", "number": "CAS-500"])
                try $0.create("systemuser", ["name": "d", "number": "CAS-00001"])
            }
        }
        var batch = try RecordBatch(h.engine.schema, .create, "systemuser", attributes: ["name", "number"])
        for (name, number) in [
            ("e", Value.null), ("a name that is too long to fit", .null), ("f", "CAS-00001"), ("g", .null),
        ] {
            try batch.append([.text(name), number])
        }
        var transaction = Transaction(h.engine.schema)
        transaction.isIndependent = true
        transaction.append(batch)
        let reply = try h.run(transaction).operations[0]
        #expect(reply.refusals.map(\.row) == [1, 2])
        #expect(texts(h, [reply.ids[0], reply.ids[3]]) == ["CAS-00002", "CAS-00003"])
    }

    @Test func anImportThatRunsAgainUsesNoNumbers() throws {
        let h = EngineHarness(Self.schema())
        var batch = try RecordBatch(
            h.engine.schema,
            .upsert,
            "systemuser",
            attributes: ["code", "number"],
            key: "code"
        )
        for row in 0..<50 { try batch.append([.text("X\(row % 40)"), .null]) }
        var transaction = Transaction(h.engine.schema)
        transaction.append(batch)
        _ = try h.run(transaction)
        let digest = h.engine.digest
        for _ in 0..<3 { #expect(try h.run(transaction).operations[0].outcomes.allSatisfy { $0 == .unchanged }) }
        #expect(h.engine.digest == digest)
        let id = try h.run { try $0.create("systemuser", ["name": "new"]) }.operations[0].ids
        #expect(texts(h, id) == ["CAS-00041"])
    }

    @Test func numbersEnd() throws {
        let h = EngineHarness(Self.schema("N{SEQNUM}"))
        try h.run { try $0.create("systemuser", ["number": "N999999999999998"]) }
        let last = try h.run { try $0.create("systemuser", ["name": "last"]) }.operations[0].ids
        #expect(texts(h, last) == ["N999999999999999"])
        #expect { try h.run { try $0.create("systemuser", ["name": "more"]) } } throws: {
            ($0 as? Refusal)?.code == .limitExceeded
        }
        try h.run { try $0.create("systemuser", ["number": "N9999999999999999"]) }
    }

    @Test func theTimeIsTheTransactions() throws {
        let h = EngineHarness(Self.schema("{DATETIMEUTC:yyyyMMdd}-{SEQNUM:2}"))
        h.time = try #require(CalendarText.instant("2024-12-31T23:59:59.5Z"))
        var ids = try h.run { try $0.create("systemuser", ["name": "a"]) }.operations[0].ids
        h.time += 1_000_000
        ids += try h.run { try $0.create("systemuser", ["name": "b"]) }.operations[0].ids
        #expect(texts(h, ids) == ["20241231-01", "20250101-02"])
        #expect(try h.replayed().digest == h.engine.digest)
    }

    /// A text attribute with values becomes an auto-number: it goes on behind the largest of them, in a replay too.
    @Test func anAttributeThatBecomesOneGoesOn() throws {
        let h = EngineHarness(Self.schema(nil))
        try h.run { try $0.create("systemuser", ["number": "CAS-00007"]) }
        let gone = try h.run { try $0.create("systemuser", ["number": "X-00070"]) }.operations[0].ids[0]
        for format in ["CAS-{SEQNUM:5}", "X-{SEQNUM:5}"] {
            var entry = ByteWriter()
            h.engine.install(
                Self.schema(format).succeeding(h.engine.schema),
                context: CommandContext(timeMicroseconds: h.time),
                entry: &entry
            )
            h.log.append(entry.bytes)
            let id = try h.run { try $0.create("systemuser", ["name": "a"]) }.operations[0].ids
            #expect(texts(h, id) == [format.hasPrefix("C") ? "CAS-00008" : "X-00071"])
        }
        try h.run { try $0.delete(gone) }
        let copy = Engine(schema: Self.schema(nil))
        for (index, entry) in h.log.enumerated() {
            try entry.withUnsafeBytes { try copy.replay($0, position: UInt64(index + 1)) }
        }
        #expect(copy.digest == h.engine.digest)
    }

    /// Random creates, updates, deletes and refusals against a model; then the same state from the log, from the log with runs
    /// of creates taken together, and from an image.
    @Test(arguments: [true, false])
    func theModelAgrees(_ isKey: Bool) throws {
        let schema = Self.schema(isKey: isKey)
        for seed in PropertyRandom.seeds(8) {
            var random = PropertyRandom(seed: seed)
            let h = EngineHarness(schema)
            var last: UInt64 = 0
            var living: [RecordID] = []
            func padded(_ number: UInt64) -> String {
                let digits = String(number)
                return "CAS-" + String(repeating: "0", count: max(0, 5 - digits.count)) + digits
            }
            for step in 0..<150 {
                switch random.below(12) {
                case 0..<6:
                    let id = try h.run { try $0.create("systemuser", ["name": .text("n\(step)")]) }.operations[0].ids[0]
                    last += 1
                    #expect(h.value(id, "number") == .text(padded(last)), "seed \(seed), step \(step)")
                    living.append(id)
                case 6:
                    // Several at once, some with numbers of their own, which count first.
                    let given = UInt64(random.below(30)) + last
                    var batch = try RecordBatch(schema, .create, "systemuser", attributes: ["number"])
                    for _ in 0..<random.below(3) { try batch.append([.null]) }
                    try batch.append([.text(padded(given + 1))])
                    for _ in 0..<random.below(3) { try batch.append([.null]) }
                    let count = batch.count
                    var transaction = Transaction(schema)
                    transaction.append(batch)
                    let ids = try h.run(transaction).operations[0].ids
                    last = given + UInt64(count)
                    #expect(
                        h.value(ids[ids.count - 1], "number") == .text(padded(count == 1 ? given + 1 : last))
                            || count > 1
                    )
                    #expect(Set(ids.map { h.value($0, "number") }).count == count, "seed \(seed), step \(step)")
                    living += ids
                case 7:
                    guard !living.isEmpty else { continue }
                    let number = last + UInt64(random.below(4))
                    let id = living[random.below(living.count)]
                    if isKey, number <= last { continue }
                    try h.run { try $0.update(id, ["number": .text(padded(number))]) }
                    last = max(last, number)
                case 8:
                    guard !living.isEmpty else { continue }
                    try h.run { try $0.delete(living.remove(at: random.below(living.count))) }
                default:
                    let before = h.engine.digest
                    #expect(throws: Refusal.self) {
                        try h.run {
                            try $0.create("systemuser", ["name": "x"])
                            try $0.create("systemuser", ["number": .text(padded(last + 100))])
                            try $0.create("systemuser", ["name": "far too long a name for it"])
                        }
                    }
                    #expect(h.engine.digest == before, "seed \(seed), step \(step)")
                }
            }
            h.engine.checkInvariants()
            let replayed = try h.replayed()
            let collected = Engine(schema: schema)
            let replay = Replay(collected)
            for (index, entry) in h.log.enumerated() {
                try entry.withUnsafeBytes { try replay.replay($0, position: UInt64(index + 1)) }
            }
            try replay.finish()
            let restored = try Engine.restored(h.engine.imageParts())
            let copied = Engine(copying: h.engine.view)
            for engine in [replayed, collected, restored, copied] {
                #expect(engine.digest == h.engine.digest, "seed \(seed)")
                let driver = PropertyEngine(engine)
                var transaction = Transaction(schema)
                try transaction.create("systemuser", ["name": "next"])
                #expect(driver.execute(transaction.encoded()) == nil)
                let query = try PreparedQuery("SELECT number FROM systemuser WHERE name = 'next'", schema: schema)
                #expect(try query.execute(on: engine.view).rows == [[.text(padded(last + 1))]], "seed \(seed)")
            }
        }
    }
}
