// Until when a case is answered and resolved, by what was promised (`sla`): business time that does not count while the case waits.
//
//   In Progress ──hold──▶ Paused ──resume──▶ In Progress       In Progress ══breach══▶ Noncompliant, by the clock
//   In Progress, Paused ──respond, resolve──▶ Succeeded, or Noncompliant when it was too late;  ──cancel──▶ Canceled
//   Succeeded, Canceled ──reopen──▶ In Progress, for a resolution, and for a response that never came
//
// Guarantees
// - `targetbreachat` is the earliest due moment of the targets in progress, and empty without: it is what the clock looks at.
// - Business time that has passed counts once: what was left when the case began to wait, or was closed, is left when it goes on.
// - A target that was missed stays missed, also when the same agreement begins anew.

import Engine

/// Options of `firstresponseslastatus` and `resolvebyslastatus`, under Dynamics' numbers where it has them.
enum TargetStatus {
    static let inProgress: Int32 = 1
    static let succeeded: Int32 = 3
    static let noncompliant: Int32 = 4
    static let paused: Int32 = 5
    static let canceled: Int32 = 6
}

extension Rule {
    static let hoursUnreadable = Rule("hours-unreadable", "The business hours of the targets cannot be read.")
    static let hoursTooFew = Rule("hours-too-few", "There are so few business hours that a target is never due.")
}

/// The targets of a case, while a message changes them.
struct CaseTargets {
    /// One of them.
    struct Target: Equatable {
        var due: Int64
        var status: Int32
    }

    static let responseStatus = "firstresponseslastatus"
    static let resolutionStatus = "resolvebyslastatus"

    let incident: RecordID
    let sla: RecordID
    var response: Target?
    var resolution: Target?
    /// From when their time counts; nil where an older directory does not say.
    let startedOn: Int64?
    /// Since when no time counts: the case waits, or is closed.
    var pausedSince: Int64?

    /// Those of a case; nil where it has none.
    init?(_ incident: RecordID, _ records: Records) {
        sla = records.reference(incident, "slaid")
        guard sla != .none else { return nil }
        self.incident = incident
        func target(_ due: String, _ status: String) -> Target? {
            guard let due = records.instant(incident, due), let status = records.option(incident, status) else {
                return nil
            }
            return Target(due: due, status: status)
        }
        response = target("responseby", Self.responseStatus)
        resolution = target("resolveby", Self.resolutionStatus)
        startedOn = records.instant(incident, "targetsstartedon")
        pausedSince = records.instant(incident, "targetspausedsince")
    }

    /// Those of a case that begins to have them.
    init(_ incident: RecordID, sla: RecordID, from moment: Int64) {
        (self.incident, self.sla, startedOn) = (incident, sla, moment)
    }

    /// What is written.
    var values: [(String, Value)] {
        let due = [response, resolution].compactMap { $0?.status == TargetStatus.inProgress ? $0?.due : nil }.min()
        return [
            ("slaid", .reference(sla)),
            ("responseby", response.map { .instant($0.due) } ?? .null),
            ("resolveby", resolution.map { .instant($0.due) } ?? .null),
            (Self.responseStatus, response.map { .option($0.status) } ?? .null),
            (Self.resolutionStatus, resolution.map { .option($0.status) } ?? .null),
            ("targetsstartedon", startedOn.map(Value.instant) ?? .null),
            ("targetspausedsince", pausedSince.map(Value.instant) ?? .null),
            ("targetbreachat", due.map(Value.instant) ?? .null),
        ]
    }

    private mutating func forEach(_ change: (inout Target) throws(Refusal) -> Void) throws(Refusal) {
        if var target = response {
            try change(&target)
            response = target
        }
        if var target = resolution {
            try change(&target)
            resolution = target
        }
    }

    /// Marks what is missed by a moment, whether or not the clock has seen it.
    mutating func miss(by moment: Int64) {
        for path in [\CaseTargets.response, \CaseTargets.resolution] {
            if let target = self[keyPath: path], target.status == TargetStatus.inProgress, target.due <= moment {
                self[keyPath: path]?.status = TargetStatus.noncompliant
            }
        }
    }

