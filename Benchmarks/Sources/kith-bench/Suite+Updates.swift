// Row 5: durable updates of single records, 50 connections with 16 requests under way each, two attributes each. Every
// update changes its record: a connection has records of its own, and goes through them with other values each time.

import BenchData

extension Suite {
    private static let depth = 16

    func updates() throws {
        try withInstances(
            try servers(tarantool: true, postgres: true, columns: data.readColumns),
            .durable
        ) { instances in
            for instance in instances {
                progress("updates: loading \(data.recordCount) records into \(instance.server.name)")
                _ = try instance.load(data, connections: 4, rowsPerBatch: 1_000)
            }
            let sockets = try instances.map { try $0.connect(Suite.connections) }
            let plans = try instances.map { try updatePlan($0) }
            var done = instances.map { _ in Array(repeating: 0, count: Suite.connections) }
            progress("updates: \(options.pairCount) rounds")
            for pair in 0..<options.pairCount {
                for (index, instance) in instances.enumerated() {
                    let sample = try Driver.run(
                        plans[index],
                        sockets[index],
                        .seconds(options.sampleSeconds),
                        process: instance.process,
                        done: done[index]
                    )
                    done[index] = sample.done
                    report.add("durable update", instance.server.name, pair, sample)
                }
            }
            for (index, instance) in instances.enumerated() { try compare(instance, done[index]) }
        }
    }

    /// Records of a connection are those whose row leaves its number as remainder.
    private func row(connection: Int, batch: Int, slot: Int) -> Int {
        let perConnection = data.recordCount / Suite.connections
        // A step without a divisor in common with the number of rows visits them all, far from each other.
        var step = max(1, perConnection * 5 / 8)
        while gcd(step, perConnection) != 1 { step += 1 }
        return (batch * Suite.depth + slot) * step % perConnection * Suite.connections + connection
    }

    private func gcd(_ a: Int, _ b: Int) -> Int { b == 0 ? a : gcd(b, a % b) }

    private var batchesPerGeneration: Int {
        max(1, min(options.requestsPerConnection, data.recordCount / Suite.connections) / Suite.depth)
    }

    private func updatePlan(_ instance: Instance) throws -> Plan {
        var plan = Plan(batches: Array(repeating: [], count: Suite.connections))
        for connection in 0..<Suite.connections {
            for generation in 1...2 {
                for batch in 0..<batchesPerGeneration {
                    let requests = (0..<Suite.depth).map { slot in
                        let row = row(connection: connection, batch: batch, slot: slot)
                        return instance.server.update(data, row, generation: generation)
                    }
                    try add(requests, operations: Suite.depth, to: &plan, connection: connection, checkedBy: nil)
                }
            }
        }
        return plan
    }

    /// Reads back what the last batches of every connection wrote.
    private func compare(_ instance: Instance, _ done: [Int]) throws {
        let socket = try instance.connect()
        for (connection, count) in done.enumerated() {
            for back in 1...min(count, batchesPerGeneration) {
                let place = (count - back) % (2 * batchesPerGeneration)
                for slot in 0..<Suite.depth {
                    let request = instance.server.read(
                        data,
                        row(connection: connection, batch: place % batchesPerGeneration, slot: slot),
                        data.updateColumns,
                        generation: 1 + place / batchesPerGeneration
                    )
                    try socket.send(request.bytes)
                    _ = try answer(request, socket)
                }
                if back == 8 { break }
            }
        }
    }
}
