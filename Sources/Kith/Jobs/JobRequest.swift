// What somebody wants done in bulk, and the bounds of it. On the wire:
//
//   u8  flags        bit 0: a request key follows
//   u8  0, u16 0
//   u64 client, u64 request     only with bit 0
//   text name, text message, text query
//
// The head is that of a transaction, so that whoever numbers requests treats both alike.

import Engine

/// One message for every record that a query gives (docs/jobs.md).
public struct JobRequest: Sendable, Hashable {
    /// What people see in a list of jobs; empty: the message.
    public var name: String
    /// A message as `kith do` takes it, without its record: `assign --to systemuser/1N`.
    public var message: String
    /// An SQL `SELECT` or a FetchXML document whose first column is the records.
    public var query: String

    /// Makes a request.
    public init(name: String = "", message: String, query: String) {
        (self.name, self.message, self.query) = (name, message, query)
    }

    /// The bytes that a server takes.
    package func encoded(key: RequestKey?) -> [UInt8] {
        var writer = ByteWriter()
        writer.u8(key == nil ? 0 : TransactionHeader.keyedFlag)
        writer.u8(0)
        writer.u16(0)
        if let key {
            writer.u64(key.client)
            writer.u64(key.request)
        }
        writer.text(name)
        writer.text(message)
        writer.text(query)
        return writer.bytes
    }

    /// Reads what `encoded` wrote.
    package static func decode(
        _ bytes: UnsafeRawBufferPointer
    ) throws(DecodeError) -> (request: JobRequest, key: RequestKey?) {
        var reader = ByteReader(bytes)
        let flags = try reader.u8()
        guard flags <= TransactionHeader.keyedFlag, try reader.u8() == 0, try reader.u16() == 0 else {
            throw DecodeError("unknown flags of a job", at: 0)
        }
        var key: RequestKey?
        if flags & TransactionHeader.keyedFlag != 0 {
            key = RequestKey(client: try reader.u64(), request: try reader.u64())
        }
        let name = try reader.text(lengthBytesMax: JobLimits.nameBytesMax)
        let message = try reader.text(lengthBytesMax: JobLimits.messageBytesMax)
        let query = try reader.text(lengthBytesMax: JobLimits.queryBytesMax)
        try reader.expectEnd()
        return (JobRequest(name: name, message: message, query: query), key)
    }
}

/// Bounds of bulk work, each with its reason.
public enum JobLimits {
    /// Records of a job: its list is 8 bytes each, and is in memory while it runs.
    public static let recordCountMax = 1_000_000
    /// Jobs that are worked off at a time: each has its list in memory.
    public static let runningMax = 4
    /// Records of a slice: a slice's transactions wait for the disk together, and a millisecond is 20 to 200 messages.
    package static let sliceRecordsMax = 200
    /// Time of a slice: what somebody else's request may wait for it at worst, beside its last message.
    package static let sliceMicroseconds: Int64 = 1_000
    /// Refusals of a job that are listed. The next one aborts it: whatever is wrong then is not the records.
    public static let failureCountMax = 10_000
    /// Bytes of a name, a message and a query: what their attributes hold.
    public static let nameBytesMax = 200
    public static let messageBytesMax = 4_000
    public static let queryBytesMax = 16_000
    /// Bytes that a job's query may keep while it runs: as any query of a client.
    package static let queryKeptBytesMax = 256 << 20
    /// Rows that the query of a job which a message has started may look at: some seconds for most, during which no other job has its turn.
    package static let queryStepsMax = 1_000_000_000
}

/// A session that does bulk work.
public protocol JobSession: Session {
    /// Starts a job and returns its record, a `bulkoperation`, when it is durable. How far it is stands there; the message `cancel`
    /// ends it.
    ///
    /// Throws a refusal when the message is not well formed or does not fit the records, and the query's error when that is wrong.
    func startJob(_ request: JobRequest) async throws -> RecordID
}

extension JobSession {
    /// How far a job is; nil when there is none.
    public func job(_ id: RecordID) async throws -> JobProgress? {
        let page = try await read("bulkoperation", JobProgress.attributes, [id])
        guard page.versions.first ?? nil != nil, let row = page.rows.first else { return nil }
        return JobProgress(row)
    }
}

/// How far a job is.
public struct JobProgress: Sendable, Hashable {
    /// Where a job is in its life: its statuses.
    public enum Status: Int32, Sendable {
        case pending = 1
        case inProgress = 2
        case aborted = 3
        case completed = 4
        case canceled = 5

        /// Whether it has ended.
        public var isOver: Bool { rawValue >= Status.aborted.rawValue }
    }

    static let attributes = ["statuscode", "targetcount", "processedcount", "failedcount", "reason"]

    /// Where it is in its life.
    public var status: Status
    /// Records in all.
    public var targetCount: Int
    /// Records that had their turn.
    public var processedCount: Int
    /// Those of them that were refused.
    public var failedCount: Int
    /// Why it was aborted, or, of one that is not over, why it stands still; empty otherwise.
    public var reason: String

    init?(_ row: [Value]) {
        guard row.count == JobProgress.attributes.count, case .option(let number) = row[0],
            let status = Status(rawValue: number)
        else { return nil }
        self.status = status
        targetCount = JobProgress.number(row[1])
        processedCount = JobProgress.number(row[2])
        failedCount = JobProgress.number(row[3])
        if case .text(let text) = row[4] { reason = text } else { reason = "" }
    }

    static func number(_ value: Value) -> Int { if case .integer(let number) = value { Int(number) } else { 0 } }
}
