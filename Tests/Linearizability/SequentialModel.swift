// What a history is checked against: an object that executes one call at a time.

/// The rules of an object: which answers a call can have in a state, and which state it leaves.
protocol SequentialModel {
    /// What the object holds. Equal states must be equal and hash alike: what was tried is found again by them.
    associatedtype State: Hashable
    /// A call with what was asked, and what was answered as far as that is known.
    associatedtype Call: Hashable

    /// What it holds at first.
    var initial: State { get }

    /// The state that the call leaves, if it can have been executed in `state` and answered as it was; nil if not. Nothing that
    /// is not known about an answer may lead to more than one state.
    func state(after call: Call, in state: State) -> State?

    /// Whether the call leaves every state as it is in which it is possible.
    func isRead(_ call: Call) -> Bool

    /// False where no calls whatever lead from the state to one in which the call is possible. True is always right; false keeps
    /// the search from going on where an answer that is still to come has become impossible.
    func mayFollow(_ call: Call, _ state: State) -> Bool

    /// Bytes that a state takes, roughly.
    func byteCount(of state: State) -> Int
}

extension SequentialModel {
    func mayFollow(_ call: Call, _ state: State) -> Bool { true }
}

/// A call and the time that it was under way, in any unit whose order is that of the events: a call that ended before another
/// began took effect before it.
package struct Interval<Call> {
    package var call: Call
    package var begin: Int
    /// nil: nobody knows whether it was executed, or it may still be. It took effect at any time after `begin`, or never.
    package var end: Int?

    package init(_ call: Call, begin: Int, end: Int?) {
        self.call = call
        self.begin = begin
        self.end = end
    }
}

extension Interval: Sendable where Call: Sendable {}

/// How much a search may take, for each part of a history that is searched by itself.
package struct SearchBounds: Sendable {
    /// Calls that are tried: some tens of seconds.
    package var stepsMax = 50_000_000
    /// Bytes of what is remembered of states and configurations.
    package var bytesMax = 1 << 30

    package init() {}
}

/// What a history turned out to be.
package enum Verdict: Hashable, Sendable {
    /// There is an order of the calls that explains every answer and keeps to the times.
    case linearizable
    /// There is none; the text says how far the longest attempt came.
    case violated(String)
    /// The search was given up at one of its bounds, which is named.
    case unknown(String)

    package var isLinearizable: Bool? {
        switch self {
        case .linearizable: true
        case .violated: false
        case .unknown: nil
        }
    }

    /// What a history is whose parts are searched one by one: a violation in one is one of all.
    static func all(_ parts: some Sequence<Verdict>) -> Verdict {
        var result = Verdict.linearizable
        for part in parts {
            if case .violated = part { return part }
            if case .unknown = part { result = part }
        }
        return result
    }
}
