// Backups of a random life of a database, and of hand-made situations.
//
// `KITH_SEED=17 swift test --filter BackupPowerCutTests` replays one life.

import Engine
import Foundation
import Kith
import Snapshot
import TestSupport
import Testing

@Suite struct BackupPowerCutTests {
    private static let lives = UInt64(Effort.count(100, torture: 4_000, full: 4_000))

    @Test func everyStateComesBackAndNoCutHarmsTheLastRun() async {
        let only = ProcessInfo.processInfo.environment["KITH_SEED"].flatMap(UInt64.init)
        var total = BackupRun.Seen()
        for seed in only.map({ [$0] }) ?? Array(0..<Self.lives) {
            do {
                var run = try BackupRun(seed: seed)
                try run.run(steps: 150)
                total.add(run.seen)
            } catch {
                Issue.record("KITH_SEED=\(seed): \(error)")
                return
            }
            await Task.yield()
        }
        print(total)
        guard only == nil else { return }
        let lives = Int(Self.lives)
        #expect(total.backups > 5 * lives)
        #expect(total.cuts > lives / 2)
        #expect(total.gaps > lives / 10)
        #expect(total.snapshots > lives)
        #expect(total.contents > lives)
        #expect(total.starts > 2 * lives)
        #expect(total.restores > 10 * lives)
        #expect(total.restoresByTime > 2 * lives)
    }

    /// The check of the check: on a disk that drops the backup's syncs, something must be found missing.
    @Test(arguments: [LyingStorage.Lie.backupSync, .directorySync, .snapshotSync])
    func aDroppedSyncIsNoticed(_ lie: LyingStorage.Lie) {
        let found = (0..<UInt64(60)).contains { seed in
            do {
                var run = try BackupRun(seed: seed) { LyingStorage($0, lie) }
                try run.run(steps: 150)
                return false
            } catch {
                return true
            }
        }
        #expect(found)
    }
}

/// Situations made by hand.
@Suite struct BackupTests {
    private let clock = FileClock()
    private let source = SimulatedStorage(seed: 1)
    private let target = SimulatedStorage(seed: 2)
    private let options: DatabaseOptions

    init() {
        var options = DatabaseOptions()
        options.threadCount = 1
        options.clock = { [clock] in clock.now }
        self.options = options
    }

    private func backUp() throws -> BackupReport { try Database.backup(source, to: target, options) }

    private func filled() async throws -> Database {
        let database = try Database.openWithFiles(source, clock)
        for number in 0..<20 {
            clock.pass(microseconds: 10)
            _ = try await database.document(try await database.store(FileFixture.bytes(number, count: 500)))
        }
        return database
    }

    @Test func aFurtherRunCopiesWhatIsNew() async throws {
        let database = try await filled()
        let first = try backUp()
        #expect(first.contentCount == 20 && first.snapshotCount == 0 && first.position == 21)
        let second = try backUp()
        #expect(second.copiedBytes == 0 || second.copiedBytes == 512, "a seal at most")
        #expect(second.manifest.number == 2)
        try database.writeSnapshot()
        _ = try await database.document(try await database.store([1, 2, 3]))
        let third = try backUp()
        #expect(third.contentCount == 1 && third.snapshotCount == 1 && third.position == 22)
        #expect(third.manifest.stretches.count == 1 && third.manifest.stretches[0].firstPosition == 0)
        #expect(try Database.verifyBackup(target, serialFor)?.isSound == true)
        try database.close()
    }

    @Test func everyFlippedBitIsFound() async throws {
        let database = try await filled()
        try database.writeSnapshot()
        _ = try await database.document(try await database.store([1, 2, 3]))
        let manifest = try backUp().manifest
        try database.close()
        var random = SplitMix64(seed: 3)
        let stretch = manifest.stretches[0]
        for file in stretch.snapshots + stretch.segments {
            for _ in 0..<40 {
                let copy = target.copy(seed: 4)
                copy.flipBit(random.below(8), ofByte: random.below(Int(file.bytes)), in: file.name)
                #expect(try Database.verifyBackup(copy, serialFor)?.isSound == false, "\(file.name)")
            }
        }
        for name in try target.list() where name.hasPrefix("backup-") {
            guard let bytes = target.contents(of: name), name.hasSuffix("1") else { continue }
            for index in bytes.indices {
                let copy = target.copy(seed: 4)
                copy.flipBit(index % 8, ofByte: index, in: name)
                #expect(try Database.verifyBackup(copy, serialFor)?.isSound == false, "\(name) \(index)")
            }
        }
    }

