import ArgumentParser
import Engine
import Kith

struct CalendarCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "calendar",
        abstract: "Set the organisation's time zone, weeks and fiscal year.",
        discussion: """
            Queries ask for today, this quarter or the next fiscal year: these settings say when that is. The rules of the \
            time zone become records of the organisation (timezonedefinition, timezonerule), which count from then on, \
            whatever the machine knows about time zones. What is not given stays as it is.

            EXAMPLES
              kith calendar --at ./data --time-zone Europe/Zurich
              kith calendar --at ./data --fiscal-start 2024-07-01 --fiscal-periods month
              kith calendar --at ./data --week-start sunday --fiscal-year-named-by end
              kith calendar --zones
            """
    )

    enum Weekday: String, CaseIterable, ExpressibleByArgument {
        case sunday, monday, tuesday, wednesday, thursday, friday, saturday
    }

    enum Periods: String, CaseIterable, ExpressibleByArgument {
        case year, half, quarter, month
        case fourWeeks = "four-weeks"

        var kind: FiscalPeriodKind {
            switch self {
            case .year: .year
            case .half: .halfYear
            case .quarter: .quarter
            case .month: .month
            case .fourWeeks: .fourWeeks
            }
        }
    }

    enum Name: String, CaseIterable, ExpressibleByArgument { case start, end }

    @Option(help: ArgumentHelp("Data directory, or kith://host:port of a server.", valueName: "at"))
    var at: Place?

    @Option(help: "IANA name of the time zone.")
    var timeZone: String?

    @Option(help: "Day on which weeks begin.")
    var weekStart: Weekday?

    @Option(help: ArgumentHelp("First day of a fiscal year; the year does not count.", valueName: "yyyy-mm-dd"))
    var fiscalStart: Day?

    @Option(help: "How fiscal years are divided.")
    var fiscalPeriods: Periods?

    @Option(help: "Year that a fiscal year is named by: that of its start or of its end.")
    var fiscalYearNamedBy: Name?

    @Flag(help: "Print the names of the time zones and do nothing.")
    var zones = false

    func validate() throws {
        guard zones || at != nil else { throw ValidationError("Missing expected argument '--at <at>'") }
        if let timeZone, StandardTimeZone.named(timeZone) == nil {
            throw ValidationError("There is no time zone '\(timeZone)': 'kith calendar --zones' lists them.")
        }
    }

    func run() async throws {
        if zones {
            StandardOutput.write(StandardTimeZone.all.map { $0.name + "\n" }.joined())
            return
        }
        guard let at else { return }
        var settings = CalendarSettings()
        settings.timeZone = timeZone.flatMap(StandardTimeZone.named)
        settings.weekStart = weekStart.flatMap(Weekday.allCases.firstIndex)
        settings.fiscalStart = fiscalStart?.number
        settings.fiscalPeriods = fiscalPeriods?.kind
        settings.isFiscalYearNamedByItsEnd = fiscalYearNamedBy.map { $0 == .end }
        let wanted = settings
        try await at.withConnection { connection in try await connection.session.setCalendar(wanted) }
    }
}
