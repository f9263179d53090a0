import Engine

/// One pass over one file, bound to the schema: which entity, which key, and how every value is made. Made twice: first
/// without columns, to check names and find forward references, then with a file's header.
package struct StepPlan: Sendable {
    package let mapping: FileMapping
    package let entity: Entity
    /// Index of the alternate key that says which record a row is.
    package let keyIndex: Int
    /// Places in `cells` of the key's attributes, in the key's order; empty when rows are identified by file and line.
    package let keyCells: [Int]
    package let cells: [CellPlan]
    /// Number of cells that each row must have.
    package let columnCount: Int
    private let condition: (column: Int, condition: RowCondition)?

    /// Attributes that are linked after all rows are in.
    package var deferredCells: [Int] { cells.indices.filter { cells[$0].lookup?.isDeferred == true } }

    /// - Parameters:
    ///   - columns: the header's names, or nil to check everything but the columns.
    ///   - laterEntities: entities that this pass or a later one writes.
    package init(
        _ mapping: FileMapping,
        schema: Schema,
        columns: [String]?,
        laterEntities: Set<String>
    ) throws(ImportError) {
        guard let entity = schema.entity(named: mapping.entity) else {
            let hint = Self.hint(mapping.entity, schema.entities.map(\.name))
            throw ImportError(.mapping, "there is no entity '\(mapping.entity)'\(hint) (line \(mapping.line))")
        }
        self.mapping = mapping
        self.entity = entity
        let index = ColumnIndex(columns, file: mapping.file)
        var cells: [CellPlan] = []
        for attribute in mapping.attributes {
            cells.append(try Self.cell(attribute, entity, mapping.key, schema, index, laterEntities))
        }
        self.cells = cells
        (keyIndex, keyCells) = try Self.key(mapping, entity, cells)
        columnCount = columns?.count ?? 0
        condition = try mapping.condition.map { condition throws(ImportError) in
            (try index.column(condition.column, line: condition.line), condition)
        }
    }

    /// Whether the mapping's `when` takes this row.
    package func takes(_ record: CSVRecord) -> Bool {
        guard let condition else { return true }
        let range = CellPlan.trimmed(record.bytes, record.range(condition.column))
        let text = String(decoding: record.bytes[range], as: UTF8.self)
        return condition.condition.texts.contains(text) == condition.condition.takesMatches
    }

    /// Makes the row's values, one per cell.
    package func fill(_ row: inout TypedRow, from record: CSVRecord) throws(RowFault) {
        row.reset()
        guard record.cellCount == columnCount else {
            throw RowFault(column: "", "the row has \(record.cellCount) cells instead of \(columnCount)")
        }
        for cell in cells { try cell.append(record, to: &row) }
    }

    // MARK: Binding

    /// Column numbers by name.
    private struct ColumnIndex {
        /// As many as a message shows.
        private static let shownColumnCountMax = 20

        let names: [String]?
        let file: String

        init(_ names: [String]?, file: String) {
            self.names = names
            self.file = file
        }

        func column(_ name: String, line: Int) throws(ImportError) -> Int {
            guard let names else { return 0 }
            guard let first = names.firstIndex(of: name) else {
                var hint = StepPlan.hint(name, names)
                if hint.isEmpty {
                    // Also what shows that the file was cut at the wrong delimiter.
                    let shown = names.prefix(ColumnIndex.shownColumnCountMax).map { "'\($0)'" }.joined(separator: ", ")
                    hint = ", but \(shown)" + (names.count > ColumnIndex.shownColumnCountMax ? "…" : "")
                }
                throw ImportError(.mapping, "\(file) has no column '\(name)'\(hint) (line \(line) of the mapping)")
            }
            guard names.lastIndex(of: name) == first else {
                throw ImportError(.mapping, "\(file) has several columns '\(name)' (line \(line) of the mapping)")
            }
            return first
        }
    }

    fileprivate static func hint(_ name: String, _ known: [String]) -> String {
        nearestName(to: name.lowercased(), among: known).map { "; did you mean '\($0)'?" } ?? ""
    }

    private static func key(
        _ mapping: FileMapping,
        _ entity: Entity,
        _ cells: [CellPlan]
    ) throws(ImportError) -> (Int, [Int]) {
        // Every entity's key 0 is its external id.
        guard !mapping.key.isEmpty else { return (0, []) }
        let ids = mapping.key.compactMap { entity.attributeID($0) }
        guard
            let keyIndex = entity.keys.firstIndex(where: {
                Set($0.attributes) == Set(ids) && ids.count == mapping.key.count
            })
        else {
            let keys = entity.keys.filter { !$0.isDeleted }.map { key in
                key.attributes.map { entity[$0].name }.joined(separator: " and ")
            }
            throw ImportError(
                .mapping,
                "\(mapping.key.joined(separator: " and ")) is no key of \(entity.name), which has: "
                    + "\(keys.joined(separator: ", ")) (line \(mapping.line))"
            )
        }
        let keyCells = entity.keys[keyIndex].attributes.compactMap { id in cells.firstIndex { $0.attribute == id } }
        return (keyIndex, keyCells)
    }

    private static func cell(
        _ mapping: AttributeMapping,
        _ entity: Entity,
        _ key: [String],
        _ schema: Schema,
        _ index: ColumnIndex,
        _ laterEntities: Set<String>
    ) throws(ImportError) -> CellPlan {
        guard let id = entity.attributeID(mapping.name) else {
            let hint = hint(mapping.name, entity.attributes.map(\.name))
            throw ImportError(
                .mapping,
                "\(entity.name) has no attribute '\(mapping.name)'\(hint) (line \(mapping.line))"
            )
        }
        guard !entity[id].type.isFile else {
            throw ImportError(
                .mapping,
                "\(entity.name).\(mapping.name) is a file: kith file put (line \(mapping.line))"
            )
        }
        guard id >= SystemAttribute.writableFrom, entity[id].type.isWritable else {
            throw ImportError(.mapping, "\(entity.name).\(mapping.name) is kept by the engine (line \(mapping.line))")
        }
        let attribute = entity[id]
        let isRequired = mapping.isRequired || attribute.isRequired || key.contains(mapping.name)
        var schemaDefault: Int64?
        if !mapping.isRequired, case .option(let value) = attribute.defaultValue { schemaDefault = Int64(value) }
        let lookup = try lookup(mapping, attribute, schema, laterEntities)
        if let lookup, lookup.isDeferred, isRequired {
            throw ImportError(
                .mapping,
                "\(entity.name).\(mapping.name) is required, so the file with its \(lookup.entityName) must come earlier "
                    + "in the mapping (line \(mapping.line))"
            )
        }
        var columns: [String] = []
        let source: CellPlan.Source
        switch mapping.source {
        case .constant(let text): source = .constant(Array(text.utf8))
        case .columns(let names):
            columns = names
            var bound: [Int] = []
            for name in names { bound.append(try index.column(name, line: mapping.line)) }
            source = .columns(bound)
        case .template(let parts):
            var bound: [CellPlan.Part] = []
            for part in parts {
                switch part {
                case .literal(let text): bound.append(.literal(Array(text.utf8)))
                case .column(let name):
                    columns.append(name)
                    bound.append(.column(try index.column(name, line: mapping.line)))
                }
            }
            source = .template(bound)
        }
        let plan = CellPlan(
            mapping,
            attribute: id,
            kind: attribute.type.physicalKind,
            columnName: columns.count == 1 ? columns[0] : mapping.name,
            isRequired: isRequired,
            schemaDefault: schemaDefault,
            lookup: lookup,
            source: source,
            conversion: conversion(attribute.type, schema)
        )
        do throws(CellFault) {
            try plan.checkOwnTexts()
        } catch {
            var message = "\(entity.name).\(mapping.name): \(error) (line \(mapping.line))"
            if let set = attribute.type.optionSet {
                message += "; it has: \(schema[set].options.map { "'\($0.label)'" }.joined(separator: ", "))"
            }
            throw ImportError(.mapping, message)
        }
        return plan
    }

    private static func conversion(_ type: AttributeType, _ schema: Schema) -> CellPlan.Conversion {
        switch type {
        case .text(let lengthMax), .memo(let lengthMax): return .text(scalarCountMax: lengthMax)
        case .autoNumber: return .text(scalarCountMax: AutoNumberFormat.lengthMax)
        case .integer(let minimum, let maximum): return .integer(minimum...maximum)
        case .decimal(let scale, let minimum, let maximum): return .decimal(scale: scale, minimum...maximum)
        case .money: return .decimal(scale: AttributeType.moneyScale, Int64.min...Int64.max)
        case .boolean: return .boolean
        case .option(let id), .state(let id), .status(let id):
            var labels: [[UInt8]: Int32] = [:]
            for option in schema[id].choices { labels[CellPlan.folded(Array(option.label.utf8).span)] = option.value }
            return .option(labels: labels, numbers: Set(schema[id].choices.map(\.value)))
        case .date: return .date
        case .instant: return .instant
        case .lookup: return .lookup
        case .options(let id): return .options(schema[id])
        // The engine reads the list, and says what is wrong with it.
        case .partyList: return .text(scalarCountMax: Limits.transactionBytesMax)
        case .identifier, .version, .exchangeRate, .calculated, .rollUp, .file:
            preconditionFailure("refused before: the engine keeps it, or it is a file")
        }
    }

    private static func lookup(
        _ mapping: AttributeMapping,
        _ attribute: Attribute,
        _ schema: Schema,
        _ laterEntities: Set<String>
    ) throws(ImportError) -> LookupPlan? {
        let targets = attribute.type.lookupTargets.compactMap { schema.entity($0) }
        guard !targets.isEmpty else {
            guard mapping.lookup == nil else {
                throw ImportError(.mapping, "\(mapping.name) is no lookup (line \(mapping.line))")
            }
            return nil
        }
        let names = targets.map(\.name)
        guard let lookup = mapping.lookup else {
            throw ImportError(
                .mapping,
                "\(mapping.name) refers to \(names.joined(separator: " or ")): say 'lookup: {entity: \(names[0]), by: …}' "
                    + "(line \(mapping.line))"
            )
        }
        guard let name = lookup.entity ?? (names.count == 1 ? names[0] : nil) else {
            throw ImportError(
                .mapping,
                "the lookup of \(mapping.name) needs 'entity', one of \(names.joined(separator: ", ")) (line \(mapping.line))"
            )
        }
        guard let target = targets.first(where: { $0.name == name }) else {
            throw ImportError(
                .mapping,
                "\(mapping.name) refers to \(names.joined(separator: " or ")), not to \(name) (line \(mapping.line))"
            )
        }
        guard let id = target.attributeID(lookup.by), let keyIndex = target.keyIndex(of: id),
            target[id].type.physicalKind == .text
        else {
            let keys = target.keys.filter { $0.attributes.count == 1 }.map { target[$0.attributes[0]].name }
            throw ImportError(
                .mapping,
                "'\(lookup.by)' is no key of \(name), which has: \(keys.joined(separator: ", ")) (line \(mapping.line))"
            )
        }
        return LookupPlan(
            entity: target.id,
            entityName: name,
            keyIndex: keyIndex,
            keyAttribute: lookup.by,
            missing: lookup.missing,
            isDeferred: laterEntities.contains(name)
        )
    }
}
