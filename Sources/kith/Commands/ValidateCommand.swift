import ArgumentParser
import Engine
import Kith

struct ValidateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Say whether service appointments that are booked still stand.",
        discussion: """
            Asks of every booking what 'kith do book' would ask now: hours, closures, exceptions, capacities, and what else \
            takes the time. What does not stand any more is listed with its reason; it exits 1 when there is anything.

            EXAMPLES
              kith validate --at ./data serviceappointment/7P
              kith validate --at ./data --from 2026-05-18 --to 2026-06-01
              kith validate --at . --from 2026-05-18 --to 2026-06-01 systemuser/1N
            """
    )

    @OptionGroup var at: AtOption

    @Option(help: ArgumentHelp("Where it begins: a date, or a moment in UTC.", valueName: "moment"))
    var from: String?

    @Option(help: ArgumentHelp("Where it ends, itself not included.", valueName: "moment"))
    var to: String?

    @Option(help: "How many conflicts at most, 1 to 10000: the earliest.")
    var limit = 1000

    @Option(help: "table (for people), json, csv or ndjson.")
    var format = RowFormat.table

    @Argument(help: "A service appointment; or whose bookings, a user or equipment; everybody's without it.")
    var record: String?

    func run() async throws {
        guard 1...ScheduleQuestion.limitMax ~= limit else { throw CommandFailure(.usage, "--limit is from 1 to 10000") }
        let (record, format, limit) = (record, format, limit)
        let (from, to) = (try from.map(CommandText.moment), try to.map(CommandText.moment))
        try await at.place.withConnection { connection in
            let schema = try await connection.session.schema
            let id = try CommandText.record(record, schema)
            guard schema.entity(id.entity)?.name == "serviceappointment" || (from != nil && to != nil) else {
                throw CommandFailure(.usage, "from when to when? Give --from and --to, or a service appointment")
            }
            let answer = try await connection.session.schedule(
                .validation(of: id, from: from ?? 0, to: to ?? 0, limit: limit)
            )
            answer.showConflicts(format, schema)
            guard answer.conflicts.isEmpty else { throw CommandFailure(.incomplete, "") }
        }
    }
}

extension ScheduleAnswer {
    /// Prints the conflicts; standard error says whether there are more.
    fileprivate func showConflicts(_ format: RowFormat, _ schema: Schema) {
        if isCut { StandardError.write("There are more: --limit shows them.\n") }
        var writer = RowWriter(format)
        let text = QueryType.text(.general)
        writer.begin(
            [
                RowColumn(name: "start", type: .instant), RowColumn(name: "end", type: .instant),
                RowColumn(name: "appointment", type: .id), RowColumn(name: "resource", type: .id),
                RowColumn(name: "reason", type: text), RowColumn(name: "other", type: .id),
                RowColumn(name: "explanation", type: text),
            ],
            schema
        )
        func reference(_ id: RecordID) -> Value { id == .none ? .null : .reference(id) }
        for conflict in conflicts {
            writer.append([
                conflict.start.map(Value.instant) ?? .null, conflict.end.map(Value.instant) ?? .null,
                .reference(conflict.appointment), reference(conflict.resource), .text("\(conflict.reason)"),
                reference(conflict.other), .text(conflict.text),
            ])
        }
        writer.end()
    }
}
