// Row 6, bulk load over the wire: twenty attributes, every index, flushed before the reply. Row 13, bytes a record: what the
// server's memory grew by.

import BenchData

extension Suite {
    private static let loadConnections = 4
    private static let rowsPerBatch = 1_000

    func load() throws {
        let columns = Array(data.columns.indices)
        for pair in 0..<options.pairCount {
            progress("load: round \(pair + 1) of \(options.pairCount), \(data.recordCount) records")
            for server in try servers(postgres: true, columns: columns) {
                try withInstances([server], .durable) { instances in
                    let instance = instances[0]
                    let before = try instance.process.residentBytes
                    let accountedBefore = try server.accountedBytes(try instance.connect()) ?? 0
                    let sample = try instance.load(
                        data,
                        connections: Suite.loadConnections,
                        rowsPerBatch: Suite.rowsPerBatch
                    )
                    let growth = try instance.process.residentBytes - before
                    report.add("bulk load", server.name, pair, sample)
                    try sampleReads(instance, columns)
                    guard server.isOneProcess else { return }
                    report.add(
                        "resident bytes a record",
                        server.name,
                        pair,
                        value: Double(growth) / Double(data.recordCount)
                    )
                    let accounted = try server.accountedBytes(try instance.connect())
                    instance.process.stop()
                    if let accounted = accounted ?? server.accountedBytes(directory: instance.directory) {
                        report.add(
                            "accounted bytes a record",
                            server.name,
                            pair,
                            value: Double(accounted - accountedBefore) / Double(data.recordCount)
                        )
                    }
                }
            }
        }
    }

    /// Reads some records back, all attributes.
    func sampleReads(_ instance: Instance, _ columns: [Int]) throws {
        let socket = try instance.connect()
        var random = Random(state: 2)
        for _ in 0..<200 {
            let row = random.below(data.recordCount)
            let request = instance.server.read(data, row, columns, generation: 0)
            try socket.send(request.bytes)
            _ = try answer(request, socket)
        }
    }
}