    /// What was missed stays missed when the same agreement begins anew.
    mutating func keepMissed(of former: CaseTargets) {
        for path in [\CaseTargets.response, \CaseTargets.resolution]
        where former[keyPath: path]?.status == TargetStatus.noncompliant {
            self[keyPath: path]?.status = TargetStatus.noncompliant
        }
    }

    /// No time counts from here on.
    mutating func pause(at moment: Int64) throws(Refusal) {
        miss(by: moment)
        pausedSince = pausedSince ?? moment
        try forEach { target in
            if target.status == TargetStatus.inProgress { target.status = TargetStatus.paused }
        }
    }

    /// Time counts again: what was left is left.
    mutating func resume(at moment: Int64, _ records: Records) throws(Refusal) {
        guard let since = pausedSince else { return }
        let (incident, sla) = (incident, sla)
        let hours = try records.businessHours(of: sla, for: incident)
        try forEach { (target) throws(Refusal) in
            guard target.status == TargetStatus.paused else { return }
            let left = hours.span(from: since, to: target.due)
            target.due = try records.due(after: left, from: moment, by: hours, incident, sla)
            target.status = TargetStatus.inProgress
        }
        pausedSince = nil
    }

    /// The customer was answered at a moment, in time or not.
    mutating func respond(at moment: Int64) {
        guard let target = response, target.status != TargetStatus.succeeded else { return }
        let isInTime = moment <= target.due || target.status == TargetStatus.paused
        response?.status = isInTime ? TargetStatus.succeeded : TargetStatus.noncompliant
    }

    /// The case is resolved.
    mutating func resolve(at moment: Int64) {
        miss(by: moment.subtractingClamped(1))
        if response?.status != TargetStatus.noncompliant { respond(at: moment) }
        if let target = resolution, target.status != TargetStatus.noncompliant {
            resolution?.status = TargetStatus.succeeded
        }
        pausedSince = pausedSince ?? moment
    }

    /// The case is canceled.
    mutating func cancel(at moment: Int64) throws(Refusal) {
        try pause(at: moment)
        try forEach { target in
            if target.status == TargetStatus.paused { target.status = TargetStatus.canceled }
        }
    }

    /// The case is open again: a resolution that was in time is one no more, and what was called off goes on.
    mutating func reopen(at moment: Int64, _ records: Records) throws(Refusal) {
        if response?.status == TargetStatus.canceled { response?.status = TargetStatus.paused }
        if let status = resolution?.status, [TargetStatus.succeeded, TargetStatus.canceled].contains(status) {
            resolution?.status = TargetStatus.paused
        }
        try resume(at: moment, records)
    }
}

extension Records {
    /// The business hours of an agreement, in its zone or the organisation's.
    func businessHours(of sla: RecordID, for incident: RecordID) throws(Refusal) -> BusinessHours {
        let zone = reference(sla, "timezonedefinitionid")
        let pattern = text(sla, "businesshours") ?? ""
        let closures = pattern.isEmpty ? [] : try businessClosures
        do throws(BusinessHours.Flaw) {
            return try BusinessHours(
                pattern,
                in: self.zone(zone == .none ? organisationZone : zone),
                closures: closures
            )
        } catch {
            throw refusal(
                .hoursUnreadable,
                incident,
                "The business hours of \(name(sla)) cannot be read: \(error.reason)."
            )
        }
    }

    /// The days on which the organisation is closed. O(closures).
    var businessClosures: [BusinessHours.Closure] {
        get throws(Refusal) {
            try all("businessclosure", countMax: 1_000).compactMap { closure in
                guard let first = date(closure, "starton") else { return nil }
                let last = max(date(closure, "endon") ?? first, first)
                return BusinessHours.Closure(name: name(closure), days: Int64(first)...Int64(last))
            }
        }
    }

    /// The moment so much business time later.
    func due(
        after span: Int64,
        from moment: Int64,
        by hours: BusinessHours,
        _ incident: RecordID,
        _ sla: RecordID
    ) throws(Refusal) -> Int64 {
        guard let due = hours.moment(after: span, from: moment) else {
            throw refusal(
                .hoursTooFew,
                incident,
                "\(name(sla)) has so few business hours that a target would be due in more than ten years."
            )
        }
        return due
    }
}
