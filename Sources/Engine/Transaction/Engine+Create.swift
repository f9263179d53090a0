extension Engine {
    /// Makes records. `rowMap` leads from the operation's rows to those of the request, when a part of it was selected.
    func create(
        _ given: Operation,
        rowMap givenMap: [Int]?,
        _ running: inout RunningTransaction,
        _ entry: inout ByteWriter,
        _ outcome: inout OperationOutcome
    ) throws(Refusal) {
        var operation = given
        var rowMap = givenMap
        let place = operation.place
        var failures = RowFailures()
        if rowMap == nil { validateColumns(&operation, &failures) }
        let lists = takePartyLists(&operation)
        checkRequired(operation, &failures)
        deriveState(&operation, current: nil, &failures)
        copyRates(&operation, rows: nil)
        checkKeys(operation, rows: nil, &failures)
        guard let rows = try settle(failures, operation.count, rowMap, running, &outcome) else { return }
        if rows.count < operation.count {
            operation = operation.selecting(rows, buffers: &buffers)
            rowMap = rows.map { rowMap?[$0] ?? $0 }
        }

        noteNumbersForUndo(place)
        try giveNumbers(&operation, running.envelope)
        let entity = tables[place].entity.id
        let sequence = tables[place].nextSequence
        guard sequence <= RecordID.sequenceMax, UInt64(operation.count) <= RecordID.sequenceMax - sequence,
            tables[place].rowCount + operation.count < Limits.rowCountMax
        else {
            throw Refusal(
                .limitExceeded,
                entity: tables[place].entity.name,
                "The entity holds as many records as it can."
            )
        }
        undo.sequences.append((place, sequence))
        let first = RecordID(entity: entity, sequence: sequence)
        let start = entry.count
        Change.encodeHead(
            .create,
            entity: entity,
            count: operation.count,
            hasIDRun: true,
            attributes: operation.attributes,
            into: &entry
        )
        entry.u64(first.rawValue)
        for column in operation.columns { entry.raw(column.encoded) }
        applyChange(.create, operation, at: start, of: entry, &running)
        if !lists.isEmpty {
            let changes = try partyChanges(lists, rows: rows, isNew: true, &running) { row in
                RecordID(rawValue: first.rawValue + UInt64(row))
            }
            try write(changes, rowMap: givenMap, running, &entry)
        }

        if let rowMap {
            for (index, row) in rowMap.enumerated() {
                outcome.set(row, .created, id: RecordID(rawValue: first.rawValue + UInt64(index)))
            }
        } else {
            outcome.setAll(.created, firstID: first)
        }
        if running.hasSeveralOperations {
            for index in 0..<operation.count {
                rememberID(RecordID(rawValue: first.rawValue + UInt64(index)), ofRow: rowMap?[index] ?? index)
            }
        }
    }

    /// Notes which record a row of the running operation made or found, for references of later operations.
    func rememberID(_ id: RecordID, ofRow row: Int) {
        let last = createdIDs.count - 1
        while createdIDs[last].count <= row { createdIDs[last].append(.none) }
        createdIDs[last][row] = id
    }

    /// Ends the checks: refuses the transaction when it is all or nothing and a row failed, otherwise notes the rejected
    /// rows and returns the good ones; nil when none is left.
    func settle(
        _ failures: RowFailures,
        _ count: Int,
        _ rowMap: [Int]?,
        _ running: RunningTransaction,
        _ outcome: inout OperationOutcome
    ) throws(Refusal) -> [Int]? {
        if failures.isEmpty { return Array(0..<count) }
        if !running.isIndependent, var first = failures.first {
            first.row = rowMap?[first.row] ?? first.row
            throw first
        }
        for var refusal in failures.sorted {
            refusal.row = rowMap?[refusal.row] ?? refusal.row
            refusal.operation = running.operationIndex
            outcome.set(refusal.row, .rejected)
            outcome.refusals.append(refusal)
        }
        let good = (0..<count).filter { !failures.contains($0) }
        return good.isEmpty ? nil : good
    }

    /// A required attribute that a create does not give, and that has no default, fails every row.
    private func checkRequired(_ operation: Operation, _ failures: inout RowFailures) {
        for column in tables[operation.place].layout.requiredColumns where !operation.attributes.contains(column) {
            for row in 0..<operation.count {
                failures.add(row, refusal(.required, operation.place, column, "A value is required."))
            }
        }
    }

    /// State and status belong together: whichever is given decides the other, and both given must fit. `current` has the
    /// rows of records that are updated.
    func deriveState(_ operation: inout Operation, current: [UInt32]?, _ failures: inout RowFailures) {
        let layout = tables[operation.place].layout
        guard layout.stateColumn >= 0, let model = layout.entity.stateModel else { return }
        let (stateColumn, statusColumn) = (layout.stateColumn, layout.statusColumn)
        let states = operation.column(of: stateColumn)
        let statuses = operation.column(of: statusColumn)
        guard states != nil || statuses != nil else { return }
        var newStates = ColumnBuilder(kind: .int32)
        var newStatuses = ColumnBuilder(kind: .int32)
        for row in 0..<operation.count {
            if failures.contains(row) {
                newStates.append(Int64(model.states[0].value))
                newStatuses.append(Int64(model.states[0].statuses[0]))
                continue
            }
            var state = states.map { Int32(truncatingIfNeeded: $0.number(row)) }
            var status = statuses.map { Int32(truncatingIfNeeded: $0.number(row)) }
            if let given = status, state == nil { state = model.state(ofStatus: given) }
            if let given = state, status == nil {
                // A record that is in the state already keeps its status.
                let present = current.flatMap { presentStatus(operation.place, row: Int($0[row])) }
                status =
                    present.flatMap { model.state(ofStatus: $0) == given ? $0 : nil }
                    ?? model.defaultStatus(ofState: given)
            }
            let (finalState, finalStatus) = (state ?? 0, status ?? 0)
            if model.state(ofStatus: finalStatus) != finalState {
                let entity = schema.entities[operation.place]
                let allowed = model.states.first { $0.value == finalState }?.statuses.map(String.init) ?? []
                failures.add(
                    row,
                    Refusal(
                        .statusNotInState,
                        entity: entity.name,
                        attribute: "statuscode",
                        "Status \(finalStatus) does not belong to state \(finalState); its statuses are "
                            + allowed.joined(separator: ", ") + "."
                    )
                )
            }
            if let before = current.flatMap({ presentStatus(operation.place, row: Int($0[row])) }),
                !model.allows(from: before, to: finalStatus)
            {
                failures.add(row, transitionRefusal(operation.place, model, before, finalStatus))
            }
            newStates.append(Int64(finalState))
            newStatuses.append(Int64(finalStatus))
        }
        for (column, isGiven, builder) in [(stateColumn, states != nil, 0), (statusColumn, statuses != nil, 1)]
        where !isGiven {
            let buffer = ColumnBuffer { writer in
                if builder == 0 { newStates.encode(into: &writer) } else { newStatuses.encode(into: &writer) }
            }
            buffers.append(buffer)
            operation.replace(column, buffer.column(kind: .int32, count: operation.count))
        }
    }

    private func transitionRefusal(_ place: Int, _ model: StateModel, _ from: Int32, _ to: Int32) -> Refusal {
        let entity = schema.entities[place]
        let options = entity.statusAttribute.flatMap { entity[$0].type.optionSet }.map { schema[$0] }
        let shown = { (status: Int32) in "\(status) " + (options?.label(of: status) ?? "") }
        let allowed = model.transitions.first { $0.from == from }?.to ?? []
        return Refusal(
            .transitionNotAllowed,
            entity: entity.name,
            attribute: "statuscode",
            "A record in status \(shown(from)) cannot go to \(shown(to)); "
                + (allowed.isEmpty
                    ? "the status is final." : "it can go to \(allowed.map(shown).joined(separator: ", ")).")
        )
    }

    private func presentStatus(_ place: Int, row: Int) -> Int32? {
        let column = tables[place].layout.statusColumn
        return if case .option(let status) = tables[place].value(column, row) { status } else { nil }
    }
}
