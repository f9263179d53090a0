// The organisation's calendar as its records say: the first `organization`, its time zone, and that zone's rules.

extension BusinessCalendar {
    /// Rules of a zone that are read: a zone that changes its practice every year since 1970 has a tenth.
    private static let rulesMax = 500
    private static let entities = ["organization", "timezonedefinition", "timezonerule"]

    /// The records that a calendar is made of, with their versions: as long as they are equal, so is the calendar.
    package struct Origin: Hashable, Sendable {
        fileprivate var places: [Int]
        fileprivate var organisationRow: Int
        fileprivate var ruleRows: [Int]
        private var versions: [Position]

        /// Finds the records. O(rules of the zone); nil without an organisation, whose calendar is the default.
        package init?(_ schema: Schema, _ table: (Int) -> TableView) {
            places = BusinessCalendar.entities.compactMap { schema.place(named: $0) }
            guard places.count == BusinessCalendar.entities.count else { return nil }
            let organisation = table(places[0])
            guard let row = organisation.firstRow else { return nil }
            organisationRow = row
            ruleRows = []
            versions = [Position(schema.epoch), organisation.version(atRow: row)]
            let rules = table(places[2])
            guard case .reference(let zone)? = organisation.named("timezonedefinitionid", row),
                let column = rules.entity.attributeID("timezonedefinitionid").map({ Int($0.rawValue) }),
                let target = rules.linkTarget(column, zone.entity), let link = rules.link(column)
            else { return }
            let zones = table(places[1])
            guard zone.entity == zones.entity.id else { return }
            let zoneRow = zones.row(of: zone)
            guard zoneRow != Table.noRow else { return }
            var rule = link.first(target: target, targetRow: zoneRow)
            while rule != LinkIndex.none, ruleRows.count < BusinessCalendar.rulesMax {
                ruleRows.append(Int(rule))
                versions.append(rules.version(atRow: Int(rule)))
                rule = link.next(after: rule)
            }
        }
    }

    /// Reads the records. O(rules × years).
    package init(_ origin: Origin, _ table: (Int) -> TableView) {
        let organisation = table(origin.places[0])
        let rules = table(origin.places[2])
        func number(_ table: TableView, _ name: String, _ row: Int) -> Int? { table.named(name, row)?.wholeNumber }
        let timeZone = origin.ruleRows.map { row in TimeZoneRule { rules.named($0, row) } }
        let row = origin.organisationRow
        var start = CivilDay(0)
        if case .date(let day)? = organisation.named("fiscalcalendarstart", row) { start = CivilDay(Int(day)) }
        let kind = number(organisation, "fiscalperiodtype", row).flatMap { FiscalPeriodKind(rawValue: Int32($0)) }
        self.init(
            timeZone: TimeZoneRules(timeZone),
            weekStart: number(organisation, "weekstartdaycode", row) ?? 1,
            fiscalMonth: start.month,
            fiscalDay: start.day,
            fiscalPeriods: kind ?? .quarter,
            isFiscalYearNamedByItsEnd: number(organisation, "fiscalyeardisplaycode", row) == 2
        )
    }
}

extension TimeZoneRule {
    /// A rule as its record has it: `value` gives the values of a `timezonerule` by name.
    package init(_ value: (String) -> Value?) {
        func number(_ name: String) -> Int? { value(name)?.wholeNumber }
        func change(_ prefix: String) -> YearlyChange? {
            guard let month = number("\(prefix)month") else { return nil }
            return YearlyChange(
                month: month,
                weekday: number("\(prefix)dayofweek") ?? 0,
                occurrence: number("\(prefix)day") ?? 1,
                minuteOfDay: (number("\(prefix)hour") ?? 0) * 60 + (number("\(prefix)minute") ?? 0)
            )
        }
        var effective = Int64.min
        if case .instant(let moment)? = value("effectivedatetime") { effective = moment }
        var changes: (YearlyChange, YearlyChange)?
        if let daylight = change("daylight"), let standard = change("standard") { changes = (daylight, standard) }
        // A bias is what is added to local time to get UTC.
        self.init(
            effectiveMicroseconds: effective,
            standardMinutes: -(number("bias") ?? 0),
            daylightMinutes: -(number("daylightbias") ?? -60),
            changes: changes
        )
    }
}

extension Value {
    /// A whole number or the number of an option.
    fileprivate var wholeNumber: Int? {
        switch self {
        case .integer(let number): Int(clamping: number)
        case .option(let number): Int(number)
        default: nil
        }
    }
}

extension TableView {
    /// The first living row.
    package var firstRow: Int? {
        for block in 0..<blockCount {
            guard let words = liveWords(block: block) else { continue }
            for word in 0..<Block.validityWords where words[word] != 0 {
                return block << 13 | word << 6 | words[word].trailingZeroBitCount
            }
        }
        return nil
    }

    /// A value by the attribute's name; nil when there is no such attribute.
    fileprivate func named(_ name: String, _ row: Int) -> Value? {
        entity.attributeID(name).map { value(Int($0.rawValue), row) }
    }
}
