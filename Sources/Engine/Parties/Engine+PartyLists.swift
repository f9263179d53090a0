// Lists of parties in the values of an operation: what is asked of them before anything is written. Writing is in
// Engine+PartyChanges.

/// What an operation gives for a party list.
struct GivenPartyList {
    /// The number of the role.
    var role: Int32
    /// Texts, row by row.
    var values: ColumnView
}

extension Engine {
    /// Checks the lists of an operation, and puts ids in the place of references to records of the same transaction.
    func resolvePartyLists(_ operation: inout Operation, _ index: Int, _ failures: inout RowFailures) {
        let values = operation.columns[index]
        guard let parties = schema.parties, values.values != nil else { return }
        var resolved: [Int: [PartyEntry]] = [:]
        var entryCount = 0
        for row in 0..<values.count where values.isValid(row) {
            do throws(PartyListFlaw) {
                var entries = try partyEntries(of: values.text(row))
                guard entryCount + entries.count <= Limits.operationPartiesMax else {
                    throw PartyListFlaw(
                        entry: entries.count,
                        message: "One operation has at most \(Limits.operationPartiesMax) parties for one attribute.",
                        code: .limitExceeded
                    )
                }
                entryCount += entries.count
                if try resolve(&entries, parties) { resolved[row] = entries }
            } catch {
                failures.add(
                    row,
                    refusal(
                        error.code,
                        operation.place,
                        operation.attributes[index],
                        record: error.record,
                        error.entry == 0 ? error.message : "Party \(error.entry): \(error.message)"
                    )
                )
            }
        }
        guard !resolved.isEmpty else { return }
        let buffer = ColumnBuffer { writer in
            var builder = ColumnBuilder(kind: .text)
            for row in 0..<values.count {
                if let entries = resolved[row] {
                    text(of: entries).withUnsafeBytes { builder.append(text: $0) }
                } else if values.isValid(row) {
                    builder.append(text: values.text(row))
                } else {
                    builder.appendNull()
                }
            }
            builder.encode(into: &writer)
        }
        buffers.append(buffer)
        operation.columns[index] = buffer.column(kind: .text, count: values.count)
    }

    /// Takes the party lists out of an operation: what remains is stored.
    func takePartyLists(_ operation: inout Operation) -> [GivenPartyList] {
        let rules = tables[operation.place].layout.rules
        guard operation.attributes.contains(where: { rules[$0].isPartyList }) else { return [] }
        var lists: [GivenPartyList] = []
        let stored = operation.attributes.indices.filter { index in
            guard case .partyList(let role) = rules[operation.attributes[index]] else { return true }
            lists.append(GivenPartyList(role: role, values: operation.columns[index]))
            return false
        }
        if !operation.references.isEmpty { operation.references = stored.map { operation.references[$0] } }
        operation.columns = stored.map { operation.columns[$0] }
        operation.attributes = stored.map { operation.attributes[$0] }
        return lists
    }

    /// The entries of a text that passed `resolvePartyLists`.
    func checkedPartyEntries(of text: UnsafeRawBufferPointer) -> [PartyEntry] {
        guard let entries = try? partyEntries(of: text) else {
            preconditionFailure("a party list that was checked cannot be read")
        }
        return entries
    }

    private func partyEntries(of text: UnsafeRawBufferPointer) throws(PartyListFlaw) -> [PartyEntry] {
        guard (try? UTF8Span(validating: text.asBytes.span)) != nil, !text.contains(0) else {
            throw PartyListFlaw(entry: 0, message: "The text is not UTF-8 or contains U+0000.", code: .invalidText)
        }
        return try PartyListText.entries(of: text, countMax: Limits.partyListEntriesMax, schema)
    }

    /// Asks whether each entry can be a party, and finds the records that this transaction made. Returns whether there were some.
    private func resolve(_ entries: inout [PartyEntry], _ parties: PartyAttributes) throws(PartyListFlaw) -> Bool {
        var hasLocal = false
        for index in entries.indices {
            func flaw(_ code: Refusal.Code, _ message: String) -> PartyListFlaw {
                PartyListFlaw(entry: index + 1, message: message, code: code, record: entries[index].party)
            }
            let lengthMax = parties.addressLengthMax
            if let address = entries[index].address, address.count > lengthMax {
                let length = address.reduce(0) { $0 + ($1 & 0xC0 == 0x80 ? 0 : 1) }
                guard length <= lengthMax, address.count <= Limits.textBytesMax else {
                    throw flaw(.tooLong, "Its address has \(length) characters; at most \(lengthMax) fit.")
                }
            }
            var id = entries[index].party
            guard id != .none else { continue }
            if id.origin == RecordID.localOrigin, createdIDs.count > 1 {
                let (operation, row) = (Int(id.sequence >> 20), Int(id.sequence & 0xF_FFFF))
                guard operation < createdIDs.count, row < createdIDs[operation].count,
                    createdIDs[operation][row] != .none
                else {
                    throw flaw(
                        .referenceNotFound,
                        "Operation \(operation) of this transaction made no record in row \(row)."
                    )
                }
                id = createdIDs[operation][row]
                hasLocal = true
            }
            guard parties.partyEntities.contains(id.entity) else {
                throw flaw(
                    .wrongReferenceEntity,
                    "\(schema.text(of: id)) cannot take part; a party is one of "
                        + parties.partyEntities.compactMap { schema.entity($0)?.name }.joined(separator: ", ") + "."
                )
            }
            guard let place = schema.place(of: id.entity), tables[place].row(of: id) != Table.noRow else {
                throw flaw(.referenceNotFound, "There is no \(schema.text(of: id)).")
            }
            entries[index].party = id
        }
        return hasLocal
    }

    private func text(of entries: [PartyEntry]) -> [UInt8] {
        var text: [UInt8] = []
        for entry in entries {
            let reference = entry.party == .none ? nil : schema.text(of: entry.party)
            if let address = entry.address {
                address.withUnsafeBufferPointer { PartyListText.append(reference, $0, to: &text) }
            } else {
                PartyListText.append(reference, nil, to: &text)
            }
        }
        return text
    }
}
