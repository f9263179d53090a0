// A small database with files on a simulated disk, its backup on another, and what the state was at each position.

import Engine
import Kith
import Snapshot

/// A random life of a database that is backed up now and then. Everything follows from the seed.
struct BackupRun {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// What was proved, so that a run that lost its teeth is noticed.
    struct Seen: CustomStringConvertible {
        var backups = 0
        var gaps = 0
        var snapshots = 0
        var starts = 0
        var contents = 0
        var restores = 0
        var restoresByTime = 0
        var cuts = 0

        var description: String {
            "\(backups) backups (\(cuts) cut), \(gaps) gaps, \(snapshots) snapshots copied, \(contents) contents copied, "
                + "\(starts) starts of the source, \(restores) states restored by position, \(restoresByTime) by time"
        }

        mutating func add(_ other: Seen) {
            backups += other.backups
            gaps += other.gaps
            snapshots += other.snapshots
            starts += other.starts
            contents += other.contents
            restores += other.restores
            restoresByTime += other.restoresByTime
            cuts += other.cuts
        }
    }

    /// A state of the source, as it was.
    private struct State {
        var digest: UInt128
        var timeMicroseconds: Int64
        var files: [RecordID: FileContent]
    }

    private var random: SplitMix64
    let source: SimulatedStorage
    let target: SimulatedStorage
    /// What the backup is written through.
    private let written: any Storage
    private let clock = FileClock()
    private var database: Database
    private var history: [Position: State] = [:]
    private var mustSync = false
    /// Of the last run that ended.
    private(set) var manifest: BackupManifest?
    /// Contents that were in the source when a run that ended began.
    private var copied: Set<FileContent> = []
    private(set) var seen = Seen()

    init(seed: UInt64, target disk: (SimulatedStorage) -> any Storage = { $0 }) throws {
        random = SplitMix64(seed: seed)
        source = SimulatedStorage(seed: seed &+ 1)
        target = SimulatedStorage(seed: seed &+ 2)
        written = disk(target)
        database = try Database.openWithFiles(source, clock, usesThreads: false)
        note()
    }

    private var queue: InlineCommitQueue {
        get throws {
            guard let queue = database.directory.inlineQueue else { throw Failure(description: "no inline queue") }
            return queue
        }
    }

    /// Remembers the present state.
    private mutating func note() {
        let (position, digest) = database.turn { ($0.position, $0.digest) }
        let view = database.currentView
        var files: [RecordID: FileContent] = [:]
        view.forEachFile { files[$0.record] = $0.file.content }
        history[position] = State(digest: digest, timeMicroseconds: clock.now, files: files)
    }

    mutating func run(steps: Int) throws {
        for _ in 0..<steps {
            switch random.below(24) {
            case 0: try snapshot()
            case 1: try restart()
            case 2..<5: try commit()
            case 5: clock.pass(hours: Int64(random.below(3)))
            case 6..<8: try upload()
            case 8..<10: try backUp()
            default: try change()
            }
        }
        try backUp()
        try check(states: 12)
    }

    private mutating func commit() throws {
        if mustSync {
            try queue.sync()
            mustSync = false
        } else {
            mustSync = try queue.write()
        }
    }

    private mutating func settle() throws {
        if mustSync { try queue.sync() }
        mustSync = false
        if try queue.write() { try queue.sync() }
    }

    private mutating func snapshot() throws {
        try settle()
        try database.writeSnapshot()
    }

    /// Ends the process, cleanly or not; what was not synced may be gone then.
    private mutating func restart() throws {
        switch random.below(3) {
        case 0:
            try settle()
            try database.close()
        case 1: source.restartProcess()
        default: source.crash()
        }
        mustSync = false
        database = try Database.openWithFiles(source, clock, usesThreads: false)
        let position = database.recovery.lastPosition
        for lost in history.keys.filter({ $0 > position }) { history[lost] = nil }
        if history[position] == nil { note() }
        seen.starts += 1
    }

    private mutating func upload() throws {
        let bytes = FileFixture.bytes(random.below(40), count: 100 + random.below(3) * 900)
        let number = try database.contents.beginUpload(lengthBytes: Int64(bytes.count))
        try bytes.withUnsafeBytes { try database.contents.append($0, at: 0, to: number) }
        _ = try database.contents.endUpload(number, expecting: FileFixture.hash(bytes))
    }

