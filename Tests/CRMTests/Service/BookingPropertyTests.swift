import CRM
import Engine
import Snapshot
import TestSupport
import Testing

/// Random bookings of resources, moved, shared and called off, beside a model that keeps every interval in a list: nobody is booked twice at
/// one time, what the model finds free is booked, and what it does not is refused.
@Suite struct BookingPropertyTests {
    private static let resources = ["ann", "bob", "van", "lab"]
    private static let appointments = (1...8).map { "S\($0)" }
    private static let begin = CalendarText.instant("2026-06-01T00:00:00Z")!
    private static let hour: Int64 = 3_600_000_000

    private struct Model {
        /// Hours from the beginning, and who serves.
        var booked: [String: (start: Int, end: Int, resources: Set<String>)] = [:]
        var isOver: Set<String> = []

        func isFree(_ resource: String, _ start: Int, _ end: Int, except name: String) -> Bool {
            !booked.contains {
                $0.key != name && $0.value.resources.contains(resource) && $0.value.start < end && $0.value.end > start
            }
        }
    }

    private static func organisation() throws -> TestOrganisation {
        var organisation = TestOrganisation()
        for name in resources {
            let isPerson = name == "ann" || name == "bob"
            try organisation.create(
                isPerson ? "systemuser \(name): fullname=\(name)" : "equipment \(name): name=\(name)"
            )
        }
        for name in appointments { try organisation.create("serviceappointment \(name): subject=\(name)") }
        return organisation
    }

    @Test(arguments: 0..<UInt64(Effort.count(6, torture: 60, full: 600)))
    func nobodyIsBookedTwice(_ seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        func pick(_ count: Int) -> Int { Int(random.next() % UInt64(count)) }
        var organisation = try Self.organisation()
        var model = Model()
        var doneCount = 0
        var refusedCount = 0
        for round in 0..<150 {
            let name = Self.appointments[pick(Self.appointments.count)]
            let resource = Self.resources[pick(Self.resources.count)]
            let (start, length) = (pick(30), pick(4) == 0 ? 12 : pick(4) + 1)
            let end = start + length
            let present = model.booked[name]
            let from = CalendarText.text(microseconds: Self.begin + Int64(start) * Self.hour)
            var act = ""
            var after = model
            var isAllowed = true
            switch pick(6) {
            case 0, 1:
                act = "book \(name) --start \(from) --minutes \(length * 60) --resource \(resource)"
                isAllowed =
                    present == nil && !model.isOver.contains(name) && model.isFree(resource, start, end, except: name)
                after.booked[name] = (start, end, [resource])
            case 2:
                act = "reschedule \(name) --start \(from) --minutes \(length * 60)"
                isAllowed = present?.resources.allSatisfy { model.isFree($0, start, end, except: name) } ?? false
                after.booked[name] = (start, end, present?.resources ?? [])
            case 3:
                act = "add-resource \(name) --resource \(resource)"
                isAllowed =
                    present.map {
                        !$0.resources.contains(resource) && model.isFree(resource, $0.start, $0.end, except: name)
                    } ?? false
                after.booked[name]?.resources.insert(resource)
            case 4:
                act = "remove-resource \(name) --resource \(resource)"
                isAllowed = present.map { $0.resources.contains(resource) && $0.resources.count > 1 } ?? false
                after.booked[name]?.resources.remove(resource)
            default:
                let isOver = model.isOver.contains(name)
                act = "\(isOver ? "reopen" : "cancel") \(name)"
                after.booked[name] = nil
                if isOver { after.isOver.remove(name) } else { after.isOver.insert(name) }
            }
            var isDone = true
            do {
                try organisation.perform(
                    try MessageRequest(act, in: organisation.engine.schema, named: organisation.names)
                )
                doneCount += 1
            } catch let refusal as Refusal {
                #expect(refusal.code == .ruleBroken, "seed \(seed), round \(round): \(act): \(refusal)")
                isDone = false
                refusedCount += 1
            }
            #expect(isDone == isAllowed, "seed \(seed), round \(round): \(act)")
            if isDone { model = after }
            let rows = organisation.rows("SELECT serviceappointmentid, resourceid, starton, endon FROM resourcebooking")
            let wanted = model.booked.flatMap { name, booking in
                booking.resources.map { resource in
                    let moments = [booking.start, booking.end].map {
                        CalendarText.text(microseconds: Self.begin + Int64($0) * Self.hour)
                    }
                    return "\(name) | \(resource) | \(moments[0]) | \(moments[1])"
                }
            }
            #expect(rows.sorted() == wanted.sorted(), "seed \(seed), round \(round): \(act)")
            if rows.sorted() != wanted.sorted() { return }
        }
        #expect(doneCount > 20 && refusedCount > 20)
    }
}
