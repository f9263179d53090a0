// What a wrong but well-formed log entry could do to the tables: traps. Every assumption that applying a change makes is asked
// here first, so that a log that does not belong to the state ends in an error. Costs a look-up per row and reference.

extension Engine {
    /// Throws when the change does not fit the present state.
    func checkFits(_ change: Change) throws(DecodeError) {
        guard change.count <= max(Limits.operationRowsMax, Limits.cascadeRecordsMax) else {
            throw DecodeError("a change of \(change.count) records", at: 0)
        }
        try checkAttributes(change)
        try checkRecords(change)
        switch change.kind {
        case .create: try checkValues(change, change.columns)
        case .update: try checkValues(change, change.newColumns)
        case .delete: try checkUnreferenced(change)
        }
    }

    /// Each attribute once, and none that follows from the envelope.
    private func checkAttributes(_ change: Change) throws(DecodeError) {
        let first =
            change.kind == .create ? SystemAttribute.writableFrom.rawValue : SystemAttribute.version.rawValue + 1
        for (index, attribute) in change.attributes.enumerated() {
            guard attribute >= first, !tables[change.place].layout.isDeleted[attribute],
                !tables[change.place].layout.isDerived[attribute],
                !change.attributes[..<index].contains(attribute)
            else { throw DecodeError("attribute \(attribute) twice, or one that the engine keeps", at: 0) }
        }
    }

    /// Records of the entity, each once; new ones for a create, present ones otherwise.
    private func checkRecords(_ change: Change) throws(DecodeError) {
        let layout = tables[change.place].layout
        var next = tables[change.place].nextSequence
        var seen = HashSlots(count: change.count)
        for row in 0..<change.count {
            let id = change.id(row)
            guard id.entity == layout.entity.id, id.sequence > 0, id.origin != RecordID.localOrigin else {
                throw DecodeError("an id of another entity in a change of \(layout.entity.name)", at: 0)
            }
            guard (tables[change.place].row(of: id) == Table.noRow) == (change.kind == .create) else {
                throw DecodeError("\(schema.text(of: id)) \(change.kind == .create ? "exists" : "is missing")", at: 0)
            }
            if change.count > 1, !seen.insert(combinedHash(1, id.rawValue)) {
                throw DecodeError("\(schema.text(of: id)) stands twice in a change", at: 0)
            }
            guard change.kind == .create, id.origin == 0 else { continue }
            // The engine gives out its own sequences without gaps.
            guard id.sequence == next else { throw DecodeError("\(schema.text(of: id)) is not the next", at: 0) }
            next += 1
        }
    }

    /// Values that the columns can hold, and lookups that lead somewhere.
    private func checkValues(_ change: Change, _ columns: [ColumnView]) throws(DecodeError) {
        let layout = tables[change.place].layout
        for (index, attribute) in change.attributes.enumerated() {
            let values = columns[index]
            // The layout's rule and not the attribute's type, whose names and lists would be retained for each change.
            switch layout.rules[attribute] {
            case .lookup:
                let targets = layout.lookupTargets[attribute]
                for row in 0..<values.count where values.isValid(row) {
                    let id = RecordID(rawValue: UInt64(bitPattern: values.number(row)))
                    guard targets.contains(id.entity), let place = schema.place(of: id.entity),
                        tables[place].row(of: id) != Table.noRow
                    else { throw DecodeError("a lookup leads nowhere", at: 0) }
                }
            case .option:
                for row in 0..<values.count
                where values.isValid(row) && layout.optionPlace(attribute, values.number(row)) < 0 {
                    throw DecodeError("an unknown option", at: 0)
                }
            case .text, .file:
                guard values.encoded.count > Limits.textBytesMax else { continue }
                for row in 0..<values.count where values.isValid(row) && values.text(row).count > Limits.textBytesMax {
                    throw DecodeError("a text of \(values.text(row).count) bytes", at: 0)
                }
            case .selection(let bits):
                for row in 0..<values.count
                where values.isValid(row) && UInt64(bitPattern: values.number(row)) & ~bits != 0 {
                    throw DecodeError("an unknown option", at: 0)
                }
            case .any, .range, .partyList: break
            }
        }
    }

    /// A record that ends is referred to by no record that stays, nor by one that ends after it.
    private func checkUnreferenced(_ change: Change) throws(DecodeError) {
        var ended: Set<RecordID> = []
        for index in 0..<change.count {
            let target = change.id(index)
            for reference in schema.references[change.place] {
                let column = Int(reference.attribute.rawValue)
                guard let place = schema.place(of: reference.entity), let link = tables[place].link(column),
                    let ordinal = tables[place].linkTarget(column, target.entity)
                else { continue }
                var row = link.first(target: ordinal, targetRow: tables[change.place].row(of: target))
                while row != LinkIndex.none {
                    let referring = tables[place].recordID(atRow: Int(row))
                    guard referring == target || ended.contains(referring) else {
                        throw DecodeError("\(schema.text(of: referring)) still refers to a record that ends", at: 0)
                    }
                    row = link.next(after: row)
                }
            }
            if change.count > 1 { ended.insert(target) }
        }
    }
}
