// What a message is going to do: creates, updates and deletes, in order.

import Engine

/// A transaction in the making. Attributes and entities that an organisation has deleted from its schema are left out.
public struct Plan {
    private let schema: Schema
    private(set) var transaction: Transaction

    init(_ records: Records) {
        schema = records.schema
        transaction = Transaction(records.schema)
    }

    /// Makes a record, unless its entity is not there; null values are left out, so that defaults take effect.
    /// Returns what later steps of the plan call it.
    @discardableResult
    mutating func create(_ entity: String, _ values: [(String, Value)]) throws(Refusal) -> RecordID? {
        guard let declared = schema.entity(named: entity) else { return nil }
        return try transaction.createRecord(
            entity,
            values.filter { $0.1 != .null && declared.attributeID($0.0) != nil }
        )
    }

    /// Makes records of one entity in one operation; what none of them gives is left out.
    mutating func create(_ entity: String, rows: [[(String, Value)]]) throws(Refusal) {
        guard let declared = schema.entity(named: entity), !rows.isEmpty else { return }
        var names: [String] = []
        for row in rows {
            for (name, value) in row
            where value != .null && declared.attributeID(name) != nil && !names.contains(name) { names.append(name) }
        }
        var batch = try RecordBatch(schema, .create, entity, attributes: names)
        for row in rows {
            try batch.append(names.map { name in row.first { $0.0 == name }?.1 ?? .null })
        }
        transaction.append(batch)
    }

    /// Changes a record; null empties.
    mutating func update(_ id: RecordID, _ values: [(String, Value)]) throws(Refusal) {
        guard let entity = schema.entity(id.entity) else { return }
        let known = values.filter { entity.attributeID($0.0) != nil }
        if !known.isEmpty { try transaction.updateRecord(id, known) }
    }

    /// Changes several records alike: one operation for each entity, in order of the entities.
    mutating func update(_ ids: [RecordID], _ values: [(String, Value)]) throws(Refusal) {
        var rest = ids.sorted()[...]
        while let first = rest.first {
            let end = rest.firstIndex { $0.entity != first.entity } ?? rest.endIndex
            let group = rest[..<end]
            rest = rest[end...]
            guard let entity = schema.entity(first.entity) else { continue }
            let known = values.filter { entity.attributeID($0.0) != nil }
            var part = group
            while !part.isEmpty, !known.isEmpty {
                var batch = try RecordBatch(schema, .update, entity.name, attributes: known.map(\.0))
                for id in part.prefix(Limits.operationRowsMax) { try batch.append(known.map(\.1), id: id) }
                part = part.dropFirst(Limits.operationRowsMax)
                transaction.append(batch)
            }
        }
    }

    /// Gives each of several records of one entity a value of its own, in one operation.
    mutating func update(_ attribute: String, of values: [(RecordID, Value)]) throws(Refusal) {
        guard let first = values.first, let entity = schema.entity(first.0.entity),
            entity.attributeID(attribute) != nil
        else { return }
        var batch = try RecordBatch(schema, .update, entity.name, attributes: [attribute])
        for (id, value) in values { try batch.append([value], id: id) }
        transaction.append(batch)
    }

    /// Deletes a record, with what its relationships say.
    mutating func delete(_ id: RecordID) throws(Refusal) { try transaction.delete(id) }
}
