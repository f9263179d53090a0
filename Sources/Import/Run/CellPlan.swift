import Engine

/// How one attribute's value is made from a row: bound to column numbers and to the attribute's type. Immutable; a
/// class, since it is reached for every cell and copying its many parts cost a third of the conversion.
package final class CellPlan: Sendable {
    enum Source: Sendable {
        case columns([Int])
        case template([Part])
        case constant([UInt8])
    }

    enum Part: Sendable {
        case literal([UInt8])
        case column(Int)
    }

    /// What the text becomes, with the attribute's bounds.
    enum Conversion: Sendable {
        case text(scalarCountMax: Int)
        case integer(ClosedRange<Int64>)
        case decimal(scale: UInt8, ClosedRange<Int64>)
        case boolean
        /// Options by folded label and by number, written out.
        case option(labels: [[UInt8]: Int32], numbers: Set<Int32>)
        case date
        case instant
        case lookup
        /// Options with `;` between them, as in the other conversion; their bits.
        case options(OptionSet)
    }

    package let attribute: AttributeID
    package let name: String
    package let kind: PhysicalKind
    /// What the rejects file names: the column, or the attribute when there is not exactly one column.
    let columnName: String
    /// The attribute must have a value: because the mapping or the schema says so.
    let isRequired: Bool
    /// What stands in for null where the schema demands a value and has a default (a state, a status).
    let schemaDefault: Int64?
    package let lookup: LookupPlan?
    let source: Source
    let conversion: Conversion
    let mapping: AttributeMapping

    init(
        _ mapping: AttributeMapping,
        attribute: AttributeID,
        kind: PhysicalKind,
        columnName: String,
        isRequired: Bool,
        schemaDefault: Int64?,
        lookup: LookupPlan?,
        source: Source,
        conversion: Conversion
    ) {
        self.mapping = mapping
        self.attribute = attribute
        name = mapping.name
        self.kind = kind
        self.columnName = columnName
        self.isRequired = isRequired
        self.schemaDefault = schemaDefault
        self.lookup = lookup
        self.source = source
        self.conversion = conversion
    }

    /// The value is text: of the attribute itself, or of the key that a lookup finds its record by.
    var isText: Bool { lookup != nil || kind == .text }

    /// Appends the cell's value to `row`.
    func append(_ record: CSVRecord, to row: inout TypedRow) throws(RowFault) {
        let start = row.text.count
        gather(record, into: &row.text)
        var range = mapping.trims ? Self.trimmed(row.text, start..<row.text.count) : start..<row.text.count
        if !range.isEmpty, !mapping.nullTexts.isEmpty || !mapping.valueMap.isEmpty {
            try replace(&range, in: &row.text)
        }
        if range.isEmpty, let defaultText = mapping.defaultText {
            let start = row.text.count
            row.text.append(contentsOf: defaultText.utf8)
            range = start..<row.text.count
        }
        if range.isEmpty {
            guard isRequired else {
                row.cells.append(.null)
                return
            }
            guard let schemaDefault else { throw RowFault(column: columnName, "\(name) needs a value") }
            row.cells.append(.number(schemaDefault))
            return
        }
        let cell: TypedRow.Cell
        do throws(CellFault) {
            cell = try convert(row.text.span.extracting(range), range)
        } catch {
            throw RowFault(column: columnName, error.description)
        }
        if case .number = cell { row.text.removeSubrange(start...) }
        row.cells.append(cell)
    }

    /// Converts the texts that the mapping itself gives: constant, default, replacements. What is wrong with one of them is
    /// the mapping's mistake, to be said once and before the first row.
    func checkOwnTexts() throws(CellFault) {
        if case .constant = source {
            var row = TypedRow()
            do throws(RowFault) { try append(CSVRecord(), to: &row) } catch { throw CellFault(error.reason) }
        }
        for text in [mapping.defaultText ?? ""] + mapping.valueMap.values.sorted() where !text.isEmpty {
            let bytes = Array(text.utf8)
            _ = try convert(bytes.span, bytes.indices)
        }
    }

    // MARK: Text

    private func gather(_ record: CSVRecord, into text: inout [UInt8]) {
        switch source {
        case .columns(let columns):
            let last = columns.count - 1
            for (place, column) in columns.enumerated() {
                let range = record.range(column)
                if place < last, isEmpty(record, range) { continue }
                text.append(contentsOf: record.bytes[range])
                return
            }
        case .constant(let bytes):
            text.append(contentsOf: bytes)
        case .template(let parts):
            // A template of nothing but empty columns is empty, whatever stands between them.
            let start = text.count
            var hasText = false
            for part in parts {
                switch part {
                case .literal(let bytes): text.append(contentsOf: bytes)
                case .column(let column):
                    let range = record.range(column)
                    if isEmpty(record, range) { continue }
                    hasText = true
                    text.append(contentsOf: record.bytes[Self.trimmed(record.bytes, range)])
                }
            }
            if !hasText { text.removeSubrange(start...) }
        }
    }

    /// Whether a cell counts as null by itself.
    private func isEmpty(_ record: CSVRecord, _ range: Range<Int>) -> Bool {
        let range = Self.trimmed(record.bytes, range)
        if range.isEmpty { return true }
        return !mapping.nullTexts.isEmpty
            && mapping.nullTexts.contains(String(decoding: record.bytes[range], as: UTF8.self))
    }

    /// Applies null texts and the value map.
    private func replace(_ range: inout Range<Int>, in text: inout [UInt8]) throws(RowFault) {
        let original = String(decoding: text[range], as: UTF8.self)
        if mapping.nullTexts.contains(original) {
            range = range.lowerBound..<range.lowerBound
            return
        }
        guard !mapping.valueMap.isEmpty else { return }
        if let replacement = mapping.valueMap[original] {
            let start = text.count
            text.append(contentsOf: replacement.utf8)
            range = start..<text.count
            return
        }
        switch mapping.unmapped {
        case .keep: break
        case .null: range = range.lowerBound..<range.lowerBound
        case .reject:
            throw RowFault(
                column: columnName,
                "'\(CellFault.excerpt(of: text.span.extracting(range)))' is not in the value map"
            )
        }
    }

    /// Cuts blanks, tabs, line breaks and no-break spaces off both ends.
    static func trimmed(_ bytes: [UInt8], _ range: Range<Int>) -> Range<Int> {
        var start = range.lowerBound
        var end = range.upperBound
        while start < end {
            if bytes[start] <= 0x20 {
                start += 1
            } else if bytes[start] == 0xC2, start + 1 < end, bytes[start + 1] == 0xA0 {
                start += 2
            } else {
                break
            }
        }
        while start < end {
            if bytes[end - 1] <= 0x20 {
                end -= 1
            } else if bytes[end - 1] == 0xA0, end - 2 >= start, bytes[end - 2] == 0xC2 {
                end -= 2
            } else {
                break
            }
        }
        return start..<end
    }

    // MARK: Values

    private func convert(_ text: Span<UInt8>, _ range: Range<Int>) throws(CellFault) -> TypedRow.Cell {
        switch conversion {
        case .text(let scalarCountMax):
            var scalarCount = 0
            for index in text.indices where text[index] & 0xC0 != 0x80 { scalarCount += 1 }
            guard scalarCount <= scalarCountMax else {
                throw CellFault("has \(scalarCount) characters; \(name) keeps \(scalarCountMax)")
            }
            return .text(range)
        case .integer(let bounds):
            return .number(try check(try mapping.number.integer(text), bounds, 0, text))
        case .decimal(let scale, let bounds):
            return .number(try check(try mapping.number.decimal(text, scale: scale), bounds, scale, text))
        case .boolean:
            let word = Self.string(text).lowercased()
            if mapping.yesTexts.contains(word) { return .number(1) }
            if mapping.noTexts.contains(word) { return .number(0) }
            throw .text(text, "is neither a word for yes nor for no; say 'yes: …' and 'no: …'")
        case .option(let labels, let numbers):
            if let value = labels[Self.folded(text)] { return .number(Int64(value)) }
            if let number = Int32(Self.string(text)), numbers.contains(number) { return .number(Int64(number)) }
            throw .text(text, "is no option of \(name)")
        case .date:
            return .number(Int64(try date(text).days))
        case .instant:
            return .number(try date(text).instant(defaultOffsetMinutes: mapping.offsetMinutes))
        case .lookup:
            return .text(range)
        case .options(let set):
            do {
                let bits = try set.selection(of: Self.string(text))
                return bits == 0 ? .null : .number(Int64(bitPattern: bits))
            } catch {
                throw .text(text, "has '\(error.text)', which is no option of \(name)")
            }
        }
    }

    private func check(
        _ units: Int64,
        _ bounds: ClosedRange<Int64>,
        _ scale: UInt8,
        _ text: Span<UInt8>
    ) throws(CellFault) -> Int64 {
        guard bounds.contains(units) else {
            let low = Decimal64(units: bounds.lowerBound, scale: scale)
            let high = Decimal64(units: bounds.upperBound, scale: scale)
            throw .text(text, "is outside \(low) to \(high)")
        }
        return units
    }

    private func date(_ text: Span<UInt8>) throws(CellFault) -> ParsedDate {
        for format in mapping.dates {
            if let date = format.parse(text) { return date }
        }
        let patterns = mapping.dates.map(\.pattern).joined(separator: ", ")
        throw .text(text, "is no date of the form \(patterns)")
    }

    static func folded(_ text: Span<UInt8>) -> [UInt8] {
        text.withUnsafeBufferPointer { buffer in
            var folded: [UInt8] = []
            Collation.fold(buffer, into: &folded)
            return folded
        }
    }

    private static func string(_ text: Span<UInt8>) -> String {
        text.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }
}

/// The record that a lookup's key names.
package struct LookupPlan: Sendable {
    package let entity: EntityID
    package let entityName: String
    /// Index of the key among the target's alternate keys.
    package let keyIndex: Int
    /// The key's one attribute.
    package let keyAttribute: String
    package let missing: AttributeMapping.Missing
    /// The target may be written by this pass or a later one, so it is linked when all rows are in.
    package let isDeferred: Bool
}
