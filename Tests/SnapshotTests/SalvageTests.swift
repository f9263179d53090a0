// What a salvage gives of a damaged directory: the state after some transaction, the newest that the files still prove, and
// never less without saying so.

import Snapshot
import TestSupport
import Testing

@Suite struct SalvageTests {
    /// A directory of several segments and two snapshots, sealed, and all entries that went into it.
    private struct Source {
        let storage = SimulatedStorage(seed: 41)
        var entries: [ToyEntry] = []
        var snapshots: [UInt64] = []
        var names: [String] { (try? storage.list()) ?? [] }

        init(snapshotsAt steps: [Int], seed: UInt64 = 41) throws {
            try ToyDirectory.create(storage)
            var random = SplitMix64(seed: seed)
            for life in 0..<2 {
                let toy = try ToyDirectory(storage)
                for step in life * 60..<life * 60 + 60 {
                    let group = (0..<1 + random.below(5)).map { _ in ToyEntry.random(&random) }
                    try toy.commit(group)
                    entries += group
                    if steps.contains(step) { snapshots.append(try toy.snapshot().position) }
                }
                if life == 0 { storage.restartProcess() } else { try toy.directory.close() }
            }
        }

        func state(_ position: UInt64) -> ToyState { ToyState(of: entries.prefix(Int(position))) }
    }

    /// The state and the report; nil where there is no state.
    private func salvage(_ storage: any Storage) throws -> (state: ToyState, report: SalvageReport)? {
        var state = ToyState()
        do {
            let report = try DataDirectory.salvage(storage) { attempt in
                let machine = ToyMachine()
                try attempt.deliver(to: machine, replay: machine.replay)
                state = machine.state
            }
            return (state, report)
        } catch DirectoryError.damaged {
            return nil
        }
    }

    @Test func aSoundDirectoryLosesNothing() throws {
        for steps in [[], [30], [30, 90]] {
            let source = try Source(snapshotsAt: steps)
            let (state, report) = try #require(try salvage(source.storage))
            #expect(state == ToyState(of: source.entries))
            #expect(report.losses.isEmpty)
            #expect(report.harmless.isEmpty)
            #expect(report.tornTail == nil)
            #expect(report.snapshot?.position == source.snapshots.last)
        }
    }

    @Test func whatStandsBeforeADamagedGroupIsSaved() throws {
        let source = try Source(snapshotsAt: [])
        let name = try #require(source.names.first { $0.hasPrefix("log-") })
        let bytes = try #require(source.storage.contents(of: name))
        let frames = stride(from: 512, to: bytes.count, by: 512).filter {
            Array(bytes[$0..<$0 + 8]) == Array("KITHGRP1".utf8)
        }
        let frame = frames[frames.count / 2]
        source.storage.flipBit(1, ofByte: frame + 90, in: name)
        #expect(throws: DirectoryError.self) { try ToyDirectory(source.storage) }
        let (state, report) = try #require(try salvage(source.storage))
        #expect(state == source.state(report.lastPosition))
        #expect((1..<UInt64(source.entries.count)).contains(report.lastPosition))
        let gap = try #require(report.losses.first)
        #expect(gap.file == name)
        #expect(gap.offset == UInt64(frame))
        #expect(gap.consequence.hasPrefix("lost: what positions \(report.lastPosition + 1) to "))
        #expect(report.losses.contains { $0.what.hasSuffix("are intact") })
    }

    @Test func aSnapshotBehindTheDamageSavesAll() throws {
        let source = try Source(snapshotsAt: [30, 90])
        let older = try #require(source.snapshots.first)
        // In the log between the two snapshots, where a start with the newer one need not look.
        let names = source.names.compactMap(SegmentName.init).sorted { $0.firstPosition < $1.firstPosition }
        let name = try #require(names.last { $0.firstPosition <= older + 1 }?.fileName)
        let bytes = try #require(source.storage.contents(of: name))
        let last = try #require(bytes.lastIndex { $0 != 0 })
        source.storage.flipBit(0, ofByte: last / 512 * 512 / 2 / 512 * 512 + 20, in: name)
        let (state, report) = try #require(try salvage(source.storage))
        #expect(state == ToyState(of: source.entries))
        #expect(report.losses.isEmpty)
        #expect(report.harmless.isEmpty == false)
    }

    @Test func unreadableSectorsCostOnlyTheirGroups() throws {
        let source = try Source(snapshotsAt: [])
        let name = try #require(source.names.first { $0.hasPrefix("log-") })
        let disk = BadSectorStorage(source.storage, name, unreadable: 5_120..<6_144)
        let (state, report) = try #require(try salvage(disk))
        #expect(state == source.state(report.lastPosition))
        #expect(report.lastPosition > 0)
        #expect(report.harmless.contains { $0.file == name && $0.offset == 5_120 })
        // The header cannot be read: the name says what it said.
        let headless = BadSectorStorage(source.storage, name, unreadable: 0..<512)
        let (whole, found) = try #require(try salvage(headless))
        #expect(whole == ToyState(of: source.entries))
        #expect(found.losses.isEmpty)
        #expect(found.harmless.count == 2)
    }

    @Test func withoutAnyBeginningThereIsNoState() throws {
        let source = try Source(snapshotsAt: [30, 90])
        for name in source.names where name.hasPrefix("snapshot-") { source.storage.flipBit(0, ofByte: 600, in: name) }
        let logStart = source.names.compactMap(SegmentName.init).map(\.firstPosition).min() ?? 0
        try #require(logStart > 1)
        #expect(try salvage(source.storage) == nil)
    }

    /// A bit or a sector, anywhere, or a file: the state is one that was, and where it is not the last one, that is told.
    @Test func nothingIsLostInSilence() throws {
        var random = SplitMix64(seed: 43)
        var (complete, incomplete) = (0, 0)
        for steps in [[], [30], [30, 90], [70, 100]] {
            let source = try Source(snapshotsAt: steps)
            let names = source.names.filter { $0.hasPrefix("log-") || $0.hasPrefix("snapshot-") }
            // Nothing knows of the last file of the log that it was there.
            let last = names.filter { $0.hasPrefix("log-") }.max()
            for _ in 0..<400 {
                let copy = source.storage.copy(seed: 1)
                let name = names[random.below(names.count)]
                var bytes = try #require(copy.contents(of: name))
                let used = (bytes.lastIndex { $0 != 0 } ?? 0) + 1
                let place = random.below(used)
                switch random.below(8) {
                case 0 where name != last: try copy.remove(name)
                case 1: copy.setContents(of: name, to: Array(bytes[..<place]))
                case 2, 3:
                    let sector = place / 512 * 512
                    bytes.replaceSubrange(
                        sector..<min(sector + 512, bytes.count),
                        with: repeatElement(0, count: min(512, bytes.count - sector))
                    )
                    copy.setContents(of: name, to: bytes)
                default: copy.flipBit(random.below(8), ofByte: place, in: name)
                }
                guard let (state, report) = try salvage(copy) else {
                    Issue.record("no state after damage to \(name) at \(place)")
                    return
                }
                guard state == source.state(report.lastPosition),
                    report.lastPosition == source.entries.count || !report.losses.isEmpty
                else {
                    Issue.record("\(name) at \(place): position \(report.lastPosition), \(report.losses)")
                    return
                }
                if report.losses.isEmpty { complete += 1 } else { incomplete += 1 }
            }
        }
        #expect(complete > 200)
        #expect(incomplete > 200)
    }
}
