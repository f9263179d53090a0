import CRM
import Engine
import Kith

// What single records are like, and what a record with given values would be like.

extension DuplicatesCommand {
    /// Prints what records are like.
    static func showRecords(
        _ codes: [String],
        _ format: RowFormat,
        _ schema: Schema,
        _ session: any OrganisationSession
    ) async throws {
        let records = try codes.map { code in
            guard let id = schema.recordID(code) else {
                throw CommandFailure(.usage, "'\(code)' is no record, as contact/1N is one")
            }
            return id
        }
        try await show(try await session.duplicates(.records(records)), format, schema, session)
    }

    /// Prints what a record with some values would be like.
    static func showValues(
        _ texts: [String],
        _ entity: Entity,
        _ format: RowFormat,
        _ schema: Schema,
        _ session: any OrganisationSession
    ) async throws {
        let values = try texts.map { text in
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, let attribute = entity.attributeID(parts[0]) else {
                throw CommandFailure(
                    .usage,
                    "'\(text)' is no attribute of \(entity.name) with a value, as name=Acme is one"
                )
            }
            guard let value = value(parts[1], entity[attribute].type) else {
                throw CommandFailure(.usage, "'\(parts[1])' is no value of \(entity.name).\(parts[0])")
            }
            return (parts[0], value)
        }
        var transaction = Transaction(schema)
        try transaction.createRecord(entity.name, values)
        try await show(try await session.duplicates(.transaction(transaction)), format, schema, session)
    }

    /// A value as it is typed; what a transaction converts itself stays a text.
    private static func value(_ text: String, _ type: AttributeType) -> Value? {
        if text.isEmpty { return .null }
        return switch type {
        case .date: CalendarText.date(text).map(Value.date)
        case .instant: CalendarText.instant(text).map(Value.instant)
        case .integer: Int64(text).map(Value.integer)
        case .decimal, .money: Decimal64(declared: text).map(Value.decimal)
        case .boolean: ["yes": true, "true": true, "no": false, "false": false][text].map(Value.boolean)
        case .option, .state, .status: Int32(text).map(Value.option) ?? .text(text)
        default: .text(text)
        }
    }

    private static func show(
        _ report: DuplicateReport,
        _ format: RowFormat,
        _ schema: Schema,
        _ session: any OrganisationSession
    ) async throws {
        let names = try await names(Set(report.hits.flatMap { [$0.record, $0.other] }), schema, session)
        var writer = RowWriter(format)
        let text = QueryType.text(.general)
        writer.begin(
            [
                RowColumn(name: "record", type: .id), RowColumn(name: "name", type: text),
                RowColumn(name: "duplicate", type: .id), RowColumn(name: "duplicatename", type: text),
                RowColumn(name: "rule", type: text), RowColumn(name: "because", type: text),
            ],
            schema
        )
        for hit in report.hits {
            let reasons = hit.reasons.map { report.reasons[$0] }
            var rules: [String] = []
            for reason in reasons where rules.last != reason.name { rules.append(reason.name) }
            let isNew = DuplicateReport.row(hit.record) != nil
            writer.append([
                isNew ? .null : .reference(hit.record), names[hit.record] ?? .null, .reference(hit.other),
                names[hit.other] ?? .null, .text(rules.joined(separator: "; ")),
                .text(reasons.map(\.because).joined(separator: "; ")),
            ])
        }
        writer.end()
        var lines: [String] = []
        if report.isCut { lines.append("there are more: of each record the first \(DuplicateReport.hitsPerRecordMax)") }
        for reason in report.omissions.map({ report.reasons[$0.reason] }) {
            lines.append(
                "more than \(DuplicateSearch.blockMax) records have the same values: not compared (\(reason.name): "
                    + "\(reason.because))"
            )
        }
        guard lines.isEmpty else { throw CommandFailure(.incomplete, lines.joined(separator: "\n")) }
    }

    /// What people call records that are there.
    private static func names(
        _ ids: Set<RecordID>,
        _ schema: Schema,
        _ session: any Session
    ) async throws -> [RecordID: Value] {
        var names: [RecordID: Value] = [:]
        for (entity, ids) in Dictionary(grouping: ids.filter { DuplicateReport.row($0) == nil }, by: \.entity) {
            guard let entity = schema.entity(entity) else { continue }
            let page = try await session.read(entity.name, [entity[entity.primaryName].name], ids)
            for (id, row) in zip(ids, page.rows) { names[id] = row.first ?? .null }
        }
        return names
    }
}
