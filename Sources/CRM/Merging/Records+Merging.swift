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
    /// themselves stay with the records that they were made of, and so does what would be there twice by a unique key.
    func moves(from old: RecordID, to new: RecordID) throws(Refusal) -> [ValueChange] {
        guard let target = schema.place(of: old.entity) else { return [] }
        let merge = schema.standardEntity(named: Merging.merge)?.id
        var moves: [ValueChange] = []
        for lookup in schema.references[target] where lookup.entity != merge {
            guard let entity = schema.entity(lookup.entity) else { continue }
            let name = entity[lookup.attribute].name
            let left = Records.referringMax - moves.count
            let found = try referring(to: old, in: entity.id, name, countMax: left).filter { $0 != old && $0 != new }
            let keys = entity.keys.filter { $0.attributes.contains(lookup.attribute) }
            var taken: [Set<[Value]>] = []
            if !found.isEmpty, !keys.isEmpty {
                let present = try referring(to: new, in: entity.id, name)
                taken = keys.map { key in Set(present.compactMap { names($0, key, lookup.attribute) }) }
            }
            for record in found {
                let isLeft = zip(keys, taken).contains { key, taken in
                    names(record, key, lookup.attribute).map(taken.contains) ?? false
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

    /// What names a record beside a lookup of the key; nil where one of the values is null, and the key names nothing.
    private func names(_ id: RecordID, _ key: AlternateKey, _ lookup: AttributeID) -> [Value]? {
        let values = key.attributes.filter { $0 != lookup }.map { value(id, $0) }
        return values.contains(.null) ? nil : values
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

extension Plan {
    /// Writes a merge down.
    mutating func note(_ changes: [ValueChange], of merge: MergeRecords, _ records: Records) throws(Refusal) {
        let schema = records.schema
        let made = try create(
            Merging.merge,
            [
                ("name", .text("\(records.name(merge.from)) into \(records.name(merge.target))")),
                ("masterid", .reference(merge.target)), ("subordinateid", .reference(merge.from)),
                ("changecount", .integer(Int64(changes.count { !$0.isLeft }))),
            ]
        )
        guard let made else { throw records.missing(Merging.merge) }
        func text(_ value: Value) -> Value { schema.stored(value).map(Value.text) ?? .null }
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
