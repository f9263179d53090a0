import Engine

/// What an organisation sets about its calendar; nil leaves what is there.
public struct CalendarSettings: Sendable {
    /// A zone of `StandardTimeZone.all`, whose rules are written as records.
    public var timeZone: StandardTimeZone?
    /// 0 Sunday … 6 Saturday.
    public var weekStart: Int?
    /// A date whose month and day are those on which fiscal years begin: days since 1970-01-01.
    public var fiscalStart: Int32?
    /// How fiscal years are divided.
    public var fiscalPeriods: FiscalPeriodKind?
    /// Whether a fiscal year is named by the year in which it ends.
    public var isFiscalYearNamedByItsEnd: Bool?

    /// Nothing set.
    public init() {}
}

extension Session {
    /// Writes an organisation's calendar: its time zone with the rules that Kith brings along, and its `organization` record.
    /// Both are found again by their `externalid`, so that doing it twice changes nothing. Two transactions.
    public func setCalendar(_ settings: CalendarSettings) async throws {
        let schema = try await schema
        var values: [(String, Value)] = [("externalid", "organization")]
        if let zone = settings.timeZone {
            values.append(("timezonedefinitionid", .reference(try await writeRules(of: zone, schema))))
        }
        if let day = settings.weekStart { values.append(("weekstartdaycode", .option(Int32(clamping: day)))) }
        if let start = settings.fiscalStart { values.append(("fiscalcalendarstart", .date(start))) }
        if let kind = settings.fiscalPeriods { values.append(("fiscalperiodtype", .option(kind.rawValue))) }
        if let isEnd = settings.isFiscalYearNamedByItsEnd {
            values.append(("fiscalyeardisplaycode", .option(isEnd ? 2 : 1)))
        }
        var batch = try RecordBatch(schema, .upsert, "organization", attributes: values.map(\.0), key: "externalid")
        try batch.append(values.map(\.1))
        var transaction = Transaction(schema)
        transaction.append(batch)
        _ = try await execute(transaction)
    }

    private func writeRules(of zone: StandardTimeZone, _ schema: Schema) async throws -> RecordID {
        var definition = Transaction(schema)
        try definition.upsert("timezonedefinition", key: "standardname", ["standardname": .text(zone.name)])
        guard let id = try await execute(definition).operations.first?.ids.first else {
            throw Refusal(.recordNotFound, "The time zone was not written.")
        }
        let parts = ["month", "day", "dayofweek", "hour", "minute"]
        let names =
            ["externalid", "name", "timezonedefinitionid", "effectivedatetime", "bias", "daylightbias"]
            + ["daylight", "standard"].flatMap { prefix in parts.map { prefix + $0 } }
        var batch = try RecordBatch(schema, .upsert, "timezonerule", attributes: names, key: "externalid")
        for rule in zone.rules {
            let start = rule.effectiveMicroseconds == .min ? nil : rule.effectiveMicroseconds
            let since = start.map { String(CalendarText.text(microseconds: $0).prefix(10)) } ?? "always"
            var row: [Value] = [
                .text("\(zone.name) \(since)"), .text("\(zone.name), since \(since)"), .reference(id),
                start.map(Value.instant) ?? .null, .integer(Int64(-rule.standardMinutes)),
                .integer(Int64(-rule.daylightMinutes)),
            ]
            for change in [rule.changes?.daylight, rule.changes?.standard] {
                let numbers = change.map {
                    [$0.month, $0.occurrence, $0.weekday, $0.minuteOfDay / 60, $0.minuteOfDay % 60]
                }
                row += numbers?.map { .integer(Int64($0)) } ?? parts.map { _ in .null }
            }
            try batch.append(row)
        }
        var transaction = Transaction(schema)
        transaction.append(batch)
        _ = try await execute(transaction)
        return id
    }
}
