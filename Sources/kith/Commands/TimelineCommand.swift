import ArgumentParser
import Engine
import Kith

struct TimelineCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "timeline",
        abstract: "List the activities of a record, the newest first.",
        discussion: """
            All kinds of activities that are about the record, or in which it takes part. --reach related adds those of what \
            belongs to it (contacts, deals, quotes, orders, invoices, cases), --reach extended also those of child accounts \
            at any depth.

            EXAMPLES
              kith timeline --at ./data account/1N
              kith timeline --at ./data --reach extended --limit 20 account/1N
              kith timeline --at kith://127.0.0.1:7411 contact/1N
            """
    )

    enum Reach: String, CaseIterable, ExpressibleByArgument {
        case own, related, extended

        var reach: ActivityQuestion.Reach {
            switch self {
            case .own: .own
            case .related: .related
            case .extended: .extended
            }
        }
    }

    @OptionGroup var at: AtOption

    @Option(help: "own, related or extended.")
    var reach = Reach.own

    @Option(help: "How many at most, 1 to 10000: the newest.")
    var limit = 100

    @Option(help: "table (for people), json, csv or ndjson.")
    var format = RowFormat.table

    @Argument(help: "Entity and code of the record, such as account/7K3M.")
    var record: String

    func run() async throws {
        let (record, reach, format, limit) = (record, reach.reach, format, limit)
        guard 1...ActivityQuestion.limitMax ~= limit else { throw CommandFailure(.usage, "--limit is from 1 to 10000") }
        try await at.place.withConnection { connection in
            let schema = try await connection.session.schema
            guard let id = schema.recordID(record) else {
                throw CommandFailure(.usage, "'\(record)' is no record: \(GetCommand.reason(record, schema))")
            }
            let answer = try await connection.session.activities(.timeline(of: id, reach: reach, limit: limit))
            answer.show(format, schema)
        }
    }
}

extension ActivityAnswer {
    /// Prints the entries; standard error says what is missing.
    func show(_ format: RowFormat, _ schema: Schema) {
        if isCut { StandardError.write("There are more: --limit shows them.\n") }
        for series in omitted {
            StandardError.write(
                "\(schema.text(of: series)) is left out: its recurrence cannot be read, or is too much to show.\n"
            )
        }
        var writer = RowWriter(format)
        let text = QueryType.text(.general)
        writer.begin(
            [
                RowColumn(name: "start", type: .instant), RowColumn(name: "end", type: .instant),
                RowColumn(name: "activity", type: .id), RowColumn(name: "instance", type: text),
                RowColumn(name: "subject", type: text), RowColumn(name: "state", type: text),
                RowColumn(name: "regarding", type: .id), RowColumn(name: "owner", type: .id),
            ],
            schema
        )
        func reference(_ id: RecordID) -> Value { id == .none ? .null : .reference(id) }
        for entry in entries {
            writer.append([
                entry.start.map(Value.instant) ?? .null, entry.end.map(Value.instant) ?? .null,
                .reference(entry.record), entry.instance.isEmpty ? .null : .text(entry.instance),
                .text(entry.subject), .text(entry.stateLabel(schema)), reference(entry.regarding),
                reference(entry.owner),
            ])
        }
        writer.end()
    }
}

extension ActivityEntry {
    fileprivate func stateLabel(_ schema: Schema) -> String {
        let entity = schema.entity(record.entity)
        let set = entity?.attributeID("statecode").flatMap { entity?[$0].type.optionSet }
        return set.flatMap { schema[$0].label(of: state) } ?? String(state)
    }
}
