import CRM
import Engine
import Testing

/// Times of the day at which a service begins, and the search within its bounds.
@Suite struct ScheduleBoundTests {
    private func starts(_ service: String, from: String, to: String) throws -> [String] {
        var organisation = TestOrganisation()
        for line in [
            "timezonedefinition Z: standardname=Zurich",
            "timezonerule ZR: timezonedefinitionid=Z | bias=-60 | daylightbias=-60 | daylightmonth=3 | daylightday=5 | daylightdayofweek=0 | daylighthour=2 | standardmonth=10 | standardday=5 | standarddayofweek=0 | standardhour=3",
            "organization O: name=O | timezonedefinitionid=Z", "equipment van: name=Van",
            "resourcegroup G: name=G", "resourcegroupmember M: resourcegroupid=G | resourceid=van",
            "service S: name=S | resourcegroupid=G | \(service)",
        ] { try organisation.create(line) }
        return try organisation.schedule(["availability", from, to, "service=S"]).map { String($0.prefix(20)) }
    }

    /// On 29 March 02:00 to 03:00 is left out: what would begin in it does not, and what begins from 03:00 on does an hour earlier.
    @Test func whatTheClocksLeaveOutDoesNotBegin() throws {
        #expect(
            try starts(
                "durationminutes=10 | anchoroffset=30 | granularityminutes=60",
                from: "2026-03-28T23:00:00Z",
                to: "2026-03-29T03:00:00Z"
            ) == ["2026-03-28T23:30:00Z", "2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z", "2026-03-29T02:30:00Z"]
        )
    }

    /// On 25 October 02:00 to 03:00 comes twice, and so does what begins in it.
    @Test func whatComesTwiceBeginsTwice() throws {
        #expect(
            try starts(
                "durationminutes=10 | anchoroffset=90 | granularityminutes=60",
                from: "2026-10-24T22:00:00Z",
                to: "2026-10-25T03:00:00Z"
            ) == ["2026-10-24T23:30:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-25T02:30:00Z"]
        )
    }

    @Test func everyDayBeginsAnew() throws {
        #expect(
            try starts(
                "durationminutes=10 | anchoroffset=600 | granularityminutes=420",
                from: "2026-05-18",
                to: "2026-05-20"
            ) == ["2026-05-18T08:00:00Z", "2026-05-18T15:00:00Z", "2026-05-19T08:00:00Z", "2026-05-19T15:00:00Z"]
        )
    }

    @Test func extremeQuestionsAreAnsweredOrRefused() throws {
        var organisation = TestOrganisation()
        for line in [
            "equipment van: name=Van", "resourcegroup G: name=G",
            "resourcegroupmember M: resourcegroupid=G | resourceid=van",
            "service S: name=S | resourcegroupid=G | durationminutes=44640",
        ] { try organisation.create(line) }
        let moments: [Int64] = [.min, .min + 1, -62_135_596_800_000_000, 0, 253_402_300_799_999_999, .max - 1, .max]
        let (first, last, day): (Int64, Int64, Int64) = (
            -62_135_596_800_000_000, 253_402_300_799_999_999, 86_400_000_000
        )
        for (from, to, isFree) in [
            (first, first + day, true), (last - 40 * day, last - 39 * day, true), (last - day, last, false),
        ] {
            var wish = AvailabilityWish(from: from, to: to)
            (wish.service, wish.stepMinutes, wish.limit) = (try organisation.record("S"), 60, 24)
            let answer = try organisation.ask(.availability(wish))
            #expect(answer.times.isEmpty != isFree && answer.times.allSatisfy { $0.end <= last }, "\(from)")
        }
        for from in moments {
            for to in moments {
                var wish = AvailabilityWish(from: from, to: to)
                (wish.service, wish.stepMinutes, wish.limit) = (try organisation.record("S"), .min, .max)
                for question in [
                    ScheduleQuestion.availability(wish), .validation(of: .none, from: from, to: to, limit: 1),
                ] {
                    do {
                        let answer = try organisation.ask(question)
                        #expect(answer.times.isEmpty || from < to)
                    } catch let refusal as Refusal {
                        #expect(refusal.code == .limitExceeded, "\(from) to \(to): \(refusal)")
                    }
                }
            }
        }
        var wish = AvailabilityWish(from: 0, to: 86_400_000_000)
        (wish.service, wish.limit, wish.stepMinutes) = (try organisation.record("S"), -5, 1)
        #expect(try organisation.ask(.availability(wish)).isCut)
        wish.limit = 3
        #expect(try organisation.ask(.availability(wish)).times.map(\.start) == [0, 60_000_000, 120_000_000])
        wish.needs = [.init(try organisation.record("G"), count: .max)]
        #expect(throws: Refusal.self) { try organisation.ask(.availability(wish)) }
        wish.needs = []
        wish.minutes = .max
        #expect(throws: Refusal.self) { try organisation.ask(.availability(wish)) }
    }

    /// An appointment that is booked is found another time for with those who serve, and `reschedule` puts it there.
    @Test func aBookedAppointmentKeepsWhoServes() throws {
        var organisation = TestOrganisation()
        for line in [
            "systemuser ann: fullname=Ann | businesshours=Mo-Fr 08:00-10:00", "systemuser bob: fullname=Bob",
            "serviceappointment A: subject=A", "serviceappointment B: subject=B",
        ] { try organisation.create(line) }
        func act(_ text: String) throws {
            try organisation.perform(
                try MessageRequest(text, in: organisation.engine.schema, named: organisation.names)
            )
        }
        try act("book A --start 2026-05-18T08:00:00Z --minutes 60 --resource ann")
        try act("book B --start 2026-05-18T08:30:00Z --minutes 60 --resource bob")
        #expect(
            try organisation.schedule(["availability", "2026-05-18", "2026-05-20", "for=A", "step=30"]) == [
                "2026-05-18T08:00:00Z | 2026-05-18T09:00:00Z | ann",
                "2026-05-18T08:30:00Z | 2026-05-18T09:30:00Z | ann",
                "2026-05-18T09:00:00Z | 2026-05-18T10:00:00Z | ann",
                "2026-05-19T08:00:00Z | 2026-05-19T09:00:00Z | ann",
                "2026-05-19T08:30:00Z | 2026-05-19T09:30:00Z | ann",
                "2026-05-19T09:00:00Z | 2026-05-19T10:00:00Z | ann",
            ]
        )
        try act("reschedule A --start 2026-05-19T09:00:00Z")
        #expect(try organisation.schedule(["validate", "A"]) == [])
    }
}
