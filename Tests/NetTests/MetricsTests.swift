import Engine
import Foundation
import Glibc
import Kith
import Net
import Snapshot
import Testing

/// The metrics page: what it says, and what the responder does with anything that is sent.
@Suite struct MetricsTests {
    /// Sends bytes and returns everything that comes back until the other side hangs up.
    private func ask(_ port: Int, _ request: String) throws -> String {
        let connection = try RawConnection(port: port)
        try connection.send(Array(request.utf8))
        var answer: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = recv(connection.descriptor, &piece, piece.count, 0)
            guard count > 0 else { return String(decoding: answer, as: UTF8.self) }
            answer += piece[..<count]
        }
    }

    @Test func theFiguresAreThere() async throws {
        try await withServer { server, database in
            let client = try await connect(server)
            _ = try await client.execute(try Transaction.accounts(3, try await client.schema))
            await #expect(throws: (any Error).self) { _ = try await client.query("SELECT nothing FROM account") }
            let text = server.metrics
            #expect(text.contains("\nkith_records{entity=\"account\"} 3\n"))
            #expect(text.contains("# TYPE kith_log_sync_seconds histogram\n"))
            #expect(text.contains("kith_log_sync_seconds_bucket{le=\"+Inf\"} 2\nkith_log_sync_seconds_sum "))
            #expect(text.contains("\nkith_connections 1\n"))
            #expect(
                text.contains("\nkith_refused_requests_total{reason=\"query.unknownName\"} 1\n"),
                "\(text.suffix(400))"
            )
            #expect(text.contains("\nkith_durable_position 2\n") && text.hasSuffix("\n"))
            // Each family is announced once, before its samples.
            let heads = text.split(separator: "\n").filter { $0.hasPrefix("# TYPE ") }
            #expect(Set(heads).count == heads.count)
            let status = try await client.status()
            #expect(status.contains("\"server\":{\"connectionCount\":1,\"refusedRequests\":{\"query.unknownName\":1}"))
            #expect(status.contains("\"syncs\":{\"count\":2,"))
            await client.close()
        }
    }

    @Test func theResponderAnswersOnePageOnly() async throws {
        try await withServer { server, _ in
            let metrics = try await MetricsServer.start(server, port: 0)
            let page = try ask(metrics.port, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(page.hasPrefix("HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4"))
            let body = try #require(page.components(separatedBy: "\r\n\r\n").last)
            #expect(page.contains("\r\nContent-Length: \(body.utf8.count)\r\n"))
            #expect(try ask(metrics.port, "GET /metrics?x=1 HTTP/1.0\n\n").hasPrefix("HTTP/1.1 200"))
            #expect(try ask(metrics.port, "GET / HTTP/1.1\r\n\r\n").hasPrefix("HTTP/1.1 404"))
            #expect(try ask(metrics.port, "PUT /metrics HTTP/1.1\r\n\r\n").hasPrefix("HTTP/1.1 405"))
            #expect(try ask(metrics.port, "\u{0}\u{1}\r\n\r\n").hasPrefix("HTTP/1.1 400"))
            let long = String(repeating: "x", count: (8 << 10) - 5)
            #expect(try ask(metrics.port, "GET /\(long)").hasPrefix("HTTP/1.1 400"))
            await metrics.stop()
        }
    }

    /// Who says half of what it wants, or nothing, loses its place after a while; who finds none is turned away at once.
    @Test func slowConnectionsLoseTheirPlaces() async throws {
        try await withServer { server, _ in
            let metrics = try await MetricsServer.start(server, port: 0)
            let slow = try (0..<MetricsServer.connectionsMax).map { number in
                let connection = try RawConnection(port: metrics.port)
                try connection.send(Array("GET /metrics HTTP/1.1\r\nX: \(number)\r\n".utf8.prefix(number * 8)))
                return connection
            }
            // A connection is counted when the system hands it over: in the order of their beginnings.
            #expect(try hangsUp(RawConnection(port: metrics.port)))
            for connection in slow { #expect(hangsUp(connection)) }
            #expect(try ask(metrics.port, "GET /metrics HTTP/1.1\r\n\r\n").hasPrefix("HTTP/1.1 200"))
            // Who asks and does not read holds up nobody.
            let deaf = try RawConnection(port: metrics.port, receiveBytes: 1)
            try deaf.send(Array("GET /metrics HTTP/1.1\r\n\r\n".utf8))
            #expect(try ask(metrics.port, "GET /metrics HTTP/1.1\r\n\r\n").hasPrefix("HTTP/1.1 200"))
            // Nor does who sends without an end.
            let flood = try RawConnection(port: metrics.port)
            let piece = [UInt8](repeating: 0x78, count: 64 << 10)
            #expect(throws: SocketError.self) { while true { try flood.send(piece) } }
            #expect(try ask(metrics.port, "GET /metrics HTTP/1.1\r\n\r\n").hasPrefix("HTTP/1.1 200"))
            await metrics.stop()
        }
    }

    /// Whether nothing comes but the end, before the patience of a test is over.
    private func hangsUp(_ connection: RawConnection) -> Bool {
        var byte: UInt8 = 0
        let count = recv(connection.descriptor, &byte, 1, 0)
        return count == 0 || count < 0 && errno == ECONNRESET
    }

    @Test func onlyLoopback() async throws {
        try await withServer { server, _ in
            await #expect(throws: ServerError.notLoopback("0.0.0.0")) {
                _ = try await MetricsServer.start(server, host: "0.0.0.0", port: 0)
            }
        }
    }
}
