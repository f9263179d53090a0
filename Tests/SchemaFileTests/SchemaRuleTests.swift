// Which changes the engine carries out on records that are there, and which it refuses, with the reason in words.

import Engine
import SchemaFile
import Testing

@Suite struct SchemaRuleTests {
    /// A schema and records that every change is tried on.
    private func harness() throws -> SchemaHarness {
        let h = SchemaHarness()
        try h.change(
            """
            optionsets:
              size: {1: Small, 2: Large}
            entities:
              project:
                label: Project
                owner: organisation
                attributes:
                  name: {type: text, length: 40, ordered: yes}
                  code: {type: text, length: 10}
                  effort: {type: integer, minimum: 0, maximum: 1000}
                  rate: {type: decimal, digits: 2, minimum: 0, maximum: 500}
                  size: {type: option, set: size}
                  phase: {type: option, options: {1: Idea, 2: Build, 3: Done}, default: Idea}
                  customerid: {type: lookup, to: [account, contact], behaviours: {delete: cascade, assign: all}}
                  parentid: {type: lookup, to: project, hierarchy: yes}
                  unused: money
                  below: {type: rollup, aggregate: sum, of: rate, over: project.parentid, where: rate < 450, result: money}
                keys: {code: code}
                states:
                  0: {label: Open, statuses: {1: New, 2: Busy}}
                  1: {label: Closed, statuses: {3: Done, 4: Dropped}}
                transitions: {New: [Busy, Dropped], Busy: Done}
              empty: {attributes: {name: text}}
              projectcontact: {between: [project, contact]}
            views:
              Projects: {entity: project, query: 'SELECT name, effort FROM project ORDER BY name'}
            """
        )
        try h.run { t in
            let account = try t.create("account", ["name": "Contoso"])
            let contact = try t.create("contact", ["name": "Ann"])
            try t.create(
                "project",
                [
                    "name": "Bridge over the river", "code": "B-1", "effort": 100,
                    "rate": .decimal(Decimal64(units: 1250, scale: 2)),
                    "size": "Large", "customerid": .reference(account),
                ]
            )
            try t.create("project", ["name": "Tunnel", "effort": 900, "customerid": .reference(contact)])
        }
        return h
    }

