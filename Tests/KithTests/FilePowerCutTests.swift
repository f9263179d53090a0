// Files on the simulated disk: uploaded, committed, taken away, deleted, collected, and the power cut at random calls. After each
// recovery the files of all records are those after some transaction at or behind the last acknowledged, and every one of them
// can be read and has the bytes of its hash.
//
// `KITH_SEED=17 swift test --filter FilePowerCutTests` replays one disk.

import Engine
import Foundation
import Kith
import Snapshot
import TestSupport
import Testing

struct FilePowerCutRun {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    struct Seen: CustomStringConvertible {
        var cuts = 0
        var uploads = 0
        var filesChecked = 0
        var removed = 0
        var collections = 0
        var refusedNames = 0

        var description: String {
            "\(cuts) power cuts, \(uploads) uploads, \(filesChecked) files checked, \(removed) contents removed in "
                + "\(collections) collections, \(refusedNames) names of contents that were gone"
        }
    }

    private struct Off: Error {}
    private typealias State = [RecordID: FileContent]
    private static let contentCount = 12

    private var random: SplitMix64
    private let storage: SimulatedStorage
    private let disk: any Storage
    private let clock = FileClock()
    /// The files after each transaction: element p is position p.
    private var history: [State] = [[:]]
    private var acknowledged: Position = 0
    private(set) var seen = Seen()

    init(seed: UInt64, disk: (SimulatedStorage) -> any Storage = { $0 }) {
        random = SplitMix64(seed: seed)
        storage = SimulatedStorage(seed: seed &+ 1)
        self.disk = disk(storage)
    }

    mutating func run(lives: Int) throws {
        for _ in 0..<lives {
            let database = try recover()
            switch random.below(3) {
            case 0: storage.injectFault(below: 40, using: &random)
            default: storage.cutPower(afterChanges: random.below(random.below(4) == 0 ? 400 : 80))
            }
            do { try live(database) } catch is Off {}
            seen.cuts += 1
            if random.below(4) == 0 { storage.restartProcess() } else { storage.crash() }
        }
        _ = try recover()
    }

    private static let contents = (0..<contentCount).map { number in
        let bytes = FileFixture.bytes(number, count: 100 + number * 317)
        return (bytes: bytes, hash: FileFixture.hash(bytes))
    }

    private mutating func live(_ database: Database) throws {
        guard let queue = database.directory.inlineQueue else { throw Failure(description: "no inline queue") }
        var mustSync = false
        var uploaded: [FileContent] = []
        for _ in 0..<random.below(80) {
            switch random.below(12) {
            case 0:
                if mustSync { try untilOff { try queue.sync() } }
                mustSync = false
                let before = database.contents.figures.contentCount
                try untilOff { _ = try database.writeSnapshot() }
                seen.collections += 1
                seen.removed += before - database.contents.figures.contentCount
            case 1: clock.pass(hours: Int64(random.below(3)))
            case 2..<5:
                if mustSync {
                    try untilOff { try queue.sync() }
                    mustSync = false
                } else {
                    mustSync = try untilOff { try queue.write() }
                }
            case 5..<8:
                if let content = try upload(database) { uploaded.append(content) }
            default: try change(database, uploaded)
            }
            acknowledged = max(acknowledged, queue.durablePosition)
        }
        if !mustSync, random.below(5) == 0 { try untilOff { try database.close() } }
    }

    private func untilOff<R>(_ step: () throws -> R) throws -> R {
        do {
            return try step()
        } catch is DirectoryError {
            throw Off()
        } catch let error as DatabaseError {
            guard case .directory = error else { throw error }
            throw Off()
        }
    }

    /// A content in pieces, sometimes given up; nil when the disk would not take it.
    private mutating func upload(_ database: Database) throws -> FileContent? {
        let (bytes, hash) = Self.contents[random.below(Self.contentCount)]
        do {
            let contents = database.contents
            let number = try contents.beginUpload(lengthBytes: Int64(bytes.count))
            var start = 0
            while start < bytes.count {
                if random.below(20) == 0 {
                    if random.below(2) == 0 { contents.cancelUpload(number) }
                    return nil
                }
                let piece = bytes[start..<min(bytes.count, start + 1 + random.below(1_500))]
                try Array(piece).withUnsafeBytes { try contents.append($0, at: Int64(start), to: number) }
                start = piece.endIndex
            }
            let content = try contents.endUpload(number, expecting: hash)
            seen.uploads += 1
            return content
        } catch is ContentError {
            // The disk: whether it is off shows at the next step of the log.
            return nil
        }
    }

