// Bytes that are not what was written: every one must be found, or be one that no one reads.

import Snapshot
import TestSupport
import Testing

@Suite struct DamageTests {
    /// Opens a damaged copy. Returns the recovered state, or nil where damage was reported.
    private func reopen(_ storage: SimulatedStorage) throws -> ToyState? {
        do {
            let toy = try ToyDirectory(storage)
            return toy.machine.state
        } catch DirectoryError.damaged {
            return nil
        } catch DirectoryError.unsupportedFormat {
            return nil
        }
    }

    private func logFiles(_ storage: SimulatedStorage) throws -> [String] {
        try storage.list().filter { $0.hasPrefix("log-") }
    }

    private func lastUsedByte(_ bytes: [UInt8]) -> Int { bytes.lastIndex { $0 != 0 } ?? 0 }

    @Test func everyBitOfASealedLogMatters() throws {
        let (storage, entries) = try makeToyLog(groups: 8)
        let model = ToyState(of: entries)
        let names = try logFiles(storage)
        var found = 0
        for name in names {
            let bytes = try #require(storage.contents(of: name))
            for bit in 0..<(lastUsedByte(bytes) + 1) * 8 {
                let copy = storage.copy(seed: 1)
                copy.flipBit(bit % 8, ofByte: bit / 8, in: name)
                guard let state = try reopen(copy) else {
                    found += 1
                    continue
                }
                // Not found, so it must not have mattered: padding, or the seal that only repeats what is known.
                if state != model {
                    Issue.record("bit \(bit) of \(name) changed the state")
                    return
                }
            }
        }
        #expect(found > 10_000)
    }

    /// In the last group of a log that was not sealed, damage looks like a torn tail: that group may be lost, whole.
    @Test func anUnsealedLogLosesAtMostItsLastGroup() throws {
        let (storage, entries) = try makeToyLog(groups: 6, sealed: false)
        let model = ToyState(of: entries)
        let name = try #require(try logFiles(storage).last)
        let bytes = try #require(storage.contents(of: name))
        let lastFrame = try #require(frameOffsets(bytes).last)
        for bit in 0..<(lastUsedByte(bytes) + 1) * 8 {
            let copy = storage.copy(seed: 1)
            copy.flipBit(bit % 8, ofByte: bit / 8, in: name)
            guard let state = try reopen(copy), state != model else { continue }
            let isPrefix = state == ToyState(of: entries.prefix(Int(state.position)))
            if bit / 8 < lastFrame || !isPrefix {
                Issue.record("bit \(bit) of \(name) lost entries after \(state.position)")
                return
            }
        }
    }

    /// A group that somebody has changed together with its checksums: whatever follows it continues another history.
    @Test func aChangeWithTheRightChecksumsBreaksTheChain() throws {
        let (storage, _) = try makeToyLog(groups: 8)
        let name = try #require(try logFiles(storage).first)
        let bytes = try #require(storage.contents(of: name))
        let seed = try bytes.withUnsafeBytes { try SegmentHeader.decode($0).get().directory.checksumSeed }
        let frames = frameOffsets(bytes)
        var changedCount = 0
        for frame in frames.dropLast() {
            var changed = bytes
            try changed.withUnsafeMutableBytes { memory in
                let start = UnsafeMutableRawBufferPointer(rebasing: memory[frame...])
                var header = try #require(FrameHeader.decode(UnsafeRawBufferPointer(start), checksumSeed: seed))
                // Seals have nothing to change.
                guard header.payloadBytes > 0 else { return }
                changedCount += 1
                let payload = LogFormat.frameHeaderBytes..<LogFormat.frameHeaderBytes + Int(header.payloadBytes)
                start[payload.upperBound - 1] ^= 1
                header.payloadChecksum = crc32c(UnsafeRawBufferPointer(rebasing: start[payload]))
                header.encode(into: start, checksumSeed: seed)
            }
            guard changed != bytes else { continue }
            let copy = storage.copy(seed: 1)
            copy.setContents(of: name, to: changed)
            // Asked of the log alone: what its entries say does not count.
            #expect((try? DataDirectory.verify(copy))?.isSound != true, "the frame at \(frame)")
        }
        #expect(changedCount >= 7)
    }

