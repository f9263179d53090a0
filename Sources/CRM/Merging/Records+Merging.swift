// What a merge moves, and how it is written down.

import Engine

extension Records {
    /// A stored value by the attribute's place; null where the record is not there.
    func value(_ id: RecordID, _ attribute: AttributeID) -> Value {
        guard let (place, row) = place(id) else { return .null }
        return engine.tables.value(place, Int(attribute.rawValue), row)
    }

    /// Whether walking up a lookup from a record comes to another, itself included. A circle ends where it began.
    func isAbove(_ other: RecordID, _ id: RecordID, _ attribute: AttributeID) -> Bool {
        var met: Set<RecordID> = []
        var next = id
        while next != .none, next.entity == id.entity, met.insert(next).inserted {
            if next == other { return true }
            guard case .reference(let above) = value(next, attribute) else { return false }
            next = above
        }
        return false
    }

    /// Every lookup that refers to a record, as it is to refer to another, in order of entity, attribute and record. Merges
    /// themselves stay with the records that they were made of, and so does what would be there twice by a unique key, or would
    /// relate the other record to itself.
    func moves(from old: RecordID, to new: RecordID, countMax: Int) throws(Refusal) -> [ValueChange] {
        guard let target = schema.place(of: old.entity) else { return [] }
        let merge = schema.standardEntity(named: Merging.merge)?.id
        func moved(_ value: Value) -> Value { value == .reference(old) ? .reference(new) : value }
        var moves: [ValueChange] = []
        for lookup in schema.references[target] where lookup.entity != merge {
            guard let entity = schema.entity(lookup.entity) else { continue }
            let name = entity[lookup.attribute].name
            let left = countMax - moves.count
            let found = try referring(to: old, in: entity.id, name, countMax: left).filter { $0 != old && $0 != new }
            if found.isEmpty { continue }
            let keys = entity.keys.filter { $0.attributes.contains(lookup.attribute) }
            func parts(_ id: RecordID, _ key: AlternateKey) -> [KeyPart]? {
                keyParts(id, key) { moved(value(id, $0)) }
            }
            var taken: [Set<[KeyPart]>] = []
            if !keys.isEmpty {
                let present = try referring(to: new, in: entity.id, name)
                taken = keys.map { key in Set(present.compactMap { parts($0, key) }) }
            }
            let ends = relatedEnds(entity)
            for record in found {
                var isLeft =
                    ends.contains(lookup.attribute) && ends.allSatisfy { moved(value(record, $0)) == .reference(new) }
                for (place, key) in keys.enumerated() {
                    if let parts = parts(record, key), !taken[place].insert(parts).inserted { isLeft = true }
                }
                moves.append(
                    ValueChange(
                        record: record,
                        attribute: lookup.attribute,
                        before: .reference(old),
                        after: .reference(isLeft ? old : new),
                        isLeft: isLeft
                    )
                )
            }
        }
        return moves
    }

    /// The two lookups of an entity whose records relate two others.
    private func relatedEnds(_ entity: Entity) -> [AttributeID] {
        if !entity.pair.isEmpty { return entity.pair }
        guard entity.name == "customerrelationship", !entity.isOwn else { return [] }
        let ends = ["customerid", "partnerid"].compactMap { entity.attributeID($0) }
        return ends.count == 2 ? ends : []
    }

    /// What a key compares of a record, or would with other values; nil where one of them is null, and the key names nothing.
    func keyParts(
        _ id: RecordID,
        _ key: AlternateKey,
        with other: (AttributeID) -> Value? = { _ in nil }
    ) -> [KeyPart]? {
        guard let entity = schema.entity(id.entity), !key.attributes.isEmpty else { return nil }
        var parts: [KeyPart] = []
        for attribute in key.attributes {
            switch other(attribute) ?? value(id, attribute) {
            case .null: return nil
            case .text(let text) where entity[attribute].collation == .general:
                var folded: [UInt8] = []
                Array(text.utf8).withUnsafeBufferPointer { Collation.fold($0, into: &folded) }
                parts.append(.text(folded))
            case .text(let text): parts.append(.text(Array(text.utf8)))
            case let value: parts.append(.value(value))
            }
        }
        return parts
    }

