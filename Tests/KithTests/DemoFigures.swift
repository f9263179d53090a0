import Demo
import Engine
import Testing

/// The answers to `Demo.queries`, recomputed in plain Swift from the generated batches: no engine, no SQL.
struct DemoFigures {
    /// Rows expected for each query, by its title; in no particular order, and without a limit.
    private(set) var rows: [String: [[Value]]] = [:]

    /// One record: plain values, and links as external ids.
    private typealias Record = [String: Value]

    init(_ demo: Demo) throws {
        var records: [String: [String: Record]] = [:]
        for batch in demo.batches {
            for (row, reference) in batch.records.enumerated() {
                for column in batch.columns {
                    let value: Value =
                        switch column.values {
                        case .values(let values): values[row]
                        case .references(let targets): targets[row].map { .text($0.externalID) } ?? .null
                        }
                    records[batch.entity, default: [:]][reference.externalID, default: [:]][column.attribute] = value
                }
            }
        }
        func name(_ link: Value, _ entity: String, _ attribute: String) throws -> Value {
            guard case .text(let id) = link else { return .null }
            return try #require(records[entity]?[id]?[attribute])
        }
        func all(_ entity: String, where isWanted: (Record) -> Bool) throws -> [Record] {
            try #require(records[entity]).values.filter(isWanted)
        }

        rows["Pipeline by stage"] = try DemoFigures.grouped(
            all("opportunity") { $0["statecode"] == .option(0) },
            by: "salesstagecode"
        ).map { stage, deals in
            let label = try DemoFigures.label("opportunity", "salesstagecode", stage)
            let weighted = DemoFigures.sum(deals) {
                DemoFigures.units($0["estimatedvalue"]) * DemoFigures.units($0["closeprobability"])
            }
            return [
                label, .integer(Int64(deals.count)), DemoFigures.money(deals, "estimatedvalue"),
                .decimal(Decimal64(units: weighted, scale: 6)),
            ]
        }
        rows["Top accounts by won value"] = try DemoFigures.grouped(
            all("opportunity") { $0["statecode"] == .option(1) },
            by: "customerid"
        ).map { account, deals in
            [
                try name(account, "account", "name"), .integer(Int64(deals.count)),
                DemoFigures.money(deals, "actualvalue"),
            ]
        }
        rows["Win rate by salesperson, per cent"] = try DemoFigures.grouped(
            all("opportunity") { $0["statecode"] != .option(0) },
            by: "ownerid"
        ).map { owner, deals in
            let won = deals.filter { $0["statecode"] == .option(1) }
            return [
                try name(owner, "systemuser", "fullname"), .integer(Int64(deals.count)),
                .double(Double(100 * won.count) / Double(deals.count)), DemoFigures.money(won, "actualvalue"),
            ]
        }
        let midnight = Int64(demo.today) * 86_400_000_000
        for (title, entity) in [
            ("Overdue tasks by owner", "task"), ("Overdue phone calls by owner", "phonecall"),
        ] {
            let overdue = try all(entity) {
                guard $0["statecode"] == .option(0), case .instant(let end)? = $0["scheduledend"] else { return false }
                return end < midnight
            }
            rows[title] = try DemoFigures.grouped(overdue, by: "ownerid").map { owner, activities in
                [
                    try name(owner, "systemuser", "fullname"), .integer(Int64(activities.count)),
                    DemoFigures.earliest(activities, "scheduledend"),
                ]
            }
        }
        rows["Open cases by priority"] = try DemoFigures.grouped(
            all("incident") { $0["statecode"] == .option(0) },
            by: "prioritycode"
        ).map { priority, cases in
            [
                try DemoFigures.label("incident", "prioritycode", priority), .integer(Int64(cases.count)),
                DemoFigures.earliest(cases, "followupby"),
            ]
        }
        rows["Overdue cases by what was promised"] = try DemoFigures.grouped(
            all("incident") { $0["statecode"] == .option(0) && $0["resolvebyslastatus"] == .option(4) },
            by: "slaid"
        ).map { promise, cases in
            [
                try name(promise, "sla", "name"), .integer(Int64(cases.count)),
                DemoFigures.earliest(cases, "resolveby"),
            ]
        }
        rows["Overdue cases, the longest first"] = try all("incident") {
            $0["statecode"] == .option(0) && $0["resolvebyslastatus"] == .option(4)
        }.map { overdue in
            func value(_ attribute: String) -> Value { overdue[attribute] ?? .null }
            return [
                value("title"), try name(value("customerid"), "account", "name"),
                try name(value("ownerid"), "systemuser", "fullname"), try name(value("slaid"), "sla", "name"),
                value("responseby"), value("resolveby"),
            ]
        }
        rows["Resolved cases by what was promised"] = try DemoFigures.grouped(
            all("incident") { $0["statecode"] == .option(1) },
            by: "slaid"
        ).map { promise, cases in
            let inTime = cases.count { $0["resolvebyslastatus"] == .option(3) }
            return [
                try name(promise, "sla", "name"), .integer(Int64(cases.count)), .integer(Int64(inTime)),
            ]
        }
        rows["Running campaigns"] = try #require(records["campaign"]).filter { $0.value["statuscode"] == .option(2) }
            .map {
                id,
                campaign in
                let own = Value.text(id)
                let activities = try all("campaignactivity") { $0["regardingobjectid"] == own }
                let cost =
                    DemoFigures.sum(activities) { DemoFigures.units($0["actualcost"]) }
                    + DemoFigures.units(campaign["othercost"])
                let reached = try DemoFigures.sum(activities) { activity in
                    guard case .text(let job)? = activity["bulkoperationid"] else { return 0 }
                    let work = try #require(records["bulkoperation"]?[job])
                    return DemoFigures.units(work["processedcount"]) - DemoFigures.units(work["failedcount"])
                }
                let responses = try Int64(all("campaignresponse") { $0["regardingobjectid"] == own }.count)
                let won = try all("opportunity") { $0["campaignid"] == own && $0["statecode"] == .option(1) }
                let revenue = DemoFigures.sum(won) { DemoFigures.units($0["actualvalue"]) }
                return [
                    try #require(campaign["name"]), try #require(campaign["budgetedcost"]),
                    .decimal(Decimal64(units: cost, scale: 4)), .integer(reached), .integer(responses),
                    DemoFigures.perCent(responses, of: reached), .decimal(Decimal64(units: revenue, scale: 4)),
                    DemoFigures.perCent(revenue - cost, of: cost),
                ]
            }
    }

