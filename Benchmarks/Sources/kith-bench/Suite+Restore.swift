// Row 12, restore: from starting the process on a directory with a snapshot of everything until it answers, all indexes there.
// Row 11 in part: rate of a snapshot with nothing else going on. Row 14: its size.

import BenchData

extension Suite {
    func restore() throws {
        let columns = Array(data.columns.indices)
        try withInstances(try servers(columns: columns), .memory) { instances in
            for instance in instances {
                progress("restore: loading \(data.recordCount) records into \(instance.server.name)")
                _ = try instance.load(data, connections: 4, rowsPerBatch: 1_000)
            }
            for pair in 0..<options.pairCount {
                progress("restore: round \(pair + 1) of \(options.pairCount)")
                for instance in instances { try restart(instance, pair) }
            }
            for instance in instances { try sampleReads(instance, columns.filter { !data.updateColumns.contains($0) }) }
        }
    }

    private func restart(_ instance: Instance, _ pair: Int) throws {
        let name = instance.server.name
        do {
            let socket = try instance.connect()
            // A change, so that there is something to write.
            let change = instance.server.update(data, 0, generation: pair + 1)
            try socket.send(change.bytes)
            _ = try answer(change, socket)
            var sample = Sample(operations: data.recordCount)
            let cpu = try instance.process.cpuNanoseconds
            let start = now()
            try instance.server.snapshot(socket)
            sample.wallNanoseconds = now() - start
            sample.serverCPUNanoseconds = try instance.process.cpuNanoseconds - cpu
            report.add("snapshot", name, pair, sample)
            let newest = fileSizes(instance.directory).filter { instance.server.isSnapshot($0.name) }
                .max { $0.name < $1.name }
            if let newest {
                report.add(
                    "snapshot bytes a record",
                    name,
                    pair,
                    value: Double(newest.bytes) / Double(data.recordCount)
                )
            }
        }
        instance.process.stop()
        var sample = Sample(operations: data.recordCount)
        let start = now()
        try instance.restart()
        sample.wallNanoseconds = now() - start
        sample.serverCPUNanoseconds = try instance.process.cpuNanoseconds
        report.add("restore", name, pair, sample)
    }
}
