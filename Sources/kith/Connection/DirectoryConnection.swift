// The database in this process.

import Engine
import FetchXML
import Kith
import Snapshot

struct DirectoryConnection: Connection {
    let database: Database

    init(_ path: String, mustExist: Bool) throws {
        if mustExist {
            // Opening would make it, and a mistyped path would look like an empty database.
            let storage = try FileStorage(path: path)
            guard try DataDirectory.exists(in: storage) else { throw DirectoryError.notFound }
        }
        database = try Database.open(path)
    }

    var session: any OrganisationSession { database }

    func query(_ sql: String, _ parameters: QueryParameters, into sink: inout some RowSink) async throws {
        let view = database.currentView
        try await database.settle(view.position)
        try view.answer(sql, parameters, database.environment(of: .none, view), into: &sink)
    }

    func statusText() -> String { database.status.json }

    func writeSnapshot() throws -> Position { try database.writeSnapshot().position }

    func close() throws { try database.close() }
}

extension View {
    private static let rowsPerPiece = 8192

    /// Executes a query and hands over its rows as they come.
    func answer(
        _ sql: String,
        _ parameters: QueryParameters,
        _ environment: QueryEnvironment,
        into sink: inout some RowSink
    ) throws {
        let query = try PreparedQuery(text: sql, schema: schema)
        let cursor = try query.cursor(
            on: self,
            parameters: query.values(for: parameters),
            chunkRows: View.rowsPerPiece,
            environment: environment
        )
        sink.begin(query.columns.map { RowColumn(name: $0.name, type: $0.type) }, schema)
        while let piece = try cursor.next() {
            for row in 0..<piece.rowCount { sink.append(piece.columns.map { $0[row] }) }
        }
        sink.end()
    }
}

extension PreparedQuery {
    /// The values in the order in which the query wants them.
    func values(for parameters: QueryParameters) throws(QueryError) -> [Value] {
        try parameters.expectOneKind()
        if parameters.named.isEmpty { return parameters.positional }
        return try self.parameters(named: parameters.named)
    }
}
