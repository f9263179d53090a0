// Currencies: which rate a record keeps, and its amounts in the base currency.

import Engine
import TestSupport
import Testing

@Suite struct CurrencyTests {
    private static let schema: Schema = {
        var builder = SchemaBuilder()
        builder.entity(1, "systemuser", "User", ownership: .organisation) { e in
            e.text("name", "Name", 100)
            e.primaryName("name")
        }
        builder.entity(2, "transactioncurrency", "Currency", ownership: .organisation) { e in
            e.text("isocurrencycode", "Code", 5)
            e.decimal("exchangerate", "Rate", scale: 10, 0...100_000)
            e.primaryName("isocurrencycode")
            e.key("isocurrencycode")
        }
        builder.entity(3, "deal", "Deal", ownership: .organisation) { e in
            e.text("name", "Name", 100)
            e.money("value", "Value")
            e.money("cost", "Cost")
            e.lookup("transactioncurrencyid", "Currency", to: "transactioncurrency")
            e.baseAmounts()
            e.primaryName("name")
        }
        return builder.build()
    }()

    private static func rate(_ text: String) -> Value {
        let parts = text.split(separator: ".")
        let digits = parts.count > 1 ? String(parts[1]) : ""
        let units = Int64(parts[0] + digits + String(repeating: "0", count: 10 - digits.count))
        return .decimal(Decimal64(units: units ?? 0, scale: 10))
    }

    private static func money(_ units: Int64) -> Value { .decimal(Decimal64(units: units, scale: 4)) }

    private func currency(_ h: EngineHarness, _ code: String, _ rate: Value) throws -> RecordID {
        try h.run { try $0.create("transactioncurrency", ["isocurrencycode": .text(code), "exchangerate": rate]) }
            .operations[0].ids[0]
    }

    private func base(_ h: EngineHarness, _ id: RecordID) throws -> [Value] {
        let query = try PreparedQuery(
            "SELECT exchangerate, value_base, cost_base FROM deal WHERE dealid = :id",
            schema: Self.schema
        )
        let rows = try query.execute(on: h.engine.view, parameters: [.reference(id)]).rows
        return rows.first ?? []
    }

    @Test func aRecordKeepsTheRateOfItsLastAmount() throws {
        let h = EngineHarness(Self.schema)
        let dollar = try currency(h, "USD", Self.rate("1.25"))
        let id = try h.run {
            try $0.create("deal", ["name": "a", "value": 100, "transactioncurrencyid": .reference(dollar)])
        }.operations[0].ids[0]
        #expect(try base(h, id) == [Self.rate("1.25"), Self.money(800_000), .null])
        // The rate changes: no record does, until one of its amounts is touched.
        try h.run { try $0.update(dollar, ["exchangerate": Self.rate("1.6")]) }
        #expect(try base(h, id) == [Self.rate("1.25"), Self.money(800_000), .null])
        try h.run { try $0.update(id, ["name": "b"]) }
        #expect(try h.run { try $0.update(id, ["value": 100]) }.operations[0].outcomes == [.unchanged])
        #expect(try base(h, id)[0] == Self.rate("1.25"))
        try h.run { try $0.update(id, ["cost": 8]) }
        #expect(try base(h, id) == [Self.rate("1.6"), Self.money(625_000), Self.money(50_000)])
        // Another currency, none, one without a rate.
        let yen = try currency(h, "JPY", Self.rate("160.5"))
        let unknown = try currency(h, "XXX", .null)
        try h.run { try $0.update(id, ["transactioncurrencyid": .reference(yen)]) }
        #expect(try base(h, id) == [Self.rate("160.5"), Self.money(6231), Self.money(498)])
        try h.run { try $0.update(id, ["transactioncurrencyid": .null]) }
        #expect(try base(h, id) == [.null, Self.money(1_000_000), Self.money(80_000)])
        try h.run { try $0.update(id, ["transactioncurrencyid": .reference(unknown), "value": 7]) }
        #expect(try base(h, id) == [.null, .null, .null])
        // A change of an amount without a currency, the short way and the general.
        try h.run { try $0.update(id, ["transactioncurrencyid": .null]) }
        try h.run { try $0.update(id, ["value": 9]) }
        try h.run { try $0.update(id, ["value": 10, "externalid": "x"]) }
        #expect(try base(h, id) == [.null, Self.money(100_000), Self.money(80_000)])
        #expect(try h.replayed().digest == h.engine.digest)
        #expect(try Engine.restored(h.engine.imageParts()).digest == h.engine.digest)
    }

