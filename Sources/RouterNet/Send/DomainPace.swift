// How many e-mails are on their way to a domain, and how many were begun lately.
//
// Guarantees: a domain never has more than `countMax` under way, and in no minute more than `minuteMax` begun. A value without a clock: it
// is told what time it is. A domain of which nothing is known any more is forgotten within a minute of the next that begins.

package struct DomainPace {
    let countMax: Int
    let minuteMax: Int

    private struct Domain {
        var underWay = 0
        /// When those of the last minute began, oldest first, in milliseconds.
        var begun: [Int64] = []
    }

    private var domains: [String: Domain] = [:]
    /// When those were swept out of which nothing is known any more.
    private var swept: Int64 = 0

    /// Domains of which something is known.
    package var domainCount: Int { domains.count }

    package init(countMax: Int, minuteMax: Int) { (self.countMax, self.minuteMax) = (countMax, minuteMax) }

    /// Begins an e-mail to these domains. Returns nil, or how many milliseconds to wait before asking again.
    package mutating func begin(_ names: Set<String>, at milliseconds: Int64) -> Int64? {
        if milliseconds - swept >= 60_000 { sweep(milliseconds) }
        var wait: Int64 = 0
        for name in names {
            guard var domain = domains[name] else { continue }
            domain.begun.removeAll { $0 <= milliseconds - 60_000 }
            domains[name] = domain
            if domain.underWay >= countMax { wait = max(wait, 1_000) }
            if domain.begun.count >= minuteMax, let first = domain.begun.first {
                wait = max(wait, first + 60_000 - milliseconds)
            }
        }
        if wait > 0 { return wait }
        for name in names {
            domains[name, default: Domain()].underWay += 1
            domains[name, default: Domain()].begun.append(milliseconds)
        }
        return nil
    }

    private mutating func sweep(_ milliseconds: Int64) {
        swept = milliseconds
        domains = domains.filter { $0.value.underWay > 0 || ($0.value.begun.last ?? .min) > milliseconds - 60_000 }
    }

    /// One to these domains is on its way no more.
    package mutating func end(_ names: Set<String>, at milliseconds: Int64) {
        for name in names {
            guard var domain = domains[name] else { continue }
            domain.underWay -= 1
            domain.begun.removeAll { $0 <= milliseconds - 60_000 }
            domains[name] = domain.underWay == 0 && domain.begun.isEmpty ? nil : domain
        }
    }
}
