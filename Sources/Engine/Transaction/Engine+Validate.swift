// The rules that a column of values must keep, asked before anything is written. One pass per column; the good path
// allocates nothing.

/// Rows of an operation that were refused, with the first reason each.
struct RowFailures {
    private(set) var refusals: [Int: Refusal] = [:]

    var isEmpty: Bool { refusals.isEmpty }
    func contains(_ row: Int) -> Bool { !refusals.isEmpty && refusals[row] != nil }

    mutating func add(_ row: Int, _ refusal: @autoclosure () -> Refusal) {
        if refusals[row] == nil {
            var refusal = refusal()
            refusal.row = row
            refusals[row] = refusal
        }
    }

    /// The refusal of the first row.
    var first: Refusal? { refusals.min { $0.key < $1.key }?.value }
    /// All refusals by row.
    var sorted: [Refusal] { refusals.sorted { $0.key < $1.key }.map(\.value) }
}

extension Engine {
    /// Checks every column against its attribute and replaces lookups given by key or by local reference by ids.
    func validateColumns(_ operation: inout Operation, _ failures: inout RowFailures) {
        let layout = tables[operation.place].layout
        for index in operation.attributes.indices {
            let column = operation.attributes[index]
            if case .lookup = layout.rules[column] {
                resolveLookups(&operation, index, layout, &failures)
            } else if layout.rules[column].isPartyList {
                resolvePartyLists(&operation, index, &failures)
            } else {
                validate(operation.columns[index], layout, column, operation.place, &failures)
            }
            let values = operation.columns[index]
            if values.values != nil, values.validity == nil { continue }
            guard layout.isRequired[column] else { continue }
            for row in 0..<values.count where !values.isValid(row) {
                failures.add(row, refusal(.required, operation.place, column, "A value is required."))
            }
        }
    }

    func refusal(
        _ code: Refusal.Code,
        _ place: Int,
        _ column: Int,
        record: RecordID = .none,
        _ message: String
    ) -> Refusal {
        let entity = schema.entities[place]
        return Refusal(code, entity: entity.name, attribute: entity.attributes[column].name, record: record, message)
    }

    private func validate(
        _ values: ColumnView,
        _ layout: TableLayout,
        _ column: Int,
        _ place: Int,
        _ failures: inout RowFailures
    ) {
        switch layout.rules[column] {
        case .text(let lengthMax):
            if TextCheck.areAllPlain(values, lengthMax: lengthMax) { return }
            for row in 0..<values.count where values.isValid(row) {
                switch TextCheck.check(values.text(row), lengthMax: lengthMax) {
                case .good: break
                case .invalid:
                    failures.add(row, refusal(.invalidText, place, column, "The text is not UTF-8 or contains U+0000."))
                case .tooLong(let length):
                    let message = "The text has \(length) characters; at most \(lengthMax) fit."
                    failures.add(row, refusal(.tooLong, place, column, message))
                }
            }
        case .range(let low, let high):
            if values.areAllWithin(low, high) { return }
            for row in 0..<values.count where values.isValid(row) {
                let number = values.number(row)
                if number < low || number > high { failures.add(row, outOfRange(number, low, high, place, column)) }
            }
        case .option:
            layout.optionValues[column].withUnsafeBufferPointer { options in
                for row in 0..<values.count
                where values.isValid(row) && TableLayout.place(of: values.number(row), among: options) < 0 {
                    failures.add(row, unknownOption(values.number(row), place, column))
                }
            }
        case .selection(let bits):
            for row in 0..<values.count where values.isValid(row) {
                let number = UInt64(bitPattern: values.number(row))
                if number == 0 || number & ~bits != 0 { failures.add(row, unknownSelection(number, place, column)) }
            }
        case .file: validateFiles(values, place, column, &failures)
        case .lookup, .partyList, .any: break
        }
    }

    private func outOfRange(_ number: Int64, _ low: Int64, _ high: Int64, _ place: Int, _ column: Int) -> Refusal {
        let scale = schema.entities[place].attributes[column].type.decimalScale
        let shown = { (number: Int64) in
            scale.map { Decimal64(units: number, scale: $0).description } ?? String(number)
        }
        return refusal(.outOfRange, place, column, "\(shown(number)) is outside \(shown(low)) … \(shown(high)).")
    }

