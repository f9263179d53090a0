import Engine
import Kith

/// Makes one record and returns its id.
func create(
    _ database: Database,
    _ entity: String,
    _ values: KeyValuePairs<String, Value>
) async throws -> RecordID {
    var transaction = Transaction(database.schema)
    try transaction.create(entity, values)
    return try await database.execute(transaction).operations[0].ids[0]
}
