import Engine
import Kith
import Logging
import NIOCore
import NIOPosix

// What the connections of one event loop share. A connection lives on one loop, and its requests are executed there: a request
// crosses no thread on its way, and nothing here needs a lock. What loops share is the database, whose turns keep changes
// apart and let reads go on beside each other, and what they count together (`ServerCensus`). Two kinds of work leave the loop
// and come back as a task on it: calls that take long (thread pool), and the news that the log is durable (committer).
//
// Invariants
// - A connection is in `waiting` exactly once while it holds replies that are not durable yet, and then the bell is awaited.
// - `bufferedBytes` is the sum of what the loop's connections have accounted for.

final class ServerCore {
    let eventLoop: any EventLoop
    let database: Database
    let organisation: String
    let limits: WireLimits
    let logger: Logger
    let census: ServerCensus
    /// Reads of this loop.
    let reader = RecordReader()
    /// Runs what takes long. Two threads: a snapshot must not keep queries waiting.
    let pool: NIOThreadPool
    /// Writes, syncs and reads contents of files. Two threads of their own: a disk that is slow must not keep queries waiting.
    let contentPool: NIOThreadPool
    /// Reads the log for histories.
    let historyPool: NIOThreadPool

    /// Open connections; each knows its place.
    private(set) var connections: [ServerConnection] = []
    /// Connections that hold replies until the log is durable.
    private var waiting: [ServerConnection] = []
    /// Connections that wait for the loop's next turn of the writer.
    private var deferred: [ServerConnection] = []
    /// Those that the turn is for: empty between two turns.
    private var executing: [ServerConnection] = []
    /// A turn that has executed so much of what connections sent leaves the rest to another: some 600 updates of single records,
    /// half a millisecond in which other loops wait.
    private static let turnBytes = 64 << 10
    /// Those that are being released: empty between two commits.
    private var releasing: [ServerConnection] = []
    /// Rings when the log is durable further.
    private var bell: CommitBell?
    /// Bytes buffered for the loop's connections.
    private(set) var bufferedBytes = 0
    /// Replies are encoded here, one read of one connection at a time. nil while one is at it.
    private var output: ByteWriter? = ByteWriter(capacityBytes: 64 << 10)
    /// Frames that are about to be executed, taken like `output`.
    private var framesAhead: FramesAhead? = FramesAhead()
    /// Cursors and rehearsals that were given up and are not freed yet.
    var discardedCount = 0
    /// What the cursors of all connections keep, on every loop.
    let cursorMemory: Allowance
    private var nextHandle = UInt64.random(in: 1...UInt64.max)
    private var sweep: RepeatedTask?
    private(set) var isStopping = false
    /// Why the log halted.
    private(set) var haltReason: String?
    private var stopPromise: EventLoopPromise<Void>?

    init(
        eventLoop: any EventLoop,
        pool: NIOThreadPool,
        contentPool: NIOThreadPool,
        historyPool: NIOThreadPool,
        database: Database,
        organisation: String,
        limits: WireLimits,
        census: ServerCensus,
        cursorMemory: Allowance,
        logger: Logger
    ) {
        self.eventLoop = eventLoop
        self.pool = pool
        self.contentPool = contentPool
        self.historyPool = historyPool
        self.database = database
        self.organisation = organisation
        self.limits = limits
        self.census = census
        self.cursorMemory = cursorMemory
        self.logger = logger
    }

    // MARK: Durability

    /// Begins to look after deadlines; returns what the log is to ring.
    func start() -> CommitBell {
        eventLoop.preconditionInEventLoop()
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        census.join(bound)
        let bell = CommitBell(bound)
        self.bell = bell
        let interval = sweepIntervalMilliseconds
        sweep = eventLoop.scheduleRepeatedTask(
            initialDelay: .milliseconds(interval),
            delay: .milliseconds(interval)
        ) { _ in bound.value.sweepConnections(now: .now()) }
        return bell
    }

    /// A connection began to wait for the log.
    func wait(_ connection: ServerConnection) {
        waiting.append(connection)
        bell?.listen()
        // What it waits for may have come between its look and this.
        if !connection.mustWait { bell?.ring() }
    }

    /// Sends what has become durable. Connections may begin to wait again, or end, while this goes over them: so they are
    /// taken out of the list first.
    func release() {
        let durable = database.durablePosition
        swap(&waiting, &releasing)
        for connection in releasing { connection.release(through: durable) }
        releasing.removeAll(keepingCapacity: true)
    }

