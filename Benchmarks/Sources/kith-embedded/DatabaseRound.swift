// A database in a directory: durable loads, typed reads, and what opening it costs from a log and from a snapshot.

import BenchData
import Kith

struct DatabaseRound {
    private static let idsPerRead = 64
    /// Transactions under way. With four, a group of the log has one or two, and the program waits for the disk half of the time.
    private static let tasks = 16
    /// So many updates are replayed at least, of all records and of each, that their time stands out of the rest of an opening.
    private static let updatesMin = 1_000_000
    private static let generationsMin = 4
    /// Openings of which the shortest counts, where one is taken from another.
    private static let openings = 2

    private let data: Dataset
    private let seconds: Double
    private let directory: String

    init(_ data: Dataset, seconds: Double, directory: String) {
        self.data = data
        self.seconds = seconds
        self.directory = directory
    }

    private func open() throws -> Database {
        var options = DatabaseOptions()
        // The log is kept whole, since it is what is measured.
        options.takesSnapshots = false
        return try Database.open(directory, options: options)
    }

    /// Closes and opens again, and returns the time that opening took. The old one is gone before.
    private func reopen(_ database: inout Database?) throws -> UInt64 {
        try database?.close()
        database = nil
        let start = now()
        database = try open()
        return now() - start
    }

    private func shortestReopening(_ database: inout Database?) throws -> UInt64 {
        var shortest = UInt64.max
        for _ in 0..<DatabaseRound.openings { shortest = min(shortest, try reopen(&database)) }
        return shortest
    }

    func run() async throws {
        defer { removeTree(directory) }
        var database: Database? = try open()
        func opened() throws -> Database {
            guard let database else { throw BenchError("the database is closed") }
            return database
        }
        let firstAccount = try await makeAccounts(opened())
        let ids = try await load(opened(), firstAccount)
        try await read(opened(), ids, firstAccount)

        let creates = try reopen(&database)
        Main.report("log replay of creates", data.recordCount + data.accountCount, nanoseconds: creates)
        try await compare(opened(), ids, firstAccount, generation: 0)

        try opened().writeSnapshot()
        let restore = try shortestReopening(&database)
        Main.report("embedded restore", data.recordCount, nanoseconds: restore)
        let least = (DatabaseRound.updatesMin + data.recordCount - 1) / data.recordCount
        let generations = max(DatabaseRound.generationsMin, least)
        for generation in 1...generations {
            for range in data.batches {
                let transaction = try data.changes(opened().schema, range, ids, generation: generation)
                _ = try await opened().execute(transaction)
            }
        }
        let both = try shortestReopening(&database)
        // What opening took longer than from the snapshot alone.
        guard both > restore else { throw BenchError("a log with updates was replayed in no time") }
        Main.report("log replay of updates", generations * data.recordCount, nanoseconds: both - restore)
        try await compare(opened(), ids, firstAccount, generation: generations)
        try database?.close()
    }

    private func makeAccounts(_ database: Database) async throws -> UInt64 {
        var ids: [RecordID] = []
        for transaction in try data.accounts(database.schema) {
            ids += try await database.execute(transaction).operations[0].ids
        }
        guard let first = ids.first, ids.enumerated().allSatisfy({ $1.rawValue == first.rawValue + UInt64($0) }) else {
            throw BenchError("the accounts' ids are not a run")
        }
        return first.rawValue
    }

    private func load(_ database: Database, _ firstAccount: UInt64) async throws -> [RecordID] {
        var ids = [RecordID](repeating: .none, count: data.recordCount)
        var nanoseconds: UInt64 = 0
        let batches = data.batches
        // In slices, so that transactions that wait for their turn do not take the memory of all.
        let sliceBatches = 256
        for slice in stride(from: 0, to: batches.count, by: sliceBatches) {
            let ranges = Array(batches[slice..<min(slice + sliceBatches, batches.count)])
            let transactions = try ranges.map { try data.contacts(database.schema, $0, firstAccount: firstAccount) }
            let start = now()
            try await withThrowingTaskGroup(of: [(Int, [RecordID])].self) { group in
                for task in 0..<DatabaseRound.tasks {
                    group.addTask {
                        var replies: [(Int, [RecordID])] = []
                        for index in stride(from: task, to: transactions.count, by: DatabaseRound.tasks) {
                            replies.append((index, try await database.execute(transactions[index]).operations[0].ids))
                        }
                        return replies
                    }
                }
                for try await replies in group {
                    for (index, made) in replies { ids.replaceSubrange(ranges[index], with: made) }
                }
            }
            nanoseconds += now() - start
        }
        Main.report("embedded load", data.recordCount, nanoseconds: nanoseconds)
        return ids
    }

    private func read(_ database: Database, _ ids: [RecordID], _ firstAccount: UInt64) async throws {
        try await compare(database, ids, firstAccount, generation: 0)
        let names = data.readColumns.map { data.columns[$0].name }
        var random = Random(state: 4)
        let requests = (0..<4_096).map { _ in
            (0..<DatabaseRound.idsPerRead).map { _ in ids[random.below(data.recordCount)] }
        }
        var count = 0
        let start = now()
        let deadline = start + UInt64(seconds * 1e9)
        var time = start
        while time < deadline {
            let page = try await database.read("contact", names, requests[count / DatabaseRound.idsPerRead % 4_096])
            count += page.rows.count
            time = now()
        }
        Main.report("embedded read", count, nanoseconds: time - start)
    }

    /// Reads some records back, all attributes.
    private func compare(
        _ database: Database,
        _ ids: [RecordID],
        _ firstAccount: UInt64,
        generation: Int
    ) async throws {
        var random = Random(state: 3)
        let rows = (0..<1_000).map { _ in random.below(data.recordCount) }
        let page = try await database.read("contact", data.columns.map(\.name), rows.map { ids[$0] })
        for (row, values) in zip(rows, page.rows) {
            for place in data.columns.indices {
                let expected = data.value(place, row, generation: generation, firstAccount: firstAccount)
                guard values[place] == expected else {
                    throw BenchError("\(data.columns[place].name) of row \(row) is \(values[place]), not \(expected)")
                }
            }
        }
    }
}
