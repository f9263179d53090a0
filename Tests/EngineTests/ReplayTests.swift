// A log replayed with its runs of creates taken together gives what it gives one by one, and refuses what it refuses.

import Engine
import TestSupport
import Testing

@Suite struct ReplayTests {
    private func replay(_ log: [[UInt8]]) throws -> Engine {
        let engine = Engine(schema: TestSchema.schema)
        let replay = Replay(engine)
        for (index, entry) in log.enumerated() {
            try entry.withUnsafeBytes { try replay.replay($0, position: UInt64(index + 1)) }
        }
        try replay.finish()
        return engine
    }

    /// Mostly accounts one by one: with and without a parent, which may be of the same run, in freed rows, by several actors,
    /// with nulls and defaults; between them what ends a run.
    private func workload(_ h: EngineHarness, _ random: inout PropertyRandom) throws {
        var actors = [RecordID.none]
        var accounts: [RecordID] = []
        var actor = RecordID.none
        var hasParents = false
        for step in 0..<600 {
            switch random.below(60) {
            case 0: actors += try h.run { try $0.create("systemuser", ["fullname": "U"]) }.operations[0].ids
            case 1: actor = actors[random.below(actors.count)]
            case 2: hasParents.toggle()
            case 3, 4:
                guard !accounts.isEmpty else { continue }
                let id = accounts.remove(at: random.below(accounts.count))
                try h.run { try $0.delete(id) }
            case 5:
                guard let id = accounts.last else { continue }
                try h.run({ try $0.update(id, ["employees": .integer(Int64(step))]) }, actor: actor)
            case 6:
                let key = RequestKey(client: 9, request: UInt64(step))
                accounts += try h.run({ try $0.create("account", ["name": "keyed"]) }, key: key, actor: actor)
                    .operations[0].ids
            case 7: h.time += 1_000
            default:
                let name = Value.text("Account with a longer name \(random.below(50))".suffix(20).description)
                let number: Value = random.below(5) == 0 ? .null : .text("N-\(step)")
                let employees = Value.integer(Int64(random.below(9)))
                let isOnHold = Value.boolean(random.below(2) == 0)
                let founded = Value.date(Int32(random.below(9_000)))
                if random.below(3) == 0 { h.time -= 1 }
                let near = accounts.isEmpty ? 0 : 1 + random.below(min(3, accounts.count))
                let parent = hasParents && near > 0 ? accounts[accounts.count - near] : nil
                accounts += try h.run(
                    { transaction in
                        if let parent {
                            try transaction.create(
                                "account",
                                ["name": name, "accountnumber": number, "parentaccountid": .reference(parent)]
                            )
                        } else {
                            try transaction.create(
                                "account",
                                [
                                    "name": name, "accountnumber": number, "employees": employees, "onhold": isOnHold,
                                    "founded": founded,
                                ]
                            )
                        }
                    },
                    actor: actor
                ).operations[0].ids
            }
        }
    }

    @Test func runsGiveTheSameState() throws {
        for seed in PropertyRandom.seeds(12) {
            var random = PropertyRandom(seed: seed)
            let h = EngineHarness()
            try workload(h, &random)
            let single = try h.replayed()
            let taken = try replay(h.log)
            #expect(taken.digest == single.digest && taken.digest == h.engine.digest, "seed \(seed)")
            #expect(taken.contents() == single.contents(), "seed \(seed)")
            #expect(taken.position == single.position && taken.timeMicroseconds == single.timeMicroseconds)
            taken.checkInvariants()
        }
    }

    /// Wherever a run is damaged, the same transaction is named as without it.
    @Test func damageIsNamedAsWithoutRuns() throws {
        var refused = 0
        for seed in PropertyRandom.seeds(60) {
            var random = PropertyRandom(seed: seed)
            let h = EngineHarness()
            for number in 0..<40 {
                try h.run { try $0.create("account", ["name": .text("A\(number)"), "rating": "Hot", "employees": 1]) }
            }
            let place = random.below(40)
            h.log[place] = random.damaged(h.log[place])
            let single = Result { try h.replayed().digest }
            let taken = Result { try replay(h.log).digest }
            switch (single, taken) {
            case (.success(let a), .success(let b)): #expect(a == b, "seed \(seed)")
            case (.failure(let a), .failure(let b)):
                refused += 1
                #expect(a as? ReplayError == b as? ReplayError, "seed \(seed)")
            default: Issue.record("seed \(seed): \(single), but \(taken)")
            }
        }
        #expect(refused > 10)
    }

    @Test func positionsFollowOneAnother() throws {
        let h = EngineHarness()
        for _ in 0..<10 { try h.run { try $0.create("account", ["name": "A"]) } }
        let replay = Replay(Engine(schema: TestSchema.schema))
        for (index, entry) in h.log.enumerated() {
            let position = UInt64(index == 7 ? 20 : index + 1)
            do {
                try entry.withUnsafeBytes { try replay.replay($0, position: position) }
                #expect(index != 7)
            } catch {
                #expect(index == 7 && (error as? ReplayError)?.position == 20)
                break
            }
        }
    }
}
