// The part that both commit queues share: the pending group under one lock, the writer under another, and the
// arithmetic of space. The submitting side takes only the first lock, for a copy of its bytes; the second is held by
// whoever writes and syncs.

import Synchronization

package final class CommitCore: Sendable {
    let catalog: SegmentCatalog
    let state: Monitor<State>
    let writer: Mutex<LogWriter>
    /// Beyond this, `submit` refuses: at 1 GB/s to the disk 4 MiB are 4 ms, and whoever comes last must be able to have
    /// an answer in 5. One batch may still come on top when less waits.
    let pendingLimitBytes: Int
    /// A batch has to fit into one segment together with everything that may wait before it.
    let batchLimitBytes: Int
    /// Of groups.
    let syncTimes = LatencyHistogram()
    /// The same as the state's, for whoever asks often.
    private let durable: Atomic<UInt64>

    struct State: ~Copyable {
        var pending = GroupBuffer()
        /// The position that the next submitted entry gets.
        var nextPosition: UInt64
        var durablePosition: UInt64
        /// The last durable group whose hash is known.
        var anchor: LogAnchor
        /// What the writer will have used once the group in its hands is written.
        var plannedOffset: Int
        var segmentBytes: Int
        /// The group in the writer's hands goes into a new segment.
        var isRotating = false
        var loggedBytes: UInt64 = 0
        var failure: DirectoryError?
        var isClosing = false
        var isClosed = false
        /// The committer has written something since its last seal.
        var needsSeal = false
        var isWorkerWaiting = false
        var handler: (@Sendable (CommitEvent) -> Void)?
    }

    init(catalog: SegmentCatalog, writer: consuming sending LogWriter, loggedBytes: UInt64) {
        self.catalog = catalog
        pendingLimitBytes = min(4 << 20, catalog.segmentBytes / 4)
        batchLimitBytes = catalog.segmentBytes / 2
        let durable = writer.nextPosition - 1
        self.durable = Atomic(durable)
        state = Monitor(
            State(
                nextPosition: writer.nextPosition,
                durablePosition: durable,
                anchor: LogAnchor(position: durable, hash: writer.chain),
                plannedOffset: writer.offset,
                segmentBytes: writer.segmentBytes,
                loggedBytes: loggedBytes
            )
        )
        self.writer = Mutex(writer)
    }

    // MARK: The submitting side

    func reserve(bytes: Int) throws(DirectoryError) {
        guard bytes <= batchLimitBytes else { throw .batchTooLarge(bytes: bytes, limitBytes: batchLimitBytes) }
        while true {
            let hasRoom = try state.withLock { (state) throws(DirectoryError) -> Bool in
                try state.requireOpen()
                return state.fits(batchBytes: bytes)
            }
            // What waits and what is reserved make one group at most once the group before it is done, and a group never
            // exceeds a segment: so one spare is always enough, if it is not being used up right now.
            if hasRoom { return }
            let isRotating = state.withLock { $0.isRotating }
            if !isRotating {
                try catalog.ensureSpare()
                return
            }
            state.wait(for: .progress) { !$0.isRotating || $0.failure != nil ? () : nil }
        }
    }

    func hasRoom(bytes: Int) -> Bool {
        guard bytes <= batchLimitBytes else { return false }
        let (fits, mayUseSpare) = state.withLock { ($0.fits(batchBytes: bytes), !$0.isRotating) }
        return fits || mayUseSpare && catalog.firstSpare != nil
    }

    func submit(_ batch: borrowing EntryBatch, lastPosition: UInt64) throws(DirectoryError) {
        let mustWake = try state.withLock { (state) throws(DirectoryError) -> Bool in
            try state.requireOpen()
            guard batch.count > 0 else { return false }
            guard batch.lengthBytes <= batchLimitBytes else {
                throw .batchTooLarge(bytes: batch.lengthBytes, limitBytes: batchLimitBytes)
            }
            guard state.pending.payloadBytes < pendingLimitBytes else {
                throw .queueFull(limitBytes: pendingLimitBytes)
            }
            let (following, overflow) = state.nextPosition.addingReportingOverflow(UInt64(batch.count))
            guard !overflow, lastPosition == following - 1 else {
                throw .outOfOrder(position: lastPosition, expected: following &- 1)
            }
            batch.withUnsafeBytes { state.pending.append($0, count: batch.count) }
            state.nextPosition = following
            guard state.isWorkerWaiting else { return false }
            state.isWorkerWaiting = false
            return true
        }
        if mustWake { state.wakeAll(.work) }
    }

    var isFull: Bool { state.withLock { $0.pending.payloadBytes >= pendingLimitBytes } }

    var durablePosition: UInt64 { durable.load(ordering: .sequentiallyConsistent) }

    /// Bytes written to the log in this directory's life, as far as known: frames of groups, padding included.
    var loggedBytes: UInt64 { state.withLock { $0.loggedBytes } }

    func waitUntilDurable(_ position: UInt64) throws(DirectoryError) {
        let outcome = state.wait(for: .progress) { state -> Result<Void, DirectoryError>? in
            if state.durablePosition >= position { return .success(()) }
            if let failure = state.failure { return .failure(failure) }
            if state.isClosed { return .failure(.closed) }
            return nil
        }
        try outcome.get()
    }

    /// A durable group that ends at or after `position`, with its hash.
    func anchor(atLeast position: UInt64) throws(DirectoryError) -> LogAnchor {
        let outcome = state.wait(for: .progress) { state -> Result<LogAnchor, DirectoryError>? in
            if state.anchor.position >= position { return .success(state.anchor) }
            if let failure = state.failure { return .failure(failure) }
            if state.isClosed { return .failure(.closed) }
            return nil
        }
        return try outcome.get()
    }

    // MARK: The committing side

    /// Moves everything pending into the writer and writes it; false where nothing was pending.
    func writePending(_ writer: inout LogWriter) throws(DirectoryError) -> Bool {
        let isEmpty = state.withLock { state -> Bool in
            guard state.pending.entryCount > 0 else { return true }
            swap(&state.pending, &writer.group)
            state.plan(frameBytes: roundedUpToSector(LogFormat.frameHeaderBytes + writer.group.payloadBytes), catalog)
            return false
        }
        guard !isEmpty else { return false }
        try halting { () throws(DirectoryError) in try writer.append() }
        let mustPrepare = state.withLock { state in
            state.isRotating = false
            state.needsSeal = true
            // Early enough that the zeros are written long before they are needed, late enough that a directory of a few
            // entries does not pay for two segments.
            return state.plannedOffset >= state.segmentBytes / 4
        }
        if mustPrepare { catalog.prepareAhead() }
        return true
    }

    /// Makes what was written durable and tells everyone.
    func syncWritten(_ writer: inout LogWriter) throws(DirectoryError) {
        try halting { () throws(DirectoryError) in
            try syncTimes.measuring { () throws(DirectoryError) in try writer.sync() }
        }
        let durable = writer.nextPosition - 1
        let handler = state.withLock { state in
            state.durablePosition = durable
            self.durable.store(durable, ordering: .sequentiallyConsistent)
            state.loggedBytes += UInt64(roundedUpToSector(LogFormat.frameHeaderBytes + writer.group.payloadBytes))
            return state.handler
        }
        state.wakeAll(.progress)
        handler?(.durable(durable))
        writer.finishGroup()
        let chain = writer.chain
        state.withLock { $0.anchor = LogAnchor(position: durable, hash: chain) }
        state.wakeAll(.progress)
    }

    func seal(_ writer: inout LogWriter) throws(DirectoryError) {
        try halting { () throws(DirectoryError) in try writer.seal() }
        let offset = writer.offset
        state.withLock {
            $0.needsSeal = false
            $0.plannedOffset = offset
        }
    }

    /// Runs a step of the writer; its failure is the log's failure, for good.
    private func halting(_ step: () throws(DirectoryError) -> Void) throws(DirectoryError) {
        do throws(DirectoryError) {
            try step()
        } catch {
            let handler = state.withLock { state in
                state.failure = error
                state.isRotating = false
                return state.handler
            }
            state.wakeAll(.progress)
            handler?(.halted(error))
            throw error
        }
    }
}

extension CommitCore.State {
    func requireOpen() throws(DirectoryError) {
        if let failure { throw failure }
        if isClosing { throw .closed }
    }

    /// Whether a batch has room in the segment that is being written.
    func fits(batchBytes: Int) -> Bool {
        let payload = pending.payloadBytes + batchBytes
        // The batch may become a group of its own, behind what waits and a seal: two paddings and a seal more.
        let frame = roundedUpToSector(LogFormat.frameHeaderBytes + payload) + 3 * LogFormat.sectorBytes
        return LogWriter.fits(frameBytes: frame, at: plannedOffset, segmentBytes: segmentBytes)
    }

    /// Where the group that the writer just took will stand; the writer decides by the same rule.
    mutating func plan(frameBytes: Int, _ catalog: SegmentCatalog) {
        if LogWriter.fits(frameBytes: frameBytes, at: plannedOffset, segmentBytes: segmentBytes) {
            plannedOffset += frameBytes
        } else {
            segmentBytes = catalog.segmentBytes
            plannedOffset = LogFormat.sectorBytes + frameBytes
            isRotating = true
        }
    }
}
