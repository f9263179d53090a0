import Engine
import Kith
import Snapshot
import Testing

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

/// Does `work` under power cuts, the first after `after` changes of the disk and each further one `by` later, until it gets
/// through; what it did is there after one more start. A cut may also hit what the log does beside the work, a segment made
/// ahead for instance, which is only told when the database is closed.
func throughPowerCuts(
    _ database: inout Database,
    _ storage: SimulatedStorage,
    after: Int,
    by: Int,
    open: (SimulatedStorage) throws -> Database,
    work: (Database) async throws -> Void
) async throws {
    var cuts = 0
    var isDone = false
    while !isDone {
        storage.cutPower(afterChanges: after + cuts * by)
        do {
            try await work(database)
            isDone = true
        } catch {
            cuts += 1
        }
        try? database.close()
        storage.crash()
        database = try open(storage)
    }
    #expect(cuts > 0)
}
