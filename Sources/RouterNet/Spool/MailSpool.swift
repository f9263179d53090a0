// Mail on the disk, from the moment at which it is acknowledged to the moment at which the CRM has it.
//
// A message is a file; its name says how it stands:
//
//   t-<number>        being written; removed at the next start
//   m-<number>-<n>    waiting; it was begun to be read n times without an end (0, 1)
//   q-<number>        quarantined, with the reason in q-<number>.txt
//
//   t ──sync, rename, sync of names──▶ m-…-0 ──begin──▶ m-…-1 ──end──▶ m-…-0 ──the CRM has it──▶ removed
//                                                         └─the process died─▶ begin ─▶ m-…-2 ─died─▶ q at the next start
//
// Guarantees
// - `store` says `stored` when bytes and name are durable; a power cut at any moment leaves each message that was acknowledged, and
//   nothing half of one (the file carries checksums).
// - A message whose reading twice ended with the process is set aside and not read a third time. The count is a name, renamed
//   without a sync: a process that dies takes nothing from the system's cache, and a power cut is no fault of the message.
// - Once a sync of names has failed nothing is stored any more, since the next one that succeeds would prove nothing.
// - What was removed may come back after a power cut, since removing is not synced; it is delivered again, and the CRM knows it by
//   its content (`MailEffects`). Nothing is delivered never.
//
// Thread rule: any thread; `store` calls may run beside everything else, one at a time.

import Engine
import Router
import Snapshot
import Synchronization

/// How much a spool holds.
package struct SpoolLimits: Sendable {
    /// Bytes of waiting messages: at 100 KB a message, what 40,000 messages of an afternoon without the server need.
    package var bytesMax: UInt64 = 4 << 30
    /// Waiting messages: a directory of so many names is still listed in a fraction of a second.
    package var countMax = 100_000
    /// What has to stay free on the disk, which others use too.
    package var freeBytesMin: UInt64 = 256 << 20
    /// How often a message is begun to be read.
    package static let attemptsMax = 2

    package init() {}
}

/// What became of a message that was to be stored.
package enum SpoolOutcome: Equatable, Sendable {
    case stored
    /// It is at one of its bounds, or the disk is.
    case full
    /// The disk failed.
    case failed
}

/// Counts since the start.
package struct SpoolCounts: Equatable, Sendable {
    package var stored = 0
    package var refused = 0
    package var removed = 0
    package var quarantined = 0
}

