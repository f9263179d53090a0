import Engine
import Foundation
import Kith
import Net
import TestSupport
import Testing

/// Crowds that no client would send, against a `kith serve` of its own with its default limits, as the system sees them: who sends too
/// slowly, does not read, comes and goes, or just stays. The server's memory and descriptors stay bounded, offenders are dropped,
/// and who behaves goes on.
///
/// `make torture` and `make torture-full` send larger crowds (docs/reliability.md).
@Suite(.serialized) struct MisbehaviourTests {
    /// What the system says of a process.
    private struct Footprint {
        var residentBytes: Int
        var descriptors: Int

        init(of process: Int32) throws {
            let status = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
            let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
            residentBytes = try #require(line.split(separator: " ").compactMap { Int($0) }.first) << 10
            descriptors = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/fd").count
        }
    }

    /// A client that behaves: single reads, one after the other, until it is told to stop.
    private final class HonestClient: Sendable {
        private let client: KithClient
        private let records: [RecordID]

        init(port: Int) async throws {
            client = try await KithClient.connect(ClientOptions(port: port))
            var transaction = Transaction(try await client.schema)
            for number in 0..<100 { _ = try transaction.create("account", ["name": .text("Account \(number)")]) }
            records = try await client.execute(transaction).operations.flatMap(\.ids)
        }

        /// Reads `count` times; returns the 99th percentile of the times that it took.
        func p99Microseconds(reads count: Int) async throws -> Int {
            var times: [Int] = []
            let clock = ContinuousClock()
            for number in 0..<count {
                let start = clock.now
                let page = try await client.read("account", ["name"], [records[number % records.count]])
                times.append(Int((clock.now - start) / .microseconds(1)))
                #expect(page.rows == [[.text("Account \(number % records.count)")]])
            }
            times.sort()
            return times[times.count * 99 / 100]
        }

        /// A request whose reply is many times as long as it is: the same record again and again.
        func largeRead() async throws -> [UInt8] {
            let schema = try await client.schema
            let account = try #require(schema.entity(named: "account"))
            let name = try #require(account.attributeID("name"))
            let ids = Array(repeating: records[0], count: 1_000)
            return frame(.read, 1, epoch: schema.epoch, RecordPage.request(account, [name], ids))
        }

        func close() async { await client.close() }
    }

    /// Starts a server, notes what it takes when one client is there, and runs `body`.
    private func withServer(
        _ body: (ServerProcess, HonestClient, Footprint) async throws -> Void
    ) async throws {
        DescriptorLimit.raise()
        let folder = try Folder()
        let server = try await ServerProcess.start("data", in: folder)
        let honest = try await HonestClient(port: server.port)
        _ = try await honest.p99Microseconds(reads: 2_000)
        try await body(server, honest, Footprint(of: server.processID))
        await honest.close()
        #expect(await server.stop() == 0)
        withExtendedLifetime(folder) {}
    }