    @Test func everyBitOfASnapshotMatters() throws {
        let storage = SimulatedStorage(seed: 3)
        try ToyDirectory.create(storage)
        let toy = try ToyDirectory(storage)
        var random = SplitMix64(seed: 3)
        for _ in 0..<2 {
            try toy.commit((0..<20).map { _ in ToyEntry.random(&random) })
            _ = try toy.snapshot()
        }
        try toy.commit([ToyEntry.random(&random)])
        let model = toy.machine.state
        try toy.directory.close()
        let name = try #require(try storage.list().last { $0.hasPrefix("snapshot-") })
        let bytes = try #require(storage.contents(of: name))
        for bit in 0..<bytes.count * 8 {
            let copy = storage.copy(seed: 1)
            copy.flipBit(bit % 8, ofByte: bit / 8, in: name)
            let report = try? DataDirectory.verify(copy)
            let reopened = try? ToyDirectory(copy)
            let fellBack = reopened?.directory.recovery.damagedSnapshots.count == 1
            // A version that is not ours is not fallen back from: a newer Kith wrote it.
            let isVersion = (12..<16).contains(bit / 8)
            if (report?.isSound ?? false) || (!isVersion && (reopened?.machine.state != model || !fellBack)) {
                Issue.record("bit \(bit) of \(name)")
                return
            }
        }
    }

    @Test func aCutFileIsReported() throws {
        let (storage, _) = try makeToyLog(groups: 5)
        let name = try #require(try logFiles(storage).last)
        let bytes = try #require(storage.contents(of: name))
        for length in 0..<bytes.count {
            let copy = storage.copy(seed: 1)
            copy.setContents(of: name, to: Array(bytes[..<length]))
            let state = try reopen(copy)
            if state != nil {
                Issue.record("cut at \(length)")
                return
            }
        }
    }

    /// A tail that never reached the disk, at every byte: what is left is a whole number of groups.
    @Test func aLostTailLeavesWholeGroups() throws {
        let (storage, entries) = try makeToyLog(groups: 5, sealed: false)
        let name = try #require(try logFiles(storage).last)
        var bytes = try #require(storage.contents(of: name))
        var positions: Set<UInt64> = []
        for offset in stride(from: lastUsedByte(bytes), through: 512, by: -1) {
            bytes[offset] = 0
            let copy = storage.copy(seed: 1)
            copy.setContents(of: name, to: bytes)
            let state = try #require(try reopen(copy))
            positions.insert(state.position)
            if state != ToyState(of: entries.prefix(Int(state.position))) {
                Issue.record("zeros from byte \(offset) on")
                return
            }
        }
        #expect(positions.count == 5)
    }

    /// Any of the sectors of the last group may be missing, in any combination: it is there whole or not at all.
    @Test func theLastGroupIsAtomic() throws {
        let storage = SimulatedStorage(seed: 5)
        try ToyDirectory.create(storage)
        let toy = try ToyDirectory(storage)
        try toy.commit([ToyEntry(slot: 1, value: 11, padding: 20)])
        let name = try #require(try logFiles(storage).last)
        let before = try #require(storage.contents(of: name))
        let entries = (0..<9).map { ToyEntry(slot: $0, value: UInt64($0) + 100, padding: 400) }
        try toy.commit(entries)
        let after = try #require(storage.contents(of: name))
        storage.restartProcess()
        let changed = (0..<before.count / 512).filter {
            before[$0 * 512..<$0 * 512 + 512] != after[$0 * 512..<$0 * 512 + 512]
        }
        #expect((7...9).contains(changed.count))
        for mask in 0..<1 << changed.count {
            var bytes = before
            for (index, sector) in changed.enumerated() where mask >> index & 1 == 1 {
                bytes.replaceSubrange(sector * 512..<sector * 512 + 512, with: after[sector * 512..<sector * 512 + 512])
            }
            let copy = storage.copy(seed: 1)
            copy.setContents(of: name, to: bytes)
            let state = try #require(try reopen(copy))
            #expect(state.position == (mask == (1 << changed.count) - 1 ? 10 : 1))
        }
    }

    /// Segments made from used ones hold whole groups of their earlier life, behind and inside what is written now.
    @Test func staleGroupsOfRecycledSegmentsAreNotRead() throws {
        let storage = SimulatedStorage(seed: 9)
        try ToyDirectory.create(storage)
        var random = SplitMix64(seed: 9)
        var entries: [ToyEntry] = []
        var recycled = 0
        for _ in 0..<10 {
            let toy = try ToyDirectory(storage)
            #expect(toy.machine.state == ToyState(of: entries))
            for step in 0..<80 {
                let group = (0..<4).map { _ in ToyEntry.random(&random) }
                try toy.commit(group)
                entries += group
                if step % 15 == 14 { _ = try toy.snapshot() }
            }
            let name = try #require(try logFiles(storage).last)
            let bytes = try #require(storage.contents(of: name))
            let positions = frameOffsets(bytes).map { firstPosition(bytes, $0) }
            if zip(positions, positions.dropFirst()).contains(where: { $0 > $1 }) { recycled += 1 }
            storage.crash()
        }
        #expect(recycled > 3)
    }

