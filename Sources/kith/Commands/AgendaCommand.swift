import ArgumentParser
import Engine
import Kith

struct AgendaCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "agenda",
        abstract: "List what a calendar shows: appointments, what is due, recurring ones.",
        discussion: """
            Activities with a planned time between two moments, the earliest first, and the instances of recurring \
            appointments, which are worked out: the column instance is the name under which messages change one \
            (kith do 'single-out …'). Canceled ones are left out.

            EXAMPLES
              kith agenda --at ./data --from 2026-05-18 --to 2026-05-25
              kith agenda --at ./data --from 2026-05-18 --to 2026-05-19 --of systemuser/1N
            """
    )

    @OptionGroup var at: AtOption

    @Option(help: ArgumentHelp("Where it begins: a date, or a moment in UTC.", valueName: "moment"))
    var from: String

    @Option(help: ArgumentHelp("Where it ends, itself not included.", valueName: "moment"))
    var to: String

    @Option(
        help: ArgumentHelp(
            "Whose: who owns it, takes part, or whom it is about. Without it, everybody's.",
            valueName: "record"
        )
    )
    var of: String?

    @Option(help: "How many at most, 1 to 10000: the earliest.")
    var limit = 1000

    @Option(help: "table (for people), json, csv or ndjson.")
    var format = RowFormat.table

    func run() async throws {
        let (from, to, of, format, limit) = (try moment(from), try moment(to), of, format, limit)
        guard 1...ActivityQuestion.limitMax ~= limit else { throw CommandFailure(.usage, "--limit is from 1 to 10000") }
        try await at.place.withConnection { connection in
            let schema = try await connection.session.schema
            var owner = RecordID.none
            if let of {
                guard let id = schema.recordID(of) else {
                    throw CommandFailure(.usage, "'\(of)' is no record: \(GetCommand.reason(of, schema))")
                }
                owner = id
            }
            let answer = try await connection.session.activities(.agenda(of: owner, from: from, to: to, limit: limit))
            answer.show(format, schema)
        }
    }

    private func moment(_ text: String) throws -> Int64 {
        guard let moment = CalendarText.instant(text) else {
            throw CommandFailure(.usage, "'\(text)' is no moment: write 2026-05-18 or 2026-05-18T08:00:00Z")
        }
        return moment
    }
}
