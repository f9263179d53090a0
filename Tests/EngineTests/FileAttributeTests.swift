// File attributes in the engine: what a value may be, what is refused, what queries see, and that replays ask nobody.

import Engine
import TestSupport
import Testing

/// Contents of which a test says that they are there.
private final class KnownContents: FileContents {
    private let known: Set<FileContent>
    init(_ known: [FileContent]) { self.known = Set(known) }
    func holds(_ content: FileContent) -> Bool { known.contains(content) }
}

@Suite struct FileAttributeTests {
    private static let schema: Schema = {
        var builder = SchemaBuilder()
        builder.entity(1, "systemuser", "User", ownership: .organisation) { e in
            e.text("fullname", "Full name", 200)
            e.primaryName("fullname")
        }
        builder.entity(2, "document", "Document", ownership: .organisation) { e in
            e.text("name", "Name", 100)
            e.file("content", "Content", bytesMax: 1_000, types: ["application/pdf", "image/*"])
            e.file("draft", "Draft")
            e.lookup("nextid", "Next", to: "document", onDelete: .removeLink)
            e.primaryName("name")
        }
        return builder.build()
    }()

    private static func hash(_ digit: Character) throws -> ContentHash {
        try #require(ContentHash(String(repeating: digit, count: 64).utf8))
    }

    private static func file(
        _ digit: Character,
        _ length: Int64,
        _ name: String,
        _ type: String = "application/pdf"
    ) throws -> FileReference {
        try FileReference(FileContent(hash: hash(digit), lengthBytes: length), name: name, contentType: type)
    }

    private func refusal(_ text: String) -> String? {
        do throws(FileReferenceFlaw) {
            _ = try FileReference(text: text)
            return nil
        } catch { return error.description }
    }

    @Test func aValueIsOneText() throws {
        let file = try Self.file("a", 12_345, "Angebot Müller 2026.pdf")
        #expect(file.text == String(repeating: "a", count: 64) + " 12345 application/pdf Angebot Müller 2026.pdf")
        #expect(try FileReference(text: file.text) == file)
        #expect(try FileReference(text: Self.file("0", 0, "x").text).content.lengthBytes == 0)
        #expect(try Self.hash("1") < Self.hash("2"))
        #expect(try Self.hash("f").bytes == [UInt8](repeating: 255, count: 32))
    }

