// Indexes over several attributes, declared and of views, as they come and go with changes of the schema.

import Engine
import Testing

@Suite struct SchemaIndexTests {
    @Test func indexesComeChangeAndGo() throws {
        let h = SchemaHarness()
        try h.change(
            """
            entities:
              project:
                attributes: {name: text, effort: integer, unused: money, phase: {type: option, options: {1: Idea, 2: Build}}}
            """
        )
        try h.run { t in
            try t.create("project", ["name": "Bridge", "effort": 100, "phase": "Idea"])
            try t.create("project", ["name": "Tunnel", "effort": 900, "phase": "Build"])
        }
        try h.change("entities: {project: {indexes: {fast: [phase, unused], slow: name}}}")
        let changed = try h.apply("entities: {project: {indexes: {fast: [phase, name], slow: {delete: yes}}}}")
        #expect(
            changed.differences.map(\.change) == ["delete index slow", "index fast becomes one of phase, name"]
        )
        try h.checkCopies()
        // What an index is made of cannot go without it.
        let refused = try h.apply(
            "entities: {project: {attributes: {phase: {delete: with data}}}}"
        )
        #expect(
            refused.problems.map(\.description) == ["project.fast: 'phase' is part of it; delete the index with it."]
        )
        // The index of a view comes and goes with the view.
        let byView = "SELECT name FROM project WHERE effort = 100 ORDER BY unused LIMIT 1"
        var found = try plan(byView, h)
        #expect(found == "scan project: 1 block scanned, 0 skipped")
        try h.change(
            "views: {Mine: {entity: project, query: SELECT name FROM project WHERE effort = 100 ORDER BY unused}}"
        )
        found = try plan(byView, h)
        #expect(
            found
                == "find project by the index of view Mine (effort, unused): 1 row fetched"
        )
        try h.checkCopies()
        try h.change("views: {Mine: {delete: yes}}")
        found = try plan(byView, h)
        #expect(found == "scan project: 1 block scanned, 0 skipped")
        try h.checkCopies()
    }

    /// The first line of EXPLAIN.
    private func plan(_ sql: String, _ h: SchemaHarness) throws -> String {
        if case .text(let line)? = try h.rows("EXPLAIN \(sql)").first?.first { line } else { "" }
    }

    /// A view may begin with something else than the records of its entity: numbers of columns then mean something else.
    @Test func viewsThatBeginWithOtherRowsHaveNoIndex() throws {
        let h = SchemaHarness()
        try h.change(
            """
            entities:
              project: {owner: organisation, attributes: {name: text}}
            views:
              Union:
                entity: project
                query: SELECT name, createdon, modifiedon FROM project UNION ALL SELECT name, createdon, modifiedon FROM project ORDER BY 3
              Derived: {entity: project, query: "SELECT a, b, c FROM (SELECT name AS a, createdon AS b, modifiedon AS c FROM project) x WHERE c > '2024-01-01'"}
              Other: {entity: project, query: SELECT name FROM account WHERE employees > 7 ORDER BY revenue}
              Named: {entity: project, query: "WITH project AS (SELECT 1 AS a, 2 AS b, 3 AS c FROM account) SELECT c FROM project ORDER BY c"}
            """
        )
        try h.run { try $0.create("project", ["name": "Bridge"]) }
        #expect(try h.rows("SELECT COUNT(*) FROM project") == [[.integer(1)]])
        try h.checkCopies()
    }
}
