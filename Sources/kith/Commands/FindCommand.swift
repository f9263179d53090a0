import ArgumentParser
import Engine
import Kith

struct FindCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "find",
        abstract: "Find records as people type them.",
        discussion: """
            Looks for words, or beginnings of words, in names, e-mail addresses, telephone numbers and whatever else the \
            schema marks as searched. All words must be found, in any order; parts of words and words with one mistake \
            come last. Case and accents do not count.

            EXAMPLES
              kith find --at ./data 'schm ann'
              kith find --at kith://127.0.0.1:7411 --entity account --limit 5 'noth'
              kith find --at ./data --format json '030 1234'
            """
    )

    @OptionGroup var at: AtOption

    @Option(
        name: .customLong("entity"),
        help: ArgumentHelp("Search only this entity; may be repeated.", valueName: "name")
    )
    var entities: [String] = []

    @Option(help: "How many records at most, 1 to 1000.")
    var limit = 10

    @Option(help: "table (for people), json, csv or ndjson (one JSON object a line).")
    var format = RowFormat.table

    @Argument(help: "What to look for.")
    var text: String

    func run() async throws {
        let (request, format) = (FindRequest(text, entities: entities, limit: limit), format)
        try await at.place.withConnection { connection in
            let hits = try await connection.session.find(request)
            var writer = RowWriter(format)
            writer.begin(
                [
                    RowColumn(name: "record", type: .id), RowColumn(name: "match", type: .text(.general)),
                    RowColumn(name: "name", type: .text(.general)), RowColumn(name: "attribute", type: .text(.general)),
                    RowColumn(name: "text", type: .text(.general)),
                ],
                try await connection.session.schema
            )
            for hit in hits {
                writer.append([
                    .reference(hit.record), .text(hit.match.name), .text(hit.name), .text(hit.attribute),
                    .text(hit.text),
                ])
            }
            writer.end()
        }
    }
}