    @Test(arguments: [
        "", "x", " ", "   ", "12 application/pdf x",
        String(repeating: "A", count: 64) + " 1 application/pdf x",
        String(repeating: "a", count: 63) + " 1 application/pdf x",
        String(repeating: "a", count: 64) + " 01 application/pdf x",
        String(repeating: "a", count: 64) + " -1 application/pdf x",
        String(repeating: "a", count: 64) + " +1 application/pdf x",
        String(repeating: "a", count: 64) + " 99999999999 application/pdf x",
        String(repeating: "a", count: 64) + " 999999999999999999999999 application/pdf x",
        String(repeating: "a", count: 64) + " 1  application/pdf x",
        String(repeating: "a", count: 64) + " 1 pdf x",
        String(repeating: "a", count: 64) + " 1 Application/PDF x",
        String(repeating: "a", count: 64) + " 1 application/pdf;charset=x x",
        String(repeating: "a", count: 64) + " 1 image/* x",
        String(repeating: "a", count: 64) + " 1 application/pdf ",
        String(repeating: "a", count: 64) + " 1 application/pdf",
        String(repeating: "a", count: 64) + " 1 application/pdf ..",
        String(repeating: "a", count: 64) + " 1 application/pdf ../../etc/passwd",
        String(repeating: "a", count: 64) + " 1 application/pdf a\\b",
        String(repeating: "a", count: 64) + " 1 application/pdf a\nb",
        String(repeating: "a", count: 64) + " 1 application/pdf " + String(repeating: "n", count: 256),
    ])
    func whatIsNoValueIsRefused(_ text: String) { #expect(refusal(text) != nil) }

    private func harness(_ known: [FileContent]) -> EngineHarness {
        let harness = EngineHarness(Self.schema)
        harness.engine.contents = KnownContents(known)
        return harness
    }

    private func create(_ h: EngineHarness, _ values: KeyValuePairs<String, Value>) throws -> RecordID {
        try h.run { try $0.create("document", values) }.operations[0].ids[0]
    }

    private func code(_ h: EngineHarness, _ build: (inout Transaction) throws -> Void) -> Refusal.Code? {
        do {
            try h.run(build)
            return nil
        } catch { return (error as? Refusal)?.code }
    }

    @Test func aRecordIsGivenOnlyWhatIsThere() throws {
        let held = try Self.file("a", 10, "a.pdf")
        let test = harness([held.content])
        let id = try create(test, ["name": "A", "content": .text(held.text)])
        #expect(test.value(id, "content") == .text(held.text))
        let wrongs: [FileReference] = [
            try Self.file("b", 10, "b.pdf"), try Self.file("a", 11, "a.pdf"),
            try Self.file("a", 10, "a.txt", "text/plain"),
            try Self.file("a", 1_001, "a.pdf"),
        ]
        for wrong in wrongs {
            #expect(code(test) { try $0.update(id, ["content": .text(wrong.text)]) } == .fileRefused, "\(wrong)")
        }
        #expect(code(test) { try $0.create("document", ["content": "nonsense"]) } == .fileRefused)
        #expect(test.value(id, "content") == .text(held.text))
        try test.run { try $0.update(id, ["content": .null]) }
        #expect(test.value(id, "content") == .null)
        // Without anybody who keeps contents nothing is there.
        let other = harness([])
        #expect(code(other) { try $0.create("document", ["content": .text(held.text)]) } == .fileRefused)
    }

    @Test func aReplayAsksNobody() throws {
        let held = try Self.file("a", 10, "a.pdf")
        let test = harness([held.content])
        let id = try create(test, ["name": "A", "content": .text(held.text)])
        try test.run { try $0.update(id, ["content": .null, "draft": .text(held.text)]) }
        let copy = try test.replayed()
        #expect(copy.digest == test.engine.digest)
        #expect(copy.view.fileContents == [held.content])
    }

    @Test func queriesSeeNameSizeTypeAndHash() throws {
        let files = [
            try Self.file("a", 10, "Offer 1.pdf"), try Self.file("b", 900, "Übersicht.png", "image/png"),
            try Self.file("a", 10, "offer 2.pdf"),
        ]
        let test = harness(files.map(\.content))
        var next = RecordID.none
        for (index, file) in files.enumerated() {
            let values: KeyValuePairs<String, Value> = ["name": .text("D\(index)"), "content": .text(file.text)]
            next = try create(test, values)
        }
        _ = try create(test, ["name": "D3", "nextid": .reference(next)])
        func rows(_ sql: String) throws -> [[Value]] {
            let view = test.engine.view
            let result = try PreparedQuery(sql, schema: view.schema).execute(on: view)
            return (0..<result.rowCount).map { row in result.columns.map { $0[row] } }
        }
        #expect(
            try rows("SELECT content, contentname, contentsize, contenttype FROM document ORDER BY name") == [
                ["Offer 1.pdf", "Offer 1.pdf", 10, "application/pdf"],
                ["Übersicht.png", "Übersicht.png", 900, "image/png"],
                ["offer 2.pdf", "offer 2.pdf", 10, "application/pdf"], [nil, nil, nil, nil],
            ]
        )
        #expect(try rows("SELECT COUNT(*) FROM document WHERE content LIKE 'offer%'") == [[2]])
        #expect(try rows("SELECT name FROM document WHERE content IS NULL") == [["D3"]])
        #expect(try rows("SELECT name FROM document WHERE content = 'UBERSICHT.PNG'") == [["D1"]])
        #expect(try rows("SELECT SUM(contentsize), MAX(document.contentsize) FROM document") == [[920, 900]])
        #expect(
            try rows("SELECT nextid.content, nextid.contentsize FROM document WHERE name = 'D3'") == [
                ["offer 2.pdf", 10]
            ]
        )
        #expect(
            try rows("SELECT contenthash, COUNT(*) FROM document GROUP BY contenthash ORDER BY contenthash") == [
                [nil, 1], [.text(String(repeating: "a", count: 64)), 2], [.text(String(repeating: "b", count: 64)), 1],
            ]
        )
        #expect(try rows("SELECT name FROM document ORDER BY content DESC LIMIT 1") == [["D1"]])
        #expect(throws: QueryError.self) { try rows("SELECT namesize FROM document") }
        #expect(test.engine.view.fileContents == [files[0].content, files[1].content])
    }

    @Test func theSchemaSaysWhatAFileMayBe() throws {
        var writer = ByteWriter()
        Self.schema.encode(into: &writer)
        let again = try writer.withUnsafeBytes { bytes in
            var reader = ByteReader(bytes)
            return try Schema(from: &reader)
        }
        #expect(again.sameContent(as: Self.schema))
        let exported = SchemaDocument(Self.schema, entities: ["document"]).entities[0].attributes
        let content = try #require(exported.first { $0.name == "content" })
        #expect(content.form == "file")
        #expect(content.parameters == [.maximum: ["1000"], .types: ["application/pdf", "image/*"]])
        #expect(exported.first { $0.name == "draft" }?.parameters == [.maximum: ["33554432"]])
    }

    /// Both lie in memory as texts, but a text is no file.
    @Test func aTextDoesNotBecomeAFileWithANewVersion() {
        func schema(isFile: Bool) -> Schema {
            var builder = SchemaBuilder()
            builder.entity(1, "systemuser", "User", ownership: .organisation) { e in
                e.text("fullname", "Full name", 200)
                if isFile { e.file("photo", "Photo") } else { e.text("photo", "Photo", 200) }
                e.primaryName("fullname")
            }
            return builder.build()
        }
        #expect(schema(isFile: true).obstacle(to: schema(isFile: true)) == nil)
        #expect(schema(isFile: true).obstacle(to: schema(isFile: false)) == "systemuser.photo has changed")
        #expect(schema(isFile: false).obstacle(to: schema(isFile: true)) == "systemuser.photo has changed")
    }

    private func change(_ test: EngineHarness, _ attribute: AttributeDeclaration) throws -> SchemaReply {
        var entity = EntityDeclaration("document")
        entity.attributes = [attribute]
        var document = SchemaDocument()
        document.entities = [entity]
        var entry = ByteWriter()
        var reply = ByteWriter()
        _ = try SchemaRequest(document).encoded.withUnsafeBytes {
            try test.engine.changeSchema($0, context: CommandContext(timeMicroseconds: 1), entry: &entry, reply: &reply)
        }
        return try reply.withUnsafeBytes { try SchemaReply(decoding: $0) }
    }

    @Test func boundsAreNarrowedOnlyWhereFilesFit() throws {
        let file = try Self.file("a", 500, "a.pdf")
        let test = harness([file.content])
        _ = try create(test, ["content": .text(file.text)])
        var attribute = AttributeDeclaration("content")
        attribute.parameters = [.maximum: ["499"]]
        #expect(
            try change(test, attribute).problems.map(\.message) == [
                "1 record has a longer file, or one of another type."
            ]
        )
        attribute.parameters = [.types: ["image/png"]]
        #expect(try change(test, attribute).problems.count == 1)
        attribute.parameters = [.maximum: ["500"], .types: ["application/*"]]
        #expect(try change(test, attribute).isApplied)
        for wrong in [
            [AttributeParameter.maximum: ["0"]], [.maximum: ["99999999999999"]], [.types: ["pdf"]],
            [.types: ["image/png", "image/png"]],
        ] {
            var declaration = AttributeDeclaration("other", "file")
            declaration.parameters = wrong
            #expect(try change(test, declaration).problems.count == 1, "\(wrong)")
        }
        var ordered = AttributeDeclaration("other", "file")
        ordered.isOrdered = true
        #expect(try change(test, ordered).problems.count == 1)
        var searched = AttributeDeclaration("other", "file")
        searched.isSearched = true
        #expect(try change(test, searched).problems.count == 1)
        #expect(try change(test, AttributeDeclaration("name", "file")).problems.count == 1)
        #expect(try change(test, AttributeDeclaration("other", "file")).isApplied)
    }
}
