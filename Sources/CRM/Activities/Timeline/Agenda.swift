// What a calendar shows of a window of time: activities with a planned time, and the instances of series, which are worked out.
//
// - An activity is in the window when it begins or is due in it, or began at most `spanDaysMax` days before and ends after it began.
// - Somebody's agenda is found by what refers to them, so that what others do costs nothing. Only where that is more than may be looked
//   at, and for everybody's agenda, the order of the planned times is followed.
// - What is found is not bounded, only what is looked at: of the entries the earliest are kept as they come.

import Engine

/// Collects what lies in a window.
package struct Agenda {
    /// So long before the window an activity may have begun that still lasts: further back, everything ever planned would have to be
    /// looked at.
    static let spanDaysMax: Int64 = 31
    /// Records that are looked at on one way to one kind of activity: some 0.3 µs each, so a third of a second.
    package static let lookedAtMax = 1_000_000

    /// What decides the place of an entry, and what has to be known to write it.
    private struct Place {
        let moment: Int64
        let record: RecordID
        var instance: RecurringSeries.Instance?

        static func isBefore(_ a: Place, _ b: Place) -> Bool {
            (a.moment, a.record, a.instance?.original ?? .earliest)
                < (b.moment, b.record, b.instance?.original ?? .earliest)
        }
    }

    /// As many as an answer has, and one more, which says that there are more.
    private static let keptMax = ActivityQuestion.limitMax + 1

    private let records: Records
    private let lookedAtMax: Int
    private let from: Int64
    private let to: Int64
    private var places: [Place] = []
    private var omitted: [RecordID] = []

    init(_ records: Records, from: Int64, to: Int64, lookedAtMax: Int) {
        self.records = records
        (self.from, self.to) = (from, to)
        self.lookedAtMax = lookedAtMax
    }

    /// The agenda of somebody, or with `.none` everybody's.
    mutating func answer(_ owner: RecordID) throws(Refusal) -> ActivityAnswer {
        if owner != .none { try records.require(owner) }
        var answer = ActivityAnswer()
        guard from < to else { return answer }
        let own = owner == .none ? nil : belonging(to: owner)
        for entity in records.schema.entities where entity.isActivity {
            let isSeries = entity.name == "recurringappointmentmaster"
            let found: [RecordID]
            if let own {
                found = (own[entity.id] ?? []).filter { isSeries ? mayHaveInstances($0) : isPlanned($0) }.sorted()
            } else {
                found = try isSeries ? series(entity, owner) : planned(entity, owner)
            }
            if isSeries {
                addInstances(of: found)
            } else {
                for id in found { add(Place(moment: moment(id), record: id)) }
            }
        }
        places.sort(by: Place.isBefore)
        answer.entries = places.prefix(Agenda.keptMax).map { place in
            var entry = records.entry(place.record)
            if let instance = place.instance {
                entry.instance = instance.original.description
                (entry.start, entry.end) = (instance.start, instance.end)
            }
            return entry
        }
        answer.omitted = omitted.sorted()
        return answer
    }

    // MARK: Activities

    private func isPlanned(_ id: RecordID) -> Bool {
        guard records.state(of: id) != ActivityState.canceled else { return false }
        let end = records.instant(id, "scheduledend")
        guard let start = records.instant(id, "scheduledstart") ?? end else { return false }
        if start >= to { return false }
        // Further back nothing is looked for: see `spanDaysMax`.
        return start >= from || ((end ?? start) > from && (start >= earliest || (end ?? start) < to))
    }

    private func moment(_ id: RecordID) -> Int64 {
        for attribute in ["actualstart", "scheduledstart", "actualend", "scheduledend"] {
            if let moment = records.instant(id, attribute) { return moment }
        }
        return .min
    }

    private var earliest: Int64 { from.addingClamped(-Agenda.spanDaysMax * 86_400_000_000) }

    /// The activities of an entity that lie in the window, by the order of the planned times.
    private func planned(_ entity: Entity, _ owner: RecordID) throws(Refusal) -> [RecordID] {
        func isShown(_ id: RecordID) -> Bool { isPlanned(id) && concerns(id, owner) }
        var found = Set(try rows(entity, "scheduledstart", from: earliest, where: isShown))
        found.formUnion(try rows(entity, "scheduledend", from: from, where: isShown))
        return found.sorted()
    }

    /// The records whose moment lies between `from` and the window's end, by its ordered index.
    private func rows(
        _ entity: Entity,
        _ attribute: String,
        from: Int64,
        where isWanted: (RecordID) -> Bool
    ) throws(Refusal) -> [RecordID] {
        guard let place = records.schema.place(of: entity.id),
            let index = records.engine.order(of: attribute, at: place)
        else { return [] }
        var found: [RecordID] = []
        var lookedAt = 0
        index.forEach(from: ColumnOrder.key(from), through: ColumnOrder.key(to - 1)) { _, row in
            lookedAt += 1
            let id = records.engine.tables.recordID(place, atRow: Int(row))
            if isWanted(id) { found.append(id) }
            return lookedAt <= lookedAtMax
        }
        guard lookedAt <= lookedAtMax else {
            throw Refusal(
                .limitExceeded,
                entity: entity.name,
                "More than \(lookedAtMax) activities lie in this time: ask for a shorter one."
            )
        }
        return found
    }

    // MARK: Whose they are

    /// What somebody owns, takes part in, or is what it is about, by entity; nil where that is more than may be looked at.
    private func belonging(to owner: RecordID) -> [EntityID: Set<RecordID>]? {
        var found: [EntityID: Set<RecordID>] = [:]
        do throws(Refusal) {
            for entity in records.schema.entities where entity.isActivity {
                for lookup in ["ownerid", "regardingobjectid"] {
                    let ids = try records.referring(to: owner, in: entity.id, lookup, countMax: lookedAtMax)
                    found[entity.id, default: []].formUnion(ids)
                }
            }
            for party in try records.referring(to: owner, "activityparty", "partyid", countMax: lookedAtMax) {
                let activity = records.reference(party, "activityid")
                if records.exists(activity) { found[activity.entity, default: []].insert(activity) }
            }
        } catch {
            return nil
        }
        return found
    }

    /// The same asked of one activity.
    private func concerns(_ id: RecordID, _ owner: RecordID) -> Bool {
        if owner == .none || records.reference(id, "ownerid") == owner { return true }
        if records.reference(id, "regardingobjectid") == owner { return true }
        let parties = (try? records.referring(to: id, "activityparty", "activityid")) ?? []
        return parties.contains { records.reference($0, "partyid") == owner }
    }

    // MARK: Series

    private func mayHaveInstances(_ id: RecordID) -> Bool {
        let state = records.state(of: id)
        guard state == ActivityState.open || state == ActivityState.scheduled,
            let start = records.instant(id, "scheduledstart")
        else { return false }
        return start < to && (records.instant(id, "scheduledend") ?? .max) >= from
    }

    private func series(_ entity: Entity, _ owner: RecordID) throws(Refusal) -> [RecordID] {
        try rows(entity, "scheduledstart", from: .min) { mayHaveInstances($0) && concerns($0, owner) }.sorted()
    }

    /// The instances of series that have no appointment of their own. Whatever is wrong with one series, the others are shown.
    private mutating func addInstances(of found: [RecordID]) {
        var zones: [RecordID: TimeZoneRules] = [:]
        for id in found {
            do throws(RecurrenceError) {
                let stored = try StoredSeries(id, records, zones: &zones)
                let instances = try stored.unsingled().earliestInstances(
                    from: from,
                    to: to,
                    in: stored.zone,
                    count: Agenda.keptMax
                )
                guard !Agenda.isTooDense(instances) else {
                    omitted.append(id)
                    continue
                }
                for instance in instances { add(Place(moment: instance.start, record: id, instance: instance)) }
            } catch {
                omitted.append(id)
            }
        }
    }

    /// Whether a series happens more often on a day than messages let one: its seconds would hide everything else.
    private static func isTooDense(_ instances: [RecurringSeries.Instance]) -> Bool {
        zip(instances, instances.dropFirst(RecurrenceLimits.instancesPerDayMax)).contains { early, late in
            late.original.seconds - early.original.seconds < LocalTime.secondsPerDay
        }
    }

    // MARK: Entries

    private mutating func add(_ place: Place) {
        places.append(place)
        guard places.count > 4 * Agenda.keptMax else { return }
        places.sort(by: Place.isBefore)
        places.removeSubrange(Agenda.keptMax...)
    }
}
