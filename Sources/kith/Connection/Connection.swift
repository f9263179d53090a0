// What the commands ask of an organisation's data, wherever it is.

import Engine
import Kith

/// Everything that commands ask of an organisation.
typealias OrganisationSession = SchemaSession & FindSession & FileSession & MessageSession & HistorySession & JobSession
    & ActivitySession & DuplicateSession & ScheduleSession

/// An open directory or a connection to a server.
protocol Connection: Sendable {
    /// Reads and writes records and the schema.
    var session: any OrganisationSession { get }
    /// Executes a query and hands over its rows as they come.
    func query(_ sql: String, _ parameters: QueryParameters, into sink: inout some RowSink) async throws
    /// What `Database.status` says, as JSON.
    func statusText() async throws -> String
    /// Writes a snapshot; returns its position and file.
    func writeSnapshot() async throws -> Position
    /// Ends the connection; an embedded database is closed.
    func close() async throws
}

extension Place {
    /// Opens it, hands it to `body`, and closes it whatever happens.
    ///
    /// - Parameter mustExist: whether a directory that is not there is an error instead of being made.
    func withConnection<R: Sendable>(
        mustExist: Bool = true,
        _ body: (any Connection) async throws -> R
    ) async throws -> R {
        let connection = try await connect(mustExist: mustExist)
        let result: R
        do {
            result = try await body(connection)
        } catch {
            // The first failure is the one to report.
            try? await connection.close()
            throw error
        }
        try await connection.close()
        return result
    }

    private func connect(mustExist: Bool) async throws -> any Connection {
        switch self {
        case .directory(let path): try DirectoryConnection(path, mustExist: mustExist)
        case .server(let address, let organisation):
            try await ServerConnection(address, organisation: organisation)
        }
    }
}

extension Connection {
    /// A whole answer, for small ones.
    func rows(_ sql: String) async throws -> [[Value]] {
        var rows = RowCollector()
        try await query(sql, QueryParameters(), into: &rows)
        return rows.rows
    }
}

/// Values for the parameters of a query, as they were given.
struct QueryParameters: Sendable {
    /// For `:name`.
    var named: [String: Value] = [:]
    /// For `?`, in order.
    var positional: [Value] = []

    /// A number or a truth value as it was given; nil when all values are texts or null.
    var firstThatIsNoText: String? {
        for value in named.sorted(by: { $0.key < $1.key }).map(\.value) + positional {
            switch value {
            case .integer(let number): return "\(number)"
            case .decimal(let number): return "\(number)"
            case .boolean(let isTrue): return "\(isTrue)"
            default: continue
            }
        }
        return nil
    }

    /// A query has parameters of one kind.
    func expectOneKind() throws(QueryError) {
        guard named.isEmpty || positional.isEmpty else {
            throw QueryError(.parameter, "values are given with names and without; a query takes one kind")
        }
    }
}