    /// Connections that the server holds besides those of who asks: seen by its descriptors.
    private func waitForDescriptors(atMost count: Int, _ server: ServerProcess) async throws {
        for _ in 0..<600 {
            if try Footprint(of: server.processID).descriptors <= count { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        Issue.record(
            "the server still holds \(try Footprint(of: server.processID).descriptors) descriptors, not \(count)"
        )
    }

    /// Shows what docs/reliability.md has a table of. Nothing is demanded of times: other tests run beside this one.
    private func show(_ crowd: String, before: Int, during: Int, _ crowdBytes: Int) {
        print("\(crowd): p99 of honest reads \(before) -> \(during) us, \(crowdBytes >> 10) KiB more")
    }

    @Test func idleConnectionsCostLittle() async throws {
        let count = Effort.count(500, torture: 9_000, full: 18_000)
        try await withServer { server, honest, before in
            let quiet = try await honest.p99Microseconds(reads: 2_000)
            var crowd: [RawConnection] = []
            for _ in 0..<count {
                let connection = try RawConnection(port: server.port, receiveBytes: 4 << 10)
                _ = try connection.hello()
                crowd.append(connection)
            }
            let footprint = try Footprint(of: server.processID)
            let bytes = footprint.residentBytes - before.residentBytes
            #expect(footprint.descriptors >= before.descriptors + count)
            // 64 KiB each are the goal, and 8 MiB what a server takes anyway as it goes on.
            #expect(bytes <= count << 16 + 8 << 20, "\(bytes) bytes for \(count) connections")
            // A thousand of them wake up and are answered.
            for (number, connection) in crowd.prefix(1_000).enumerated() {
                try connection.send(frame(.ping, UInt64(number)))
            }
            for (number, connection) in crowd.prefix(1_000).enumerated() {
                #expect(try connection.frame()?.header.correlation == UInt64(number))
            }
            show("\(count) idle", before: quiet, during: try await honest.p99Microseconds(reads: 2_000), bytes)
            crowd = []
            try await waitForDescriptors(atMost: before.descriptors + 2, server)
        }
    }

    @Test func slowConnectionsAreDropped() async throws {
        let count = Effort.count(300, torture: 5_000, full: 5_000)
        try await withServer { server, honest, before in
            let quiet = try await honest.p99Microseconds(reads: 2_000)
            // Each has sent a piece of a hello, and sends a byte of it now and then: for a hello there are five seconds.
            let hello = frame(.hello, 1, [UInt8](repeating: 1, count: 60))
            var crowd = try (0..<count).map { _ in
                let connection = try RawConnection(port: server.port, receiveBytes: 256)
                try connection.send(Array(hello.prefix(20)))
                return connection
            }
            let bytes = try Footprint(of: server.processID).residentBytes - before.residentBytes
            #expect(bytes <= count << 16 + 8 << 20, "\(bytes) bytes for \(count) connections")
            for place in 20..<24 {
                // Who is dropped already cannot be sent to any more, which is what is waited for below.
                for connection in crowd { try? connection.send([hello[place]]) }
                show("\(count) slow", before: quiet, during: try await honest.p99Microseconds(reads: 500), bytes)
            }
            try await waitForDescriptors(atMost: before.descriptors + 2, server)
            // They were told why: an error frame, then the end.
            for connection in crowd.prefix(10) {
                #expect(try connection.frame()?.header.kind == FrameKind.error.rawValue)
            }
            crowd = []
        }
    }

    @Test func connectionsThatComeAndGoLeaveNothing() async throws {
        let count = Effort.count(3_000, torture: 50_000, full: 200_000)
        try await withServer { server, honest, before in
            let quiet = try await honest.p99Microseconds(reads: 2_000)
            let port = server.port
            async let flood: Void = onThread {
                for number in 0..<count {
                    let connection = try RawConnection(port: port, receiveBytes: 4 << 10)
                    // A third says nothing, a third goes in the middle of a frame, a third after a greeting.
                    if number % 3 == 1 { try connection.send(Array(frame(.hello, 1).prefix(13))) }
                    if number % 3 == 2 { _ = try connection.hello() }
                }
            }
            let during = try await honest.p99Microseconds(reads: 2_000)
            try await flood
            try await waitForDescriptors(atMost: before.descriptors + 2, server)
            let bytes = try Footprint(of: server.processID).residentBytes - before.residentBytes
            #expect(bytes <= 64 << 20, "\(bytes) bytes after \(count) connections")
            show("\(count) that come and go", before: quiet, during: during, bytes)
        }
    }

    /// Only where there is time: the server waits half a minute for who does not read.
    @Test(.enabled(if: Effort.present != .test))
    func clientsThatDoNotReadAreDropped() async throws {
        let count = 100
        try await withServer { server, honest, before in
            let quiet = try await honest.p99Microseconds(reads: 2_000)
            // Each asks for some kilobytes of a reply, again and again, and reads none of it.
            let request = try await honest.largeRead()
            var crowd: [RawConnection] = []
            for _ in 0..<count {
                let connection = try RawConnection(port: server.port, timeoutMilliseconds: 200, receiveBytes: 4 << 10)
                _ = try connection.hello()
                crowd.append(connection)
            }
            let many = Array(repeatElement(request, count: 500).joined())
            var mostBytes = 0
            var during = 0
            for _ in 0..<8 {
                for connection in crowd { try? connection.send(many) }
                mostBytes = max(mostBytes, try Footprint(of: server.processID).residentBytes - before.residentBytes)
                during = max(during, try await honest.p99Microseconds(reads: 500))
            }
            #expect(mostBytes <= 64 << 20, "\(mostBytes) bytes for \(count) clients that do not read")
            try await waitForDescriptors(atMost: before.descriptors + 2, server)
            show("\(count) that do not read", before: quiet, during: during, mostBytes)
            crowd = []
        }
    }
}

/// A frame of a request.
private func frame(
    _ operation: WireOperation,
    _ correlation: UInt64,
    epoch: UInt32 = 0,
    _ body: [UInt8] = []
) -> [UInt8] {
    var writer = ByteWriter()
    let header = WireHeader(.request, operation.rawValue, correlation: correlation, schemaEpoch: epoch)
    body.withUnsafeBytes { writer.frame(header, body: $0) }
    return writer.bytes
}
