import Engine
import Import
import Kith
import Synchronization

/// Data in memory as the goal of an import, with faults to order.
final class FaultySession: RehearsableSession, DuplicateSession {
    private struct State {
        var transactionCount = 0
        var rowCount = 0
        var failsAfter = Int.max
        var overloadCount = 0
        var rowsMax = 0
        var questionBytesMax = Int.max
        var isHeld = false
        var held: [CheckedContinuation<Void, Never>] = []
    }

    let schema = Schema.standard
    private let data = Rehearsal(Engine().view) { 0 }
    private let state = Mutex(State())

    func execute(_ transaction: Transaction) async throws -> TransactionReply {
        await withCheckedContinuation { continuation in
            let goesOn = state.withLock { state in
                if state.isHeld { state.held.append(continuation) }
                return !state.isHeld
            }
            if goesOn { continuation.resume() }
        }
        try state.withLock { state in
            if state.overloadCount > 0 {
                state.overloadCount -= 1
                throw Refusal(.overloaded, "Too much to do.")
            }
            guard state.transactionCount < state.failsAfter else {
                throw ImportError(.session, "the connection is gone")
            }
            state.transactionCount += 1
            state.rowCount += transaction.rowCount
            state.rowsMax = max(state.rowsMax, transaction.rowCount)
        }
        return try await data.execute(transaction)
    }

    func read(_ entity: String, _ attributes: [String], _ ids: [RecordID]) async throws -> RecordPage {
        try await data.read(entity, attributes, ids)
    }

    func duplicates(_ question: DuplicateQuestion) async throws -> DuplicateReport {
        if case .encoded(let bytes) = question, bytes.count > state.withLock({ $0.questionBytesMax }) {
            throw Refusal(.limitExceeded, "More would have to be compared than one question may.")
        }
        return try await data.duplicates(question)
    }

    func rehearsal() async throws -> any Session { Rehearsal(data.view) { 0 } }

    /// Transactions beyond so many fail, as those in flight do when the connection breaks.
    func fail(after count: Int) { state.withLock { $0.failsAfter = count } }

    /// The next transactions are refused, for a moment.
    func overload(count: Int) { state.withLock { $0.overloadCount = count } }

    /// Questions about transactions of more bytes are too large.
    func limitQuestions(bytes: Int) { state.withLock { $0.questionBytesMax = bytes } }

    /// Transactions wait until they are let go.
    func hold() { state.withLock { $0.isHeld = true } }

    func letGo() {
        let held = state.withLock { state in
            state.isHeld = false
            defer { state.held = [] }
            return state.held
        }
        for continuation in held { continuation.resume() }
    }

    var rowCount: Int { state.withLock { $0.rowCount } }
    /// Rows of the largest transaction.
    var rowsMax: Int { state.withLock { $0.rowsMax } }
    var view: View { data.view }
}

extension View {
    /// All records of an entity, as `value|value` of the attributes, sorted. A lookup shows its record's primary name.
    func rows(_ entity: String, _ attributes: String...) -> [String] {
        guard let place = schema.entity(named: entity).flatMap({ schema.place(of: $0.id) }) else { return [] }
        let table = table(place)
        let columns = attributes.compactMap { table.entity.attributeID($0).map { Int($0.rawValue) } }
        return (0..<table.rowCount).filter { table.recordID(atRow: $0) != .none }.map { row in
            columns.map { text(table.value($0, row)) }.joined(separator: "|")
        }.sorted()
    }

    private func text(_ value: Value) -> String {
        switch value {
        case .null: return "-"
        case .text(let text): return text
        case .option(let option): return String(option)
        case .integer(let number): return String(number)
        case .boolean(let isTrue): return isTrue ? "yes" : "no"
        case .decimal(let decimal): return decimal.description
        case .date(let days): return String(days)
        case .instant(let microseconds): return String(microseconds)
        case .double(let number): return String(number)
        case .reference(let id):
            guard let place = schema.place(of: id.entity) else { return "?" }
            let table = table(place)
            let row = table.row(of: id)
            return row == Table.noRow ? "?" : text(table.value(Int(table.entity.primaryName.rawValue), Int(row)))
        }
    }
}
