// Lists of parties in expressions: the attribute is the list as it can be written back; `<attribute>name` are the names that
// people know, `<attribute>address` the addresses. Nothing is stored for them: the records of `activityparty` that may be seen are
// found along the index of their lookup, row by row.

/// What of the parties a text says.
enum PartyListPart: Hashable, Sendable {
    case entries
    case names
    case addresses
}

/// A list of parties: which role of the records of which entity.
struct PartyListSource: Hashable, Sendable {
    var parties: PartyAttributes
    /// Place of the entity whose records have the list.
    var place: Int
    var role: Int32
    var part: PartyListPart
}

extension Binder {
    /// The text of a party list of a source's record.
    func partyList(_ source: Int, _ type: AttributeType, _ part: PartyListPart) throws(QueryError) -> Bound? {
        guard let role = type.partyRole else { return nil }
        guard let parties = schema.parties else {
            throw QueryError(.type, "there are no parties in this schema")
        }
        let record = Bound(.column(source: source, column: Int(SystemAttribute.identifier.rawValue)), .id)
        let list = PartyListSource(
            parties: parties,
            place: bound.sources[source].place,
            role: role,
            part: part
        )
        return Bound(.partyList(record, list), .text(.general))
    }

    /// `<attribute>name` and `<attribute>address` of a party list; nil when the name is neither.
    func partyListPart(_ name: String, _ source: Int, _ entity: Entity) throws(QueryError) -> Bound? {
        for (suffix, part) in [("name", PartyListPart.names), ("address", .addresses)] where name.hasSuffix(suffix) {
            guard let id = entity.attributeID(String(name.dropLast(suffix.count))) else { continue }
            return try partyList(source, entity[id].type, part)
        }
        return nil
    }
}

extension Evaluator {
    func evaluatePartyList(_ operand: Bound, _ list: PartyListSource, _ batch: Batch) throws(QueryError) -> Vector {
        let vector = try evaluate(operand, batch)
        let parties = context.table(at: list.parties.place)
        let records = context.view.table(list.place)
        guard let link = parties.table.link(list.parties.activity),
            let target = parties.table.linkTarget(list.parties.activity, records.entity.id)
        else {
            vector.fillNull(batch.count)
            return vector
        }
        let role = parties.table.layout.optionPlace(list.parties.role, Int64(list.role))
        var text: [UInt8] = []
        for index in 0..<batch.count {
            guard vector.isValid(index) else {
                vector.setNull(index, isText: true)
                continue
            }
            let row = records.row(of: RecordID(rawValue: UInt64(bitPattern: vector.numbers[index])))
            text.removeAll(keepingCapacity: true)
            var hasText = false
            if row != Table.noRow {
                let rows = try parties.table.table.partyRows(list.parties, role: role, of: target, row: row, in: link) {
                    (party) throws(QueryError) in
                    try meter.step(1)
                    return parties.isVisible(party)
                }
                for row in rows { hasText = append(row, list, parties.table, to: &text) || hasText }
            }
            guard hasText else {
                vector.setNull(index, isText: true)
                continue
            }
            vector.texts[index] = try text.withUnsafeBufferPointer { text throws(QueryError) in try copied(text) }
        }
        return vector
    }

    /// Appends what is said of a party; false where that is nothing.
    private func append(_ row: UInt32, _ list: PartyListSource, _ parties: TableView, to text: inout [UInt8]) -> Bool {
        let id = parties.table.partyID(list.parties, row)
        let address = parties.table.partyAddress(list.parties, row)
        if list.part == .entries {
            PartyListText.append(id == .none ? nil : schema.text(of: id), address, to: &text)
            return true
        }
        let start = text.count
        if start > 0 { text += "; ".utf8 }
        let said = text.count
        if list.part == .names, id != .none {
            if let name = primaryName(of: id) {
                text += name
            } else if address == nil {
                text += schema.text(of: id).utf8
            }
        }
        if text.count == said, let address { text += address }
        if text.count > said { return true }
        text.removeSubrange(start...)
        return false
    }

    /// The stored name of a record that may be seen.
    private func primaryName(of id: RecordID) -> UnsafeBufferPointer<UInt8>? {
        guard let place = schema.place(of: id.entity) else { return nil }
        let source = context.table(at: place)
        let row = source.row(of: id.rawValue)
        let column = Int(source.table.entity.primaryName.rawValue)
        guard row != Table.noRow, source.table.layout.columns[column] == .text,
            let head = source.table.head(column, Int(row)), head.isValid(Int(row) & 8191)
        else { return nil }
        return head.text(Int(row) & 8191).asBytes
    }
}