    @Test func aSnapshotOfAnotherHistoryIsRefused() throws {
        let (storage, _) = try makeToyLog(groups: 5, seed: 21)
        let other = SimulatedStorage(seed: 22)
        try ToyDirectory.create(other)
        let toy = try ToyDirectory(other)
        var random = SplitMix64(seed: 23)
        for _ in 0..<3 { try toy.commit([ToyEntry.random(&random)]) }
        let info = try toy.snapshot()
        let name = try #require(try other.list().first { $0.hasPrefix("snapshot-") })
        #expect(info.position == 3)
        storage.setContents(of: name, to: try #require(other.contents(of: name)))
        #expect(throws: DirectoryError.self) { try ToyDirectory(storage) }
        #expect(try DataDirectory.verify(storage).isSound == false)
    }

    /// Under another name the groups of a segment would be of another epoch, and so none: the log would seem to end before it.
    @Test func aSegmentOfAnotherNameIsRefused() throws {
        let (storage, _) = try makeToyLog(groups: 5)
        let name = try #require(try logFiles(storage).last.flatMap { SegmentName($0) })
        for renamed in [
            SegmentName(firstPosition: name.firstPosition, epoch: name.epoch + 1),
            SegmentName(firstPosition: name.firstPosition + 1, epoch: name.epoch),
        ] {
            let copy = storage.copy(seed: 1)
            try copy.rename(name.fileName, to: renamed.fileName)
            #expect(try reopen(copy) == nil, "\(renamed.fileName)")
        }
    }

    @Test func sectorsThatCannotBeReadAreDamage() throws {
        let (storage, _) = try makeToyLog(groups: 8)
        let name = try #require(try logFiles(storage).last)
        let disk = BadSectorStorage(storage, name, unreadable: 1024..<1536)
        do {
            _ = try ToyDirectory(disk)
            Issue.record("opened")
        } catch DirectoryError.damaged(let damage) {
            #expect(damage.file == name)
        }
        let found = try #require(try DataDirectory.verify(disk).damage.first)
        #expect(found.file == name)
    }

    /// Whichever file of the log is gone but the last one.
    @Test func aMissingSegmentIsReported() throws {
        let storage = SimulatedStorage(seed: 31)
        try ToyDirectory.create(storage)
        var random = SplitMix64(seed: 31)
        var positions: [UInt64] = []
        for life in 0..<3 {
            let toy = try ToyDirectory(storage)
            for _ in 0..<60 { try toy.commit((0..<4).map { _ in ToyEntry.random(&random) }) }
            positions.append(toy.machine.state.position)
            if life < 2 { storage.crash() } else { try toy.directory.close() }
        }
        let names = try logFiles(storage)
        #expect(names.count > 5)
        for name in names.dropLast() {
            let copy = storage.copy(seed: 1)
            try copy.remove(name)
            #expect(try reopen(copy) == nil, "\(name)")
            let report = try DataDirectory.verify(copy)
            #expect(report.isSound == false, "\(name)")
        }
    }

    /// A directory of which the log is gone is not an empty one, which a server would begin anew.
    @Test func aDirectoryWithoutALogIsNotEmpty() throws {
        let (storage, _) = try makeToyLog(groups: 5)
        for name in try logFiles(storage) { try storage.remove(name) }
        #expect(try DataDirectory.exists(in: storage))
        #expect(throws: DirectoryError.self) { try ToyDirectory.create(storage) }
        do {
            _ = try ToyDirectory(storage)
            Issue.record("opened")
        } catch DirectoryError.damaged(let damage) {
            #expect(damage.consequence == "all entries are missing")
        }
    }

    @Test func damageSaysWhere() throws {
        let (storage, entries) = try makeToyLog(groups: 8)
        let name = try #require(try logFiles(storage).last)
        let frames = frameOffsets(try #require(storage.contents(of: name)))
        storage.flipBit(3, ofByte: frames[2] + 100, in: name)
        let report = try DataDirectory.verify(storage)
        let damage = try #require(report.damage.first)
        #expect(damage.file == name)
        #expect(damage.offset == UInt64(frames[2]))
        #expect(damage.consequence.contains("from position"))
        #expect(report.lastPosition < UInt64(entries.count))
        #expect(throws: DirectoryError.damaged(damage)) { try ToyDirectory(storage) }
    }

    private func frameOffsets(_ bytes: [UInt8]) -> [Int] {
        stride(from: 512, to: bytes.count, by: 512).filter { Array(bytes[$0..<$0 + 8]) == Array("KITHGRP1".utf8) }
    }

    private func firstPosition(_ bytes: [UInt8], _ frame: Int) -> UInt64 {
        bytes.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: frame + 64, as: UInt64.self)) }
    }
}
