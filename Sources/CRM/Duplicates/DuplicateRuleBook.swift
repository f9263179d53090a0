// The published rules of an organisation, entity by entity, as they were read from its records, and whether they still stand there so.

import Engine

/// Published duplicate rules, ready to be asked. Immutable.
package struct DuplicateRuleBook: Sendable {
    /// What the book was made of: while it is equal, so is the book. Of a state between transactions.
    package struct Origin: Sendable, Equatable {
        private let schema: Schema
        private let rules: RecordStamp?
        private let conditions: RecordStamp?

        /// Looks at the version of each rule and condition: some 10 ns each.
        package init(_ engine: Engine) {
            schema = engine.schema
            rules = schema.standardEntity(named: "duplicaterule").flatMap { engine.stamp(of: $0.id) }
            conditions = schema.standardEntity(named: "duplicaterulecondition").flatMap { engine.stamp(of: $0.id) }
        }

        package static func == (a: Origin, b: Origin) -> Bool {
            a.schema === b.schema && a.rules == b.rules && a.conditions == b.conditions
        }
    }

    /// See `Origin`.
    package let origin: Origin
    private var known: [EntityID: Result<DuplicateKeys, Refusal>] = [:]

    /// Reads all published rules. Keys that are as in an earlier book are those of that book, so that their index is of use.
    package init(_ engine: Engine, _ origin: Origin, after earlier: DuplicateRuleBook?) {
        self.origin = origin
        let records = Records(engine)
        for (name, published) in Self.published(records) {
            guard let entity = engine.schema.entity(named: name) else { continue }
            known[entity.id] = Result { () throws(Refusal) in
                let keys = try DuplicateKeys(published, of: entity, records)
                if case .success(let old)? = earlier?.known[entity.id], old.isSame(as: keys) { return old }
                return keys
            }
        }
    }

    /// The published rules by the entity that they are for, in order of their ids.
    private static func published(_ records: Records) -> [String: [RecordID]] {
        guard let entity = records.schema.standardEntity(named: "duplicaterule"),
            let place = records.schema.place(of: entity.id)
        else { return [:] }
        let table = records.engine.tables.borrowed(place)
        let all = (0..<table.rowCount).map { table.recordID(atRow: $0) }.filter { $0 != .none }.sorted()
        var published: [String: [RecordID]] = [:]
        for record in all where records.state(of: record) == PublishDuplicateRule.published {
            published[records.text(record, "baseentityname") ?? "", default: []].append(record)
        }
        return published
    }

    /// What is asked of an entity's records; nil where nothing is published for it.
    ///
    /// Throws where a published rule cannot be asked, or its keys cannot be kept: what is left out would find less than was promised.
    package func keys(of entity: EntityID) throws(Refusal) -> DuplicateKeys? {
        switch known[entity] {
        case .success(let keys): keys
        case .failure(let refusal): throw refusal
        case nil: nil
        }
    }

    /// Whether these keys are those of an entity now.
    package func holds(_ maker: any RecordKeyMaker) -> Bool {
        guard let keys = maker as? DuplicateKeys, case .success(let mine)? = known[keys.entity] else { return false }
        return mine === keys
    }
}
