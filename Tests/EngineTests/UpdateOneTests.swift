// An update of one record's plain attributes goes a shorter way through the engine. What comes out must be the same, byte by
// byte: entry, reply, refusal and state.

import Engine
import Testing

@Suite struct UpdateOneTests {
    /// The same transaction in a form that only the general way takes: its attributes carry reference keys, of which there are
    /// none ("0 0").
    private func general(_ transaction: [UInt8]) -> [UInt8] {
        let operation = transaction[0] & 1 != 0 ? 22 : 6
        let attributeCount = Int(transaction[operation + 10]) | Int(transaction[operation + 11]) << 8
        var bytes = Array(transaction[..<(operation + 12)])
        bytes[operation + 1] |= 2
        for attribute in 0..<attributeCount {
            let offset = operation + 12 + attribute * 2
            bytes += transaction[offset..<offset + 2] + [0, 0, 0, 0]
        }
        return bytes + transaction[(operation + 12 + attributeCount * 2)...]
    }

    @Test func bothWaysGiveTheSame() throws {
        var changed = 0
        var refused = 0
        for seed in PropertyRandom.seeds(20) {
            var workload = PropertyWorkload(seed: seed &+ 5_000)
            let short = PropertyEngine()
            let long = PropertyEngine()
            for _ in 0..<80 {
                let transaction = try workload.transaction(short.engine)
                let actor = workload.actor(short.engine)
                let refusals = [short, long].map { $0.execute(transaction, actor: actor) }
                #expect(refusals[0] == refusals[1], "seed \(seed)")
            }
            for _ in 0..<300 {
                let transaction = try workload.singleUpdate(short.engine)
                let actor = workload.actor(short.engine)
                let before = short.engine.position
                let refusal = short.execute(transaction, actor: actor)
                try #require(refusal == long.execute(general(transaction), actor: actor), "seed \(seed)")
                try #require(short.log.last == long.log.last && short.reply == long.reply, "seed \(seed)")
                changed += short.engine.position > before ? 1 : 0
                refused += refusal == nil ? 0 : 1
            }
            #expect(short.engine.digest == long.engine.digest, "seed \(seed)")
            #expect(try short.replayed().digest == short.engine.digest, "seed \(seed)")
            short.engine.checkInvariants()
        }
        #expect(changed > 2_000 && refused > 500, "\(changed) changed, \(refused) refused")
    }
}
