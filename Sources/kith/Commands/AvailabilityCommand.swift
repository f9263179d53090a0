import ArgumentParser
import Engine
import Kith

struct AvailabilityCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "availability",
        abstract: "Find times at which a service can be done, and by whom.",
        discussion: """
            Looks at business hours, closures, exceptions and bookings of everybody who may serve, and lists the earliest \
            times at which enough of them are free. What is listed can be booked: kith do 'book … --start …' with the same \
            --with, --site or --resource takes the same resources, as long as nothing changes.

            EXAMPLES
              kith availability --at . --from 2026-05-18 --to 2026-05-23 \\
                --service service/1N --limit 5
              kith availability --at . --from 2026-05-18 --to 2026-05-23 \\
                --for serviceappointment/7P --with systemuser/1N
              kith availability --at . --from 2026-05-18 --to 2026-05-19 --minutes 45 \\
                --group resourcegroup/1N --group resourcegroup/3K:2 --step 5
            """
    )

    @OptionGroup var at: AtOption

    @Option(
        help: ArgumentHelp("The first moment at which it may begin: a date, or a moment in UTC.", valueName: "moment")
    )
    var from: String

    @Option(help: ArgumentHelp("The moment before which it begins.", valueName: "moment"))
    var to: String

    @Option(
        name: .customLong("for"),
        help: ArgumentHelp(
            "The service appointment that it is for; a booked one keeps who serves.",
            valueName: "record"
        )
    )
    var appointment: String?

    @Option(help: ArgumentHelp("What shall be done.", valueName: "record"))
    var service: String?

    @Option(
        help: ArgumentHelp(
            "Who is needed, instead of what the service says: so many of a group. May be given again.",
            valueName: "record[:count]"
        )
    )
    var group: [String] = []

    @Option(help: ArgumentHelp("Who or what serves, alone, whatever the service says.", valueName: "record"))
    var resource: String?

    @Option(help: ArgumentHelp("Who or what must be among those who serve.", valueName: "record"))
    var with: String?

    @Option(help: ArgumentHelp("The site that all who serve are from.", valueName: "record"))
    var site: String?

    @Option(help: "How many minutes it lasts; as long as the service where it is not given.")
    var minutes: Int64?

    @Option(help: "It begins every so many minutes, where the service does not say when it begins: 1 to 1440.")
    var step: Int64 = 15

    @Option(help: "How many times at most, 1 to 10000: the earliest.")
    var limit = 100

    @Option(help: "table (for people), json, csv or ndjson.")
    var format = RowFormat.table

    func run() async throws {
        guard 1...ScheduleQuestion.limitMax ~= limit else { throw CommandFailure(.usage, "--limit is from 1 to 10000") }
        guard 1...1_440 ~= step else { throw CommandFailure(.usage, "--step is from 1 to 1440") }
        guard group.count <= AvailabilityWish.needsMax else {
            throw CommandFailure(.usage, "--group is given at most \(AvailabilityWish.needsMax) times")
        }
        var asked = AvailabilityWish(from: try CommandText.moment(from), to: try CommandText.moment(to))
        (asked.minutes, asked.stepMinutes, asked.limit) = (minutes, step, limit)
        let (wish, command) = (asked, self)
        try await at.place.withConnection { connection in
            let schema = try await connection.session.schema
            var wish = wish
            wish.appointment = try CommandText.record(command.appointment, schema)
            wish.service = try CommandText.record(command.service, schema)
            wish.resource = try CommandText.record(command.resource, schema)
            wish.with = try CommandText.record(command.with, schema)
            wish.site = try CommandText.record(command.site, schema)
            for text in command.group {
                let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
                let count = parts.count > 1 ? Int(parts[1]) : 1
                guard let group = parts.first, let count, 1...100 ~= count else {
                    throw CommandFailure(.usage, "'\(text)' is no group: write resourcegroup/3K or resourcegroup/3K:2")
                }
                wish.needs.append(.init(try CommandText.record(group, schema), count: count))
            }
            let answer = try await connection.session.schedule(.availability(wish))
            if answer.isCut { StandardError.write("There are more: --limit shows them.\n") }
            var writer = RowWriter(command.format)
            writer.begin(
                [
                    RowColumn(name: "start", type: .instant), RowColumn(name: "end", type: .instant),
                    RowColumn(name: "resources", type: .text(.general)),
                ],
                schema
            )
            for time in answer.times {
                writer.append([
                    .instant(time.start), .instant(time.end),
                    .text(time.resources.map { schema.text(of: $0) }.joined(separator: " ")),
                ])
            }
            writer.end()
        }
    }
}

/// What several commands read of their arguments.
enum CommandText {
    /// A moment, or the beginning of a day in UTC.
    static func moment(_ text: String) throws -> Int64 {
        guard let moment = CalendarText.instant(text) else {
            throw CommandFailure(.usage, "'\(text)' is no moment: write 2026-05-18 or 2026-05-18T08:00:00Z")
        }
        return moment
    }

    /// The record with this code; `.none` where nothing is given.
    static func record(_ text: String?, _ schema: Schema) throws -> RecordID {
        guard let text else { return .none }
        guard let id = schema.recordID(text) else {
            throw CommandFailure(.usage, "'\(text)' is no record: \(GetCommand.reason(text, schema))")
        }
        return id
    }
}
