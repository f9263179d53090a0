// At which times of the day a service begins: every so many minutes from an offset from midnight on, in local time, until the day is over.
//
// Guarantees
// - `first(from:)` misses no moment that `allows` allows, whatever the clocks do: an hour that comes twice has its starts twice, one that is
//   left out has none.

import Engine

/// The moments of every day at which something may begin.
struct StartGrid {
    private static let minute: Int64 = 60_000_000
    private static let day: Int64 = 86_400_000_000

    let anchorMinutes: Int64
    let stepMinutes: Int64
    private let zone: TimeZoneRules

    /// Bounds that an administrator has widened come to the nearest that makes sense.
    init(anchorMinutes: Int64, stepMinutes: Int64, in zone: TimeZoneRules) {
        self.anchorMinutes = min(max(anchorMinutes, 0), 1_439)
        self.stepMinutes = min(max(stepMinutes, 1), 1_440)
        self.zone = zone
    }

    /// How long from a local time to the next start, 0 where it is one.
    private func wait(_ local: Int64) -> Int64 {
        let time = local.modulo(Self.day)
        let anchor = anchorMinutes * Self.minute
        if time <= anchor { return anchor - time }
        let step = stepMinutes * Self.minute
        let next = anchor + ((time - anchor + step - 1) / step) * step
        return next < Self.day ? next - time : Self.day - time + anchor
    }

    /// Whether something may begin at a moment.
    func allows(_ moment: Int64) -> Bool { wait(zone.local(moment)) == 0 }

    /// The first start from a moment on. O(log changes of the clocks).
    func first(from moment: Int64) -> Int64 {
        var moment = moment
        while true {
            let offset = zone.offset(at: moment)
            let wait = wait(moment.addingClamped(offset))
            let next = moment.addingClamped(wait)
            if zone.offset(at: next) == offset { return next }
            // The clocks change in between: what comes then is reckoned by the new ones.
            var (low, high) = (moment, next)
            while low < high {
                let middle = low + (high - low) / 2
                if zone.offset(at: middle) == offset { low = middle + 1 } else { high = middle }
            }
            moment = low
        }
    }

    /// How people say it.
    var text: String {
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "every \(stepMinutes) minutes from \(two(anchorMinutes / 60)):\(two(anchorMinutes % 60)) on"
    }
}
