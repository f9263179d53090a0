import ArgumentParser
import Engine
import Kith

struct DoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "do",
        abstract: "Carry out messages: qualify a lead, win an opportunity.",
        discussion: """
            A message is a verb, the record that it is about and arguments, in one quoted text. Each is one transaction: it \
            takes effect as a whole, or is refused by a rule that is named. Of several, the first that is refused ends the \
            command; those before it are done. Prints the record of each message and what it made.

            Verbs: \(verbs). --about VERB says what one does; docs/messages.md lists all.

            EXAMPLES
              kith do --at ./data 'qualify lead/1N --account --opportunity'
              kith do --at ./data 'win opportunity/1N --value 4200.50'
              kith do --at kith://127.0.0.1:7411 'assign account/1N --to systemuser/1N'
              kith do --at ./data --dry-run 'merge account/1N --from account/2X --fill'
              kith do --at ./data --refuse-duplicates 'qualify lead/1N --contact'
              kith do --about lose
            """
    )

    private static var verbs: String {
        var seen: Set<String> = []
        return Messages.heads.map(\.verb).filter { seen.insert($0).inserted }.joined(separator: ", ")
    }

    @Option(
        name: .customLong("at"),
        help: ArgumentHelp(
            "A data directory, or kith://HOST:PORT[/ORGANISATION] for a running server.",
            valueName: "dir-or-address"
        )
    )
    var place: Place?

    @Option(help: ArgumentHelp("Say what the messages of a verb do, and do nothing.", valueName: "verb"))
    var about: String?

    @Flag(help: "Change nothing: print what each message would change at this moment.")
    var dryRun = false

    @Flag(help: "Refuse a message that makes or changes a record so that it is like another one by a published rule.")
    var refuseDuplicates = false

    @Option(help: "table (for people), json, csv or ndjson.")
    var format = RowFormat.table

    @Argument(help: ArgumentHelp("The messages, each in quotes.", valueName: "message"))
    var messages: [String] = []

    func run() async throws {
        if let about {
            guard let text = MessageReference.text(about, .standard) else {
                throw CommandFailure(.usage, "there is no message '\(about)'; there are \(DoCommand.verbs)")
            }
            return StandardOutput.write(text)
        }
        guard let place, !messages.isEmpty else {
            throw CommandFailure(.usage, "name a place and a message: kith do --at ./data 'win opportunity/1N'")
        }
        let (messages, format, isDryRun, refusesDuplicates) = (messages, format, dryRun, refuseDuplicates)
        try await place.withConnection { connection in
            var writer = RowWriter(format)
            var hasBegun = false
            defer { if hasBegun { writer.end() } }
            for message in messages {
                let schema = try await connection.session.schema
                var request: MessageRequest
                do { request = try MessageRequest(message, in: schema) } catch {
                    throw CommandFailure(.usage, "\(error)")
                }
                request.refusesDuplicates = refusesDuplicates
                let rows =
                    isDryRun
                    ? try await DoCommand.rehearse(request, schema, connection.session)
                    : try await DoCommand.carryOut(message, request, schema, connection.session)
                // Nothing is printed where nothing was done.
                if !hasBegun { writer.begin(isDryRun ? DoCommand.changeColumns : DoCommand.columns, schema) }
                hasBegun = true
                for row in rows { writer.append(row) }
            }
        }
    }

    private static let columns = [
        RowColumn(name: "done", type: .text(.general)), RowColumn(name: "record", type: .id),
        RowColumn(name: "name", type: .text(.general)),
    ]

    private static let changeColumns =
        [RowColumn(name: "record", type: .id)]
        + ["would be", "attribute", "old", "new"].map { RowColumn(name: $0, type: .text(.general)) }

    /// The rows that say what a message would change.
    private static func rehearse(
        _ request: MessageRequest,
        _ schema: Schema,
        _ session: any MessageSession
    ) async throws -> [[Value]] {
        let rehearsed = try await session.rehearse(request)
        if rehearsed.isCut { StandardError.write("It would change more than is listed.\n") }
        return rehearsed.records.flatMap { record -> [[Value]] in
            guard let entity = schema.entity(record.record.entity) else { return [] }
            let kind =
                switch record.kind {
                case .created: "created"
                case .updated: "updated"
                case .deleted: "deleted"
                }
            let head: [Value] = [.reference(record.record), .text(kind)]
            if record.changes.isEmpty { return [head + [.null, .null, .null]] }
            return record.changes.map { change in
                head + [.text(change.attribute)]
                    + [change.old, change.new].map { $0.shown(change.attribute, entity, schema) }
            }
        }
    }

    /// The rows that say what a message did.
    private static func carryOut(
        _ message: String,
        _ request: MessageRequest,
        _ schema: Schema,
        _ session: any MessageSession
    ) async throws -> [[Value]] {
        let reply = try await session.perform(request)
        var records: [(String, RecordID)] = []
        if case .reference(let record)? = request.arguments.first?.value {
            records.append((String(message.prefix { $0 != " " }), record))
        }
        for operation in reply.operations {
            for (id, outcome) in zip(operation.ids, operation.outcomes) where outcome == .created {
                records.append(("created", id))
            }
        }
        var rows: [[Value]] = []
        for (outcome, id) in records {
            guard let entity = schema.entity(id.entity) else { continue }
            let page = try await session.read(entity.name, [entity[entity.primaryName].name], [id])
            rows.append([.text(outcome), .reference(id), page.rows.first?.first ?? .null])
        }
        return rows
    }
}
