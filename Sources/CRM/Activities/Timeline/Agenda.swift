// What a calendar shows of a window of time: activities with a planned time, and the instances of series, which are worked out.
//
// An activity is in the window when it begins or is due in it, or began at most `spanDaysMax` days before and ends after it began.

import Engine

/// Collects what lies in a window.
struct Agenda {
    /// So long before the window an activity may have begun that still lasts: further back, everything ever planned would have to be
    /// looked at.
    static let spanDaysMax: Int64 = 31

    private let records: Records

    init(_ records: Records) { self.records = records }

    func answer(_ owner: RecordID, from: Int64, to: Int64) throws(Refusal) -> ActivityAnswer {
        if owner != .none { try records.require(owner) }
        var answer = ActivityAnswer()
        guard from < to else { return answer }
        for entity in records.schema.entities where entity.isActivity && entity.name != "recurringappointmentmaster" {
            for id in try planned(entity, from: from, to: to) where concerns(id, owner) {
                answer.entries.append(records.entry(id))
            }
        }
        try addSeries(owner, from: from, to: to, &answer)
        answer.entries.sort { a, b in
            (a.start ?? a.end ?? .min, a.record, a.instance) < (b.start ?? b.end ?? .min, b.record, b.instance)
        }
        return answer
    }

    /// The activities of an entity that lie in a window, in order of their ids.
    private func planned(_ entity: Entity, from: Int64, to: Int64) throws(Refusal) -> [RecordID] {
        let earliest = from.addingClamped(-Agenda.spanDaysMax * 86_400_000_000)
        var found = Set(try rows(entity, "scheduledstart", from: earliest, to: to))
        found.formUnion(try rows(entity, "scheduledend", from: from, to: to))
        return found.filter { id in
            guard records.state(of: id) != ActivityState.canceled else { return false }
            let end = records.instant(id, "scheduledend")
            guard let start = records.instant(id, "scheduledstart") ?? end else { return false }
            return start < to && (start >= from || (end ?? start) > from)
        }.sorted()
    }

    /// The records whose moment lies in a range, by its ordered index.
    private func rows(_ entity: Entity, _ attribute: String, from: Int64, to: Int64) throws(Refusal) -> [RecordID] {
        guard let place = records.schema.place(of: entity.id), let column = entity.attributeID(attribute),
            case .number(let index)? = records.engine.tables[place].order(Int(column.rawValue))
        else { return [] }
        var found: [RecordID] = []
        index.forEach(from: ColumnOrder.key(from), through: ColumnOrder.key(to - 1)) { _, row in
            found.append(records.engine.tables[place].recordID(atRow: Int(row)))
            return found.count <= Records.referringMax
        }
        guard found.count <= Records.referringMax else {
            throw Refusal(
                .limitExceeded,
                entity: entity.name,
                "More than \(Records.referringMax) activities lie in this time: ask for a shorter one."
            )
        }
        return found
    }

    /// Whether somebody owns an activity, takes part in it, or is whom it is about.
    private func concerns(_ id: RecordID, _ owner: RecordID) -> Bool {
        if owner == .none || records.reference(id, "ownerid") == owner { return true }
        if records.reference(id, "regardingobjectid") == owner { return true }
        let parties = (try? records.referring(to: id, "activityparty", "activityid")) ?? []
        return parties.contains { records.reference($0, "partyid") == owner }
    }

    /// The instances of series that have no appointment of their own.
    private func addSeries(
        _ owner: RecordID,
        from: Int64,
        to: Int64,
        _ answer: inout ActivityAnswer
    ) throws(Refusal) {
        guard let entity = records.schema.entity(named: "recurringappointmentmaster") else { return }
        var zones: [RecordID: TimeZoneRules] = [:]
        for id in try rows(entity, "scheduledstart", from: .min, to: to) {
            let state = records.state(of: id)
            guard state == ActivityState.open || state == ActivityState.scheduled,
                (records.instant(id, "scheduledend") ?? .max) >= from, concerns(id, owner)
            else { continue }
            let (stored, series): (StoredSeries, RecurringSeries)
            do throws(RecurrenceError) {
                stored = try StoredSeries(id, records, zones: &zones)
                series = try stored.unsingled()
            } catch {
                // Whatever is wrong with one series, the others are shown.
                answer.unreadable.append(id)
                continue
            }
            do throws(RecurrenceError) {
                for instance in try series.instances(from: from, to: to, in: stored.zone) {
                    var entry = records.entry(id)
                    entry.instance = instance.original.description
                    (entry.start, entry.end) = (instance.start, instance.end)
                    answer.entries.append(entry)
                }
            } catch {
                // Nothing is wrong with the series: the question is too large.
                if error.code == .tooMany || error.code == .tooMuchWork {
                    throw Refusal(
                        .limitExceeded,
                        entity: entity.name,
                        record: id,
                        "\(records.schema.text(of: id)): \(error)."
                    )
                }
                answer.unreadable.append(id)
            }
            guard answer.entries.count <= Records.referringMax else {
                throw Refusal(.limitExceeded, "More instances of series lie in this time than an answer can have.")
            }
        }
        answer.unreadable.sort()
    }
}
