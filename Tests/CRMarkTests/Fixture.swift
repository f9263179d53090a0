import CRMark
import Kith
import Snapshot
import TestSupport

/// An empty database in a folder of the test's. Real files: the simulated disk of other tests writes byte by byte, and here is
/// much to write.
func emptyDatabase(in folder: TemporaryDirectory, _ name: String = "data") throws -> Database {
    var options = DatabaseOptions()
    options.directory = DirectoryOptions(segmentBytes: 16 << 20)
    options.threadCount = 1
    options.takesSnapshots = false
    return try Database.open("\(folder.path)/\(name)", options: options)
}

/// The smallest CRMark, in a database with its indexes.
func smallDatabase(in folder: TemporaryDirectory) async throws -> Database {
    let database = try emptyDatabase(in: folder)
    _ = try await database.change(CRMark.indexes)
    try await CRMark(accountCount: 100, seed: 7).load(into: database)
    return database
}
