import CRMark
import Engine
import Testing

/// What the generator makes, without a database.
@Suite struct CRMarkTests {
    static let small = CRMark(accountCount: 100, seed: 7)

    @Test func scalesAreReadExactly() {
        #expect(CRMark.accountCount(ofScale: "1") == 100_000)
        #expect(CRMark.accountCount(ofScale: "0.001") == 100)
        #expect(CRMark.accountCount(ofScale: "0.07") == 7_000)
        #expect(CRMark.accountCount(ofScale: "2.5") == 250_000)
        #expect(CRMark.accountCount(ofScale: "100") == 10_000_000)
        for wrong in ["0", "0.0009", "100.1", "-1", "1.", ".1", "1e3", "0.000001", "", "1.-5"] {
            #expect(CRMark.accountCount(ofScale: wrong) == nil, "\(wrong)")
        }
    }

    @Test func proportionsAreThoseOfTheWorkload() {
        let mark = CRMark(accountCount: 100_000, seed: 1)
        #expect(mark.recordCount == 7_100_000 + 1_000 + 50)
        #expect(mark.count(of: .contact) == 400_000)
        #expect(mark.count(of: .opportunity) == 200_000)
        let activities: [CRMarkEntity] = [.task, .phonecall, .email, .appointment]
        #expect(activities.reduce(0) { $0 + mark.count(of: $1) } == 5_600_000)
    }

    /// The bytes of every record, as they go to an engine. They must never change: figures of different days and machines are
    /// compared because the records are the same.
    @Test func everyByteIsTheSameOnEveryMachine() throws {
        let found = try checksum(CRMarkTests.small)
        #expect(found == CRMarkTests.golden, "\(found)")
        #expect(try checksum(CRMark(accountCount: 100, seed: 8)) != CRMarkTests.golden)
    }

    private static let golden: UInt64 = 2_447_193_017_848_375_147

    private func checksum(_ mark: CRMark) throws -> UInt64 {
        var ids = CRMarkIDs()
        for (place, kind) in CRMarkEntity.allCases.enumerated() {
            ids[kind] = RecordID(entity: EntityID(UInt16(place + 1)), sequence: 1)
        }
        // FNV-1a.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for kind in CRMarkEntity.allCases {
            for byte in try mark.transaction(kind, 0..<mark.count(of: kind), .standard, ids).encoded() {
                hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3
            }
        }
        return hash
    }

    /// Ranks follow (r + 1)^-0.99: the first of 1,000 gets 13.0 %, the first ten together 37.6 %.
    @Test func ranksFollowZipfsLaw() {
        let zipf = Zipf(count: 1_000)
        var random = CRMarkRandom(seed: 1, purpose: .account, index: 0)
        var counts = [Int](repeating: 0, count: 1_000)
        let draws = 400_000
        for _ in 0..<draws { counts[zipf.draw(&random)] += 1 }
        // Sum of the law's weights over 1,000 ranks: 7.7289.
        func expected(_ weight: Double) -> Double { weight / 7.7289 * Double(draws) }
        // r^-0.99 for r = 1, 2, 10, 100, 1000.
        for (rank, weight) in [(1, 1.0), (2, 0.50348), (10, 0.10233), (100, 0.010471), (1000, 0.0010715)] {
            let expected = expected(weight)
            let spread = 5 * expected.squareRoot()
            #expect(abs(Double(counts[rank - 1]) - expected) < spread, "rank \(rank): \(counts[rank - 1]), \(expected)")
        }
        #expect(counts.reduce(0, +) == draws)
    }

    @Test(arguments: [1, 2, 3, 7919, 10_000])
    func everyRankOfASpreadIsAPlaceOfItsOwn(_ count: Int) {
        #expect(Set((0..<count).map { CRMark.spread($0, count) }).count == count)
        let zipf = Zipf(count: count)
        var random = CRMarkRandom(seed: 2, purpose: .account, index: 1)
        for _ in 0..<2_000 { #expect((0..<count).contains(zipf.draw(&random))) }
    }

    @Test func recentMeansRecent() {
        var random = CRMarkRandom(seed: 3, purpose: .task, index: 0)
        let draws = (0..<20_000).map { _ in random.recent(8_000) }
        #expect(draws.allSatisfy { (0..<8_000).contains($0) })
        // Half of them in the first eighth, by u³.
        let young = draws.count { $0 < 1_000 }
        #expect((9_500...10_500).contains(young))
    }
}
