// The past in the lives of a simulated disk: what queries answered at random positions is remembered, and asked again of states
// that are rebuilt later, after snapshots, deletes, changes of the schema, restarts and power cuts.

import Engine
import Kith
import Snapshot

extension DatabaseOptions {
    /// Has the past kept, once: from then on the directory remembers it.
    mutating func keepHistory(_ seconds: Int64, _ storage: SimulatedStorage, spacingBytes: UInt64) {
        historySpacingBytes = spacingBytes
        let known = (try? HistorySetting.seconds(in: storage)) ?? 0
        keptHistorySeconds = known == seconds ? nil : seconds
    }
}

extension PowerCutRun {
    private static let questions = [
        "SELECT name, revenue, ratingname, parentaccountidname FROM account ORDER BY accountid",
        "SELECT statecodename, COUNT(*), SUM(employees), MAX(founded) FROM account GROUP BY statecodename",
        "SELECT c.name, c.notes, c.customeridname FROM contact c WHERE c.modifiedon <= NOW() ORDER BY c.contactid",
    ]

    private func answer(_ view: View, _ environment: QueryEnvironment) throws -> [String] {
        try Self.questions.map { text in
            let query = try PreparedQuery(text: text, schema: view.schema)
            let result = try query.execute(on: view, parameters: [], environment: environment)
            return (0..<result.rowCount).map { row in "\(result.columns.map { $0[row] })" }.joined(separator: "\n")
        }
    }

    /// Remembers what queries answer now, or asks of a moment long ago, every few steps.
    mutating func lookBack(_ database: Database) throws {
        guard keptSeconds != nil else { return }
        switch random.below(6) {
        case 0:
            let view = database.currentView
            let environment = QueryEnvironment(nowMicroseconds: history[history.count - 1].timeMicroseconds)
            answers[view.position] = try answer(view, environment)
        case 1: try checkPast(database)
        default: return
        }
    }

    /// A few states of the past, and that as much of it is there as was asked for.
    mutating func checkPast(_ database: Database) throws {
        guard let keptSeconds else { return }
        let durable = database.durablePosition
        let first = database.historyFigures.sincePosition
        let since = clock.now - keptSeconds * 1_000_000
        let last = history[...Int(durable)].lastIndex { $0.timeMicroseconds <= since } ?? 0
        guard first <= max(UInt64(last), 1) else {
            throw Failure(description: "the past begins at \(first), and is to be kept from \(last) on")
        }
        if first > 0 { seen.trimmedPasts += 1 }
        for _ in 0..<2 where durable > 0 {
            let known = answers.keys.filter { $0 <= durable }.sorted()
            let position =
                known.isEmpty || random.below(2) == 0
                ? UInt64(1 + random.below(Int(durable))) : known[random.below(known.count)]
            try check(.position(position), is: position, database, first)
            let time = history[Int(position)].timeMicroseconds
            guard time <= clock.now else { continue }
            let then = history[...Int(durable)].lastIndex { $0.timeMicroseconds <= time } ?? 0
            try check(.time(time), is: UInt64(then), database, first)
        }
        do {
            _ = try database.past(.time(clock.now + 1), seeing: durable, alone: true)
            throw Failure(description: "a moment that is still to come was shown")
        } catch DatabaseError.past(.inFuture) {
        } catch let error as DatabaseError { throw error.isOfDisk ? Off() as any Error : error }
    }

    private mutating func check(
        _ point: RestorePoint,
        is position: Position,
        _ database: Database,
        _ first: Position
    ) throws {
        let past: PastState
        do {
            past = try database.past(point, seeing: database.durablePosition, alone: true)
        } catch {
            if case .past(.notKept(_, let since)) = error, position < first, since == first { return }
            throw error.isOfDisk ? Off() as any Error : error
        }
        seen.pasts += 1
        guard past.position == position, Engine(copying: past.view).digest == digests[Int(position)] else {
            throw Failure(description: "\(point) gives \(past.position), or another state than \(position) was")
        }
        guard let expected = answers[position] else { return }
        seen.pastAnswers += 1
        let environment = QueryEnvironment(nowMicroseconds: history[Int(position)].timeMicroseconds)
        guard try answer(past.view, environment) == expected else {
            throw Failure(description: "queries about \(point) give other rows than they gave then")
        }
    }
}

extension DatabaseError {
    /// The disk failed, which is what a run makes it do.
    fileprivate var isOfDisk: Bool { if case .directory = self { true } else { false } }
}