    @Test(arguments: allowed) func allowedChangesKeepTheRecords(_ change: String) throws {
        let h = try harness()
        let reply = try h.apply(Self.file(change))
        #expect(reply.problems.map(\.description) == [])
        #expect(reply.isApplied && !reply.differences.isEmpty)
        try h.checkCopies()
        // Once more changes nothing.
        let position = h.engine.position
        let again = try h.apply(Self.file(change))
        #expect(
            !again.isApplied && again.problems.isEmpty && again.differences.isEmpty && h.engine.position == position
        )
        // What is there can be written and read as before, and more added.
        if let project = h.engine.schema.entity(named: "project") {
            let effort: [(String, Value)] = project.attributeID("effort") == nil ? [] : [("effort", 1)]
            try h.run { try $0.createRecord("project", [("name", "Another")] + effort) }
            #expect(try h.rows("SELECT COUNT(*) FROM project") == [[.integer(3)]])
        }
        try h.checkCopies()
    }

    @Test(arguments: refused) func refusedChangesChangeNothing(_ change: String, _ reason: String?) throws {
        let h = try harness()
        let (digest, schema) = (h.engine.digest, h.engine.schema)
        let reply = try h.apply(Self.file(change))
        guard let reason else {
            #expect(reply.isApplied, "\(reply.problems.map(\.description))")
            return
        }
        #expect(!reply.isApplied)
        #expect(reply.problems.contains { $0.description.hasPrefix(reason) }, "\(reply.problems.map(\.description))")
        #expect(h.engine.digest == digest && h.engine.schema === schema)
        try h.checkCopies()
    }

    /// A change of `project`, with what else it needs behind it.
    private static func file(_ change: String) -> String {
        let tops = ["entities:", "optionsets:", "views:"]
        if tops.contains(where: change.hasPrefix) { return change }
        var project: [Substring] = []
        var entities: [Substring] = []
        var rest: [Substring] = []
        for line in change.split(separator: "\n") {
            if tops.contains(where: line.hasPrefix) {
                rest.append(line)
            } else if line.hasPrefix("projectcontact:") {
                entities.append(line)
            } else {
                project.append(line)
            }
        }
        return "entities:\n  project:\n" + project.map { "    \($0)\n" }.joined()
            + entities.map { "  \($0)\n" }.joined() + rest.map { "\($0)\n" }.joined()
    }

    @Test func differencesAreToldInWords() throws {
        let h = try harness()
        let reply = try h.apply(
            """
            optionsets: {size: {2: Big, 3: Huge}}
            entities:
              project:
                label: Undertaking
                attributes:
                  name: {length: 80, ordered: no}
                  customerid: {to: [account, contact, order], behaviours: {delete: restrict, assign: none}}
                  phase: {default: Build, options: {3: {delete: yes}}}
                  unused: {delete: yes}
                  budget: {type: decimal, digits: 1, minimum: -0.5, required: yes, label: Money}
                keys: {code: {delete: yes}, both: [name, effort]}
                indexes: {fast: [phase, name]}
                states: {1: {statuses: {5: Stopped}}}
                transitions: {New: Busy, Busy: [Done, Stopped]}
              visit: {owner: organisation, attributes: {name: text}, states: {0: {label: Open, statuses: {1: New}}}}
              empty: {delete: yes}
            views: {Projects: {query: SELECT name FROM project}, Sizes: {entity: project, query: SELECT size FROM project}}
            """,
            isCheck: true
        )
        #expect(
            reply.problems.map(\.description) == [
                "project.budget: A required attribute needs a default, since there are 2 records without a value."
            ]
        )
        #expect(
            reply.differences.map { "\($0.subject): \($0.change)" } == [
                "empty: delete entity",
                "project: label 'Project' becomes 'Undertaking'",
                "project: statuscode: add option 5 Stopped",
                "project: name: text, length 40 becomes text, length 80",
                "project: name: no longer ordered",
                "project: phase: default 1 becomes 2",
                "project: phase: delete option 3 Done",
                "project: customerid: lookup, to account, contact becomes lookup, to account, contact, order",
                "project: customerid: delete: cascade becomes restrict",
                "project: customerid: assign: all becomes none",
                "project: delete attribute unused",
                "project: add attribute budget: decimal, digits 1, minimum -0.5, maximum 100000000000, required",
                "project: delete key code",
                "project: add key both of name, effort",
                "project: add index fast of phase, name",
                "project: state Closed gets Stopped",
                "project: New leads to Busy",
                "project: Busy leads to Done, Stopped",
                "visit: add entity: 'Visit', owned by the organisation",
                "visit: add attribute name: text, length 100",
                "visit: add life cycle: Open (New)",
                "size: option 2 'Large' becomes 'Big'",
                "size: add option 3 Huge",
                "Projects: change view",
                "Sizes: add view of project",
            ]
        )
    }

    @Test func duplicatesStandAgainstAKey() throws {
        let h = try harness()
        try h.run { try $0.create("project", ["name": "tunnel", "effort": 900]) }
        let reply = try h.apply(Self.file("keys: {name: name}"))
        #expect(reply.problems.first?.message.hasSuffix("have the same values.") == true)
        #expect(try h.apply(Self.file("keys: {name: [name, code]}")).isApplied)
    }

    /// What differs exactly may be the same in general.
    @Test func collationsStandAgainstKeys() throws {
        let h = try harness()
        try h.change(Self.file("attributes: {name: {collation: exact}}\nkeys: {name: name}"))
        try h.run { try $0.create("project", ["name": "tunnel", "effort": 1]) }
        #expect(h.refusal { try $0.create("project", ["name": "tunnel", "effort": 2]) } == .duplicateKey)
        let reply = try h.apply(Self.file("attributes: {name: {collation: general}}"))
        #expect(reply.problems.first?.message.hasSuffix("have the same values.") == true && !reply.isApplied)
        #expect(try h.rows("SELECT effort FROM project WHERE name = 'tunnel'") == [[.integer(1)]])
        try h.change(Self.file("attributes: {name: {collation: general}}\nkeys: {name: {delete: yes}}"))
        #expect(try h.rows("SELECT COUNT(*) FROM project WHERE name = 'tunnel'") == [[.integer(2)]])
        try h.checkCopies()
    }

    @Test func transitionsHold() throws {
        let h = try harness()
        let id = try h.run { try $0.create("project", ["name": "P"]) }[0]
        #expect(h.refusal { try $0.update(id, ["statuscode": "Done"]) } == .transitionNotAllowed)
        #expect(h.refusal { try $0.update(id, ["statecode": "Closed"]) } == .transitionNotAllowed)
        try h.run { try $0.update(id, ["statuscode": "Busy"]) }
        // The same again is no transition.
        try h.run { try $0.update(id, ["statuscode": "Busy", "name": "Q"]) }
        try h.run { try $0.update(id, ["statuscode": "Done"]) }
        #expect(h.refusal { try $0.update(id, ["statuscode": "Busy"]) } == .transitionNotAllowed)
        #expect(h.value(id, "statecode") == .option(1))
        try h.change("entities: {project: {transitions: {}}}")
        try h.run { try $0.update(id, ["statuscode": "New"]) }
        try h.checkCopies()
    }

    @Test func pairsAreUniqueAndGoWithTheirEnds() throws {
        let h = try harness()
        let ids = try h.run { t in
            let project = try t.create("project", ["name": "P"])
            let contact = try t.create("contact", ["name": "Bo"])
            try t.create("projectcontact", ["projectid": .reference(project), "contactid": .reference(contact)])
        }
        let pair: KeyValuePairs<String, Value> = ["projectid": .reference(ids[0]), "contactid": .reference(ids[1])]
        #expect(h.refusal { try $0.create("projectcontact", pair) } == .duplicateKey)
        #expect(h.refusal { try $0.create("projectcontact", ["projectid": .reference(ids[0])]) } == .required)
        #expect(
            try h.rows("SELECT contactid.name FROM projectcontact WHERE projectid.name = 'P'") == [[.text("Bo")]]
        )
        try h.run { try $0.delete(ids[1]) }
        #expect(try h.rows("SELECT COUNT(*) FROM projectcontact") == [[.integer(0)]])
        try h.checkCopies()
    }

    @Test func numbersAreNeverGivenAgain() throws {
        let h = try harness()
        let before = try #require(h.engine.schema.entity(named: "empty"))
        try h.change("entities: {empty: {delete: yes}}")
        try h.change("entities: {empty: {attributes: {name: text}}}")
        #expect(try #require(h.engine.schema.entity(named: "empty")).id > before.id)
        let project = try #require(h.engine.schema.entity(named: "project"))
        let column = try #require(project.attributeID("unused"))
        try h.change("entities: {project: {attributes: {unused: {delete: yes}}}}")
        try h.change("entities: {project: {attributes: {unused: text}}}")
        let after = try #require(h.engine.schema.entity(named: "project"))
        #expect(try #require(after.attributeID("unused")) > column)
        #expect(after[column].isDeleted && after[column].displayName == "unused")
        try h.checkCopies()
    }

    /// Requests that were made under the schema before.
    @Test func olderRequestsAreUnderstoodOrRefused() throws {
        let h = try harness()
        let old = h.engine.schema
        let ids = try h.run { try $0.create("project", ["name": "P", "code": "P-1"]) }
        var upsert = Transaction(old)
        try upsert.upsert("project", key: "code", ["code": "P-1", "name": "Q"])
        var write = Transaction(old)
        try write.update(ids[0], ["unused": .decimal(Decimal64(units: 1, scale: 0))])
        try h.change(
            "entities: {project: {attributes: {unused: {delete: yes}, other: text}, keys: {code: {delete: yes}, name: name}}}"
        )
        #expect(throws: Refusal.self) { try h.execute(write.encoded()) }
        #expect(throws: Refusal.self) { try h.execute(upsert.encoded()) }
        #expect(h.value(ids[0], "name") == "P" && h.value(ids[0], "other") == .null)
    }

    @Test func requestsTakeEffectOnce() throws {
        let h = try harness()
        let key = RequestKey(client: 5, request: 1)
        let first = try h.apply("entities: {project: {attributes: {a: text}}}", key: key)
        let again = try h.apply("entities: {project: {attributes: {a: text}}}", key: key)
        #expect(first == again && first.isApplied)
        try h.checkCopies()
        #expect(try h.apply("entities: {project: {attributes: {b: text}}}", isCheck: true).differences.count == 1)
        #expect(h.engine.schema.entity(named: "project")?.attributeID("b") == nil)
    }
}
