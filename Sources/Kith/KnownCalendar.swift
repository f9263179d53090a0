import Engine
import Synchronization

/// The organisation's calendar as queries and reads asked for it last, and the records that it was made of.
///
/// Thread rule: any thread.
final class KnownCalendar: Sendable {
    private let known = Mutex<(origin: BusinessCalendar.Origin, calendar: BusinessCalendar)?>(nil)

    /// The calendar in a view. Its records are looked at every time, and read when one has changed.
    func calendar(_ view: View) -> BusinessCalendar {
        guard let origin = BusinessCalendar.Origin(view) else { return BusinessCalendar() }
        return known.withLock { known in
            if let known, known.origin == origin { return known.calendar }
            let calendar = BusinessCalendar(origin, view)
            known = (origin, calendar)
            return calendar
        }
    }
}