    /// Refuses where the records that keep a merge are not as the standard has them: it could not be taken back.
    func requireMergeRecords() throws(Refusal) {
        for (name, attributes) in [
            (Merging.merge, ["masterid", "subordinateid", "statecode"]),
            (Merging.change, ["name", "recordmergeid", "attribute", "before", "after", "outcome", "place"]),
        ] {
            guard let entity = schema.standardEntity(named: name), let standard = Schema.standard.entity(named: name)
            else {
                throw missing(name)
            }
            for attribute in attributes {
                let kind = entity.attributeID(attribute).map { entity[$0].type.physicalKind }
                guard let kind, kind == standard.attributeID(attribute).map({ standard[$0].type.physicalKind }) else {
                    throw Refusal(
                        .unknownAttribute,
                        entity: name,
                        attribute: attribute,
                        "A merge is kept in \(name).\(attribute), which is not here any more."
                    )
                }
            }
        }
    }

    /// Values by record, as plans take them: those of one record together, in the order in which records come first.
    func rows(_ values: [(record: RecordID, attribute: AttributeID, value: Value)]) -> [(RecordID, [(String, Value)])] {
        var places: [RecordID: Int] = [:]
        var rows: [(RecordID, [(String, Value)])] = []
        for (record, attribute, value) in values {
            guard let entity = schema.entity(record.entity) else { continue }
            if let place = places[record] {
                rows[place].1.append((entity[attribute].name, value))
            } else {
                places[record] = rows.count
                rows.append((record, [(entity[attribute].name, value)]))
            }
        }
        return rows
    }
}

/// One value of a key, as keys compare it.
enum KeyPart: Hashable {
    case value(Value)
    /// Bytes, folded where case and accents do not count.
    case text([UInt8])
}

extension Plan {
    /// Writes a merge down.
    mutating func note(_ changes: [ValueChange], of merge: MergeRecords, _ records: Records) throws(Refusal) {
        let schema = records.schema
        let lengthMax = schema.standardEntity(named: Merging.change).map { entity in
            ["before", "after"].compactMap { entity.attributeID($0).flatMap { entity[$0].type.textLengthMax } }.min()
                ?? 0
        }
        let made = try create(
            Merging.merge,
            [
                ("name", .text("\(records.name(merge.from)) into \(records.name(merge.target))")),
                ("masterid", .reference(merge.target)), ("subordinateid", .reference(merge.from)),
                ("changecount", .integer(Int64(changes.count { !$0.isLeft }))),
            ]
        )
        guard let made else { throw records.missing(Merging.merge) }
        func text(_ value: Value) -> Value { value.text(in: schema).map(Value.text) ?? .null }
        for change in changes {
            for case .text(let text) in [change.before, change.after]
            where text.unicodeScalars.count > lengthMax ?? 0 {
                throw Refusal(
                    .limitExceeded,
                    entity: Merging.change,
                    record: change.record,
                    "A text of \(schema.text(of: change.record)) is longer than \(lengthMax ?? 0) characters, and could not be given back."
                )
            }
        }
        let rows: [[(String, Value)]] = changes.enumerated().map { place, change in
            let outcome: Merging.Outcome = change.isLeft ? .left : .changed
            let attribute = schema.entity(change.record.entity)?[change.attribute].name ?? ""
            return [
                ("name", .text(schema.text(of: change.record))), ("recordmergeid", .reference(made)),
                ("place", .integer(Int64(place))), ("attribute", .text(attribute)),
                ("before", text(change.before)), ("after", text(change.after)), ("outcome", .option(outcome.rawValue)),
            ]
        }
        for start in stride(from: 0, to: rows.count, by: Limits.operationRowsMax) {
            try create(Merging.change, rows: Array(rows[start..<min(rows.count, start + Limits.operationRowsMax)]))
        }
    }
}