    private func unknownSelection(_ bits: UInt64, _ place: Int, _ column: Int) -> Refusal {
        let known = schema.entities[place].attributes[column].type.optionSet.map { schema[$0].options.count } ?? 0
        let message =
            bits == 0
            ? "A selection of nothing is null."
            : "Bits \(String(bits, radix: 16)) are given; there are \(known) options."
        return refusal(.unknownOption, place, column, message)
    }

    private func unknownOption(_ number: Int64, _ place: Int, _ column: Int) -> Refusal {
        let set = schema.entities[place].attributes[column].type.optionSet
        let known = set.map { schema[$0].choices.map { "\($0.value) \($0.label)" }.joined(separator: ", ") } ?? ""
        return refusal(.unknownOption, place, column, "There is no option \(number); there are \(known).")
    }

    /// Checks that every lookup leads to a living record of an allowed entity. Values of a key, and local references, are
    /// replaced by ids in a column of the engine's own.
    private func resolveLookups(
        _ operation: inout Operation,
        _ index: Int,
        _ layout: TableLayout,
        _ failures: inout RowFailures
    ) {
        let values = operation.columns[index]
        let column = operation.attributes[index]
        let place = operation.place
        let targets = layout.lookupTargets[column]
        let reference = operation.references.isEmpty ? nil : operation.references[index]
        if let reference {
            let targetEntity = tables[reference.place].entity
            let single = [values]
            rewrite(&operation, index) { row in
                guard let hash = tables[reference.place].keyHash(reference.key, of: single, row),
                    let found = tables[reference.place].find(key: reference.key, hash: hash, values: single, row)
                else {
                    let shown =
                        values.kind == .text
                        ? String(decoding: values.text(row), as: UTF8.self) : "\(values.number(row))"
                    failures.add(
                        row,
                        refusal(
                            .referenceNotFound,
                            place,
                            column,
                            "No \(targetEntity.name) has \(targetEntity.keys[reference.key].name) '\(shown)'."
                        )
                    )
                    return .none
                }
                return tables[reference.place].recordID(atRow: Int(found))
            }
            return
        }
        var hasLocal = false
        // Most often all rows of a batch refer to one entity: it is looked up when it changes.
        var (known, target) = (EntityID?.none, 0)
        for row in 0..<values.count where values.isValid(row) {
            let id = RecordID(rawValue: UInt64(bitPattern: values.number(row)))
            if id.origin == RecordID.localOrigin, createdIDs.count > 1 {
                hasLocal = true
                continue
            }
            if id.entity == known, tables[target].row(of: id) != Table.noRow { continue }
            guard targets.contains(id.entity) else {
                failures.add(
                    row,
                    refusal(
                        .wrongReferenceEntity,
                        place,
                        column,
                        record: id,
                        "The attribute cannot refer to \(schema.text(of: id))."
                    )
                )
                continue
            }
            guard let found = schema.place(of: id.entity), tables[found].row(of: id) != Table.noRow else {
                failures.add(
                    row,
                    refusal(.referenceNotFound, place, column, record: id, "There is no \(schema.text(of: id)).")
                )
                continue
            }
            (known, target) = (id.entity, found)
        }
        guard hasLocal else { return }
        rewrite(&operation, index) { row in
            let id = RecordID(rawValue: UInt64(bitPattern: values.number(row)))
            guard id.origin == RecordID.localOrigin else { return id }
            let (operationIndex, localRow) = (Int(id.sequence >> 20), Int(id.sequence & 0xF_FFFF))
            guard operationIndex < createdIDs.count, localRow < createdIDs[operationIndex].count,
                targets.contains(createdIDs[operationIndex][localRow].entity),
                // An operation between may have deleted the record again.
                let target = schema.place(of: createdIDs[operationIndex][localRow].entity),
                tables[target].row(of: createdIDs[operationIndex][localRow]) != Table.noRow
            else {
                failures.add(
                    row,
                    refusal(
                        .referenceNotFound,
                        place,
                        column,
                        "Operation \(operationIndex) of this transaction made no fitting record in row \(localRow)."
                    )
                )
                return .none
            }
            return createdIDs[operationIndex][localRow]
        }
    }

