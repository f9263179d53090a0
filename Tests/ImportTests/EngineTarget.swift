import Engine
import Import
import Synchronization

/// An engine in memory as the goal of an import, with faults to order.
final class EngineTarget: ImportTarget {
    private struct State: ~Copyable {
        var engine = Engine()
        var transactionCount = 0
        var rowCount = 0
        var failsAfter = Int.max
    }

    let schema = Schema.standard
    let identity: String
    private let state = Mutex(State())

    init(identity: String = "test") { self.identity = identity }

    func submit(_ transaction: Transaction) async throws(ImportError) -> ImportTicket {
        let result = state.withLock { state -> Result<TransactionReply, ImportError> in
            guard state.transactionCount < state.failsAfter else {
                return .failure(ImportError(.session, "the connection is gone"))
            }
            state.transactionCount += 1
            state.rowCount += transaction.rowCount
            var entry = ByteWriter()
            var reply = ByteWriter()
            let context = CommandContext(timeMicroseconds: Int64(state.transactionCount))
            do {
                _ = try transaction.encoded().withUnsafeBytes { bytes in
                    try state.engine.execute(bytes, context: context, entry: &entry, reply: &reply)
                }
                return .success(try reply.withUnsafeBytes { try TransactionReply(decoding: $0) })
            } catch {
                return .failure(ImportError(.session, "\(error)"))
            }
        }
        return ImportTicket { result }
    }

    /// Transactions beyond so many fail, as those in flight do when the connection breaks.
    func fail(after count: Int) { state.withLock { $0.failsAfter = count } }

    var transactionCount: Int { state.withLock { $0.transactionCount } }
    var rowCount: Int { state.withLock { $0.rowCount } }
    var position: Position { state.withLock { $0.engine.position } }
    var digest: UInt128 { state.withLock { $0.engine.digest } }

    func count(_ entity: String) -> Int {
        state.withLock { state in schema.entity(named: entity).map { state.engine.view.recordCount($0.id) } ?? 0 }
    }

    /// All records of an entity, as `value|value` of the attributes, sorted.
    func rows(_ entity: String, _ attributes: String...) -> [String] {
        state.withLock { state in
            guard let place = schema.entity(named: entity).flatMap({ schema.place(of: $0.id) }) else { return [] }
            let table = state.engine.tables[place]
            let columns = attributes.compactMap { table.entity.attributeID($0).map { Int($0.rawValue) } }
            return (0..<table.rowCount).filter { table.recordID(atRow: $0) != .none }.map { row in
                columns.map { column in
                    switch table.value(column, row) {
                    case .null: "-"
                    case .text(let text): text
                    case .option(let option): String(option)
                    case .decimal(let decimal): decimal.description
                    case .date(let days): String(days)
                    case .reference(let id): name(of: id, state.engine)
                    case let other: "\(other)"
                    }
                }.joined(separator: "|")
            }.sorted()
        }
    }

    /// A referenced record by its primary name.
    private func name(of id: RecordID, _ engine: Engine) -> String {
        guard let place = schema.place(of: id.entity) else { return "?" }
        let table = engine.tables[place]
        let row = table.row(of: id)
        guard row != Table.noRow, case .text(let text) = table.value(Int(table.entity.primaryName.rawValue), Int(row))
        else { return "?" }
        return text
    }
}