    @Test func amountsAreExact() throws {
        let h = EngineHarness(Self.schema)
        let third = try currency(h, "THR", Self.rate("3"))
        let tiny = try currency(h, "TNY", Self.rate("0.0000000003"))
        let zero = try currency(h, "ZER", Self.rate("0"))
        func deal(_ units: Int64, _ currency: RecordID) throws -> RecordID {
            try h.run {
                try $0.create("deal", ["value": Self.money(units), "transactioncurrencyid": .reference(currency)])
            }.operations[0].ids[0]
        }
        for (units, expected) in [
            (Int64(1), Int64(0)), (2, 1), (-2, -1), (15_000, 5_000), (.max, .max / 3), (.min, .min / 3 - 1),
            (9_007_199_254_740_993, 3_002_399_751_580_331),
        ] {
            #expect(try base(h, deal(units, third))[1] == Self.money(expected), "\(units)")
        }
        #expect(try base(h, deal(3, tiny))[1] == Self.money(10_000_000_000))
        #expect(try base(h, deal(1_000_000, zero))[1] == .null)
        let large = try deal(.max, tiny)
        #expect { try base(h, large) } throws: { ($0 as? QueryError)?.code == .overflow }
    }

    @Test func aRateCannotBeWritten() throws {
        let h = EngineHarness(Self.schema)
        #expect {
            try h.run { try $0.create("deal", ["exchangerate": Self.rate("2")]) }
        } throws: { ($0 as? Refusal)?.code == .readOnly }
    }

    /// A currency and a deal in it in one transaction; deals in bulk, some of whose rows are refused.
    @Test func ratesWorkInBulk() throws {
        let h = EngineHarness(Self.schema)
        let dollar = try currency(h, "USD", Self.rate("2"))
        let gone = try currency(h, "OLD", Self.rate("9"))
        try h.run { try $0.delete(gone) }
        var batch = try RecordBatch(h.engine.schema, .create, "deal", attributes: ["value", "transactioncurrencyid"])
        for (amount, currency) in [
            (10, Value.reference(dollar)), (20, .null), (30, .reference(gone)), (40, .reference(dollar)),
        ] {
            try batch.append([.integer(Int64(amount)), currency])
        }
        var transaction = Transaction(h.engine.schema)
        transaction.isIndependent = true
        transaction.append(batch)
        let reply = try h.run(transaction).operations[0]
        #expect(reply.refusals.map(\.row) == [2])
        #expect(try base(h, reply.ids[0]) == [Self.rate("2"), Self.money(50_000), .null])
        #expect(try base(h, reply.ids[1]) == [.null, Self.money(200_000), .null])
        #expect(try base(h, reply.ids[3]) == [Self.rate("2"), Self.money(200_000), .null])
        let together = try h.run {
            let franc = try $0.create(
                "transactioncurrency",
                ["isocurrencycode": "CHF", "exchangerate": Self.rate("4")]
            )
            try $0.create("deal", ["value": 1, "transactioncurrencyid": .reference(franc)])
        }
        #expect(try base(h, together.operations[1].ids[0]) == [Self.rate("4"), Self.money(2500), .null])
        #expect(try h.replayed().digest == h.engine.digest)
        let query = try PreparedQuery("SELECT sum(value_base) FROM deal", schema: Self.schema)
        #expect(try query.execute(on: h.engine.view).rows == [[Self.money(452_500)]])
    }

    @Test func theStandardEntitiesHaveBaseAmounts() throws {
        for entity in Schema.standard.entities where entity.attributeID("transactioncurrencyid") != nil {
            guard entity.name != "transactioncurrency" else { continue }
            for attribute in entity.attributes where attribute.type == .money {
                let base = try #require(
                    entity.attributeID(attribute.name + "_base"),
                    "\(entity.name).\(attribute.name)"
                )
                #expect(entity[base].type.isDerived)
            }
        }
        let sql = "SELECT sum(estimatedvalue_base) FROM opportunity WHERE actualvalue_base > 5"
        _ = try PreparedQuery(sql, schema: .standard)
    }

    /// Old directories take the new attributes over; what an organisation has deleted is not missed.
    @Test func anOrganisationWithoutTheAmountsIsUpgradedWithoutThem() throws {
        var old = SchemaBuilder()
        old.entity(1, "systemuser", "User", ownership: .organisation) { e in
            e.text("name", "Name", 100)
            e.primaryName("name")
        }
        old.entity(3, "deal", "Deal", ownership: .organisation) { e in
            e.text("name", "Name", 100)
            e.primaryName("name")
        }
        let upgraded = try #require(old.build().upgraded(by: Self.schema))
        #expect(upgraded.derivedFlaw == nil)
        var bytes = ByteWriter()
        upgraded.encode(into: &bytes)
        #expect(throws: Never.self) {
            try bytes.bytes.withUnsafeBytes {
                var reader = ByteReader($0)
                _ = try Schema(from: &reader)
            }
        }
        #expect(upgraded.entity(named: "deal")?.attributeID("value_base") != nil)
    }
}
