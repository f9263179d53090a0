// The database behind a server.

import Engine
import Glibc
import Kith
import Net

struct ServerConnection: Connection {
    /// Someone at a terminal wants to know soon that there is no server.
    private static let connectMilliseconds = 5_000
    /// Once it was reached, a server may be restarted without the command failing.
    private static let giveUpMilliseconds = 60_000

    /// So long nobody wonders whether anything happens.
    private static let noticeMilliseconds = 700

    let client: KithClient

    init(_ address: ServerAddress, organisation: String) async throws {
        let name = "kith, process \(getpid())"
        var options = ClientOptions(host: address.host, port: address.port, organisation: organisation, name: name)
        options.giveUpAfterMilliseconds = ServerConnection.connectMilliseconds
        // The first call finds out whether anyone is there, before a longer patience makes sense.
        let notice = ServerConnection.noticeOfWaiting(for: address)
        defer { notice.cancel() }
        do {
            let probe = try await KithClient.connect(options)
            await probe.close()
        } catch let error as ClientError {
            guard case .notReachable(let reason) = error else { throw error }
            throw CommandFailure(
                .refused,
                """
                the server kith://\(address) cannot be reached: start one with 'kith serve --data DIR --listen \(address)', \
                or mend the address. (\(reason))
                """
            )
        }
        notice.cancel()
        options.giveUpAfterMilliseconds = ServerConnection.giveUpMilliseconds
        client = try await KithClient.connect(options)
    }

    /// Says on a terminal, after a moment, what the command waits for.
    private static func noticeOfWaiting(for address: ServerAddress) -> Task<Void, any Error> {
        Task {
            guard StandardError.isTerminal else { return }
            try await Task.sleep(for: .milliseconds(noticeMilliseconds))
            StandardError.write("Waiting for a server at kith://\(address) …\n")
        }
    }

    var session: any OrganisationSession { client }

    func query(_ sql: String, _ parameters: QueryParameters, into sink: inout some RowSink) async throws {
        try await query(sql, parameters, asOf: .latest, into: &sink)
    }

    /// As `query`, about the records as they were.
    func query(
        _ sql: String,
        _ parameters: QueryParameters,
        asOf point: RestorePoint,
        into sink: inout some RowSink
    ) async throws {
        let arguments: QueryArguments
        if parameters.named.isEmpty {
            arguments = QueryArguments(parameters.positional)
        } else {
            try parameters.expectOneKind()
            arguments = QueryArguments(parameters.named)
        }
        var cursor = try await client.query(sql, arguments, asOf: point)
        let schema = try await client.schema
        sink.begin(cursor.columns.map { RowColumn(name: $0.name, type: $0.type) }, schema)
        while let block = try await cursor.next() {
            for row in block.rows { sink.append(row) }
        }
        sink.end()
    }

    func statusText() async throws -> String { try await client.status() }

    func writeSnapshot() async throws -> Position { try await client.snapshot() }

    func close() async { await client.close() }
}