/// The spool of one router.
package final class MailSpool: Sendable {
    private struct State {
        var next: UInt64 = 1
        /// By number: how often it was begun, and its bytes.
        var waiting: [UInt64: (attempts: Int, bytes: UInt64)] = [:]
        /// Their numbers, rising, from `head` on; some may be gone.
        var order: [UInt64] = []
        var head = 0
        var bytes: UInt64 = 0
        /// What is being written counts as well.
        var reserved: (count: Int, bytes: UInt64) = (0, 0)
        /// A sync of names failed: nothing is known of names any more, and it is not repeated (`Storage`).
        var isBroken = false
        var counts = SpoolCounts()
    }

    private let storage: any Storage
    private let lock: any StorageLock
    private let limits: SpoolLimits
    private let state = Mutex(State())

    /// Takes the directory for itself, and finds what waits there. Throws `.inUse` when another router has it.
    package init(_ storage: any Storage, limits: SpoolLimits = SpoolLimits()) throws(StorageError) {
        self.storage = storage
        self.limits = limits
        lock = try storage.lock(.exclusive)
        var spent: [UInt64] = []
        var mustSync = false
        var found: [UInt64: (attempts: Int, bytes: UInt64)] = [:]
        var last: UInt64 = 0
        for name in try storage.list() {
            guard let (kind, number, attempts) = SpoolName.parse(name) else { continue }
            last = max(last, number)
            if kind == .temporary { try storage.remove(name) }
            guard kind == .waiting else { continue }
            let bytes = try storage.openForReading(name).size()
            found[number] = (attempts, bytes)
            if attempts >= SpoolLimits.attemptsMax { spent.append(number) }
        }
        for number in spent {
            guard let (attempts, _) = found.removeValue(forKey: number) else { continue }
            try MailSpool.setAside(
                number,
                attempts,
                "reading it ended with the process \(attempts) times; the bytes are as they came",
                storage
            )
            mustSync = true
        }
        if mustSync { try storage.syncDirectory() }
        state.withLock { state in
            state.next = last + 1
            state.waiting = found
            state.order = found.keys.sorted()
            state.bytes = found.values.reduce(0) { $0 + $1.bytes }
            state.counts.quarantined = spent.count
        }
    }

    /// Lets others have the directory.
    package func close() { lock.release() }

    /// Whether it takes nothing more before it is opened again, because names cannot be made durable.
    package var isBroken: Bool { state.withLock { $0.isBroken } }

    package var counts: SpoolCounts { state.withLock { $0.counts } }

    /// Messages that wait, and their bytes.
    package var waiting: (count: Int, bytes: UInt64) { state.withLock { ($0.waiting.count, $0.bytes) } }

    // MARK: In

    /// Stores messages together: each file is synced, their names by one more sync. Returns what became of each, in order.
    package func store(_ mails: [SpooledMail]) -> [SpoolOutcome] {
        if isBroken {
            state.withLock { $0.counts.refused += mails.count }
            return mails.map { _ in .failed }
        }
        let files = mails.map(\.encoded)
        let isDiskFull = ((try? storage.freeBytes()) ?? .max) < limits.freeBytesMin
        let numbers = state.withLock { state in
            files.map { file -> UInt64? in
                let bytes = UInt64(file.count)
                guard !isDiskFull, state.waiting.count + state.reserved.count < limits.countMax,
                    state.bytes + state.reserved.bytes + bytes <= limits.bytesMax
                else { return nil }
                state.reserved = (state.reserved.count + 1, state.reserved.bytes + bytes)
                defer { state.next += 1 }
                return state.next
            }
        }
        var outcomes = zip(files, numbers).map { file, number in
            number.map { write(file, $0) } ?? .full
        }
        if outcomes.contains(.stored), (try? syncNames()) == nil {
            // The names may be there after all. Then these messages are delivered although their senders were told to send them
            // again, and the second time they are known.
            outcomes = outcomes.map { $0 == .stored ? .failed : $0 }
        }
        state.withLock { state in
            for ((file, number), outcome) in zip(zip(files, numbers), outcomes) {
                let bytes = UInt64(file.count)
                if let number {
                    state.reserved = (state.reserved.count - 1, state.reserved.bytes - bytes)
                    if outcome == .stored {
                        state.waiting[number] = (0, bytes)
                        state.order.append(number)
                        state.bytes += bytes
                    }
                }
                if outcome == .stored { state.counts.stored += 1 } else { state.counts.refused += 1 }
            }
        }
        return outcomes
    }

    private func write(_ bytes: [UInt8], _ number: UInt64) -> SpoolOutcome {
        let temporary = SpoolName.temporary(number)
        do throws(StorageError) {
            let file = try storage.open(temporary, creating: true)
            try MailSpool.write(bytes, to: file)
            try file.sync()
            try storage.rename(temporary, to: SpoolName.waiting(number, attempts: 0))
            return .stored
        } catch {
            try? storage.remove(temporary)
            if case .outOfSpace = error { return .full }
            return .failed
        }
    }

    private static func write(_ bytes: [UInt8], to file: any StorageFile) throws(StorageError) {
        try bytes.withUnsafeBytes { bytes in
            Result { () throws(StorageError) in try file.write(bytes, at: 0) }
        }.get()
    }

    // MARK: Out

    /// The message that waits longest. Amortised constant time.
    package func next() -> UInt64? {
        state.withLock { state in
            while state.head < state.order.count, state.waiting[state.order[state.head]] == nil { state.head += 1 }
            if state.head >= 1_024, state.head * 2 >= state.order.count {
                state.order.removeFirst(state.head)
                state.head = 0
            }
            return state.head < state.order.count ? state.order[state.head] : nil
        }
    }

    /// What a message is. Throws `DecodeError` where its file is damaged, `StorageError` where it cannot be read.
    package func read(_ number: UInt64) throws -> SpooledMail {
        let file = try storage.openForReading(SpoolName.waiting(number, attempts: attempts(number)))
        let size = Int(clamping: try file.size())
        var failure: StorageError?
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            do throws(StorageError) {
                count = try file.read(into: UnsafeMutableRawBufferPointer(buffer), at: 0)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return try SpooledMail(decoding: bytes)
    }

    /// Notes that reading a message begins.
    package func begin(_ number: UInt64) throws(StorageError) { try renumber(number, to: attempts(number) + 1) }

    /// Notes that reading it ended, in whatever way.
    package func end(_ number: UInt64) throws(StorageError) { try renumber(number, to: 0) }

    /// Forgets a message whose file somebody took away.
    package func forget(_ number: UInt64) { take(number) { _ in } }

    /// Forgets a message: the CRM has it.
    package func remove(_ number: UInt64) throws(StorageError) {
        try storage.remove(SpoolName.waiting(number, attempts: attempts(number)))
        take(number) { $0.removed += 1 }
    }

    /// Sets a message aside for people, with the reason. When only the sync of names fails it is set aside all the same: after a power
    /// cut it may wait again.
    package func quarantine(_ number: UInt64, _ reason: String) throws(StorageError) {
        try MailSpool.setAside(number, attempts(number), reason, storage)
        take(number) { $0.quarantined += 1 }
        if !isBroken { try? syncNames() }
    }

    private func syncNames() throws(StorageError) {
        do throws(StorageError) {
            try storage.syncDirectory()
        } catch {
            state.withLock { $0.isBroken = true }
            throw error
        }
    }

    private static func setAside(
        _ number: UInt64,
        _ attempts: Int,
        _ reason: String,
        _ storage: any Storage
    ) throws(StorageError) {
        let note = try storage.open(SpoolName.quarantined(number) + ".txt", creating: true)
        try write(Array((reason + "\n").utf8), to: note)
        try note.sync()
        try storage.rename(SpoolName.waiting(number, attempts: attempts), to: SpoolName.quarantined(number))
    }

    private func renumber(_ number: UInt64, to attempts: Int) throws(StorageError) {
        let before = self.attempts(number)
        guard before != attempts else { return }
        try storage.rename(
            SpoolName.waiting(number, attempts: before),
            to: SpoolName.waiting(number, attempts: attempts)
        )
        state.withLock { $0.waiting[number]?.attempts = attempts }
    }

    private func attempts(_ number: UInt64) -> Int { state.withLock { $0.waiting[number]?.attempts ?? 0 } }

    private func take(_ number: UInt64, _ count: (inout SpoolCounts) -> Void) {
        state.withLock { state in
            state.bytes -= state.waiting.removeValue(forKey: number)?.bytes ?? 0
            count(&state.counts)
        }
    }
}
