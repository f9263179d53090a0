// What the records that a transaction has made or changed are like, looked at before it takes effect: to refuse it, or to say so.
//
// Guarantees
// - Asked are the rules that were published before the transaction.
// - Looked at is every record that it makes, and every one of which a value that a rule compares differs from before. What a record was
//   like all along is not held against a change of something else.
// - Of two records of the same transaction that are alike, the later one is said to be like the earlier one, and not the other way.

import Engine

/// A look at one transaction. One thread.
package final class DuplicateCheck {
    /// Work (`DuplicateFinder`) for one transaction in the writer's turn, where everybody waits: some 0.1 s.
    package static let comparisonsMaxInTurn = 100_000
    /// Work beside the writer: as much as a batch of 2,000 rows takes where each shares keys of two alternatives with 1,000 records.
    package static let comparisonsMaxBeside = 4_000_000

    /// A record that is like others.
    struct Finding {
        var record: RecordID
        var isNew: Bool
        var keys: DuplicateKeys
        var found: DuplicateFinder.Found

        var saysSomething: Bool { !found.hits.isEmpty || !found.omissions.isEmpty }
    }

    static let duplicate = Rule(
        "duplicate",
        "A record is like another one by a published duplicate rule, and the sender asked for a refusal then."
    )

    private let book: DuplicateRuleBook
    private let comparisonsMax: Int
    private let cancellation: QueryCancellation?
    /// The keys of which there is no index yet, where that is why the check has thrown.
    package private(set) var wanted: DuplicateKeys?
    /// The check has refused the transaction, and not what the engine does before it.
    package private(set) var hasRefused = false

    /// - Parameter book: the rules before the transaction.
    /// - Parameter cancellation: ends it at the next record that is looked at.
    package init(_ book: DuplicateRuleBook, comparisonsMax: Int, cancellation: QueryCancellation? = nil) {
        (self.book, self.comparisonsMax, self.cancellation) = (book, comparisonsMax, cancellation)
    }

    /// Refuses a transaction with a record that is like another one: to be an engine's `transactionCheck`.
    package func refuse(_ engine: Engine, _ changes: [ChangedRecord]) throws(Refusal) {
        hasRefused = true
        let findings = try findings(engine, changes).filter { !$0.found.hits.isEmpty }
        guard let first = findings.first else {
            hasRefused = false
            return
        }
        let made = Set(changes.filter(\.isNew).map(\.record))
        throw Self.refusal(first, findings.count - 1, made, Records(engine))
    }

    /// What the changed records are like, in their order; also those of which only an omission is to be said.
    ///
    /// Throws, with `wanted`, where keys are not indexed.
    func findings(_ engine: Engine, _ changes: [ChangedRecord]) throws(Refusal) -> [Finding] {
        let (asked, finders) = try asked(engine, changes)
        var order: [RecordID: Int] = [:]
        for change in asked { order[change.record] = order.count }
        return try findings(engine, asked, finders) { record, other in (order[other] ?? -1) > (order[record] ?? -1) }
    }

    /// The changes that are looked at, and who looks.
    private func asked(
        _ engine: Engine,
        _ changes: [ChangedRecord]
    ) throws(Refusal) -> ([ChangedRecord], [EntityID: DuplicateFinder]) {
        var finders: [EntityID: DuplicateFinder] = [:]
        var without: Set<EntityID> = []
        var asked: [ChangedRecord] = []
        for change in changes {
            let entity = change.record.entity
            if without.contains(entity) { continue }
            if finders[entity] == nil { finders[entity] = try finder(entity, engine) }
            guard let keys = finders[entity]?.keys else {
                without.insert(entity)
                continue
            }
            if change.isNew || change.columns.contains(where: keys.columns.contains) { asked.append(change) }
        }
        return (asked, finders)
    }

    /// Throws `limitExceeded` for more than an answer can have, before they are held.
    private func findings(
        _ engine: Engine,
        _ asked: [ChangedRecord],
        _ finders: [EntityID: DuplicateFinder],
        passingOver isPassedOver: (_ record: RecordID, _ other: RecordID) -> Bool
    ) throws(Refusal) -> [Finding] {
        var finders = finders
        var findings: [Finding] = []
        var count = 0
        for change in asked {
            let entity = change.record.entity
            guard let keys = finders[entity]?.keys, let place = engine.schema.place(of: entity) else { continue }
            let row = engine.tables.row(place, of: change.record)
            guard row != Table.noRow,
                let found = try finders[entity]?.find(row: Int(row), passingOver: { isPassedOver(change.record, $0) })
            else { continue }
            let finding = Finding(record: change.record, isNew: change.isNew, keys: keys, found: found)
            guard finding.saysSomething else { continue }
            count += min(found.hits.count, DuplicateReport.hitsPerRecordMax) + found.omissions.count
            guard count <= DuplicateReport.hitsMax else { throw DuplicateReport.tooMany }
            findings.append(finding)
        }
        return findings
    }

    /// What records that are there are like; those of entities without rules, and those that are like nothing, are passed over.
    func findings(_ engine: Engine, of records: [RecordID]) throws(Refusal) -> [Finding] {
        let changes = records.sorted().map { ChangedRecord(record: $0) }
        let (asked, finders) = try asked(engine, changes)
        return try findings(engine, asked, finders) { _, _ in false }
    }

    private func finder(_ entity: EntityID, _ engine: Engine) throws(Refusal) -> DuplicateFinder? {
        guard let keys = try book.keys(of: entity), let place = engine.schema.place(of: entity) else { return nil }
        let table = engine.tables.borrowed(place)
        if let finder = DuplicateFinder(keys, in: table, workMax: comparisonsMax, cancellation) { return finder }
        wanted = keys
        throw Refusal(
            .overloaded,
            entity: table.entity.name,
            "The keys by which duplicates are found are not made yet. Send the request again in a moment."
        )
    }
}

