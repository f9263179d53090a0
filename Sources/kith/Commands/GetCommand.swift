import ArgumentParser
import Engine
import Kith

struct GetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Show one record with all its attributes.",
        discussion: """
            A record is named by its entity and code, as queries print it: account/7K3M. Beside the number of an option \
            stands its label, beside a reference the name of the record (statecodename, owneridname). The table leaves out \
            attributes without a value.

            EXAMPLES
              kith get --at ./data account/1N
              kith get --at kith://127.0.0.1:7411 --format json account/1N
              kith get --at ./data --as-of 2026-05-01T12:00:00Z account/1N
            """
    )

    @OptionGroup var at: AtOption

    @Option(help: "table (for people), json, csv or ndjson.")
    var format = RowFormat.table

    @OptionGroup var moment: AsOfOption

    @Argument(help: "Entity and code of the record, such as account/7K3M.")
    var record: String

    func run() async throws {
        let (record, format) = (record, format)
        if let point = try moment.point() {
            let (columns, row, schema) = try await PastRecord.read(record, at.place, asOf: point)
            return show(columns, row, schema, format)
        }
        try await at.place.withConnection { connection in
            let session = connection.session
            let schema = try await session.schema
            guard let id = schema.recordID(record), let entity = schema.entity(id.entity) else {
                throw CommandFailure(.usage, "'\(record)' is no record: \(GetCommand.reason(record, schema))")
            }
            let attributes = entity.attributes.filter { !$0.isDeleted }
            let page = try await session.read(entity.name, attributes.map(\.name), [id])
            guard page.versions.first ?? nil != nil, let values = page.rows.first else {
                throw CommandFailure(.refused, "there is no record \(record)")
            }
            let names = try await primaryNames(of: values, schema, session)
            var columns: [RowColumn] = []
            var row: [Value] = []
            for (attribute, value) in zip(attributes, values) {
                if attribute.type.isFile {
                    for (column, part) in GetCommand.parts(of: value, attribute.name) {
                        columns.append(column)
                        row.append(part)
                    }
                    continue
                }
                columns.append(RowColumn(name: attribute.name, type: QueryType(attribute.type)))
                row.append(value)
                if let label = label(of: value, attribute, schema, names) {
                    columns.append(RowColumn(name: attribute.name + "name", type: .text(.general)))
                    row.append(label)
                }
            }
            show(columns, row, schema, format)
        }
    }

    /// What queries have of a file.
    private static func parts(of value: Value, _ name: String) -> [(RowColumn, Value)] {
        var file: FileReference?
        if case .text(let text) = value { file = try? FileReference(text: text) }
        let parts: [(String, QueryType, Value?)] = [
            ("", .text(.general), file.map { .text($0.name) }),
            ("size", .integer, file.map { .integer($0.content.lengthBytes) }),
            ("type", .text(.general), file.map { .text($0.contentType) }),
            ("hash", .text(.general), file.map { .text("\($0.content.hash)") }),
        ]
        return parts.map { (RowColumn(name: name + $0.0, type: $0.1), $0.2 ?? .null) }
    }

    /// Why a text names no record.
    static func reason(_ text: String, _ schema: Schema) -> String {
        guard let slash = text.firstIndex(of: "/") else { return "write entity and code, such as account/7K3M" }
        let name = String(text[..<slash])
        guard schema.entity(named: name) == nil else {
            return "its code is mistyped, for the last character checks the others"
        }
        let hint = nearestName(to: name, among: schema.entities.map(\.name)).map { "; did you mean '\($0)'?" } ?? ""
        return "there is no entity '\(name)'\(hint)"
    }

    /// What a query has in the column `<attribute>name`; nil for attributes without one.
    private func label(of value: Value, _ attribute: Attribute, _ schema: Schema, _ names: [RecordID: Value]) -> Value?
    {
        if let set = attribute.type.optionSet {
            if case .option(let number) = value { return schema[set].label(of: number).map(Value.text) ?? .null }
            return .null
        }
        if case .lookup = attribute.type {
            if case .reference(let id) = value { return names[id] ?? .null }
            return .null
        }
        return nil
    }

    /// Names of the records that the values refer to: one read an entity.
    private func primaryNames(
        of values: [Value],
        _ schema: Schema,
        _ session: some Session
    ) async throws -> [RecordID: Value] {
        var ids: Set<RecordID> = []
        for case .reference(let id) in values where id != .none { ids.insert(id) }
        var names: [RecordID: Value] = [:]
        for entity in schema.entities {
            let wanted = ids.filter { $0.entity == entity.id }.sorted()
            if wanted.isEmpty { continue }
            let page = try await session.read(entity.name, [entity[entity.primaryName].name], wanted)
            for (id, row) in zip(wanted, page.rows) { names[id] = row.first }
        }
        return names
    }

    private func show(_ columns: [RowColumn], _ row: [Value], _ schema: Schema, _ format: RowFormat) {
        switch format {
        case .table:
            var table = TextTable([TextTable.Column(title: "attribute"), TextTable.Column(title: "value")])
            for (column, value) in zip(columns, row) {
                if let text = value.text(in: schema) { table.append([column.name, text]) }
            }
            StandardOutput.write(table.text)
        case .json:
            var json = JSONWriter()
            json.object { json in
                for (column, value) in zip(columns, row) {
                    json.key(column.name)
                    json.value(value, schema)
                }
            }
            StandardOutput.write(json.text + "\n")
        case .csv, .ndjson:
            var writer = RowWriter(format)
            writer.begin(columns, schema)
            writer.append(row)
            writer.end()
        }
    }
}
