import Linearizability

/// Histories from a seed, and a judge that is too simple to be wrong.
enum RandomHistory {
    struct Random {
        var state: UInt64

        mutating func below(_ bound: Int) -> Int {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return Int((mixed ^ (mixed >> 31)) % UInt64(bound))
        }
    }

    /// Few calls with random times and answers, some of them open.
    static func calls(seed: UInt64, count: Int) -> [Interval<RegisterCall>] {
        var random = Random(state: seed)
        return (0..<count).map { _ in
            let isOpen = random.below(5) == 0
            let call: RegisterCall =
                switch random.below(3) {
                case 0 where !isOpen: .read(random.below(4) == 0 ? nil : random.below(2))
                case 1:
                    .compareAndSet(
                        from: random.below(2),
                        to: random.below(2),
                        succeeded: isOpen ? nil : random.below(2) == 0
                    )
                default: .write(random.below(2))
                }
            let begin = random.below(16)
            return Interval(call, begin: begin, end: isOpen ? nil : begin + random.below(8))
        }
    }

    /// Tries every order.
    static func hasOrder(_ calls: [Interval<RegisterCall>]) -> Bool {
        func goes(_ left: [Interval<RegisterCall>], _ value: Int?) -> Bool {
            if left.allSatisfy({ $0.end == nil }) { return true }
            for (index, next) in left.enumerated() {
                // Whatever ended before it began has to come first.
                if left.contains(where: { ($0.end ?? .max) < next.begin }) { continue }
                var after = value
                switch next.call {
                case .read(let seen): if seen != value { continue }
                case .write(let written): after = written
                case .compareAndSet(let from, let to, let succeeded):
                    if let succeeded, succeeded != (value == from) { continue }
                    if value == from { after = to }
                }
                var rest = left
                rest.remove(at: index)
                if goes(rest, after) { return true }
            }
            return false
        }
        return goes(calls, nil)
    }
}