    /// Replaces a column by the ids that `id` gives for its valid rows.
    private func rewrite(_ operation: inout Operation, _ index: Int, _ id: (Int) -> RecordID) {
        let values = operation.columns[index]
        let buffer = ColumnBuffer { writer in
            var builder = ColumnBuilder(kind: .id)
            for row in 0..<values.count {
                if values.isValid(row) {
                    builder.append(Int64(bitPattern: id(row).rawValue))
                } else {
                    builder.appendNull()
                }
            }
            builder.encode(into: &writer)
        }
        buffers.append(buffer)
        operation.columns[index] = buffer.column(kind: .id, count: values.count)
    }
}

/// Whether bytes are text that an attribute can hold.
enum TextCheck {
    case good
    case invalid
    case tooLong(Int)

    /// Whether all texts of a column are ASCII without U+0000 and none has more than `lengthMax` characters: one pass over
    /// their bytes and one over their ends. False says nothing: then they are checked one by one.
    static func areAllPlain(_ texts: ColumnView, lengthMax: Int) -> Bool {
        guard let ends = texts.values, texts.count > 0 else { return true }
        var longest: UInt32 = 0
        var start: UInt32 = 0
        for row in 0..<texts.count {
            let end = ends.loadUnaligned(fromByteOffset: row &* 4, as: UInt32.self)
            longest = max(longest, end &- start)
            start = end
        }
        return longest <= lengthMax
            && isPlain(UnsafeRawBufferPointer(start: texts.heap, count: Int(start)))
    }

    /// Whether the bytes are ASCII without U+0000: a word has a zero byte exactly when (w - 0x01…) & ~w & 0x80… is not zero,
    /// and a byte of 128 or more when w & 0x80… is not.
    private static func isPlain(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let base = bytes.baseAddress else { return true }
        // Without a branch inside, so that the compiler takes several words at a time.
        var all: UInt64 = 0
        for index in 0..<bytes.count >> 3 {
            let word = base.loadUnaligned(fromByteOffset: index &* 8, as: UInt64.self)
            all |= word | (word &- 0x0101_0101_0101_0101)
        }
        guard all & 0x8080_8080_8080_8080 == 0 else { return false }
        for index in bytes.count & ~7..<bytes.count where bytes[index] == 0 || bytes[index] >= 0x80 { return false }
        return true
    }

    static func check(_ bytes: UnsafeRawBufferPointer, lengthMax: Int) -> TextCheck {
        if isPlain(bytes) { return bytes.count <= lengthMax ? .good : .tooLong(bytes.count) }
        return checkUnicode(bytes, lengthMax: lengthMax)
    }

    private static func checkUnicode(_ bytes: UnsafeRawBufferPointer, lengthMax: Int) -> TextCheck {
        guard bytes.count <= Limits.textBytesMax, (try? UTF8Span(validating: bytes.asBytes.span)) != nil else {
            return .invalid
        }
        var scalars = 0
        for byte in bytes {
            if byte == 0 { return .invalid }
            if byte & 0xC0 != 0x80 { scalars += 1 }
        }
        return scalars <= lengthMax ? .good : .tooLong(scalars)
    }
}

extension ColumnView {
    /// Whether all numbers, those of nulls included, lie within bounds. False says nothing where there are nulls.
    func areAllWithin(_ low: Int64, _ high: Int64) -> Bool {
        guard let values else { return true }
        return switch kind {
        case .bool: areAllWithin(values, UInt8.self, low, high)
        case .int32, .text: areAllWithin(values, Int32.self, low, high)
        case .int64, .id, .double: areAllWithin(values, Int64.self, low, high)
        }
    }

    @inline(__always)
    private func areAllWithin<T: FixedWidthInteger>(
        _ values: UnsafeRawPointer,
        _: T.Type,
        _ low: Int64,
        _ high: Int64
    ) -> Bool {
        var (least, most) = (T.max, T.min)
        for row in 0..<count {
            let value = values.loadUnaligned(fromByteOffset: row &* MemoryLayout<T>.size, as: T.self)
            least = min(least, value)
            most = max(most, value)
        }
        return count == 0 || (Int64(least) >= low && Int64(most) <= high)
    }
}
