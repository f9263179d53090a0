// The form of schema files: what is read, what is written, and how mistakes are named.

import Engine
import Foundation
import SchemaFile
import TestSupport
import Testing

@Suite struct SchemaFileTests {
    /// `KITH_REWRITE_GOLDEN=1` writes the file anew; review the difference.
    @Test func standardExportIsAsReviewed() throws {
        let url = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "standard.yaml")
        let current = SchemaDocument(.standard).yaml
        if ProcessInfo.processInfo.environment["KITH_REWRITE_GOLDEN"] == "1" { try Data(current.utf8).write(to: url) }
        #expect(try String(contentsOf: url, encoding: .utf8) == current)
    }

    @Test func standardComesBackFromItsFile() throws {
        let document = SchemaDocument(.standard)
        // On itself it changes nothing.
        let same = SchemaHarness(.standard)
        let reply = try same.apply(document.yaml)
        #expect(reply.problems.isEmpty && reply.differences.isEmpty && !reply.isApplied)
        // On an organisation with nothing but users and teams it makes the same entities.
        var users = SchemaBuilder()
        users.entity(1, "systemuser", "User", ownership: .organisation) { e in
            e.text("fullname", "Name", 200, ordered: true)
            e.primaryName("fullname")
        }
        users.entity(2, "team", "Team", ownership: .organisation) { e in
            e.text("name", "Name", 160, required: true)
            e.primaryName("name")
        }
        let fresh = SchemaHarness(users.build())
        let made = try fresh.apply(document.yaml)
        #expect(made.problems.map(\.description) == [])
        for entity in Schema.standard.entities where !["systemuser", "team"].contains(entity.name) {
            #expect(
                SchemaDocument(fresh.engine.schema, entities: [entity.name]).entities
                    == SchemaDocument(.standard, entities: [entity.name]).entities
            )
        }
        try fresh.checkCopies()
    }

    /// The example of docs/metadata.md.
    @Test func theDocumentationsExampleIsCarriedOut() throws {
        let url = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "docs/metadata.md")
        let page = try String(contentsOf: url, encoding: .utf8)
        let start = try #require(page.range(of: "```yaml\n")).upperBound
        let end = try #require(page.range(of: "```", range: start..<page.endIndex)).lowerBound
        try SchemaHarness(.standard).change(String(page[start..<end]))
    }

    @Test func documentsComeBackFromBytesAndFiles() throws {
        let yaml = """
            optionsets:
              size:
                1: Small
                2: {delete: yes}
              gone:
                delete: yes
            entities:
              project:
                delete: with data
                label: 'Project: "the" one'
                owner: organisation
                id: pid
                primary: name
                between: [account, contact]
                attributes:
                  name: {type: text, length: 40, label: 'It''s, [a] name', required: yes, ordered: no}
                  phase:
                    type: option
                    default: Idea
                    options:
                      1: Idea
                      -2: Two words
                  customerid: {type: lookup, to: [account, contact], hierarchy: no, behaviours: {delete: cascade, merge: all}}
                  gone: {delete: yes}
                keys:
                  code: [name, phase]
                  old: {delete: yes}
                indexes:
                  fast: [phase, name]
                  slow: {delete: yes}
                states:
                  0:
                    label: Open
                    statuses:
                      1: New
                  1:
                    delete: yes
                transitions:
                  New: [Busy, Dropped]
                  Dropped: []
            views:
              My view:
                entity: project
                query: |-
                  SELECT name
                    FROM project

                  ORDER BY name
              Old:
                delete: yes

            """
        let document = try SchemaDocument(yaml: yaml)
        #expect(document.yaml == yaml)
        var writer = ByteWriter()
        document.encode(into: &writer)
        let decoded = try writer.withUnsafeBytes { bytes in
            var reader = ByteReader(bytes)
            return try SchemaDocument(from: &reader)
        }
        #expect(decoded == document)
        #expect(document.entities[0].attributes[2].place == SourcePlace(line: 23, column: 7))
        #expect(document.views[0].query == "SELECT name\n  FROM project\n\nORDER BY name")
    }

    @Test(arguments: [
        "", " ", "a", " a", "a ", "a: b", "a:b", "- a", "#", "a #b", "'", "\"", "\\", "{a}", "[a]", "a, b", "*a", "&a",
        "!a",
        "%a", "@a", "`a", "|", ">", "?", "-", "-5", "05", "null", "~", "yes", "é", "日本", "a\nb", "a\tb", "\u{1}",
        "\u{2028}",
        "🙂", "a:", ":a", "a'b", "---", "...",
    ])
    func textsComeBack(_ text: String) throws {
        var document = SchemaDocument()
        var entity = EntityDeclaration("e")
        entity.label = text
        var attribute = AttributeDeclaration("a", "text")
        attribute.label = text
        attribute.defaultText = text
        entity.attributes = [attribute]
        document.entities = [entity]
        var view = ViewDeclaration("v")
        view.query = text
        document.views = [view]
        let read = try SchemaDocument(yaml: document.yaml)
        #expect(read.entities[0].label == text && read.entities[0].attributes[0].label == text)
        #expect(read.entities[0].attributes[0].defaultText == text && read.views[0].query == text)
    }

    private static let mistakes = [
        ("entitys: {}", "1:1: the schema file has no field 'entitys'; did you mean 'entities'?"),
        ("entities:\n  a:\n    lable: x", "3:5: an entity has no field 'lable'; did you mean 'label'?"),
        (
            "entities:\n  a:\n    attributes:\n      b: {typ: text}",
            "4:11: an attribute has no field 'typ'; did you mean 'type'?"
        ),
        ("entities:\n  a:\n    owner: me", "3:5: 'owner' must be user or organisation"),
        ("entities:\n  a: {delete: maybe}", "2:7: 'delete' must be yes or 'with data'"),
        ("entities:\n  a: {attributes: {b: {required: 1}}}", "2:24: 'required' must be yes or no"),
        ("entities: [a]", "1:11: 'entities' must have members, each as 'name: …'"),
        ("optionsets: {a: {b: c}}", "1:18: an option is written as 'number: label'; 'b' is no whole number of 32 bits"),
        ("entities: &x {}", "1:11: anchors (&name) are not allowed in a schema file"),
        (
            "entities:\n  a: *b",
            "2:6: aliases (*name) are not allowed in a schema file; put text that begins with * in quotes"
        ),
        ("entities: {a: {}, a: {}}", "'a' is there twice"),
        ("entities: {a: [}", "not YAML"),
        ("views: {a: {query: [b]}}", "1:20: 'query' must be a plain value"),
    ]

    @Test(arguments: mistakes) func mistakesAreNamedWithTheirPlace(_ yaml: String, _ message: String) {
        do {
            _ = try SchemaDocument(yaml: yaml)
            Issue.record("read: \(yaml)")
        } catch {
            #expect(error.description.contains(message), "\(error)")
        }
    }

    @Test func theEngineNamesPlacesToo() throws {
        let h = SchemaHarness()
        let reply = try h.apply(
            """
            entities:
              account:
                attributes:
                  name: {length: 5}
                  rating:
                    options:
                      9: warm
              contact: {primary: nam}
            """
        )
        #expect(reply.problems.map { [$0.place.line, $0.place.column] } == [[7, 11], [8, 3]])
        try h.run { try $0.create("account", ["name": "Contoso"]) }
        let second = try h.apply("entities:\n  account:\n    attributes:\n      name: {length: 5}")
        #expect(second.problems.map { [$0.place.line, $0.place.column] } == [[4, 7]])
    }

    /// Damaged requests end in a refusal or do something else, but never trap.
    @Test func damagedRequestsAreRefused() throws {
        var random = SplitMixBytes(seed: 7)
        let request = SchemaRequest(SchemaDocument(TestSchema.schema)).encoded
        let engine = Engine(schema: TestSchema.schema)
        for _ in 0..<3000 {
            var bytes = request
            for _ in 0..<1 + random.below(3) { bytes[random.below(bytes.count)] = UInt8(random.below(256)) }
            if random.below(4) == 0 { bytes.removeLast(random.below(bytes.count)) }
            var entry = ByteWriter()
            var reply = ByteWriter()
            _ = try? bytes.withUnsafeBytes {
                try engine.changeSchema($0, context: CommandContext(timeMicroseconds: 1), entry: &entry, reply: &reply)
            }
        }
    }

    /// Damaged entries of the log are refused, or lead to a state that is sound.
    @Test func damagedEntriesAreRefused() throws {
        var random = SplitMixBytes(seed: 8)
        let h = SchemaHarness()
        try h.run { t in
            let account = try t.create("account", ["name": "A", "rating": "Cold", "accountnumber": "1"])
            try t.create("contact", ["name": "B", "customerid": .reference(account)])
        }
        try h.change(
            """
            entities:
              account: {attributes: {x: {type: option, options: {1: A}, default: 1, required: yes}, founded: {delete: yes}}}
              contact: {keys: {name: name}}
              pairs: {between: [account, contact]}
            """
        )
        var refusedCount = 0
        for _ in 0..<1500 {
            let engine = Engine(schema: Schema(epoch: 0, entities: [], optionSets: []))
            for (index, entry) in h.log.dropLast().enumerated() {
                try entry.withUnsafeBytes { try engine.replay($0, position: UInt64(index + 1)) }
            }
            var bytes = h.log[h.log.count - 1]
            for _ in 0..<1 + random.below(3) { bytes[24 + random.below(bytes.count - 24)] = UInt8(random.below(256)) }
            do {
                try bytes.withUnsafeBytes { try engine.replay($0, position: UInt64(h.log.count)) }
                engine.checkInvariants()
            } catch {
                refusedCount += 1
            }
        }
        #expect(refusedCount > 100)
    }
}

/// Random choices; the seed alone decides.
struct SplitMixBytes {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func below(_ bound: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((z ^ (z >> 31)) % UInt64(bound))
    }
}
