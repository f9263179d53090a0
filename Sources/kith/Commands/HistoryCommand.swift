import ArgumentParser
import Engine
import Kith

struct HistoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "Show who changed a record, when, from what to what.",
        discussion: """
            Read from the log, which holds every change since the older of the two newest snapshots, and further back with \
            kith serve --keep-history; the first line says where it begins. A record that was deleted has a history too. What was done through a message stands under the \
            message's verb.

            EXAMPLES
              kith history --at ./data opportunity/1N
              kith history --at kith://127.0.0.1:7411 --limit 20 account/1N
              kith history --at ./data --format csv account/1N
            """
    )

    @OptionGroup var at: AtOption

    @Option(help: "How many transactions at most, 1 to 10000: the newest.")
    var limit = 1000

    @Option(help: "table (for people), json, csv or ndjson.")
    var format = RowFormat.table

    @Argument(help: "Entity and code of the record, such as account/7K3M.")
    var record: String

    func run() async throws {
        let (record, format, limit) = (record, format, limit)
        guard 1...10_000 ~= limit else { throw CommandFailure(.usage, "--limit is from 1 to 10000") }
        try await at.place.withConnection { connection in
            let session = connection.session
            let schema = try await session.schema
            guard let id = schema.recordID(record), let entity = schema.entity(id.entity) else {
                throw CommandFailure(.usage, "'\(record)' is no record: \(GetCommand.reason(record, schema))")
            }
            let history = try await session.history(of: id, limit: limit)
            if history.steps.isEmpty, try await session.read(entity.name, [], [id]).versions.first ?? nil == nil {
                throw CommandFailure(.refused, "there is no record \(record)")
            }
            if history.beginsAfter > 0 {
                StandardError.write(
                    "The log begins after position \(history.beginsAfter); what was before is not known.\n"
                )
            }
            if history.isCut { StandardError.write("There are older steps: --limit shows more.\n") }
            HistoryCommand.show(history, entity, schema, format)
        }
    }

    private static func show(_ history: RecordHistory, _ entity: Entity, _ schema: Schema, _ format: RowFormat) {
        var writer = RowWriter(format)
        let text = QueryType.text(.general)
        writer.begin(
            [
                RowColumn(name: "time", type: .instant), RowColumn(name: "position", type: .integer),
                RowColumn(name: "user", type: .id), RowColumn(name: "did", type: text),
                RowColumn(name: "attribute", type: text), RowColumn(name: "old", type: text),
                RowColumn(name: "new", type: text),
            ],
            schema
        )
        for step in history.steps {
            let head: [Value] = [
                .instant(step.timeMicroseconds), .integer(Int64(step.position)),
                step.actor == .none ? .null : .reference(step.actor), .text(verb(step)),
            ]
            if step.changes.isEmpty { writer.append(head + [.null, .null, .null]) }
            for change in step.changes {
                let values = [change.old, change.new].map { $0.shown(change.attribute, entity, schema) }
                writer.append(head + [.text(change.attribute)] + values)
            }
        }
        writer.end()
    }

    private static func verb(_ step: HistoryStep) -> String {
        if step.message != 0 {
            return Messages.message(step.message)?.head.verb ?? "message \(step.message)"
        }
        return switch step.kind {
        case .created: "create"
        case .updated: "update"
        case .deleted: "delete"
        }
    }
}
