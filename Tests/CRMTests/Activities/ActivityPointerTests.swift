import CRM
import Engine
import Snapshot
import TestSupport
import Testing

/// The table of all activities: conditions that are moved to each kind mean what they mean behind it.
@Suite struct ActivityPointerTests {
    private static let conditions = [
        "activitytypecode = 'task'", "activitytypecode <> 'task' AND activitytypecode LIKE '%a%'",
        "ownerid = 'U'", "ownerid <> 'U'", "NOT ownerid = 'U'", "ownerid IN ('U', 'V') OR subject = 's3'",
        "regardingobjectid IS NULL", "regardingobjectid = 'A' AND statecode = 0", "statecode IN (0, 2)",
        "statecode <> 1",
        "statecodename = 'Completed'", "statuscodename LIKE 'C%' OR statuscode = 2", "scheduledstart >= '2026-05-18'",
        "scheduledend BETWEEN '2026-05-16' AND '2026-05-24' AND ownerid IS NOT NULL",
        "NOT (scheduledstart < '2026-05-18')",
        "scheduledstart IS NULL OR scheduledend > scheduledstart", "p.subject LIKE '%1' AND p.createdon <= NOW()",
        "subject = 's5' OR p.activityid = 'A'", "statecode < 2 AND subject > 's2'", "statecode = 0 OR NULL",
    ]

    private func organisation(_ random: inout SplitMix64) throws -> TestOrganisation {
        var organisation = TestOrganisation()
        let people = [
            try organisation.create("systemuser U: fullname=U"), try organisation.create("systemuser V: fullname=V"),
        ]
        let account = try organisation.create("account A: name=A")
        let schema = organisation.engine.schema
        let kinds = ["task", "phonecall", "email", "appointment", "letter", "fax"]
        for index in 0..<30 {
            var line = "\(kinds[random.below(kinds.count)]) t\(index): subject=s\(random.below(7))"
            if random.below(3) != 0 { line += " | ownerid=\(schema.text(of: people[random.below(2)]))" }
            if random.below(3) == 0 { line += " | regardingobjectid=\(schema.text(of: account))" }
            if random.below(3) == 0 { line += " | statecode=\(1 + random.below(2))" }
            if random.below(3) != 0 { line += " | scheduledstart=2026-05-\(10 + random.below(18))T08:00:00Z" }
            if random.below(3) != 0 { line += " | scheduledend=2026-05-\(10 + random.below(18))T09:00:00Z" }
            try organisation.create(line)
        }
        return organisation
    }

    @Test(arguments: 1...UInt64(Effort.count(6, torture: 200, full: 2_000)))
    func conditionsMeanTheSameBeforeAndBehind(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let organisation = try organisation(&random)
        let names = Dictionary(
            uniqueKeysWithValues: ["U", "V", "A"].compactMap { name in organisation.names[name].map { (name, $0) } }
        )
        for written in Self.conditions {
            let condition = names.reduce(written) { text, name in
                text.replacing("'\(name.key)'", with: "'\(organisation.engine.schema.text(of: name.value))'")
            }
            let moved = organisation.rows("SELECT * FROM activitypointer p WHERE \(condition) ORDER BY activityid")
            let behind = organisation.rows(
                "SELECT * FROM (SELECT * FROM activitypointer) p WHERE \(condition) ORDER BY activityid"
            )
            #expect(moved == behind, "seed \(seed): \(condition)")
            #expect(!moved.joined().contains("(line 1"), "\(condition): \(moved)")
        }
    }

    /// Columns that nothing reads are not kept; those that something reads are, wherever it stands.
    @Test func onlyWhatIsReadIsKept() throws {
        var random = SplitMix64(seed: 5)
        let organisation = try organisation(&random)
        let schema = organisation.engine.schema
        let budget = QueryBudget(bytesMax: 3_000)
        func rows(_ sql: String) throws(QueryError) -> [[Value]] {
            try PreparedQuery(sql, schema: schema).execute(on: organisation.engine.view, budget: budget).rows
        }
        #expect(try rows("SELECT COUNT(*) FROM activitypointer") == [[.integer(30)]])
        #expect(throws: QueryError.self) { try rows("SELECT COUNT(*) FROM (SELECT * FROM activitypointer) p") }
        for pruned in [
            "COUNT(*), statecodename FROM activitypointer p GROUP BY statecodename ORDER BY 1, 2",
            "p.subject AS s, p.ownerid.fullname FROM activitypointer p ORDER BY s, p.activityid",
            "regardingobjectidname FROM activitypointer p WHERE p.scheduledend > p.scheduledstart ORDER BY activityid",
            "DISTINCT activitytypecode FROM activitypointer p ORDER BY activitytypecode DESC",
            "MAX(actualend) AS m FROM activitypointer p GROUP BY subject HAVING MIN(createdon) <= NOW() ORDER BY subject",
            "subject FROM activitypointer p WHERE EXISTS (SELECT 1 FROM systemuser u WHERE u.systemuserid = p.ownerid) ORDER BY activityid",
        ] {
            let behind = pruned.replacing("FROM activitypointer p", with: "FROM (SELECT * FROM activitypointer) p")
            let found = organisation.rows("SELECT \(pruned)")
            #expect(found == organisation.rows("SELECT \(behind)") && !found.isEmpty, "\(pruned)")
            #expect(!found.joined().contains("(line 1"), "\(found)")
        }
        // A mistake is named as if all columns were there.
        let mistake = organisation.rows("SELECT subjct FROM activitypointer").joined()
        #expect(mistake.contains("subjct") && mistake.contains("did you mean") && mistake.contains("subject"))
    }

    @Test func parametersMeanTheSameInEachKind() throws {
        var random = SplitMix64(seed: 3)
        let organisation = try organisation(&random)
        let view = organisation.engine.view
        for user in ["U", "V"] {
            let id = try #require(organisation.names[user])
            let found = try PreparedQuery(
                "SELECT COUNT(*) FROM activitypointer WHERE ownerid = ? AND statecode IN (?, ?)",
                schema: organisation.engine.schema
            ).execute(on: view, parameters: [.reference(id), .integer(0), .integer(1)])
            let expected = try PreparedQuery(
                "SELECT COUNT(*) FROM (SELECT * FROM activitypointer) p WHERE ownerid = ? AND statecode <> 2",
                schema: organisation.engine.schema
            ).execute(on: view, parameters: [.reference(id)])
            #expect(found.rows == expected.rows && found.rows != [[.integer(0)]])
        }
    }

    /// Each kind is read by its index, not as a whole.
    @Test func anIndexFindsTheRows() throws {
        var random = SplitMix64(seed: 1)
        let organisation = try organisation(&random)
        let user = organisation.names["U"].map { organisation.engine.schema.text(of: $0) } ?? ""
        let plan = organisation.rows(
            "EXPLAIN SELECT subject FROM activitypointer WHERE ownerid = '\(user)' AND statecode = 0"
        )
        let kinds = organisation.engine.schema.entities.filter(\.isActivity)
        for kind in kinds {
            #expect(plan.contains { $0.contains("find \(kind.name) by lookup index on ownerid") }, "\(plan)")
        }
    }
}
