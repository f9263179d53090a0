// The first answer that a customer gets about a case: said by somebody, or what goes out to them.

import Engine

enum FirstResponse {
    /// What a case says once its customer was answered at a moment.
    static func values(_ incident: RecordID, at moment: Int64, _ records: Records) -> [(String, Value)] {
        let said: [(String, Value)] = [
            ("firstresponsesent", .boolean(true)), ("firstresponsesenton", .instant(moment)),
        ]
        guard var targets = CaseTargets(incident, records) else { return said }
        if targets.response?.status == TargetStatus.succeeded {
            // It was answered nobody knew when, and now somebody does.
            targets.response?.status = targets.pausedSince == nil ? TargetStatus.inProgress : TargetStatus.paused
        }
        targets.respond(at: moment)
        return said + targets.values
    }

    /// From when the time of a case's response counts; nil where none was promised. What came before is no answer to it.
    static func start(_ incident: RecordID, _ records: Records) -> Int64? {
        guard let targets = CaseTargets(incident, records), targets.response != nil else { return nil }
        return targets.startedOn ?? records.instant(incident, "createdon")
    }
}

extension Plan {
    /// Notes the answer where an activity that reached somebody is about an active case whose customer was not answered yet.
    mutating func noteResponse(by activity: RecordID, at moment: Int64, _ records: Records) throws(Refusal) {
        let incident = records.reference(activity, "regardingobjectid")
        guard incident.entity == records.schema.standardEntity(named: "incident")?.id,
            records.state(of: incident) == CaseState.active,
            records.value(incident, "firstresponsesent") != .boolean(true),
            moment >= FirstResponse.start(incident, records) ?? moment
        else { return }
        try update(incident, FirstResponse.values(incident, at: moment, records))
    }
}
