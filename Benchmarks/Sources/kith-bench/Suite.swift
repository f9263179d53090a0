// The run: which servers there are, and what is common to the parts.

import BenchData
import Glibc

final class Suite {
    static let connections = 50

    let options: Options
    let data: Dataset
    let report: Report
    let hasRedis: Bool
    let hasTarantool: Bool
    private let hasPostgres: Bool

    init(_ options: Options) throws {
        self.options = options
        guard let version = firstLine(of: "'\(options.executable)' --version") else {
            throw BenchError("\(options.executable) does not run: call make build first, or pass --kith PATH")
        }
        let redis = firstLine(of: "redis-server --version")
        let tarantool = firstLine(of: "tarantool --version")
        hasRedis = redis != nil
        hasTarantool = tarantool != nil
        data = Dataset(recordCount: options.records)
        let postgres = Result { try PostgresServer(home: options.home) }
        let found = ["kith \(version)", redis, tarantool, try? postgres.get().version]
        report = Report(options, versions: found.compactMap { $0 })
        switch postgres {
        case .success: hasPostgres = true
        case .failure(let reason):
            hasPostgres = false
            report.note(absent: "postgresql", because: "\(reason)")
        }
    }

    /// A part that fails ends the run, but what was measured before it is reported: a run takes a quarter of an hour.
    func run() throws {
        var done: Set<Options.Part> = []
        do {
            for part in Options.Part.allCases where options.parts.contains(part) {
                switch part {
                case .reads: try reads()
                case .updates: try updates()
                case .load: try load()
                case .restore: try restore()
                case .embedded: try embedded()
                }
                done.insert(part)
            }
        } catch {
            try report.finish(done)
            throw error
        }
        try report.finish(done)
    }

    /// Kith first, then the peers that are installed. `columns` is what the peers hold; Kith holds everything.
    func servers(tarantool: Bool = false, postgres: Bool = false, columns: [Int]) throws -> [any Server] {
        var servers: [any Server] = [KithServer(executable: options.executable)]
        if hasRedis { servers.append(RedisServer(home: options.home)) }
        if tarantool, hasTarantool { servers.append(TarantoolServer(home: options.home)) }
        if postgres, hasPostgres { servers.append(try PostgresServer(home: options.home)) }
        for server in servers.dropFirst() { server.columns = columns }
        return servers
    }

    func progress(_ text: String) {
        var line = "bench: \(text)\n"
        line.withUTF8 { _ = write(2, $0.baseAddress, $0.count) }
    }

    /// Runs `body` on started servers and ends them.
    func withInstances(
        _ servers: [any Server],
        _ purpose: Purpose,
        _ body: ([Instance]) throws -> Void
    ) throws {
        var instances: [Instance] = []
        // Also after a failure: what runs must not outlive the part.
        defer { for instance in instances { instance.remove() } }
        for server in servers { instances.append(try Instance(server, work: options.work, purpose: purpose)) }
        try body(instances)
    }

    /// Asks every request of a batch once, compares the answers with the data, and adds the batch to a plan.
    func add(
        _ requests: [Request],
        operations: Int,
        to plan: inout Plan,
        connection: Int,
        checkedBy socket: Socket?
    ) throws {
        let requestStart = plan.requests.count
        let replyStart = plan.replies.count
        for request in requests { plan.requests.append(contentsOf: request.bytes) }
        var expected: Range<Int>?
        if let socket {
            try socket.send(Array(plan.requests[requestStart...]))
            for request in requests { plan.replies.append(contentsOf: try answer(request, socket)) }
            expected = replyStart..<plan.replies.count
        }
        plan.batches[connection].append(
            Batch(
                request: requestStart..<plan.requests.count,
                replyBytes: requests.reduce(0) { $0 + $1.replyBytes },
                expected: expected,
                operations: operations
            )
        )
    }

    /// Receives the reply to a request and compares it with what was written.
    func answer(_ request: Request, _ socket: Socket) throws -> ArraySlice<UInt8> {
        let reply = try socket.receive(request.replyBytes)
        guard reply.suffix(request.replySuffix.count).elementsEqual(request.replySuffix) else {
            throw BenchError("an answer is not what was written")
        }
        return reply
    }
}
