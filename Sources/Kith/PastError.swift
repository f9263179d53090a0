import Engine

/// Why a state of the past cannot be shown.
public enum PastError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Nothing that is kept reaches back so far. When the first state that is kept came into being, microseconds since 1970, and
    /// its position.
    case notKept(sinceMicroseconds: Int64, position: Position)
    /// The moment has not come yet, or the log does not reach so far.
    case inFuture(String)
    /// Rebuilding it would take more than is allowed: bytes of snapshot and log that would be read, at least, and the limit.
    case tooLarge(bytes: UInt64, limitBytes: UInt64)
    /// Rows of another moment are still being read, and two of them would not fit.
    case inUse(String)
    /// Whoever asked has given it up.
    case cancelled

    /// What is wrong and what to do, for people.
    public var description: String {
        switch self {
        case .notKept(let since, let position):
            "history is kept since \(CalendarText.text(microseconds: since)), position \(position); "
                + "what was before is not known"
        case .inFuture(let what): "\(what) is still to come"
        case .tooLarge(let bytes, let limit):
            "rebuilding that moment takes more than \(bytes >> 20) MiB of snapshot and log, and the limit is \(limit >> 20) MiB: "
                + "ask a copy of the directory that nobody serves"
        case .inUse(let what):
            "rows of \(what) are still being read: wait until they have been fetched, or close that cursor"
        case .cancelled: "whoever asked has given it up"
        }
    }
}
