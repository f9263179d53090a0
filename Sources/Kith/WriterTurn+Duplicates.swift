import CRM
import Engine

// Transactions that ask to be refused where a record is like another one, and the keys by which that is seen.

extension WriterTurn {
    /// Runs `body`, which executes a transaction that asks for it, with a look at what it has changed before it takes effect.
    mutating func checkingDuplicates(
        _ transaction: UnsafeRawBufferPointer,
        _ body: (inout WriterTurn) throws(Refusal) -> Void
    ) throws(Refusal) {
        let check = try DuplicateCheck.beginning(
            transaction,
            duplicateRules.book(engine),
            engine,
            comparisonsMax: DuplicateCheck.comparisonsMaxInTurn
        )
        duplicateCheck = check
        defer {
            duplicateCheck = nil
            engine.transactionCheck = nil
            wantedKeys = check.wanted
        }
        try body(&self)
    }

    /// Keys that a transaction of this turn was refused for want of: `Database.makeDuplicateKeys`.
    mutating func takeWantedKeys() -> DuplicateKeys? { wantedKeys.take() }

    /// See `Engine.beginRecordKeys`. nil also when there is no such entity any more.
    func beginKeys(_ keys: DuplicateKeys) -> View? {
        // Rules that have changed since nobody wants the keys any more.
        guard duplicateRules.book(engine).holds(keys) else { return nil }
        return engine.schema.place(of: keys.entity).flatMap { engine.beginRecordKeys(place: $0, keys) }
    }

    /// See `Engine.continueRecordKeys`.
    func continueKeys(_ entity: EntityID, _ schema: Schema) -> (rows: [UInt32], view: View)? {
        engine.schema.place(of: entity).flatMap { engine.continueRecordKeys(place: $0, schema: schema) }
    }

    /// See `Engine.installRecordKeys`. What belongs to no published rule by now is given up.
    func installKeys(_ index: RecordKeyIndex, _ entity: EntityID, _ view: View) {
        guard let place = engine.schema.place(of: entity) else { return }
        guard engine.schema === view.schema, duplicateRules.book(engine).holds(index.maker) else {
            return engine.cancelRecordKeys(place: place)
        }
        engine.installRecordKeys(index, place: place, view: view)
    }

    /// The published rules and a view of the state in which they are so.
    func rulesAndView() -> (DuplicateRuleBook, View) { (duplicateRules.book(engine), engine.view) }
}

extension DuplicateCheck {
    /// Has an engine refuse the transaction that it is about to execute where a record is like another one.
    static func beginning(
        _ transaction: UnsafeRawBufferPointer,
        _ book: DuplicateRuleBook,
        _ engine: Engine,
        comparisonsMax: Int
    ) throws(Refusal) -> DuplicateCheck {
        guard let flags = transaction.first, flags & TransactionHeader.independentFlag == 0 else {
            throw Refusal(
                .malformed,
                "Rows that are independent of each other cannot be refused together: ask what they are like first."
            )
        }
        let check = DuplicateCheck(book, comparisonsMax: comparisonsMax)
        engine.transactionCheck = { engine, changes throws(Refusal) in try check.refuse(engine, changes) }
        return check
    }
}
