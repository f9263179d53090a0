/// What an execution takes from outside, since the engine reads no clock and knows no session. The same query on the same
/// view in the same environment gives the same answer.
public struct QueryEnvironment: Hashable, Sendable {
    /// What `NOW()` is: microseconds since 1970-01-01T00:00:00Z.
    public var nowMicroseconds: Int64
    /// Who asks: what `CURRENTUSER()` is. `RecordID.none` is null.
    public var user: RecordID
    /// Local time, weeks and fiscal years, as the organisation's records say.
    public var calendar: BusinessCalendar

    /// Makes an environment. The default is the same everywhere: 1970 began this moment, nobody asks, and time is UTC.
    public init(
        nowMicroseconds: Int64 = 0,
        user: RecordID = .none,
        calendar: BusinessCalendar = BusinessCalendar()
    ) {
        self.nowMicroseconds = nowMicroseconds
        self.user = user
        self.calendar = calendar
    }

    /// What `TODAY()` is: the local day, since 1970-01-01.
    package var today: Int { calendar.day(nowMicroseconds) }
}
