// Rows 1, 2 and 3: point reads of twelve columns over the wire, at depth 1, 16 and 64, and 64 ids in one request.

import BenchData
import Glibc

extension Suite {
    private struct Shape {
        let name: String
        let depth: Int
        var isOneRequest = false
    }

    func reads() throws {
        let shapes = [
            Shape(name: "read depth 1", depth: 1), Shape(name: "read depth 16", depth: 16),
            Shape(name: "read depth 64", depth: 64),
            Shape(name: "read 64 ids a request", depth: 64, isOneRequest: true),
        ]
        try withInstances(try servers(tarantool: true, columns: data.readColumns), .memory) { instances in
            for instance in instances {
                progress("reads: loading \(data.recordCount) records into \(instance.server.name)")
                _ = try instance.load(data, connections: 4, rowsPerBatch: 1_000)
            }
            let sockets = try instances.map { try $0.connect(Suite.connections) }
            for shape in shapes {
                progress("\(shape.name): comparing every answer, then \(options.pairCount) rounds")
                let plans = try instances.map { try readPlan(shape, $0) }
                let echo = shape.depth == 1 ? try startEcho() : nil
                defer { echo?.process.stop() }
                let echoPlan = echo.map { _ in EchoServer.plan(like: plans[0]) }
                for pair in 0..<options.pairCount {
                    for (index, instance) in instances.enumerated() {
                        let sample = try Driver.run(
                            plans[index],
                            sockets[index],
                            .seconds(options.sampleSeconds),
                            process: instance.process
                        )
                        report.add(shape.name, instance.server.name, pair, sample)
                    }
                    guard let echo, let echoPlan else { continue }
                    let sample = try Driver.run(
                        echoPlan,
                        echo.sockets,
                        .seconds(options.sampleSeconds),
                        process: echo.process
                    )
                    report.add(shape.name, EchoServer.name, pair, sample)
                }
            }
        }
    }

    private func startEcho() throws -> EchoServer? {
        guard access(options.echoExecutable, X_OK) == 0 else {
            report.note(absent: EchoServer.name, because: "not built")
            return nil
        }
        return try EchoServer(executable: options.echoExecutable, work: options.work, connections: Suite.connections)
    }

    /// The same records in the same order for every server.
    private func readPlan(_ shape: Shape, _ instance: Instance) throws -> Plan {
        var random = Random(state: 1)
        let socket = try instance.connect()
        let server = instance.server
        var plan = Plan(batches: Array(repeating: [], count: Suite.connections))
        for connection in 0..<Suite.connections {
            for _ in 0..<options.requestsPerConnection / shape.depth {
                let rows = (0..<shape.depth).map { _ in random.below(data.recordCount) }
                let requests =
                    shape.isOneRequest
                    ? [server.readMany(data, rows, data.readColumns)]
                    : rows.map { server.read(data, $0, data.readColumns, generation: 0) }
                try add(requests, operations: shape.depth, to: &plan, connection: connection, checkedBy: socket)
            }
        }
        return plan
    }
}
