// The timeline of a record: its activities, and, further out, those of what belongs to it. CRM 3.0 calls it a roll-up.

import Engine

/// Collects the activities of records.
struct Timeline {
    /// Lookups by which a record belongs to another, whatever its entity: what a person means by "the account's".
    private static let belonging = ["customerid", "parentcustomerid", "opportunityid", "quoteid", "salesorderid"]
    /// And those by which accounts belong to accounts.
    private static let hierarchy = ["parentaccountid"]

    private let records: Records
    /// Entities whose records are activities.
    private let activities: [EntityID]
    /// Entities that activities can be about.
    private let subjects: Set<EntityID>

    init(_ records: Records) {
        self.records = records
        let entities = records.schema.entities.filter(\.isActivity)
        activities = entities.map(\.id)
        subjects = Set(
            entities.flatMap { entity in
                entity.attributeID("regardingobjectid").map { entity[$0].type.lookupTargets } ?? []
            }
        )
    }

    func answer(_ record: RecordID, _ reach: ActivityQuestion.Reach) throws(Refusal) -> ActivityAnswer {
        try records.require(record)
        var found: Set<RecordID> = []
        for subject in try group(record, reach) {
            for entity in activities {
                found.formUnion(try records.referring(to: subject, in: entity, "regardingobjectid"))
            }
            for party in try records.referring(to: subject, "activityparty", "partyid") {
                let activity = records.reference(party, "activityid")
                if records.exists(activity) { found.insert(activity) }
            }
            guard found.count <= Records.referringMax else { throw records.tooMany(record) }
        }
        let dated = found.map { (moment: moment($0), id: $0) }.sorted { ($1.moment, $0.id) < ($0.moment, $1.id) }
        var answer = ActivityAnswer()
        // One more than are kept says that there are more.
        answer.entries = dated.prefix(ActivityQuestion.limitMax + 1).map { records.entry($0.id) }
        return answer
    }

    /// The record and what belongs to it, each once.
    private func group(_ record: RecordID, _ reach: ActivityQuestion.Reach) throws(Refusal) -> [RecordID] {
        if reach == .own { return [record] }
        let links = Timeline.belonging + (reach == .extended ? Timeline.hierarchy : [])
        // Per lookup the entities that have it: activities belong to nobody, they are what is looked for.
        let owned = links.flatMap { link in
            records.schema.entities.filter { entity in
                !entity.isActivity && subjects.contains(entity.id) && entity.attributeID(link) != nil
            }.map { (entity: $0.id, link: link) }
        }
        var group = [record]
        var seen: Set<RecordID> = [record]
        var next = 0
        while next < group.count {
            for (entity, link) in owned {
                for child in try records.referring(to: group[next], in: entity, link) where seen.insert(child).inserted
                {
                    group.append(child)
                }
            }
            guard group.count <= Records.referringMax else { throw records.tooMany(record) }
            next += 1
        }
        return group
    }

    private func moment(_ id: RecordID) -> Int64 {
        for attribute in ["actualend", "scheduledend", "scheduledstart", "createdon"] {
            if let moment = records.instant(id, attribute) { return moment }
        }
        return .min
    }
}
