import Engine
import Kith
import Snapshot

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

/// A database on a simulated disk whose clock stands still: time goes on when it is told to.
func openAtRest(_ storage: SimulatedStorage, at moment: Int64) throws -> Database {
    var options = DatabaseOptions()
    options.directory = DirectoryOptions(segmentBytes: 1 << 20, usesThreads: true)
    options.threadCount = 1
    options.takesSnapshots = false
    options.clock = { moment }
    return try Database.open(in: storage, options: options, random: 1)
}
