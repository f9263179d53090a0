import Engine
import Synchronization

/// The organisation's calendar as queries and reads asked for it last, and the records that it was made of.
///
/// Thread rule: any thread.
final class KnownCalendar: Sendable {
    private let known = Mutex<(origin: BusinessCalendar.Origin, calendar: BusinessCalendar)?>(nil)

    /// The calendar in a view.
    func calendar(_ view: View) -> BusinessCalendar { calendar(view.schema, view.table) }

    /// The present calendar, in the writer's turn: no table is frozen for its sake, which the writer would then copy from.
    func calendar(_ engine: Engine) -> BusinessCalendar { calendar(engine.schema, engine.tables.borrowed) }

    /// The calendar in these tables. Its records are looked at every time, and read when one has changed.
    private func calendar(_ schema: Schema, _ table: (Int) -> TableView) -> BusinessCalendar {
        guard let origin = BusinessCalendar.Origin(schema, table) else { return BusinessCalendar() }
        return known.withLock { known in
            if let known, known.origin == origin { return known.calendar }
            let calendar = BusinessCalendar(origin, table)
            known = (origin, calendar)
            return calendar
        }
    }
}
