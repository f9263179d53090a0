// Questions about the records as they were (docs/history.md).

import ArgumentParser
import Engine
import Kith

/// The moment that a question is about.
struct AsOfOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            The records as they were at this moment: 2026-11-26T17:30:00Z, with an offset, or a date (midnight, UTC); or after \
            the transaction with this number.
            """,
            valueName: "moment"
        )
    )
    var asOf: String?

    func validate() throws { _ = try point() }

    /// Nil for the present.
    func point() throws(ValidationError) -> RestorePoint? {
        guard let asOf else { return nil }
        if let position = Position(asOf) { return .position(position) }
        guard let time = CalendarText.instant(asOf) else {
            throw ValidationError(
                "'\(asOf)' is no moment. Write it as 2026-11-26T17:30:00Z, 2026-11-26, or as the number of a transaction."
            )
        }
        return .time(time)
    }
}

/// The records as they were, wherever they are: rebuilt in this process from a directory, which is only read, or by a server.
struct PastRecords: Sendable {
    private enum Source {
        case here(PastState)
        case server(ServerConnection)
    }

    private let source: Source
    private let point: RestorePoint

    fileprivate init(_ place: Place, asOf point: RestorePoint) async throws {
        self.point = point
        switch place {
        case .directory(let path): source = .here(try Database.asOf(point, in: path))
        case .server(let address, let organisation):
            source = .server(try await ServerConnection(address, organisation: organisation))
        }
    }

    /// Executes a query and hands over its rows as they come.
    func query(_ sql: String, _ parameters: QueryParameters, into sink: inout some RowSink) async throws {
        switch source {
        case .here(let past):
            try past.view.answer(sql, parameters, past.environment(of: .none), into: &sink)
        case .server(let connection):
            try await connection.query(sql, parameters, asOf: point, into: &sink)
        }
    }

    fileprivate func close() async {
        if case .server(let connection) = source { await connection.close() }
    }
}

extension Place {
    /// Hands the records as they were to `body`, and gives them up whatever happens.
    func withPast(_ point: RestorePoint, _ body: (PastRecords) async throws -> Void) async throws {
        let past = try await PastRecords(self, asOf: point)
        do {
            try await body(past)
        } catch {
            await past.close()
            throw error
        }
        await past.close()
    }
}
