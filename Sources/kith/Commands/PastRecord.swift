import Engine
import Kith

/// One record as it was.
enum PastRecord {
    /// Its attributes with their values, and behind those that have one the label or the name, as queries have it.
    static func read(
        _ record: String,
        _ place: Place,
        asOf point: RestorePoint
    ) async throws -> (columns: [RowColumn], row: [Value], schema: Schema) {
        guard let slash = record.firstIndex(of: "/") else {
            throw CommandFailure(.usage, "'\(record)' is no record: write entity and code, such as account/7K3M")
        }
        let entity = String(record[..<slash])
        guard !entity.isEmpty, entity.utf8.allSatisfy(isNamePart) else {
            throw CommandFailure(.usage, "'\(entity)' is no name of an entity")
        }
        var found = RowCollector()
        var names = RowCollector()
        do {
            try await place.withPast(point) { past in
                // Activities have one key among them all.
                var key = "\(entity)id"
                func ask(_ columns: String, into sink: inout RowCollector) async throws {
                    let sql = "SELECT \(columns) FROM \(entity) WHERE \(key) = ?"
                    try await past.query(sql, QueryParameters(positional: [.text(record)]), into: &sink)
                }
                do {
                    try await ask("*", into: &found)
                } catch let error as QueryError where error.code == .unknownName {
                    key = "activityid"
                    do { try await ask("*", into: &found) } catch is QueryError { throw error }
                }
                let named = zip(found.columns, found.rows.first ?? []).filter { $0.0.name != key && hasName($0.1) }
                if named.isEmpty { return }
                try await ask(named.map { $0.0.name + "name" }.joined(separator: ", "), into: &names)
            }
        } catch let error as QueryError {
            throw CommandFailure(.usage, "'\(record)' is no record of that moment: \(error)")
        }
        guard let row = found.rows.first, let schema = found.schema else {
            throw CommandFailure(.refused, "there was no record \(record)")
        }
        var columns: [RowColumn] = []
        var values: [Value] = []
        for (column, value) in zip(found.columns, row) {
            columns.append(column)
            values.append(value)
            guard let index = names.columns.firstIndex(where: { $0.name == column.name + "name" }) else { continue }
            columns.append(names.columns[index])
            values.append(names.rows.first?[index] ?? .null)
        }
        return (columns, values, schema)
    }

    private static func isNamePart(_ byte: UInt8) -> Bool {
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
            || byte == UInt8(ascii: "_")
    }

    private static func hasName(_ value: Value) -> Bool {
        switch value {
        case .option: true
        case .reference(let id): id != .none
        default: false
        }
    }
}