    /// One digit behind the point, half away from zero.
    private static func perCent(_ part: Int64, of whole: Int64) -> Value {
        let (quotient, rest) = (abs(part) * 1000).quotientAndRemainder(dividingBy: whole)
        let rounded = quotient + (2 * rest >= whole ? 1 : 0)
        return .decimal(Decimal64(units: part < 0 ? -rounded : rounded, scale: 1))
    }

    /// What is wrong with an engine's answer to a query; nil when it is right. A limited answer must hold the rows with the
    /// largest values in its last column, or the earliest moments.
    func disagreement(with answer: [[Value]], to query: DemoQuery) -> String? {
        guard let rows = rows[query.title] else { return "\(query.title): unknown question" }
        let expected = Set(rows.map { $0.map(DemoFigures.comparable) })
        let given = answer.map { $0.map(DemoFigures.comparable) }
        if let stray = given.first(where: { !expected.contains($0) }) { return "\(query.title): \(stray) is wrong" }
        guard Set(given).count == given.count else { return "\(query.title): a row stands twice" }
        guard query.sql.hasSuffix("LIMIT 10") else {
            return given.count == expected.count ? nil : "\(query.title): \(given.count) of \(expected.count) rows"
        }
        let amounts = given.map { DemoFigures.units($0.last) }
        let missing = expected.subtracting(given).map { DemoFigures.units($0.last) }.max() ?? .min
        let isTop = amounts == amounts.sorted(by: >) && (amounts.last ?? .min) >= missing
        return given.count == min(10, expected.count) && isTop ? nil : "\(query.title): not the first ten in order"
    }