    /// Damage in the source ends in a finding or in an error, never in a backup that is silently less.
    @Test func damageInTheSourceIsReported() async throws {
        let database = try await filled()
        try database.writeSnapshot()
        _ = try await database.document(try await database.store([1, 2, 3]))
        try database.close()
        let log = try #require(try source.list().last { $0.hasPrefix("log-") })
        let snapshot = try #require(try source.list().last { $0.hasPrefix("snapshot-") })
        let content = try #require(try source.folder("files", creating: false).list().first)
        var random = SplitMix64(seed: 5)
        // The first group of a segment is followed by others.
        for _ in 0..<40 {
            let rotten = source.copy(seed: 6)
            rotten.flipBit(random.below(8), ofByte: 512 + random.below(80), in: log)
            #expect(throws: (any Error).self) {
                _ = try Database.backup(rotten, to: SimulatedStorage(seed: 7), options)
            }
            let old = source.copy(seed: 6)
            old.flipBit(random.below(8), ofByte: random.below(source.contents(of: snapshot)?.count ?? 1), in: snapshot)
            let report = try Database.backup(old, to: SimulatedStorage(seed: 7), options)
            #expect(report.damage.count == 1 && report.damage.first?.file == snapshot)
            // The log from its beginning stands in.
            #expect(report.position == 22 && report.manifest.stretches[0].firstPosition == 0)
        }
        source.flipBit(0, ofByte: 0, in: "files/" + content)
        let report = try backUp()
        #expect(report.damage.map(\.file) == ["files/" + content])
        #expect(report.contentCount == 20)
    }

    @Test func anotherHistoryIsRefused() async throws {
        var database = try await filled()
        try database.close()
        let before = source.copy(seed: 8)
        database = try Database.openWithFiles(source, clock)
        _ = try await database.document(try await database.store([1]))
        try database.close()
        _ = try backUp()
        // An older copy that went its own way.
        database = try Database.openWithFiles(before, clock)
        for number in 0..<3 { _ = try await database.document(try await database.store([2, UInt8(number)])) }
        try database.close()
        let backup = target.copy(seed: 9)
        #expect(throws: BackupError.self) { _ = try Database.backup(before, to: backup, options) }
        #expect(try Database.verifyBackup(backup, serialFor)?.isSound == true)

        let other = SimulatedStorage(seed: 10)
        let id = DirectoryID(high: 1, low: 2)
        try DataDirectory.create(in: other, id: id)
        #expect(throws: BackupError.otherDirectory(backup: DirectoryID(high: 7, low: ~7), source: id)) {
            _ = try Database.backup(other, to: target, options)
        }
        #expect(throws: BackupError.occupied) { _ = try Database.backup(source, to: other, options) }
        #expect(throws: BackupError.isBackup) {
            _ = try Database.backup(target, to: SimulatedStorage(seed: 11), options)
        }
        #expect(throws: DatabaseError.self) { _ = try Database.openWithFiles(target, clock) }
    }

    @Test func whatIsNotThereCannotBeRestored() async throws {
        let database = try await filled()
        try database.writeSnapshot()
        let empty = SimulatedStorage(seed: 12)
        _ = try await database.document(try await database.store([9]))
        let start = clock.now
        clock.pass(hours: 1)
        _ = try await database.document(try await database.store([8]))
        _ = try backUp()
        for (point, position) in [
            (RestorePoint.latest, UInt64(23)), (.position(22), 22), (.position(21), 21), (.time(start), 22),
            (.time(.max), 23), (.time(clock.now - 1), 22),
        ] {
            #expect(try Database.recover(target, at: point, serialFor).0.position == position, "\(point)")
        }
        for point in [RestorePoint.position(24), .position(20), .time(0)] {
            #expect(throws: DatabaseError.self, "\(point)") { try Database.recover(target, at: point, serialFor) }
        }
        #expect(throws: DatabaseError.self) { try Database.recover(empty, at: .latest, serialFor) }
        // The same of the directory itself.
        try database.close()
        #expect(try Database.recover(source, at: .position(5), serialFor).0.position == 5)
        #expect(try Database.recover(source, at: .time(start), serialFor).0.position == 22)
        #expect(throws: DatabaseError.self) { try Database.recover(source, at: .position(99), serialFor) }
    }

    /// A manifest is made by nobody but Kith, and still costs an error at most.
    @Test func strangeManifestsAreRefused() async throws {
        let database = try await filled()
        let manifest = try backUp().manifest
        try database.close()
        let name = "backup-0000000000000001"
        let good = try #require(target.contents(of: name))
        #expect(String(decoding: good, as: UTF8.self).hasPrefix("kith backup 1\ndirectory 00000000000000"))
        #expect(manifest.stretches.count == 1)
        var random = SplitMix64(seed: 13)
        for cut in [0, 1, 13, 14, good.count - 1] + (0..<50).map({ _ in random.below(good.count) }) {
            target.setContents(of: name, to: Array(good[..<cut]))
            #expect(try Database.verifyBackup(target, serialFor)?.isSound == false)
        }
        target.setContents(of: name, to: [UInt8](repeating: 10, count: 5_000_000))
        #expect(try Database.verifyBackup(target, serialFor)?.isSound == false)
        target.setContents(of: name, to: good)
        #expect(try Database.verifyBackup(target, serialFor)?.isSound == true)
    }
}
