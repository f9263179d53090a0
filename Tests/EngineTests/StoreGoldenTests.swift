// The bytes of every format, as they lie on disks and go over wires by now. A change of one is a decision: a new format number,
// a way to read the old one, and then `KITH_REWRITE_GOLDEN=1 swift test --filter StoreGoldenTests`.

import Engine
import Foundation
import Testing

@Suite struct StoreGoldenTests {
    /// One attribute of every type.
    private static let schema: Schema = {
        var builder = SchemaBuilder()
        builder.entity(1, "systemuser", "User", ownership: .organisation) { e in
            e.text("fullname", "Full name", 50)
            e.primaryName("fullname")
        }
        builder.entity(2, "team", "Team", ownership: .organisation) { e in
            e.text("name", "Name", 50)
            e.primaryName("name")
        }
        builder.entity(9, "thing", "Thing") { e in
            e.text("name", "Name", 40, required: true, ordered: true)
            e.memo("notes", "Notes", 2000)
            e.integer("count", "Count", 0...9, default: 3)
            e.integer("large", "Large", .min ... .max)
            e.decimal("rate", "Rate", scale: 3, -5...5)
            e.money("price", "Price", ordered: true)
            e.boolean("isgood", "Good", default: true)
            e.option("colour", "Colour", [5: "Red", 9: "Blue"], default: 9)
            e.date("day", "Day")
            e.instant("moment", "Moment")
            e.lookup("parentid", "Parent", to: "thing", "team", onDelete: .cascade)
            e.key("name")
            e.states([(0, "Open", [1: "New"]), (1, "Done", [4: "Good", 6: "Bad"])])
            e.primaryName("name")
        }
        return builder.build()
    }()

    /// With an index over two attributes.
    private static let indexed: Schema = {
        var builder = SchemaBuilder()
        builder.entity(1, "systemuser", "User", ownership: .organisation) { e in
            e.text("fullname", "Full name", 50)
            e.index("recent", ["fullname", "modifiedon"])
            e.primaryName("fullname")
        }
        return builder.build()
    }()

    private func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private func hex(_ write: (inout ByteWriter) throws -> Void) rethrows -> String {
        var writer = ByteWriter()
        try write(&writer)
        return hex(writer.bytes)
    }

    private func transactions() throws -> [[UInt8]] {
        var first = Transaction(Self.schema)
        let parent = try first.create(
            "thing",
            ["name": "Größe", "notes": "more than seven bytes", "price": 12]
        )
        try first.create(
            "thing",
            [
                "name": "b", "count": 7, "large": .integer(.min),
                "rate": .decimal(Decimal64(units: -4999, scale: 3)),
                "isgood": false, "colour": "Red", "day": .date(-1), "moment": .instant(1),
                "parentid": .reference(parent),
                "statuscode": "Bad",
            ]
        )
        var second = Transaction(Self.schema)
        second.isIndependent = true
        var upsert = try RecordBatch(
            Self.schema,
            .upsert,
            "thing",
            attributes: ["name", "parentid"],
            key: "name",
            references: ["parentid": (entity: "thing", key: "name")]
        )
        try upsert.append(["GRÖSSE", .null])
        Array("c".utf8).withUnsafeBytes { upsert.appendText(column: 0, $0) }
        Array("b".utf8).withUnsafeBytes { upsert.appendText(column: 1, $0) }
        upsert.endRow()
        Array("d".utf8).withUnsafeBytes { upsert.appendText(column: 0, $0) }
        Array("nobody".utf8).withUnsafeBytes { upsert.appendText(column: 1, $0) }
        upsert.endRow()
        second.append(upsert)
        try second.update(RecordID(entity: EntityID(9), sequence: 2), ["price": -1], expecting: 1)
        var third = Transaction(Self.schema)
        try third.delete(RecordID(entity: EntityID(9), sequence: 1))
        return [
            first.encoded(key: RequestKey(client: 0x1122_3344, request: 7)), second.encoded(),
            third.encoded(),
        ]
    }

    private func block(_ layout: ColumnLayout, _ numbers: [Int64?]) -> String {
        let block = Block(layout: layout, capacity: numbers.count)
        for (index, number) in numbers.enumerated() { if let number { block.setNumber(index, number) } }
        return hex { block.encode(into: &$0) }
    }