extension DuplicateCheck {
    /// Others that a refusal names.
    private static let namedMax = 3

    private static func refusal(
        _ finding: Finding,
        _ furtherCount: Int,
        _ made: Set<RecordID>,
        _ records: Records
    ) -> Refusal {
        let hits = finding.found.hits
        let others = hits.prefix(namedMax).map { hit in
            let who =
                made.contains(hit.record)
                ? "another one of the same transaction" : named(hit.record, isNew: false, records)
            let reasons = hit.reasons.map { reason in
                let (name, because) = finding.keys.described(reason)
                return "\(name): \(because)"
            }
            return "\(who) (\(reasons.joined(separator: "; ")))"
        }
        var text =
            "\(named(finding.record, isNew: finding.isNew, records)) is like \(others.joined(separator: " and like "))"
        let isCut = hits.count == DuplicateFinder.hitsMax
        if hits.count > namedMax { text += ", and like \(hits.count - namedMax)\(isCut ? " or" : "") more" }
        if furtherCount > 0 { text += "; \(furtherCount) further records are like others too" }
        text += ". Send it without asking for this refusal to write it all the same."
        let first = hits.first { !made.contains($0.record) }?.record ?? .none
        return records.refusal(duplicate, finding.record, first, text)
    }

    /// `contact/11 'Anna Keller'`; of a record that is only being made its name.
    private static func named(_ id: RecordID, isNew: Bool, _ records: Records) -> String {
        let code = records.schema.text(of: id)
        let name = records.name(id)
        let entity = records.schema.entity(id.entity)?.name ?? ""
        if isNew { return name == code ? "The new \(entity)" : "The new \(entity) '\(name)'" }
        return name == code ? code : "\(code) '\(name)'"
    }
}

extension Records {
    /// A state, for reading values and names only.
    init(_ engine: Engine) {
        self.init(engine, actor: .none, timeMicroseconds: 0) { BusinessCalendar() }
    }

    /// The refusal of a rule for the sake of another record than the one that it is about.
    fileprivate func refusal(_ rule: Rule, _ id: RecordID, _ other: RecordID, _ message: String) -> Refusal {
        Refusal(breaking: rule.name, entity: schema.entity(id.entity)?.name ?? "", record: other, message)
    }
}
