// When people and equipment are there: their weekly hours, the closures of the organisation, and their own exceptions, in their time zone,
// that of their site, or the organisation's.

import Engine

/// The hours of resources, as long as nothing changes: those of each are read once, and so is every pattern, zone and closure.
struct ResourceHours {
    /// Exceptions of one resource that are looked at: a year of single days is a third.
    static let exceptionsMax = 1_000
    private static let day: Int64 = 86_400_000_000

    /// A pattern in a zone: what resources without exceptions have in common.
    struct Sort: Hashable {
        let pattern: String
        let zone: RecordID
    }

    /// The hours of a resource, its sort where it has no exceptions, or why they cannot be read.
    typealias Known = (hours: BusinessHours?, sort: Sort?, flaw: String)

    private let records: Records
    /// Exceptions and closures beside this time are not read.
    private let days: ClosedRange<Int64>
    private var zones: [RecordID: TimeZoneRules] = [:]
    private var weeks: [String: WeeklyHours] = [:]
    /// Closures that may matter, by their first days.
    private var closures: [BusinessHours.Closure]?
    private var known: [RecordID: Known] = [:]
    private let organisationZone: RecordID

    /// Hours that are asked for moments of one time.
    init(_ time: TimeSpan, _ records: Records) {
        self.records = records
        organisationZone = records.organisationZone
        // A local day is at most two days from the same day in UTC.
        let ends = [time.start, time.end].map { $0.dividedDown(by: Self.day) }
        days = ends[0].subtractingClamped(2)...max(ends[0], ends[1]).addingClamped(2)
    }

    /// The organisation's local time.
    mutating func organisationRules() -> TimeZoneRules { rules(organisationZone) }

    private mutating func rules(_ zone: RecordID) -> TimeZoneRules {
        if let known = zones[zone] { return known }
        let rules = records.zone(zone)
        zones[zone] = rules
        return rules
    }

    /// The weekly hours of a resource, by which others may have the same.
    func sort(of resource: RecordID) -> Sort {
        var zone = records.reference(resource, "timezonedefinitionid")
        if zone == .none { zone = records.reference(records.reference(resource, "siteid"), "timezonedefinitionid") }
        return Sort(
            pattern: records.text(resource, "businesshours") ?? "",
            zone: zone == .none ? organisationZone : zone
        )
    }

    /// The exceptions of a resource that may matter, in order of their ids; nobody is there on the days of one that cannot be read. O(its
    /// exceptions).
    private func exceptions(of resource: RecordID) throws(Refusal) -> [BusinessHours.Exception] {
        var read: [BusinessHours.Exception] = []
        let found = try records.referring(
            to: resource,
            "resourceexception",
            "resourceid",
            countMax: Records.referringMax
        )
        for id in found {
            guard let first = records.date(id, "starton") else { continue }
            let last = max(records.date(id, "endon") ?? first, first)
            let range = Int64(first)...Int64(last)
            guard range.overlaps(days) else { continue }
            guard read.count < Self.exceptionsMax else { throw records.tooMany(resource, Self.exceptionsMax) }
            do throws(BusinessHours.Flaw) {
                read.append(
                    try BusinessHours.Exception(
                        name: records.name(id),
                        days: range,
                        records.option(id, "exceptioncode").flatMap(BusinessHours.Exception.Kind.init) ?? .away,
                        records.text(id, "businesshours") ?? ""
                    )
                )
            } catch {
                let (name, who) = (records.name(id), records.name(resource))
                let flaw = "The hours of '\(name)' of \(who) cannot be read: \(error.reason)"
                read.append(BusinessHours.Exception(name: name, days: range, flaw: flaw))
            }
        }
        return read
    }

    private func readClosures() throws(Refusal) -> [BusinessHours.Closure] {
        try records.businessClosures.filter { $0.days.overlaps(days) }.sorted {
            $0.days.lowerBound < $1.days.lowerBound
        }
    }

    /// When a resource is there, or why that cannot be read.
    mutating func hours(of resource: RecordID) throws(Refusal) -> Known {
        if let known = known[resource] { return known }
        let read = try readHours(of: resource)
        known[resource] = read
        return read
    }

    private mutating func readHours(of resource: RecordID) throws(Refusal) -> Known {
        let sort = sort(of: resource)
        let week: WeeklyHours
        if let known = weeks[sort.pattern] {
            week = known
        } else {
            do throws(BusinessHours.Flaw) {
                week = try WeeklyHours(sort.pattern)
            } catch {
                let name = records.name(resource)
                return (nil, nil, "The business hours of \(name) cannot be read: \(error.reason)")
            }
            weeks[sort.pattern] = week
        }
        let exceptions = try exceptions(of: resource)
        if closures == nil { closures = try readClosures() }
        let hours = BusinessHours(week, in: rules(sort.zone), closures: closures ?? [], exceptions: exceptions)
        return (hours, exceptions.isEmpty ? sort : nil, "")
    }
}