    private func lines() throws -> [String] {
        var lines = ["schema " + hex { Self.schema.encode(into: &$0) }]
        let engine = Engine(schema: Schema(epoch: 0, entities: [], optionSets: []))
        let install = hex {
            engine.install(Self.schema, context: CommandContext(timeMicroseconds: 5), entry: &$0)
        }
        lines.append("entry of the schema " + install)
        for (number, transaction) in try transactions().enumerated() {
            lines.append("transaction \(number) " + hex(transaction))
            var entry = ByteWriter()
            var reply = ByteWriter()
            let context = CommandContext(timeMicroseconds: 1000 + Int64(number))
            _ = try transaction.withUnsafeBytes {
                try engine.execute($0, context: context, entry: &entry, reply: &reply)
            }
            lines.append("entry \(number) " + hex(entry.bytes))
            lines.append("reply \(number) " + hex(reply.bytes))
            if number == 1 {
                let (entity, attributes) = try RecordPage.resolve(
                    "thing",
                    ["name", "price", "parentid"],
                    Self.schema
                )
                let ids = (1...4).map { RecordID(entity: EntityID(9), sequence: $0) }
                let request = RecordPage.request(entity, attributes, ids)
                lines.append("read " + hex(request))
                lines.append(
                    "page "
                        + (try hex { reply in try request.withUnsafeBytes { try engine.read($0, into: &reply) }
                        })
                )
                for (part, bytes) in engine.imageParts() where part.kind != ImagePart.schemaKind {
                    lines.append(
                        "part \(part.kind) \(part.entity) \(part.column) \(part.index) " + hex(bytes)
                    )
                }
                lines.append("digest " + String(engine.digest, radix: 16))
            }
        }
        lines.append("block code8 " + block(.code8, [1, nil, 0, 255, 2]))
        lines.append("block code16 " + block(.code16, [700, 1, nil]))
        lines.append("block int32 narrow " + block(.int32, [-5, nil, 250]))
        lines.append("block int32 raw " + block(.int32, [Int64(Int32.min), Int64(Int32.max)]))
        lines.append("block int64 run " + block(.int64, [10, 7, 4, 1]))
        lines.append("block int64 two bytes " + block(.int64, [0, 256, nil, -1]))
        lines.append("block int64 four bytes " + block(.int64, [1 << 40, nil, 1 << 40 + 65_536]))
        lines.append("block int64 raw " + block(.int64, [.min, nil, .max]))
        lines.append("block id " + block(.id, [1 << 52 | 1, 1 << 52 | 2, 1 << 52 | 9]))
        lines.append("block empty " + block(.int64, []))
        let texts = Block(layout: .text, capacity: 5)
        for (index, text) in ["", "seven77", "eight888", nil, String(repeating: "é", count: 150)]
            .enumerated()
        {
            if let text { Array(text.utf8).withUnsafeBytes { texts.setText(index, $0) } }
        }
        lines.append("block text " + hex { texts.encode(into: &$0) })
        lines.append("block int64 multiples " + block(.int64, [-300, 500, nil, 1200]))
        let cities = textBlock((0..<70).map { ["Graz", "Saint-Étienne", "Bratislava"][$0 % 3] })
        lines.append("block text dictionary " + hex { cities.encode(into: &$0) })
        let addresses = (0..<30).map { "person.\($0 * 37)@example.com" }
        let symbols = TextSymbols(sample: addresses.flatMap(\.utf8))
        lines.append("block text symbols " + hex { textBlock(addresses).encode(into: &$0, symbols: symbols) })
        lines.append("schema with an index " + hex { Self.indexed.encode(into: &$0) })
        lines.append("document with an index " + hex { SchemaDocument(Self.indexed).encode(into: &$0) })
        return lines
    }

    private func textBlock(_ texts: [String]) -> Block {
        let block = Block(layout: .text, capacity: texts.count)
        for (index, text) in texts.enumerated() { Array(text.utf8).withUnsafeBytes { block.setText(index, $0) } }
        return block
    }

    @Test func formatsAreFrozen() throws {
        let url = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "Scripts/golden-formats.txt"
        )
        let lines = try lines()
        if ProcessInfo.processInfo.environment["KITH_REWRITE_GOLDEN"] == "1" {
            try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: url)
        }
        let golden = try String(contentsOf: url, encoding: .utf8).split(separator: "\n").map(
            String.init
        )
        for (line, frozen) in zip(lines, golden) {
            #expect(line == frozen, "a format has changed; see the head of this file")
        }
        #expect(lines.count == golden.count)
    }

    /// The frozen bytes can be read, by whatever the code has become.
    @Test func frozenEntriesReplay() throws {
        let url = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "Scripts/golden-formats.txt"
        )
        let golden = try String(contentsOf: url, encoding: .utf8).split(separator: "\n")
        let engine = Engine(schema: Schema(epoch: 0, entities: [], optionSets: []))
        var digests: [String] = []
        for line in golden where line.hasPrefix("entry") {
            let text = Array(line.split(separator: " ").last ?? "")
            let bytes = stride(from: 0, to: text.count, by: 2).compactMap {
                UInt8(String(text[$0..<$0 + 2]), radix: 16)
            }
            try bytes.withUnsafeBytes { try engine.replay($0, position: engine.position + 1) }
            digests.append(String(engine.digest, radix: 16))
        }
        #expect(digests.count == 4)
        let digest = golden.first { $0.hasPrefix("digest") }?.split(separator: " ").last
        #expect(digest.map(String.init) == digests[2])
        engine.checkInvariants()
    }
}
