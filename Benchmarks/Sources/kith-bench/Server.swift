// What the rows need of a server, Kith or peer: how it is started, and the bytes of the same work in its protocol.

import BenchData
import Glibc

/// What a server must hold and promise for a row.
enum Purpose {
    /// Reads, restores: nothing needs to be on disk (Kith's class is D3 always).
    case memory
    /// Flushed before the reply: D3.
    case durable
}

/// Encoded requests with what is known of their replies.
struct Request {
    var bytes: [UInt8]
    var replyBytes: Int
    /// The reply, as far as it is known: its last bytes.
    var replySuffix: [UInt8] = []
}

protocol Server: AnyObject {
    var name: String { get }
    /// Whether it holds all twenty attributes, or only the twelve that reads ask for.
    var columns: [Int] { get set }
    /// Fills its new, empty directory, which stands in `work`.
    func makeDirectory(_ directory: String, work: String) throws
    func command(directory: String, port: UInt16, purpose: Purpose) -> [String]
    /// What makes it stop in order, whoever is connected.
    var stopSignal: Int32 { get }
    /// Whether its memory is that of one process.
    var isOneProcess: Bool { get }
    /// Connects and greets; throws while the server does not answer yet.
    func connect(port: UInt16) throws -> Socket
    /// Makes what contacts refer to.
    func prepare(_ data: Dataset, _ socket: Socket) throws
    /// Makes contacts.
    func create(_ data: Dataset, _ rows: Range<Int>) -> Request
    /// The contacts were made: what the reply says of them.
    func created(_ rows: Range<Int>, reply: ArraySlice<UInt8>) throws
    /// Reads one contact's attributes as they stand after update `generation`.
    func read(_ data: Dataset, _ row: Int, _ columns: [Int], generation: Int) -> Request
    /// Reads many contacts in one request, or in as many as the protocol needs, pipelined.
    func readMany(_ data: Dataset, _ rows: [Int], _ columns: [Int]) -> Request
    /// Changes telephone and income of one contact.
    func update(_ data: Dataset, _ row: Int, generation: Int) -> Request
    /// Writes a snapshot and waits until it is durable.
    func snapshot(_ socket: Socket) throws
    /// Whether a file of its directory is a snapshot.
    func isSnapshot(_ file: String) -> Bool
    /// The server's own account of the memory of its data, in bytes, while it runs; nil where it has none.
    func accountedBytes(_ socket: Socket) throws -> Int?
    /// The same of a stopped server's directory.
    func accountedBytes(directory: String) -> Int?
}

extension Server {
    func makeDirectory(_ directory: String, work: String) throws {}
    var stopSignal: Int32 { SIGTERM }
    var isOneProcess: Bool { true }

    /// One request a record, pipelined.
    func readMany(_ data: Dataset, _ rows: [Int], _ columns: [Int]) -> Request {
        var all = Request(bytes: [], replyBytes: 0)
        for row in rows {
            let one = read(data, row, columns, generation: 0)
            all.bytes += one.bytes
            all.replyBytes += one.replyBytes
            // What is known of the last reply, and of those before as far as nothing unknown comes between.
            all.replySuffix = (one.replySuffix.count == one.replyBytes ? all.replySuffix : []) + one.replySuffix
        }
        return all
    }

    // Where rows 12 to 14 are not measured.
    func snapshot(_ socket: Socket) throws { throw BenchError("\(name)'s snapshots are not measured") }
    func isSnapshot(_ file: String) -> Bool { false }
    func accountedBytes(_ socket: Socket) throws -> Int? { nil }
    func accountedBytes(directory: String) -> Int? { nil }
}

/// A running server with its directory.
final class Instance {
    let server: any Server
    let directory: String
    let port: UInt16
    let purpose: Purpose
    private let pidFile: String
    private(set) var process: ServerProcess
    private static let startSeconds = 120.0

    init(_ server: any Server, work: String, purpose: Purpose) throws {
        self.server = server
        self.purpose = purpose
        directory = "\(work)/\(server.name)"
        pidFile = "\(work)/pids"
        port = try Socket.freePort()
        guard mkdir(directory, 0o700) == 0 else { throw BenchError.system(directory) }
        try server.makeDirectory(directory, work: work)
        process = try Instance.start(server, directory, port, purpose, pidFile)
        _ = try connect()
    }

    private static func start(
        _ server: any Server,
        _ directory: String,
        _ port: UInt16,
        _ purpose: Purpose,
        _ pidFile: String
    ) throws -> ServerProcess {
        try ServerProcess(
            server.command(directory: directory, port: port, purpose: purpose),
            log: "\(directory).log",
            pidFile: pidFile,
            stopSignal: server.stopSignal
        )
    }

    /// Connects, and waits for the server to answer.
    func connect() throws -> Socket {
        let deadline = now() + UInt64(Instance.startSeconds * 1e9)
        while true {
            do {
                return try server.connect(port: port)
            } catch {
                guard process.isRunning else {
                    let log = (try? readFile("\(directory).log")) ?? ""
                    throw BenchError("\(server.name) ended: \(log.suffix(500))")
                }
                if now() > deadline { throw error }
                usleep(500)
            }
        }
    }

    func connect(_ count: Int) throws -> [Socket] { try (0..<count).map { _ in try connect() } }

    /// Starts it again on the same directory; returns when it answers.
    func restart() throws {
        process = try Instance.start(server, directory, port, purpose, pidFile)
        _ = try connect()
    }

    /// Ends it and removes its directory.
    func remove() {
        if process.isRunning { process.stop() }
        removeTree(directory)
    }

    /// Loads all contacts over `connections` connections, `rowsPerBatch` a batch. Only the sending counts: encoding happens
    /// in slices between.
    func load(_ data: Dataset, connections: Int, rowsPerBatch: Int) throws -> Sample {
        let sockets = try connect(connections)
        try server.prepare(data, sockets[0])
        var total = Sample()
        let sliceRows = connections * rowsPerBatch * 16
        for slice in stride(from: 0, to: data.recordCount, by: sliceRows) {
            let end = min(slice + sliceRows, data.recordCount)
            var plan = Plan(batches: Array(repeating: [], count: connections))
            var rows = Array(repeating: [Range<Int>](), count: connections)
            for (index, first) in stride(from: slice, to: end, by: rowsPerBatch).enumerated() {
                let range = first..<min(first + rowsPerBatch, end)
                let request = server.create(data, range)
                let start = plan.requests.count
                plan.requests.append(contentsOf: request.bytes)
                plan.batches[index % connections].append(
                    Batch(
                        request: start..<plan.requests.count,
                        replyBytes: request.replyBytes,
                        operations: range.count
                    )
                )
                rows[index % connections].append(range)
            }
            let sample = try Driver.run(plan, sockets, .once, process: process, capturing: true)
            for (index, ranges) in rows.enumerated() where !ranges.isEmpty {
                var offset = sample.captured[index].startIndex
                for (range, batch) in zip(ranges, plan.batches[index]) {
                    try server.created(range, reply: sample.captured[index][offset..<offset + batch.replyBytes])
                    offset += batch.replyBytes
                }
            }
            total.operations += sample.operations
            total.wallNanoseconds += sample.wallNanoseconds
            total.serverCPUNanoseconds += sample.serverCPUNanoseconds
        }
        return total
    }
}