    private mutating func change() throws {
        clock.pass(microseconds: Int64(random.below(3)))
        var transaction = Transaction(database.schema)
        let records = (history[database.turn { $0.position }]?.files.keys.sorted()) ?? []
        let held = try ContentFolder(in: source).contents
        let content = held.isEmpty || random.below(3) == 0 ? nil : held[random.below(held.count)]
        let value: Value = try content.map { .text(try FileReference($0, name: "n").text) } ?? .null
        if let record = records.isEmpty ? nil : records[random.below(records.count)], random.below(2) == 0 {
            if random.below(2) == 0 {
                try transaction.delete(record)
            } else {
                try transaction.update(record, ["content": value, "name": .text("\(random.next())")])
            }
        } else {
            let name = String(repeating: "x", count: random.below(100))
            for _ in 0...random.below(3) {
                try transaction.create("document", ["name": .text(name), "content": value])
            }
        }
        let encoded = transaction.encoded()
        let result = database.turn { turn in
            var reply = ByteWriter()
            return Result { try encoded.withUnsafeBytes { try turn.execute($0, actor: .none, reply: &reply) } }
        }
        switch result {
        case .success: note()
        // A content that has gone meanwhile, or a queue that is full.
        case .failure(let error as Refusal) where [.fileRefused, .overloaded].contains(error.code): break
        case .failure(let error): throw error
        }
    }

    // MARK: The backup

    private var options: DatabaseOptions {
        var options = DatabaseOptions()
        options.threadCount = 1
        options.clock = { [clock] in clock.now }
        return options
    }

    /// A run of the backup, whose power may be cut; then what was there before is there still.
    private mutating func backUp() throws {
        let acknowledged = database.durablePosition
        let present = try ContentFolder(in: source).contents
        let cuts = random.below(3) == 0
        if cuts { target.cutPower(afterChanges: random.below(40)) }
        do {
            let report = try Database.backup(source, to: written, options)
            guard report.damage.isEmpty else { throw Failure(description: "\(report.damage)") }
            guard report.position >= acknowledged else {
                throw Failure(description: "\(acknowledged) acknowledged, \(report.position) backed up")
            }
            manifest = report.manifest
            copied.formUnion(present)
            seen.backups += 1
            seen.snapshots += report.snapshotCount
            seen.contents += report.contentCount
            seen.gaps += report.isGap ? 1 : 0
            target.clearFaults()
        } catch  where cuts {
            seen.cuts += 1
            target.crash()
            // It may have ended all the same: the last thing it does is to remove an old manifest.
            if let found = try BackupManifest.ofBackup(in: target), found.manifest.number == (manifest?.number ?? 0) + 1
            {
                manifest = found.manifest
                copied.formUnion(present)
            }
            try check(states: 1)
        }
    }

    /// That the backup is the one of the last run that ended, sound, and gives the states that the source had.
    mutating func check(states: Int) throws {
        guard let manifest else { return }
        guard let verified = try Database.verifyBackup(target, serialFor), verified.isSound else {
            throw Failure(description: "not sound: \(String(describing: try Database.verifyBackup(target, serialFor)))")
        }
        guard verified.backup == manifest else {
            throw Failure(description: "the manifest is not the last one")
        }
        for _ in 0..<states {
            guard
                let stretch = manifest.stretches.isEmpty
                    ? nil : manifest.stretches[random.below(manifest.stretches.count)]
            else { return }
            let span = Int(stretch.lastPosition - stretch.firstPosition)
            let position = stretch.firstPosition + UInt64(random.below(span + 1))
            if position == 0 { continue }
            try compare(.position(position), with: position)
            seen.restores += 1
            // A moment names the last transaction that is not later: the last of those with its time.
            guard manifest.stretches.count == 1, let time = history[position]?.timeMicroseconds else { continue }
            let last = history.filter { $0.value.timeMicroseconds <= time && $0.key <= stretch.lastPosition }.keys.max()
            guard let last else { continue }
            try compare(.time(time), with: last)
            seen.restoresByTime += 1
        }
    }

    private func compare(_ point: RestorePoint, with position: Position) throws {
        let (engine, _) = try Database.recover(target, at: point, serialFor)
        guard let expected = history[position] else { return }
        guard engine.position == position, engine.digest == expected.digest else {
            throw Failure(description: "\(point) gives position \(engine.position), not the state of \(position)")
        }
        let there = Set(try ContentFolder(in: target).contents)
        // One that came and went between two runs no run has seen.
        for (record, content) in expected.files where copied.contains(content) && !there.contains(content) {
            throw Failure(description: "the file of \(record) at \(position) is not in the backup")
        }
    }
}
