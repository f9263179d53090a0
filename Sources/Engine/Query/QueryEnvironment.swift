/// What an execution takes from outside, since the engine reads no clock and knows no session. The same query on the same
/// view in the same environment gives the same answer.
public struct QueryEnvironment: Hashable, Sendable {
    /// What `NOW()` is: microseconds since 1970-01-01T00:00:00Z.
    public var nowMicroseconds: Int64
    /// Who asks: what `CURRENTUSER()` is. `RecordID.none` is null.
    public var user: RecordID

    /// Makes an environment. The default is the same everywhere: 1970 began this moment, and nobody asks.
    public init(nowMicroseconds: Int64 = 0, user: RecordID = .none) {
        self.nowMicroseconds = nowMicroseconds
        self.user = user
    }
}
