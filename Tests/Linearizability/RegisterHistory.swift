// A register that is read, written and changed if it has a certain value: what Jepsen asks of one key.

package enum RegisterCall: Hashable, Sendable {
    /// What was read; nil: nothing was there.
    case read(Int?)
    case write(Int)
    /// Writes `to` if the value is `from`; whether it was, or nil when nobody knows.
    case compareAndSet(from: Int, to: Int, succeeded: Bool?)
}

private struct RegisterModel: SequentialModel {
    let initial: Int? = nil

    func state(after call: RegisterCall, in state: Int?) -> Int?? {
        switch call {
        case .read(let value): value == state ? .some(state) : nil
        case .write(let value): .some(value)
        case .compareAndSet(let from, let to, let succeeded):
            if let succeeded, succeeded != (state == from) { nil } else { .some(state == from ? to : state) }
        }
    }

    func isRead(_ call: RegisterCall) -> Bool {
        switch call {
        case .read, .compareAndSet(_, _, succeeded: false): true
        case .write, .compareAndSet: false
        }
    }

    func byteCount(of state: Int?) -> Int { MemoryLayout<Int?>.stride }
}

/// Calls of one register.
package struct RegisterHistory: Sendable {
    package var calls: [Interval<RegisterCall>]

    package init(_ calls: [Interval<RegisterCall>]) { self.calls = calls }

    package func verdict(_ bounds: SearchBounds = SearchBounds()) -> Verdict {
        var search = OrderSearch(RegisterModel(), calls, bounds)
        return search.verdict()
    }
}
