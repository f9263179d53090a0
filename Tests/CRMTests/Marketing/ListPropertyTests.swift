import CRM
import Engine
import Snapshot
import TestSupport
import Testing

/// Random messages about lists beside a model that is nothing but sets: after each, who is on which list is what the model says, each once.
@Suite struct ListPropertyTests {
    @Test func listsAreSets() throws {
        var done = 0
        var refused = 0
        for seed in 0..<UInt64(Effort.count(40, torture: 400, full: 4_000)) {
            var random = SplitMix64(seed: seed)
            var organisation = TestOrganisation()
            for member in 0..<6 { try organisation.create("contact C\(member): fullname=\(member)") }
            for list in 0..<3 { try organisation.create("list L\(list): listname=\(list)") }
            var members = [Set<Int>](repeating: [], count: 3)
            var isLocked = [false, false, false]
            for _ in 0..<60 {
                let (list, other, member) = (random.below(3), random.below(3), random.below(6))
                let text: String
                let isAllowed: Bool
                switch random.below(10) {
                case 0..<4:
                    text = "add-to-list C\(member) --list L\(list)"
                    isAllowed = !isLocked[list] && !members[list].contains(member)
                    if isAllowed { members[list].insert(member) }
                case 4..<7:
                    text = "remove-from-list C\(member) --list L\(list)"
                    isAllowed = !isLocked[list] && members[list].contains(member)
                    if isAllowed { members[list].remove(member) }
                case 7:
                    text = "copy-members L\(list) --to L\(other)"
                    isAllowed = list != other && !isLocked[other]
                    if isAllowed { members[other].formUnion(members[list]) }
                case 8:
                    text = "lock L\(list)"
                    isAllowed = !isLocked[list]
                    isLocked[list] = true
                default:
                    text = "unlock L\(list)"
                    isAllowed = isLocked[list]
                    isLocked[list] = false
                }
                var wasDone = true
                do {
                    try organisation.perform(
                        try MessageRequest(text, in: organisation.engine.schema, named: organisation.names)
                    )
                    _ = try organisation.runJobs()
                } catch is Refusal {
                    wasDone = false
                }
                guard wasDone == isAllowed else {
                    Issue.record("seed \(seed): \(text) was \(wasDone ? "done" : "refused")")
                    return
                }
                if wasDone { done += 1 } else { refused += 1 }
                let expected = members.enumerated().flatMap { list, set in set.sorted().map { "\(list) | \($0)" } }
                let rows = organisation.rows("SELECT listid.listname, entityid.fullname FROM listmember ORDER BY 1, 2")
                guard rows == expected else {
                    Issue.record("seed \(seed), after \(text): \(rows) instead of \(expected)")
                    return
                }
            }
        }
        #expect(done > 500 && refused > 500)
    }
}