    /// Has a connection executed when the loop has looked at all others: one turn of the writer serves all that came meanwhile,
    /// with one lock, one hand-over to the log and one group there.
    func deferTurn(_ connection: ServerConnection) {
        deferred.append(connection)
        guard deferred.count == 1 else { return }
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        eventLoop.execute { bound.value.processDeferred() }
    }

    private func processDeferred() {
        swap(&deferred, &executing)
        var next = 0
        while next < executing.count {
            let first = next
            var output = takeOutput()
            database.turn { turn in
                var bytes = 0
                repeat {
                    bytes += executing[next].deferredBytes
                    executing[next].execute(in: &turn, &output)
                    next += 1
                    // Small requests can have large replies, which only count for their connections once they are sent.
                } while next < executing.count && bytes < ServerCore.turnBytes
                    && output.count <= limits.pendingReplyBytesMax
            }
            output.withUnsafeBytes { bytes in
                for place in first..<next { executing[place].finishTurn(bytes) }
            }
            putOutput(output)
        }
        executing.removeAll(keepingCapacity: true)
    }

    /// Whether so much waits for the disk that nothing can be executed.
    var isLogFull: Bool { database.directory.queue.isFull }

    /// The log failed: what is held will never be durable, and nothing more can be answered.
    func halt(_ reason: String) {
        haltReason = reason
        waiting.removeAll()
        for connection in connections { connection.halt(haltError(reason)) }
    }

    func haltError(_ reason: String) -> WireError {
        WireError(.halted, "The log has failed and nothing more is accepted: \(reason)")
    }

    // MARK: Connections

    /// Takes a new connection in; throws when there is no room for it.
    func admit(_ connection: ServerConnection) throws(WireError) {
        eventLoop.preconditionInEventLoop()
        if let haltReason { throw haltError(haltReason) }
        guard !isStopping else { throw WireError(.stopping, "The server stops.") }
        try census.admit(connection.address)
        connection.place = connections.count
        connections.append(connection)
    }

    func remove(_ connection: ServerConnection) {
        eventLoop.preconditionInEventLoop()
        guard let place = connection.place else { return }
        connection.place = nil
        census.leave(connection.address)
        let last = connections.removeLast()
        if place < connections.count {
            connections[place] = last
            last.place = place
        }
        if connection.isWaiting { waiting.removeAll { $0 === connection } }
        if isStopping, connections.isEmpty { stopPromise?.succeed() }
    }

    /// Keeps account of a connection's buffers.
    func account(_ difference: Int) {
        bufferedBytes += difference
        census.account(difference)
    }

    /// The connection that has most in its buffers.
    var fullest: ServerConnection? { connections.max { $0.accountedBytes < $1.accountedBytes } }

    /// Closes it: the buffers of all loops together are too full.
    func evictFullest() {
        guard let fullest else { return }
        logger.warning(
            "buffers are full: a connection is closed",
            metadata: ["client": "\(fullest.clientName)", "bytes": "\(fullest.accountedBytes)"]
        )
        _ = census.counts.closed(WireError(.evicted, ""))
        fullest.drop(WireError(.evicted, "The server's buffers are full, and this connection's are the fullest."))
    }

    /// A handle for a cursor or statement. From a random start, so that one that a client kept from another connection, or from
    /// before a restart, names nothing here.
    func takeHandle() -> UInt64 {
        nextHandle &+= 1
        if nextHandle == 0 { nextHandle = 1 }
        return nextHandle
    }

    // MARK: Buffers

    /// The writer for replies, empty.
    func takeOutput() -> ByteWriter {
        guard var writer = output.take() else { return ByteWriter() }
        writer.removeAll()
        return writer
    }

    /// Gives it back; after a large reply its memory is not kept.
    func putOutput(_ writer: consuming ByteWriter) {
        output = writer.count > 1 << 20 ? ByteWriter(capacityBytes: 64 << 10) : writer
    }

    /// The list of frames ahead, empty.
    func takeFramesAhead() -> FramesAhead { framesAhead.take() ?? FramesAhead() }

    /// Gives it back.
    func putFramesAhead(_ frames: consuming FramesAhead) {
        frames.removeAll()
        framesAhead = consume frames
    }

    // MARK: End

    /// Lets every connection finish what it was asked and be answered, then closes it.
    func stop() -> EventLoopFuture<Void> {
        eventLoop.preconditionInEventLoop()
        let promise = stopPromise ?? eventLoop.makePromise(of: Void.self)
        stopPromise = promise
        isStopping = true
        if connections.isEmpty { promise.succeed() }
        for connection in connections { connection.finish() }
        return promise.futureResult
    }

    /// Ends everything that would keep the loop busy.
    func end() {
        sweep?.cancel()
        for connection in connections { connection.abort() }
    }
}
