import CRM
import Engine
import Testing

/// Series at the limit of how many instances have appointments of their own.
@Suite struct SeriesLimitTests {
    private static let max = RecurrenceLimits.exceptionsMax

    /// A daily series with so many appointments that belong to it, from the second instance on.
    private func organisation(singled count: Int) throws -> (TestOrganisation, series: RecordID) {
        var organisation = TestOrganisation()
        let series = try organisation.create(
            """
            recurringappointmentmaster S: subject=Round | scheduledstart=2026-05-18T08:00:00Z | scheduleddurationminutes=30 | \
            recurrence=DTSTART:20260518T080000\\nRRULE:FREQ=DAILY
            """
        )
        guard let first = LocalTime("20260519T080000") else { return (organisation, series) }
        for day in 0..<count {
            let name = try #require(LocalTime(seconds: first.seconds + Int64(day) * 86_400))
            try organisation.create("appointment i\(day): subject=x | seriesid=S | originalstart=\(name)")
        }
        return (organisation, series)
    }

    @Test func aSeriesStaysUsableAtItsLimitOfAppointments() throws {
        var (organisation, series) = try organisation(singled: Self.max - 1)
        try organisation.perform(SingleOutInstance(series, instance: "20260518").request)
        for request in [
            SingleOutInstance(series, instance: "20300101").request,
            CancelSeries(series, instance: "20300101").request,
        ] {
            let refusal = #expect(throws: Refusal.self) { try organisation.perform(request) }
            #expect(refusal?.rule == "recurrence")
        }
        try organisation.perform(RestoreInstance(series, instance: "20260518").request)
        try organisation.perform(CancelSeries(series, instance: "20300101").request)
    }

    @Test func aSeriesWithTooManyAppointmentsHidesNoOther() throws {
        var (organisation, _) = try organisation(singled: Self.max + 1)
        try organisation.create("task T: subject=Call | scheduledend=2026-05-18T10:00:00Z")
        #expect(
            try organisation.activities(["agenda", "2026-05-18", "2026-05-19"])
                == ["T | NULL | 2026-05-18T10:00:00Z", "omitted S"]
        )
    }
}
