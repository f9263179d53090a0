// Duplicates among the records of an entity. The rules and the values that they compare are asked by queries, and compared here: so it is the
// same on a directory and on a server, and nothing of it stands in a server's way. What single records are like, or would be, is asked of the
// database, which has keys for that (DuplicatesCommand+Records).

import ArgumentParser
import CRM
import Engine
import Kith

struct DuplicatesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "duplicates",
        abstract: "Find records that are there more than once.",
        discussion: """
            Compares all records of an entity by its published duplicate rules, or by the rules that --rule names, published \
            or not. Prints a row for each pair of records that are alike, with what says so; pairs that hang together have \
            the same number in the column group. Nothing is changed.

            A value that very many records have is no evidence: they are not compared, standard error says so, and the \
            status is 1.

            With --of it says what single records are like, by the published rules; with --value, what a record of the \
            entity with these values would be like.

            EXAMPLES
              kith duplicates --at ./data --entity contact
              kith duplicates --at ./data --entity account --rule 'Name and town'
              kith duplicates --at kith://127.0.0.1:7411 --entity lead --format csv
              kith duplicates --at ./data --of contact/11
              kith duplicates --at ./data --entity contact --value 'fullname=Anna Keller' --value birthdate=1980-03-14
            """
    )

    @OptionGroup var at: AtOption

    @Option(help: ArgumentHelp("The entity whose records are compared.", valueName: "name"))
    var entity: String?

    @Option(
        name: .customLong("of"),
        help: ArgumentHelp("Say what this record is like; may be repeated.", valueName: "record")
    )
    var ofRecords: [String] = []

    @Option(
        name: .customLong("value"),
        help: ArgumentHelp(
            "Say what a record of the entity with these values would be like; may be repeated.",
            valueName: "name=value"
        )
    )
    var values: [String] = []

    @Option(
        name: .customLong("rule"),
        help: ArgumentHelp("Ask this rule, published or not; may be repeated.", valueName: "name")
    )
    var ruleNames: [String] = []

    @Option(help: "table (for people), json, csv or ndjson.")
    var format = RowFormat.table

    func run() async throws {
        let (ruleNames, format, records, values) = (ruleNames, format, ofRecords, values)
        guard (entity == nil) != records.isEmpty, records.isEmpty || values.isEmpty,
            ruleNames.isEmpty || records.isEmpty && values.isEmpty
        else {
            throw CommandFailure(
                .usage,
                "name an entity, with --rule or --value where it is wanted, or records with --of, which all published "
                    + "rules are asked of"
            )
        }
        let entity = entity ?? ""
        try await at.place.withConnection { connection in
            let schema = try await connection.session.schema
            if !records.isEmpty {
                return try await DuplicatesCommand.showRecords(records, format, schema, connection.session)
            }
            guard let declared = schema.entity(named: entity) else {
                let hint = nearestName(to: entity, among: schema.entities.map(\.name)).map { "; did you mean '\($0)'?" }
                throw CommandFailure(.usage, "there is no entity '\(entity)'\(hint ?? "")")
            }
            if !values.isEmpty {
                return try await DuplicatesCommand.showValues(values, declared, format, schema, connection.session)
            }
            let rules = try await DuplicatesCommand.rules(ruleNames, declared, schema, connection)
            var feed = DuplicateFeed(search: DuplicateSearch(rules), schema: schema)
            try await connection.query(feed.search.query(schema), QueryParameters(), into: &feed)
            let answer = try feed.search.answer()
            let names = try await DuplicatesCommand.names(answer, declared, connection.session)
            DuplicatesCommand.show(answer, rules, names, format, schema)
            guard answer.omissions.isEmpty else {
                throw CommandFailure(.incomplete, DuplicatesCommand.leftOut(answer, rules, schema))
            }
        }
    }

    /// The rules to ask: those that are named, else all that are published.
    private static func rules(
        _ names: [String],
        _ entity: Entity,
        _ schema: Schema,
        _ connection: any Connection
    ) async throws -> [DuplicateRule] {
        let listed = DuplicateRule.listed(
            try await connection.rows(DuplicateRule.query),
            try await connection.rows(DuplicateRule.conditionQuery)
        ).filter { $0.entity == entity.name }
        for name in names where !listed.contains(where: { $0.name == name }) {
            let known = listed.map { "'\($0.name)'" }.joined(separator: ", ")
            throw CommandFailure(
                .usage,
                "there is no duplicate rule '\(name)' for \(entity.name); "
                    + (known.isEmpty ? "there is none at all" : "there are \(known)")
            )
        }
        let asked = listed.filter { names.isEmpty ? $0.isPublished : names.contains($0.name) }
        guard !asked.isEmpty else {
            throw CommandFailure(
                .usage,
                "there is no published duplicate rule for \(entity.name): docs/duplicates.md says how one is made"
            )
        }
        return try asked.map { rule in
            do throws(DuplicateRule.Flaw) {
                return try rule.rule(schema)
            } catch {
                throw CommandFailure(.refused, "the duplicate rule \(rule.name) cannot be asked: \(error.reason)")
            }
        }
    }

    private static let namesPerRead = 1_000

    /// What people call the records that were found.
    private static func names(
        _ answer: DuplicateAnswer,
        _ entity: Entity,
        _ session: any Session
    ) async throws -> [RecordID: Value] {
        let ids = Set(answer.pairs.flatMap { [$0.first, $0.second] }).sorted()
        var names: [RecordID: Value] = [:]
        for start in stride(from: 0, to: ids.count, by: namesPerRead) {
            let part = Array(ids[start..<min(start + namesPerRead, ids.count)])
            let page = try await session.read(entity.name, [entity[entity.primaryName].name], part)
            for (id, row) in zip(part, page.rows) { names[id] = row.first ?? .null }
        }
        return names
    }

    private static func show(
        _ answer: DuplicateAnswer,
        _ rules: [DuplicateRule],
        _ names: [RecordID: Value],
        _ format: RowFormat,
        _ schema: Schema
    ) {
        var writer = RowWriter(format)
        let text = QueryType.text(.general)
        writer.begin(
            [
                RowColumn(name: "group", type: .integer), RowColumn(name: "record", type: .id),
                RowColumn(name: "name", type: text), RowColumn(name: "duplicate", type: .id),
                RowColumn(name: "duplicatename", type: text), RowColumn(name: "rule", type: text),
                RowColumn(name: "because", type: text),
            ],
            schema
        )
        for pair in answer.pairs {
            var asked: [String] = []
            for reason in pair.reasons where asked.last != rules[reason.rule].name {
                asked.append(rules[reason.rule].name)
            }
            writer.append([
                .integer(Int64(pair.group)), .reference(pair.first), names[pair.first] ?? .null,
                .reference(pair.second), names[pair.second] ?? .null, .text(asked.joined(separator: "; ")),
                .text(pair.reasons.map { $0.described(rules) }.joined(separator: "; ")),
            ])
        }
        writer.end()
    }

    private static let leftOutShownMax = 10

    /// What was not compared, the largest first.
    private static func leftOut(_ answer: DuplicateAnswer, _ rules: [DuplicateRule], _ schema: Schema) -> String {
        let all = answer.omissions.sorted { ($1.recordCount, $0.example) < ($0.recordCount, $1.example) }
        var lines = ["too many records have the same values to be compared with each other:"]
        for omission in all.prefix(leftOutShownMax) {
            lines.append(
                "  \(omission.recordCount) like \(schema.text(of: omission.example)) (\(rules[omission.reason.rule].name): "
                    + "\(omission.reason.described(rules)))"
            )
        }
        if all.count > leftOutShownMax { lines.append("  and \(all.count - leftOutShownMax) values more") }
        return lines.joined(separator: "\n")
    }
}

extension DuplicateAnswer.Reason {
    fileprivate func described(_ rules: [DuplicateRule]) -> String {
        rules[rule].described(rules[rule].alternatives[alternative])
    }
}

/// Hands the records of a query to a search.
private struct DuplicateFeed: RowSink {
    var search: DuplicateSearch
    let schema: Schema

    mutating func begin(_ columns: [RowColumn], _ schema: Schema) {}
    mutating func append(_ row: [Value]) { search.append(row: row, schema) }
    mutating func end() {}
}