    /// Decimals with the most digits that any answer has, so that equal numbers are equal values.
    private static func comparable(_ value: Value) -> Value {
        guard case .decimal(let decimal) = value, let scaled = decimal.rescaled(to: 6) else { return value }
        return .decimal(scaled)
    }

    private static func grouped(_ records: [Record], by attribute: String) -> [(Value, [Record])] {
        Dictionary(grouping: records) { $0[attribute] ?? .null }.map { ($0.key, $0.value) }
    }

    private static func label(_ entity: String, _ attribute: String, _ value: Value) throws -> Value {
        let entity = try #require(Schema.standard.entity(named: entity))
        let id = try #require(entity.attributeID(attribute))
        let set = try #require(entity[id].type.optionSet)
        guard case .option(let number) = value else { return .null }
        return .text(try #require(Schema.standard[set].label(of: number)))
    }

    /// A number to compare by: the earlier a moment, the larger.
    fileprivate static func units(_ value: Value?) -> Int64 {
        switch value {
        case .decimal(let decimal): decimal.units
        case .integer(let number): number
        case .instant(let moment): -moment
        default: 0
        }
    }

    private static func sum(_ records: [Record], _ value: (Record) throws -> Int64) rethrows -> Int64 {
        try records.reduce(0) { try $0 + value($1) }
    }

    private static func money(_ records: [Record], _ attribute: String) -> Value {
        .decimal(Decimal64(units: sum(records) { units($0[attribute]) }, scale: AttributeType.moneyScale))
    }

    private static func earliest(_ records: [Record], _ attribute: String) -> Value {
        let moments = records.compactMap { record -> Int64? in
            if case .instant(let moment)? = record[attribute] { moment } else { nil }
        }
        return moments.min().map(Value.instant) ?? .null
    }
}

/// The questions and their answers make sense in themselves; `disagreement` notices wrong answers.
@Suite struct DemoFiguresTests {
    @Test func everyQuestionHasAnAnswerWorthPrinting() throws {
        let demo = Demo(today: DemoTests.today)
        let figures = try DemoFigures(demo)
        #expect(Set(figures.rows.keys) == Set(demo.queries.map(\.title)))
        for query in demo.queries {
            let rows = try #require(figures.rows[query.title])
            #expect((3...200).contains(rows.count), "\(query.title)")
            #expect(rows.allSatisfy { !$0.contains(.null) }, "\(query.title)")
        }
        #expect(figures.rows["Pipeline by stage"]?.count == 4)
        #expect(figures.rows["Win rate by salesperson, per cent"]?.count == 12)
        #expect(figures.rows["Open cases by priority"]?.count == 3)
        #expect(figures.rows["Running campaigns"]?.count == 4)
    }

    @Test func wrongAnswersAreNoticed() throws {
        let demo = Demo(today: DemoTests.today)
        let figures = try DemoFigures(demo)
        for query in demo.queries {
            var rows = try #require(figures.rows[query.title])
            if query.sql.hasSuffix("LIMIT 10") {
                rows.sort { DemoFigures.units($0.last) > DemoFigures.units($1.last) }
                rows = Array(rows.prefix(10))
                #expect(figures.disagreement(with: rows.reversed(), to: query) != nil)
            }
            #expect(figures.disagreement(with: rows, to: query) == nil)
            #expect(figures.disagreement(with: rows.dropLast(), to: query) != nil)
            #expect(figures.disagreement(with: rows + [rows[0]], to: query) != nil)
            rows[0][1] = .integer(-1)
            #expect(figures.disagreement(with: rows, to: query) != nil)
        }
    }

    @Test func overdueWorkIsCutAtTheDemonstrationsDay() {
        let demo = Demo(today: DemoTests.today)
        #expect(demo.queries.filter { $0.sql.contains("scheduledend < '2026-05-27'") }.count == 2)
        #expect(Demo(today: -1).queries.contains { $0.sql.contains("'1969-12-31'") })
        #expect(Demo(today: 11_016).queries.contains { $0.sql.contains("'2000-02-29'") })
    }
}
