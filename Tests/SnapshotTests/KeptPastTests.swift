import Snapshot
import Testing

/// Which snapshots stay.
@Suite struct KeptPastTests {
    /// A directory whose snapshots have the time of their position, and whose log has a byte a position.
    private func kept(
        _ snapshots: [UInt64],
        isWhole: Bool = false,
        since: Int64?,
        spacing: UInt64 = 1,
        unreadable: Set<UInt64> = []
    ) -> KeptPast {
        KeptPast(
            of: snapshots,
            isLogWhole: isWhole,
            since: since,
            spacingBytes: spacing,
            time: { unreadable.contains($0) ? nil : Int64($0) },
            logBytes: { $1 - $0 }
        )
    }

    @Test func whatRecoveryNeedsStays() {
        for since: Int64? in [nil, 0, 45, 1_000] {
            #expect(kept([], since: since) == kept([], since: nil))
            #expect(kept([50], since: since).snapshots == [50])
            #expect(kept([50], since: since).retiredThrough == 0)
        }
        #expect(kept([50, 40, 30], since: nil).snapshots == [50, 40])
        #expect(kept([50, 40, 30], since: nil).retiredThrough == 40)
        #expect(kept([50, 40, 30], since: 1_000).snapshots == [50, 40])
        #expect(kept([50, 40, 30], since: 1_000).retiredThrough == 40)
        #expect(kept([50, 40, 30], since: 40).retiredThrough == 40)
    }

    @Test func theNewestThatIsNotLaterIsTheBase() {
        let snapshots: [UInt64] = [50, 40, 30, 20, 10]
        #expect(kept(snapshots, since: 25).snapshots == [50, 40, 30, 20])
        #expect(kept(snapshots, since: 25).retiredThrough == 20)
        #expect(kept(snapshots, since: 20).retiredThrough == 20)
        #expect(kept(snapshots, since: 19).retiredThrough == 10)
        // Nothing that is old enough: all that there is.
        #expect(kept(snapshots, since: 5).retiredThrough == 10)
        #expect(kept(snapshots, isWhole: true, since: 5).retiredThrough == 0)
        #expect(kept(snapshots, isWhole: true, since: 5).snapshots == snapshots)
        // One whose time is not known may be later.
        #expect(kept(snapshots, since: 25, unreadable: [20]).retiredThrough == 10)
    }

    @Test func thinningBoundsReplaysAndSpace() {
        for seed in 0..<300 as Range<UInt64> {
            var random = SplitMix64(seed: seed)
            var position: UInt64 = 0
            var snapshots: [UInt64] = []
            for _ in 0..<random.below(40) {
                position += 1 + UInt64(random.below(30))
                snapshots.insert(position, at: 0)
            }
            let spacing = UInt64(1 + random.below(100))
            let since = Int64(random.below(Int(position) + 1))
            let isWhole = random.below(2) == 0
            let past = kept(snapshots, isWhole: isWhole, since: since, spacing: spacing)
            #expect(past.snapshots.prefix(2) == snapshots.prefix(2))
            #expect(past.snapshots == past.snapshots.sorted(by: >))
            guard snapshots.count >= 2 else { continue }
            // From where on every state is there.
            let base = past.retiredThrough
            #expect(base <= UInt64(since) || past.snapshots.last == base && (base == snapshots[1] || !isWhole))
            #expect(base == 0 ? isWhole : past.snapshots.contains(base))
            let places = (base == 0 ? [0] : []) + past.snapshots.reversed().filter { $0 >= base }
            for (a, b) in zip(places, places.dropFirst()) {
                let wasNext = snapshots.last { $0 > a }
                #expect(b - a < spacing || b == wasNext, "seed \(seed)")
            }
            // Two neighbouring gaps are no shorter than the spacing, but for those beside what recovery needs.
            let thinned = Array(places.dropLast(1))
            for (a, b) in zip(thinned, thinned.dropFirst(2)) { #expect(b - a >= spacing, "seed \(seed)") }
        }
    }

    @Test func decidingAgainAsSnapshotsComeGivesNoMoreThanOnce() {
        // As it goes: each snapshot decides on what the ones before it left.
        var left: [UInt64] = []
        for position in stride(from: UInt64(10), through: 1_000, by: 10) {
            left = kept([position] + left, isWhole: true, since: 0, spacing: 100).snapshots
        }
        #expect(left.count <= 2 * 1_000 / 100 + 2)
        #expect(left.count >= 1_000 / 100)
    }

    @Test func theSpacingFollowsTheSnapshots() {
        #expect(HistoryRetention.spacingBytes(snapshotBytes: 0) == 1 << 30)
        #expect(HistoryRetention.spacingBytes(snapshotBytes: 1 << 30) == 2 << 30)
        #expect(HistoryRetention.spacingBytes(snapshotBytes: .max) == 8 << 30)
    }
}
