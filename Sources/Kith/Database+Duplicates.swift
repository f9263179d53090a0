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
        let cancellation = QueryCancellation()
        let report = try await withTaskCancellationHandler {
            try duplicates(question, actor: .none, cancellation)
        } onCancel: {
            cancellation.cancel()
        }
        try await settle(report.position)
        return report
    }

    /// As `duplicates(_:)`, as `actor`; what it has seen may not be durable yet. Keys that have to be made are made to their end, whoever
    /// calls off, since others wait for them.
    package func duplicates(
        _ question: DuplicateQuestion,
        actor: RecordID,
        _ cancellation: QueryCancellation? = nil
    ) throws(Refusal) -> DuplicateReport {
        try withCheckedCopies(cancellation) { (engine, _, check) throws(Refusal) in
            engine.contents = contents
            return try question.answer(engine, check, actor: actor, timeMicroseconds: options.clock())
        }
    }

    /// Runs `body` on a copy of the present state, with the rules of that state; again on another copy where it has thrown for want of keys
    /// and these were made.
    func withCheckedCopies<R>(
        _ cancellation: QueryCancellation? = nil,
        _ body: (_ engine: Engine, _ view: View, _ check: DuplicateCheck) throws(Refusal) -> R
    ) throws(Refusal) -> R {
        try makingWantedKeys {
            let (book, view) = turn { $0.rulesAndView() }
            let check = DuplicateCheck(
                book,
                comparisonsMax: DuplicateCheck.comparisonsMaxBeside,
                cancellation: cancellation
            )
            let result = Result { () throws(Refusal) in try body(Engine(copying: view), view, check) }
            return (result, check.wanted)
        }
    }

    /// Runs an attempt, and again where it was refused for want of keys and these were made.
    private func makingWantedKeys<R>(
        _ attempt: () -> (result: Result<R, Refusal>, wanted: DuplicateKeys?)
    ) throws(Refusal) -> R {
        var last: Refusal?
        for _ in 0..<Database.keyAttemptsMax {
            let (result, wanted) = attempt()
            guard case .failure(let refusal) = result, let wanted else { return try result.get() }
            makeDuplicateKeys(wanted)
            last = refusal
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
        try makingWantedKeys {
            turn { turn in
                var reply = ByteWriter()
                let result = request.withUnsafeBytes { bytes in
                    Result { () throws(Refusal) in
                        if isMessage {
                            try turn.perform(bytes, actor: actor, reply: &reply)
                        } else {
                            try turn.execute(bytes, actor: actor, reply: &reply)
                        }
                    }
                }
                let (wanted, position) = (turn.takeWantedKeys(), turn.position)
                return (result.map { (reply.bytes, position) }, wanted)
            }
        }
    }

    /// How often keys are made for one request: rules may be published and taken back meanwhile.
    static let keyAttemptsMax = 5

    /// Makes the index of the keys of an entity's records beside the writer, unless there is one, or other rules are published by now.
    /// O(records × keys): some 13 µs a record, once for an entity after opening and after each change of its published rules.
    func makeDuplicateKeys(_ keys: DuplicateKeys) {
        keyMaking.withLock { _ in
            let entity = keys.entity
            guard let view = turn({ $0.beginKeys(keys) }), let place = view.schema.place(of: entity) else { return }
            let made = caughtUp(RecordKeyIndex(keys, of: view.table(place).table), of: view) { turn, schema in
                turn.continueKeys(entity, schema)
            } update: { index, row, old, new in
                index.update(row: Int(row), from: old.table(place).table, to: new.table(place).table)
            }
            if let (index, last) = made { turn { $0.installKeys(index, entity, last) } }
        }
    }
}
