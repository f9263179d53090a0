import CRM
import Engine
import Snapshot
import TestSupport
import Testing

/// Random ends and returns of cases that take of contract lines, while contracts rest, end and time goes on: no line is ever below 0,
/// used and left are its total, and used is what the resolved cases took together.
@Suite struct AllotmentPropertyTests {
    private static let cases = (1...6).map { "C\($0)" }

    private static func organisation() throws -> TestOrganisation {
        var organisation = TestOrganisation()
        try organisation.create("account A: name=Acme")
        for (name, type, total) in [("K", 1, 4), ("T", 2, 300)] {
            try organisation.create(
                "contract \(name): title=\(name) | customerid=A | allotmenttypecode=\(type) | activeon=2026-01-01 | expireson=2026-05-31"
            )
            for line in 1...2 {
                try organisation.create(
                    "contractdetail \(name)\(line): title=\(name)\(line) | contractid=\(name) | totalallotments=\(total)"
                )
            }
            try organisation.act("invoice \(name)")
        }
        try organisation.advance(to: organisation.timeMicroseconds)
        for name in cases { try organisation.create("incident \(name): title=\(name)") }
        return organisation
    }

    @Test(arguments: 0..<UInt64(Effort.count(6, torture: 60, full: 600)))
    func allotmentsReconcile(_ seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        func pick(_ count: Int) -> Int { Int(random.next() % UInt64(count)) }
        var organisation = try Self.organisation()
        var rules: [String: Int] = [:]
        for round in 0..<150 {
            let name = Self.cases[pick(Self.cases.count)]
            let contract = ["K", "T"][pick(2)]
            let act: String
            switch pick(15) {
            case 0, 1, 2, 3: act = "resolve \(name) --minutes \(pick(120))\(pick(3) == 0 ? " --children" : "")"
            case 4, 5, 6: act = "reopen \(name)"
            case 7: act = "hold \(contract)"
            case 8: act = "release \(contract)"
            case 9: act = "make-child \(name) --parent \(Self.cases[pick(Self.cases.count)])"
            case 10:
                // A case names another line, also a closed one: what it gives back must not follow.
                let line = ["K1", "K2", "T1", "T2", ""][pick(5)]
                try organisation.set("\(name): contractdetailid\(line.isEmpty ? "" : "=\(line)")")
                continue
            case 11: act = "allot \(contract) --line \(contract)\(1 + pick(2)) --more \(1 + pick(20))"
            case 12:
                // A plain change makes it a draft again, or puts totals to another number: what cases took stays theirs.
                try organisation.set("\(contract): statecode=0")
                act = "invoice \(contract)"
            case 13:
                let line = "\(contract)\(1 + pick(2))"
                let used = organisation.rows("SELECT allotmentsused FROM contractdetail WHERE title = '\(line)'")[0]
                let total = (Int(used) ?? 0) + pick(5)
                try organisation.set(
                    "\(line): totalallotments=\(total) | allotmentsremaining=\(total - (Int(used) ?? 0))"
                )
                act = "allot \(contract)"
            default:
                if pick(8) == 0 {
                    try organisation.advance(to: organisation.timeMicroseconds + Int64(pick(10)) * 86_400_000_000)
                    continue
                }
                act = "make-independent \(name)"
            }
            do {
                try organisation.act(act)
                rules["", default: 0] += 1
            } catch let refusal as Refusal {
                // Nothing but a rule says no: not a bound of an attribute.
                #expect(refusal.code == .ruleBroken, "seed \(seed), round \(round): \(act): \(refusal)")
                rules[refusal.rule, default: 0] += 1
            }
            // What was agreed on anew comes into force by the clock.
            if act.hasPrefix("invoice") { try organisation.advance(to: organisation.timeMicroseconds) }
            let place: Comment = "seed \(seed), round \(round): \(act)"
            let lines = organisation.rows(
                "SELECT contractdetailid, totalallotments - allotmentsremaining, allotmentsused FROM contractdetail"
            )
            #expect(lines.count == 4, place)
            let taken = organisation.rows(
                "SELECT contractdetailid, sum(allotmentsused) FROM incidentresolution WHERE statecode = 'Completed' GROUP BY contractdetailid"
            )
            for line in lines {
                let parts = line.components(" | ")
                #expect(parts[1] == parts[2], place)
                let sum = taken.first { $0.hasPrefix("\(parts[0]) |") }?.components(" | ")[1] ?? "0"
                #expect(parts[2] == sum, place)
            }
        }
        #expect(rules["", default: 0] > 10)
    }
}

extension TestOrganisation {
    /// Carries out a message in words.
    fileprivate mutating func act(_ text: String) throws {
        try perform(try MessageRequest(text, in: engine.schema, named: names))
    }
}

extension String {
    fileprivate func components(_ separator: String) -> [String] { split(separator: separator).map(String.init) }
}
