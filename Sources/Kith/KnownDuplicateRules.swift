import CRM
import Engine
import Synchronization

/// The published duplicate rules of one line of states, as they were read last, and what they were read from.
///
/// Thread rule: any thread. An engine that goes its own way from a state that others have seen (a rehearsal) has one of its own: positions,
/// by which the records of rules are known again, mean something else there.
final class KnownDuplicateRules: Sendable {
    private let known = Mutex<DuplicateRuleBook?>(nil)

    /// The rules as an engine's records say them, between two transactions. They are read when one has changed; and then indexes of keys that
    /// belong to none any more are dropped, so that nobody pays for them.
    func book(_ engine: Engine) -> DuplicateRuleBook {
        let origin = DuplicateRuleBook.Origin(engine)
        return known.withLock { known in
            if let known, known.origin == origin { return known }
            let book = DuplicateRuleBook(engine, origin, after: known)
            known = book
            engine.dropRecordKeys { book.holds($0) }
            return book
        }
    }

    /// Drops indexes of keys that belong to no published rule any more. O(entities) where there are none.
    func dropUnwanted(_ engine: Engine) { if engine.hasRecordKeys { _ = book(engine) } }

    /// Runs `body` with a look at duplicates on an engine that nobody else waits for, and again when keys that it wanted were made there.
    func making<R>(
        on engine: Engine,
        _ begin: (DuplicateRuleBook) throws(Refusal) -> DuplicateCheck,
        body: (DuplicateCheck) throws(Refusal) -> R
    ) throws(Refusal) -> R {
        while true {
            let check = try begin(book(engine))
            do throws(Refusal) {
                return try body(check)
            } catch {
                // Each time for another entity: what was made stays.
                guard let wanted = check.wanted, let place = engine.schema.place(of: wanted.entity) else { throw error }
                engine.makeRecordKeys(place: place, wanted)
            }
        }
    }
}
