import CRM
import Engine
import Snapshot

/// The engine in the hands of the one who writes, for the time of a turn: lent by `Database.turn`.
///
/// `@unchecked` because the engine is reached only through the one turn of its database, under the writer's lock.
package struct WriterTurn: ~Copyable, @unchecked Sendable {
    /// What the log takes besides the entry's own bytes, generously.
    private static let framingBytes = 512
    /// Old values of one row that the reservation allows for, on average over a transaction's rows.
    private static let oldBytesPerRow = 4096
    /// Turns between two looks at the size of the log.
    private static let turnsPerLook = 256

    let engine: Engine
    private let queue: any CommitQueue
    private let clock: @Sendable () -> Int64
    let calendar: KnownCalendar
    /// The published duplicate rules.
    let duplicateRules = KnownDuplicateRules()
    /// Keys of duplicates that a transaction of this turn was refused for want of.
    var wantedKeys: DuplicateKeys?
    /// The look at duplicates of the transaction that is executed, where it asks for one.
    var duplicateCheck: DuplicateCheck?
    /// A turn that has this much log to hand over does so at once instead of at its end: the queue takes at most half a
    /// segment at a time, and the next entry may be as large as `entryBytesMax`. It is also what is reserved beyond
    /// the request itself when there is room: fewer, larger reservations.
    private let batchBytesMax: Int
    /// Bytes that one entry may have: what the engine allows, or less where the log takes less.
    private let entryBytesMax: Int
    private var batch = EntryBatch()
    /// Bytes of log that the next submit may have.
    private var reservedBytes = 0
    private var failure: DirectoryError?
    private var turnCount = 0
    /// A message of this turn has started bulk work.
    private var hasStartedJob = false
    /// When the turn's first transaction came: asking the clock for each of hundreds is a twentieth of what they cost.
    private var turnMicroseconds: Int64?

    /// - Parameter segmentBytes: size of a log segment; the queue takes half of it at a time.
    init(
        engine: Engine,
        queue: any CommitQueue,
        segmentBytes: Int,
        clock: @escaping @Sendable () -> Int64,
        calendar: KnownCalendar
    ) {
        self.calendar = calendar
        batchBytesMax = min(1 << 20, segmentBytes / 8)
        let room = segmentBytes / 2 - batchBytesMax - WriterTurn.framingBytes
        entryBytesMax = min(Limits.entryBytesMax, room)
        self.engine = engine
        self.queue = queue
        self.clock = clock
    }

    /// The schema in force.
    package var schema: Schema { engine.schema }
    /// Its epoch, without counting references to all that a schema holds.
    package var schemaEpoch: UInt32 { engine.schema.epoch }
    /// The last transaction executed: what this turn's reads saw. Replies wait until it is durable.
    package var position: Position { engine.position }
    /// All records, now. O(entities).
    package var view: View { engine.view }
    /// The state to be written to a snapshot.
    var image: EngineImage { EngineImage(engine) }
    /// See `Engine.digest`.
    package var digest: UInt128 { engine.digest }

    /// See `Engine.checkInvariants`.
    package func checkInvariants() { engine.checkInvariants() }

    /// Executes an encoded transaction as `actor` and appends the encoded reply.
    package mutating func execute(
        _ transaction: UnsafeRawBufferPointer,
        actor: RecordID,
        reply: inout ByteWriter
    ) throws(Refusal) {
        // What stands in the log as a message went through its rules.
        guard transaction.count < 4 || transaction.loadUnaligned(fromByteOffset: 2, as: UInt16.self) == 0 else {
            throw Refusal(.malformed, "A transaction is no message; messages are sent by an operation of their own.")
        }
        try executeAny(transaction, actor, &reply)
    }

    /// Carries an encoded message out as `actor` (see Messages.swift) and appends the reply of the transaction that it planned.
    package mutating func perform(
        _ message: UnsafeRawBufferPointer,
        actor: RecordID,
        reply: inout ByteWriter
    ) throws(Refusal) {
        if let failure { throw WriterTurn.refusal(failure) }
        let (request, key): (MessageRequest, RequestKey?)
        do throws(DecodeError) { (request, key) = try MessageRequest.decode(message) } catch { throw Refusal(error) }
        // A retry finds the records as the first attempt left them, which its rules would refuse.
        if let key, try engine.repeatReply(to: key, into: &reply) { return }
        let records = Records(engine, actor: actor, timeMicroseconds: time()) { [calendar, engine] in
            calendar.calendar(engine)
        }
        let transaction = try Messages.plan(request, key: key, records)
        try transaction.withEncoded { encoded in
            Result { () throws(Refusal) in try executeAny(encoded, actor, &reply) }
        }.get()
        noteJob(of: request)
        if Messages.publishing.contains(request.number) { duplicateRules.dropUnwanted(engine) }
    }

    /// The work of the earliest moment that has any, from `floor` up to `until`: see `DueWork.earliest`.
    func due(from floor: Int64, through until: Int64, isLeftOut: (DueWork) -> Bool) -> [DueWork] {
        DueWork.earliest(engine, from: floor, through: until, isLeftOut: isLeftOut)
    }

    /// Whether work is due from `floor` on and before a moment.
    func hasDue(from floor: Int64, before moment: Int64, isLeftOut: (DueWork) -> Bool) -> Bool {
        DueWork.isAny(engine, from: floor, before: moment, isLeftOut: isLeftOut)
    }

    /// Whether a record still says that work is due.
    func isStillDue(_ work: DueWork) -> Bool { work.isStillDue(engine) }

    /// Carries out work that is due, as the system, at its own moment, or at the last transaction's when that was later.
    ///
    /// - Returns: whether something is due before `floor` by it.
    mutating func perform(_ work: DueWork, floor: Int64) throws(Refusal) -> Bool {
        if let failure { throw WriterTurn.refusal(failure) }
        let records = Records(engine, actor: .none, timeMicroseconds: work.moment) { [calendar, engine] in
            calendar.calendar(engine)
        }
        let transaction = try Messages.plan(work.request, key: nil, records)
        var reply = ByteWriter()
        try transaction.withEncoded { encoded in
            Result { () throws(Refusal) in try executeAny(encoded, .none, &reply, at: work.moment) }
        }.get()
        noteJob(of: work.request)
        guard let made = try? reply.bytes.withUnsafeBytes({ try TransactionReply(decoding: $0) }) else { return true }
        if DueWork.isDue(work.record, before: floor, engine) { return true }
        return made.operations.contains { $0.ids.contains { DueWork.isDue($0, before: floor, engine) } }
    }

    private mutating func noteJob(of request: MessageRequest) {
        if Messages.startingJobs.contains(request.number) { hasStartedJob = true }
    }

    /// Whether bulk work was started since this was asked last.
    mutating func takeStartedJob() -> Bool {
        defer { hasStartedJob = false }
        return hasStartedJob
    }

    mutating func executeAny(
        _ transaction: UnsafeRawBufferPointer,
        _ actor: RecordID,
        _ reply: inout ByteWriter,
        at moment: Int64? = nil
    ) throws(Refusal) {
        if TransactionHeader.asksForCheck(transaction) {
            return try checkingDuplicates(transaction) { (turn) throws(Refusal) in
                try turn.executeReserved(transaction, actor, &reply, at: moment)
            }
        }
        try executeReserved(transaction, actor, &reply, at: moment)
    }

    private mutating func executeReserved(
        _ transaction: UnsafeRawBufferPointer,
        _ actor: RecordID,
        _ reply: inout ByteWriter,
        at moment: Int64?
    ) throws(Refusal) {
        try reserve(for: transaction)
        let context = CommandContext(actor: actor, timeMicroseconds: moment ?? time())
        do throws(Refusal) {
            try run(transaction, context, &reply)
        } catch {
            // The estimate is an average, and the records had longer values: nothing has changed yet, and now room for the
            // largest entry is asked for. Without it the log would end at a full disk instead of refusing.
            guard error.code == .limitExceeded, duplicateCheck?.hasRefused != true, engine.entryBytesMax < entryBytesMax
            else { throw error }
            submit()
            try reserve(bytes: entryBytesMax + WriterTurn.framingBytes)
            try run(transaction, context, &reply)
        }
        if batch.lengthBytes > batchBytesMax { submit() }
    }

    /// Executes an encoded request to change the schema as `actor` and appends the encoded reply. See `Engine.changeSchema`.
    package mutating func changeSchema(
        _ request: UnsafeRawBufferPointer,
        ahead: IndexesAhead? = nil,
        actor: RecordID,
        reply: inout ByteWriter
    ) throws(Refusal) {
        if let failure { throw WriterTurn.refusal(failure) }
        // The entry holds a whole schema: room for the largest is asked for. A check writes nothing.
        if let flags = request.first, flags & SchemaRequest.checkFlag == 0 {
            submit()
            try reserve(bytes: entryBytesMax + WriterTurn.framingBytes)
        }
        engine.entryBytesMax = entryBytesMax
        let context = CommandContext(actor: actor, timeMicroseconds: time())
        try batch.append { [engine] (entry) throws(Refusal) in
            try engine.changeSchema(request, ahead: ahead, context: context, entry: &entry, reply: &reply) == .changed
        }
        submit()
    }

    /// See `Engine.indexesAhead`.
    package func indexesAhead(of request: UnsafeRawBufferPointer) -> IndexesAhead? {
        engine.indexesAhead(of: request)
    }

    /// Executes a transaction whose entry has to fit what is reserved. The entry is written where the log takes it from.
    private mutating func run(
        _ transaction: UnsafeRawBufferPointer,
        _ context: CommandContext,
        _ reply: inout ByteWriter
    ) throws(Refusal) {
        let roomBytes = reservedBytes - batch.lengthBytes - WriterTurn.framingBytes
        engine.entryBytesMax = min(entryBytesMax, roomBytes)
        try batch.append { [engine] (entry) throws(Refusal) in
            try engine.execute(transaction, context: context, entry: &entry, reply: &reply) == .changed
        }
    }

    /// Executes an encoded read as `actor` and appends the encoded reply.
    package func read(
        _ request: UnsafeRawBufferPointer,
        actor: RecordID = .none,
        into reply: inout ByteWriter
    ) throws(Refusal) {
        if let failure { throw WriterTurn.refusal(failure) }
        try engine.read(
            request,
            environment: QueryEnvironment(nowMicroseconds: clock(), user: actor, calendar: calendar.calendar(view)),
            into: &reply
        )
    }

    /// The turn of one who reads beside others, while nobody has this one.
    func reading(with reader: RecordReader) -> ReaderTurn {
        ReaderTurn(engine, reader, refusal: failure.map(WriterTurn.refusal))
    }

    /// See `Engine.file`.
    package func file(of record: RecordID, _ attribute: AttributeID) -> FileReference? {
        engine.file(of: record, attribute)
    }

    /// See `Engine.prefetch`.
    package func prefetch(
        reads: UnsafeBufferPointer<UnsafeRawBufferPointer>,
        transactions: UnsafeBufferPointer<UnsafeRawBufferPointer>
    ) {
        engine.prefetch(reads: reads, transactions: transactions)
    }

    /// See `Engine.beginSearch`. nil also when there is no such entity any more.
    func beginSearch(_ entity: EntityID) -> View? {
        engine.schema.place(of: entity).flatMap { engine.beginSearch(place: $0) }
    }

    /// See `Engine.continueSearch`.
    func continueSearch(_ entity: EntityID, _ schema: Schema) -> (rows: [UInt32], view: View)? {
        engine.schema.place(of: entity).flatMap { engine.continueSearch(place: $0, schema: schema) }
    }

    /// See `Engine.installSearch`.
    func installSearch(_ index: SearchIndex, _ entity: EntityID, _ view: View) {
        if let place = view.schema.place(of: entity) { engine.installSearch(index, place: place, view: view) }
    }

    /// Makes sure, before anything is executed, that the log has room for what the transaction may write.
    private mutating func reserve(for transaction: UnsafeRawBufferPointer) throws(Refusal) {
        if let failure { throw WriterTurn.refusal(failure) }
        let rows = TransactionHeader.rowBound(of: transaction)
        let estimate = 2 * transaction.count + rows * WriterTurn.oldBytesPerRow + 4096
        let worst = min(entryBytesMax + WriterTurn.framingBytes, estimate)
        if batch.lengthBytes + worst <= reservedBytes { return }
        if batch.lengthBytes > 0 { submit() }
        if queue.isFull {
            throw Refusal(.overloaded, "More changes wait for the disk than may. Send the request again in a moment.")
        }
        if worst < batchBytesMax, queue.hasRoom(bytes: batchBytesMax) {
            reservedBytes = batchBytesMax
        } else {
            try reserve(bytes: worst)
        }
    }

    private mutating func reserve(bytes: Int) throws(Refusal) {
        do throws(DirectoryError) {
            try queue.reserve(bytes: bytes)
            reservedBytes = bytes
        } catch {
            throw WriterTurn.refusal(error)
        }
    }

    private static func refusal(_ error: DirectoryError) -> Refusal {
        switch error {
        case .diskFull:
            Refusal(.diskFull, "The change cannot be logged: \(error). Reads go on; free space and try again.")
        case .queueFull: Refusal(.overloaded, "\(error). Send the request again in a moment.")
        default: Refusal(.halted, "No changes are accepted: \(error).")
        }
    }

    /// Hands what was executed to the log.
    private mutating func submit() {
        guard batch.count > 0 else { return }
        do throws(DirectoryError) {
            try queue.submit(batch, lastPosition: engine.position)
        } catch {
            // The state is ahead of the log from here on: nothing more may be answered.
            failure = error
        }
        batch.removeAll()
        reservedBytes = 0
    }

    /// Time of the turn's transactions.
    mutating func time() -> Int64 {
        if let turnMicroseconds { return turnMicroseconds }
        let now = clock()
        turnMicroseconds = now
        return now
    }

    mutating func end() {
        submit()
        turnMicroseconds = nil
        turnCount &+= 1
    }

    func asksForSnapshot(_ directory: DataDirectory) -> Bool {
        turnCount % WriterTurn.turnsPerLook == 0 && directory.isSnapshotDue
    }

    /// Makes the entities available in a new directory, and those that a newer version added in an older one.
    /// Returns the obstacle when the directory's schema cannot be taken over.
    mutating func install(_ standard: Schema) -> String? {
        guard let next = engine.schema.upgraded(by: standard) else { return nil }
        let context = CommandContext(timeMicroseconds: time())
        var obstacle: String?
        batch.append { [engine] (entry) throws(Never) in
            obstacle = engine.install(next, context: context, entry: &entry)
            return obstacle == nil
        }
        if let obstacle { return obstacle }
        submit()
        return failure?.description
    }
}
