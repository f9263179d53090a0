// What a message is going to do: creates, updates and deletes, in order.

import Engine

/// A transaction in the making. Attributes and entities that an organisation has deleted from its schema are left out; texts of
/// records that it makes are cut to what their attributes hold, since they are copied or put together from longer ones.
public struct Plan {
    private let schema: Schema
    private(set) var transaction: Transaction

    init(_ records: Records) {
        schema = records.schema
        transaction = Transaction(records.schema)
    }

    /// Makes a record of a standard entity, unless that is not there: an organisation's own of the same name is not meant. Null values
    /// are left out, so that defaults take effect. Returns what later steps of the plan call it.
    @discardableResult
    mutating func create(_ entity: String, _ values: [(String, Value)]) throws(Refusal) -> RecordID? {
        guard let declared = schema.standardEntity(named: entity) else { return nil }
        let known: [(String, Value)] = values.compactMap { name, value in
            guard value != .null, let attribute = declared.attributeID(name) else { return nil }
            return (name, Plan.cut(value, declared, attribute))
        }
        try requireRoom()
        return try transaction.createRecord(entity, known)
    }

    /// A text with no more scalars than its attribute holds.
    private static func cut(_ value: Value, _ entity: Entity, _ attribute: AttributeID) -> Value {
        guard case .text(let text) = value, let lengthMax = entity[attribute].type.textLengthMax else { return value }
        let scalars = text.unicodeScalars
        guard let end = scalars.index(scalars.startIndex, offsetBy: lengthMax, limitedBy: scalars.endIndex) else {
            return value
        }
        return .text(String(scalars[..<end]))
    }

    /// Makes records of one standard entity in one operation, as `create` of one does; what none of them gives is left out.
    mutating func create(_ entity: String, rows: [[(String, Value)]]) throws(Refusal) {
        guard let declared = schema.standardEntity(named: entity), !rows.isEmpty else { return }
        var given: [(name: String, attribute: AttributeID)] = []
        for row in rows {
            for (name, value) in row where value != .null && !given.contains(where: { $0.name == name }) {
                if let attribute = declared.attributeID(name) { given.append((name, attribute)) }
            }
        }
        var batch = try RecordBatch(schema, .create, entity, attributes: given.map(\.name))
        for row in rows {
            try batch.append(
                given.map { name, attribute in
                    Plan.cut(row.first { $0.0 == name }?.1 ?? .null, declared, attribute)
                }
            )
        }
        try append(batch)
    }

    /// Changes a record; null empties.
    mutating func update(_ id: RecordID, _ values: [(String, Value)]) throws(Refusal) {
        guard let entity = schema.entity(id.entity) else { return }
        let known = values.filter { entity.attributeID($0.0) != nil }
        guard !known.isEmpty else { return }
        try requireRoom()
        try transaction.updateRecord(id, known)
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
                try append(batch)
            }
        }
    }

    /// Changes records, each in its own way: one operation for all that change the same attributes.
    mutating func update(rows: [(record: RecordID, values: [(String, Value)])]) throws(Refusal) {
        var groups: [(entity: EntityID, names: [String], rows: [Int])] = []
        for (index, row) in rows.enumerated() {
            let group = groups.firstIndex { group in
                group.entity == row.record.entity && group.names.elementsEqual(row.values) { $0 == $1.0 }
            }
            if let group {
                groups[group].rows.append(index)
            } else {
                groups.append((row.record.entity, row.values.map(\.0), [index]))
            }
        }
        for group in groups {
            guard let entity = schema.entity(group.entity) else { continue }
            let known = group.names.indices.filter { entity.attributeID(group.names[$0]) != nil }
            if known.isEmpty { continue }
            var batch = try RecordBatch(schema, .update, entity.name, attributes: known.map { group.names[$0] })
            var values: [Value] = []
            for row in group.rows {
                values.removeAll(keepingCapacity: true)
                for index in known { values.append(rows[row].values[index].1) }
                try batch.append(values, id: rows[row].record)
            }
            try append(batch)
        }
    }

    /// Deletes a record, with what its relationships say.
    mutating func delete(_ id: RecordID) throws(Refusal) {
        try requireRoom()
        try transaction.delete(id)
    }

    /// Deletes records of one entity in one operation.
    mutating func delete(_ ids: [RecordID]) throws(Refusal) {
        guard let entity = ids.first.flatMap({ schema.entity($0.entity) }) else { return }
        var batch = try RecordBatch(schema, .delete, entity.name, attributes: [])
        for id in ids { try batch.append([], id: id) }
        try append(batch)
    }

    private mutating func append(_ batch: borrowing RecordBatch) throws(Refusal) {
        try requireRoom()
        transaction.append(batch)
    }

    /// Refuses what no transaction holds before it is added: references to records that are made count operations in 16 bits.
    private func requireRoom() throws(Refusal) {
        guard transaction.operationCount < Limits.transactionOperationsMax else {
            throw Refusal(
                .limitExceeded,
                "It takes more than \(Limits.transactionOperationsMax) operations, the most that one transaction holds."
            )
        }
    }
}
