import Engine
import Kith

// Loading the demonstration into a database, embedded or behind a server.

/// What a load has done so far.
public struct DemoLoadReport: Hashable, Sendable {
    /// Records that were made.
    public var created = 0
    /// Records that were there with other values; links that are set after both ends exist count here too.
    public var updated = 0
    /// Records that were there with these values.
    public var unchanged = 0
    /// Share of the work that is done, 0…1.
    public var progress = 0.0
    /// Entity of the batch that was loaded last.
    public var entity = ""

    /// Nothing done yet.
    public init() {}
}

extension DemoBatch {
    /// The batch as one operation: rows are found by `externalid` or made, links by the target's `externalid`.
    public func recordBatch(_ schema: Schema) throws(Refusal) -> RecordBatch {
        var references: [String: (entity: String, key: String)] = [:]
        for column in columns {
            guard case .references(let targets) = column.values else { continue }
            // A column without any link stays one of ids, all of them null.
            if let target = targets.lazy.compactMap({ $0 }).first {
                references[column.attribute] = (target.entity, "externalid")
            }
        }
        var batch = try RecordBatch(
            schema,
            .upsert,
            entity,
            attributes: ["externalid"] + columns.map(\.attribute),
            key: "externalid",
            references: references
        )
        var row: [Value] = []
        for index in records.indices {
            row.removeAll(keepingCapacity: true)
            row.append(.text(records[index].externalID))
            for column in columns {
                switch column.values {
                case .values(let values): row.append(values[index])
                case .references(let targets): row.append(targets[index].map { .text($0.externalID) } ?? .null)
                }
            }
            try batch.append(row)
        }
        return batch
    }
}

extension Demo {
    /// Loads everything in order, one transaction a batch; the next batch is generated while one is on its way. Loading
    /// again, or going on after an interruption, makes and changes only what is missing or differs.
    ///
    /// `progress` is called after each batch is durable. Throws what the session throws.
    @discardableResult
    public func load(
        into session: some Session,
        progress: (DemoLoadReport) async -> Void = { _ in }
    ) async throws -> DemoLoadReport {
        let schema = try await session.schema
        var report = DemoLoadReport()
        var pending: (reply: Task<TransactionReply, any Error>, batch: DemoBatch)?
        func settle() async throws {
            guard let (reply, batch) = pending else { return }
            pending = nil
            for operation in try await reply.value.operations {
                report.created += operation.created
                report.updated += operation.updated
                report.unchanged += operation.unchanged
            }
            report.progress = batch.progress
            report.entity = batch.entity
            await progress(report)
        }
        do {
            for batch in batches {
                var building = Transaction(schema)
                building.append(try batch.recordBatch(schema))
                let transaction = building
                // Batches refer to earlier ones, so that only one may be on its way.
                try await settle()
                pending = (Task { try await session.execute(transaction) }, batch)
            }
            try await settle()
        } catch {
            pending?.reply.cancel()
            throw error
        }
        return report
    }

    /// A query that yields 1 when the demonstration has been loaded completely, 0 otherwise.
    public var presenceQuery: String {
        "SELECT COUNT(*) AS present FROM \(lastRecord.entity) WHERE externalid = '\(lastRecord.externalID)'"
    }
}