    /// A transaction that gives a file, takes one away, or deletes; the name may be of a content that nobody has uploaded.
    private mutating func change(_ database: Database, _ uploaded: [FileContent]) throws {
        var state = history[history.count - 1]
        var transaction = Transaction(database.schema)
        let known = state.keys.sorted()
        let target = known.isEmpty || random.below(3) == 0 ? nil : known[random.below(known.count)]
        var content: FileContent?
        if let last = uploaded.last, random.below(3) > 0 {
            content = last
        } else if random.below(2) == 0 {
            let (bytes, hash) = Self.contents[random.below(Self.contentCount)]
            content = FileContent(hash: hash, lengthBytes: Int64(bytes.count))
        }
        if let target, random.below(3) == 0 {
            try transaction.delete(target)
            content = nil
            state[target] = nil
        } else {
            let value: Value = try content.map { .text(try FileReference($0, name: "n").text) } ?? .null
            if let target {
                try transaction.update(target, ["content": value, "name": .text("\(history.count)")])
                state[target] = content
            } else {
                try transaction.create("document", ["content": value])
            }
        }
        let encoded = transaction.encoded()
        let (result, position) = database.turn { turn in
            var reply = ByteWriter()
            let result = Result { try encoded.withUnsafeBytes { try turn.execute($0, actor: .none, reply: &reply) } }
            return (result.map { reply.bytes }, turn.position)
        }
        switch result {
        case .success(let bytes):
            let reply = try bytes.withUnsafeBytes { try TransactionReply(decoding: $0) }
            if target == nil, let content { state[reply.operations[0].ids[0]] = content }
            guard position == UInt64(history.count) else { throw Failure(description: "position \(position)") }
            history.append(state)
        case .failure(let error as Refusal) where error.code == .fileRefused: seen.refusedNames += 1
        case .failure(let error as Refusal) where error.code == .overloaded: break
        case .failure: throw Off()
        }
    }

    private mutating func recover() throws -> Database {
        while random.below(4) == 0 {
            if random.below(2) == 0 {
                storage.injectFault(below: 20, using: &random)
            } else {
                storage.cutPower(afterChanges: random.below(14))
            }
            do { _ = try untilOff { try Database.openWithFiles(disk, clock, usesThreads: false) } } catch is Off {}
            storage.crash()
        }
        let database = try Database.openWithFiles(disk, clock, usesThreads: false)
        let position = database.recovery.lastPosition
        guard position >= acknowledged, position < UInt64(max(history.count, 1)) else {
            throw Failure(description: "\(acknowledged) acknowledged, \(position) of \(history.count - 1) there")
        }
        history.removeLast(history.count - 1 - Int(position))
        // The schema's installation is the first transaction.
        if position == 0 { history.append([:]) }
        acknowledged = position
        let view = database.currentView
        var found: State = [:]
        view.forEachFile { found[$0.record] = $0.file.content }
        guard found == history[history.count - 1] else {
            throw Failure(description: "the files after \(position) are \(found)")
        }
        let verified = try Database.verifyContents(of: view, database.directory.keptSnapshots, in: disk, serialFor)
        guard verified.damage.isEmpty else { throw Failure(description: "\(verified.damage)") }
        for (record, content) in found {
            guard database.contents.holds(content) else {
                throw Failure(description: "\(record) has a content that the database does not know")
            }
            seen.filesChecked += 1
        }
        return database
    }
}

@Suite struct FilePowerCutTests {
    private static let lives = 8

    @Test func everyCommittedFileIsThereAndWhole() async {
        let only = ProcessInfo.processInfo.environment["KITH_SEED"].flatMap(UInt64.init)
        var total = FilePowerCutRun.Seen()
        let disks = Effort.count(200, torture: 1_000, full: 5_000)
        for seed in only.map({ $0..<$0 + 1 }) ?? 0..<UInt64(disks) {
            var run = FilePowerCutRun(seed: seed)
            do {
                try run.run(lives: Self.lives)
            } catch {
                Issue.record("KITH_SEED=\(seed): \(error)")
                return
            }
            total.cuts += run.seen.cuts
            total.uploads += run.seen.uploads
            total.filesChecked += run.seen.filesChecked
            total.removed += run.seen.removed
            total.collections += run.seen.collections
            total.refusedNames += run.seen.refusedNames
            await Task.yield()
        }
        print(total)
        guard only == nil else { return }
        #expect(total.cuts == disks * Self.lives)
        #expect(total.uploads > total.cuts)
        #expect(total.filesChecked > total.cuts / 2)
        #expect(total.removed > total.cuts / 20)
        #expect(total.refusedNames > total.cuts / 20)
    }

    /// The check of the check: on a disk that drops the contents' syncs, or those of names, something must be found missing.
    @Test(arguments: [LyingStorage.Lie.contentSync, .directorySync])
    func aDroppedSyncIsNoticed(_ lie: LyingStorage.Lie) {
        let found = (0..<UInt64(100)).contains { seed in
            var run = FilePowerCutRun(seed: seed) { FolderLie($0, lie) }
            do {
                try run.run(lives: Self.lives)
                return false
            } catch { return true }
        }
        #expect(found)
    }
}

/// A disk that lies about its folders only.
private final class FolderLie: Storage {
    private let base: SimulatedStorage
    private let lie: LyingStorage.Lie

    init(_ base: SimulatedStorage, _ lie: LyingStorage.Lie) {
        self.base = base
        self.lie = lie
    }

    func open(_ name: String, creating: Bool) throws(StorageError) -> any StorageFile {
        try base.open(name, creating: creating)
    }
    func openForReading(_ name: String) throws(StorageError) -> any StorageFile { try base.openForReading(name) }
    func list() throws(StorageError) -> [String] { try base.list() }
    func rename(_ name: String, to newName: String) throws(StorageError) { try base.rename(name, to: newName) }
    func remove(_ name: String) throws(StorageError) { try base.remove(name) }
    func syncDirectory() throws(StorageError) { try base.syncDirectory() }
    func lock(_ mode: StorageLockMode) throws(StorageError) -> any StorageLock { try base.lock(mode) }
    func freeBytes() throws(StorageError) -> UInt64 { try base.freeBytes() }
    func folder(_ name: String, creating: Bool) throws(StorageError) -> any Storage {
        LyingStorage(try base.folder(name, creating: creating), lie)
    }
}
