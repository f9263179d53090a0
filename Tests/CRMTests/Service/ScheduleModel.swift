import CRM
import Engine

/// The time of people and equipment, slowly: every minute is asked for itself whether somebody is there and how loaded they are, and every
/// way to fill the places of an appointment is tried. Moments are minutes from the beginning of the window.
struct ScheduleModel {
    struct Person {
        var name: String
        /// Local hours of every day of the week from Monday on; nil around the clock.
        var week: [Set<Int>]?
        var isInZurich = false
        var capacity = 1
        var site: String?
        /// First and last day, kind, and the hours of it; nil is all day.
        var exceptions: [(days: ClosedRange<Int64>, kind: Int, hours: Set<Int>?)] = []
        /// Minutes, and how much they take.
        var taken: [(minutes: Range<Int>, effort: Int)] = []
    }

    struct Need {
        var members: [Int]
        var count: Int
        var effort: Int
    }

    static let minute: Int64 = 60_000_000
    static let day: Int64 = 86_400_000_000

    let begin: Int64
    let minuteCount: Int
    let zurich: TimeZoneRules
    var people: [Person] = []
    var needs: [Need] = []
    var isSameSite = false
    var closures: Set<Int64> = []
    /// Minutes after local midnight, and between starts.
    var grid: (anchor: Int64, step: Int64) = (0, 1)

    init(begin: Int64, minuteCount: Int, zurich: TimeZoneRules) {
        (self.begin, self.minuteCount, self.zurich) = (begin, minuteCount, zurich)
    }

    private func isThere(_ person: Person, _ moment: Int64) -> Bool {
        let local = person.isInZurich ? zurich.local(moment) : moment
        let (day, hour) = (local.dividedDown(by: Self.day), Int(local.modulo(Self.day) / (60 * Self.minute)))
        let present = person.exceptions.filter { $0.days.contains(day) }
        func isIn(_ kind: Int) -> Bool {
            present.contains { $0.kind == kind && ($0.hours?.contains(hour) ?? (kind == 1)) }
        }
        if isIn(1) { return false }
        if isIn(3) { return true }
        if present.contains(where: { $0.kind == 2 }) { return isIn(2) }
        guard let week = person.week else { return true }
        return !closures.contains(day) && week[Int((day + 3).modulo(7))].contains(hour)
    }

    /// For each minute how much of their capacity somebody could give; hours are whole ones, so that quarters are asked whether they are there.
    private func room(_ person: Person) -> [Int] {
        var room = Array(repeating: 0, count: minuteCount)
        for quarter in stride(from: 0, to: minuteCount, by: 15)
        where isThere(person, begin + Int64(quarter) * Self.minute) {
            for minute in quarter..<min(quarter + 15, minuteCount) { room[minute] = person.capacity }
        }
        for (minutes, effort) in person.taken {
            for minute in minutes where minute < minuteCount { room[minute] -= effort }
        }
        return room
    }

    private func canFill(_ places: [(members: [Int], free: Set<Int>)], _ used: Set<Int>, _ site: String?) -> Bool {
        guard let first = places.first else { return true }
        return first.members.contains { member in
            first.free.contains(member) && !used.contains(member) && (site == nil || people[member].site == site)
                && canFill(Array(places.dropFirst()), used.union([member]), site)
        }
    }

    private func mayBegin(_ moment: Int64) -> Bool {
        let time = zurich.local(moment).modulo(Self.day) / Self.minute
        return time >= grid.anchor && (time - grid.anchor) % grid.step == 0
    }

    /// The minutes at which something of a length can begin, before a last one.
    func starts(before end: Int, length: Int) -> [Int] {
        // Of each need and member the minutes from which on they are free through the length.
        let rooms = people.map { room($0) }
        let possible: [[Int: [Bool]]] = needs.map { need in
            var starts: [Int: [Bool]] = [:]
            for member in need.members {
                var run = 0
                var found = Array(repeating: false, count: minuteCount)
                for minute in (0..<minuteCount).reversed() {
                    run = rooms[member][minute] >= need.effort ? run + 1 : 0
                    found[minute] = run >= length
                }
                starts[member] = found
            }
            return starts
        }
        let sites: [String?] = isSameSite ? Set(people.compactMap(\.site)).sorted() : [nil]
        var known: [[Set<Int>]: Bool] = [:]
        return (0..<end).filter { minute in
            guard mayBegin(begin + Int64(minute) * Self.minute) else { return false }
            let free = needs.indices.map { need in
                Set(needs[need].members.filter { possible[need][$0]?[minute] ?? false })
            }
            if let answer = known[free] { return answer }
            let places = needs.indices.flatMap { need in
                Array(repeating: (members: needs[need].members, free: free[need]), count: needs[need].count)
            }
            let answer = sites.contains { canFill(places, [], $0) }
            known[free] = answer
            return answer
        }
    }
}
