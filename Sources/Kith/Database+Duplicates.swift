import CRM
import Engine

/// A session that says what records are like, or would be (docs/duplicates.md).
public protocol DuplicateSession: Session {
    /// What records are like by the published duplicate rules; nothing is changed. Returns when what it saw is durable.
    ///
    /// Throws `Refusal` for a record that is not there, for a transaction that would be refused, where a published rule cannot be asked, and
    /// where more would have to be compared than may.
    func duplicates(_ question: DuplicateQuestion) async throws -> DuplicateReport
}

extension Database: DuplicateSession {
    /// What records are like. Answered on a copy that shares its memory with the data, on the calling task's thread, while writing goes on.
    /// The first question about an entity since the database was opened makes the keys of its records: O(records).
    public func duplicates(_ question: DuplicateQuestion) async throws -> DuplicateReport {
        let report = try duplicates(question, actor: .none)
        try await settle(report.position)
        return report
    }

    /// As `duplicates(_:)`, as `actor`; what it has seen may not be durable yet.
    package func duplicates(_ question: DuplicateQuestion, actor: RecordID) throws(Refusal) -> DuplicateReport {
        try withCheckedCopies { (engine, _, check) throws(Refusal) in
            engine.contents = contents
            return try question.answer(engine, check, actor: actor, timeMicroseconds: options.clock())
        }
    }

    /// Runs `body` on a copy of the present state, with the rules of that state; again on another copy where it has thrown for want of keys
    /// and these were made.
    func withCheckedCopies<R>(
        _ body: (_ engine: Engine, _ view: View, _ check: DuplicateCheck) throws(Refusal) -> R
    ) throws(Refusal) -> R {
        var last: Refusal?
        for _ in 0..<Database.keyAttemptsMax {
            let (book, view) = turn { $0.rulesAndView() }
            let check = DuplicateCheck(book, comparisonsMax: DuplicateCheck.comparisonsMaxBeside)
            do throws(Refusal) {
                return try body(Engine(copying: view), view, check)
            } catch {
                guard let wanted = check.wanted else { throw error }
                makeDuplicateKeys(wanted)
                last = error
            }
        }
        throw last ?? Refusal(.overloaded, "The duplicate rules change all the time.")
    }

    /// Executes an encoded transaction or message that asks to be refused where a record is like another one, as `actor`, and returns the
    /// encoded reply with the position that it observed, which may not be durable yet. For those who must not do so in a turn of their own,
    /// since keys may have to be made first.
    package func executeChecked(
        _ request: [UInt8],
        isMessage: Bool,
        actor: RecordID
    ) throws(Refusal) -> (reply: [UInt8], position: Position) {
        var last: Refusal?
        for _ in 0..<Database.keyAttemptsMax {
            var reply = ByteWriter()
            let (refusal, wanted, position) = turn { turn -> (Refusal?, DuplicateKeys?, Position) in
                var refusal: Refusal?
                do throws(Refusal) {
                    try request.withUnsafeBytes { bytes in
                        Result { () throws(Refusal) in
                            if isMessage {
                                try turn.perform(bytes, actor: actor, reply: &reply)
                            } else {
                                try turn.execute(bytes, actor: actor, reply: &reply)
                            }
                        }
                    }.get()
                } catch {
                    refusal = error
                }
                return (refusal, turn.takeWantedKeys(), turn.position)
            }
            guard let refusal else { return (reply.bytes, position) }
            guard let wanted else { throw refusal }
            makeDuplicateKeys(wanted)
            last = refusal
        }
        throw last ?? Refusal(.overloaded, "The duplicate rules change all the time.")
    }

    /// How often keys are made for one request: rules may be published and taken back meanwhile.
    static let keyAttemptsMax = 5
    /// As for quick find: `Database+Find`.
    private static let lateRowsMax = 1000
    private static let roundsMax = 5

    /// Makes the index of the keys of an entity's records beside the writer, unless there is one, or other rules are published by now.
    /// O(records × keys): some 10 µs a record, once for an entity after opening and after each change of its published rules.
    func makeDuplicateKeys(_ keys: DuplicateKeys) {
        keyMaking.withLock { _ in
            let entity = keys.entity
            guard var view = turn({ $0.beginKeys(keys) }), let place = view.schema.place(of: entity) else { return }
            var index = RecordKeyIndex(keys, of: view.table(place).table)
            for _ in 0..<Database.roundsMax {
                let next = turn { [view] in $0.continueKeys(entity, view.schema) }
                guard let next else { return }
                for row in next.rows {
                    index.update(row: Int(row), from: view.table(place).table, to: next.view.table(place).table)
                }
                view = next.view
                if next.rows.count <= Database.lateRowsMax { break }
            }
            let (made, last) = (index, view)
            turn { $0.installKeys(made, entity, last) }
        }
    }
}
