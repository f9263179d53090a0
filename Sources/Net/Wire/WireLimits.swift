/// Every bound that a server puts on its clients, each with its reason. Times and counts can be changed by whoever starts
/// the server; sizes of frames are part of the protocol.
public struct WireLimits: Sendable {
    /// Bytes of a body before the hello is answered: a stranger costs no more memory than this.
    public static let helloBodyBytesMax = 64 << 10
    /// Bytes of a body after it: the largest transaction, and the largest reply.
    public static let bodyBytesMax = 16 << 20

    /// Rows of one block of an answer: a batch of the same size holds the writer for as long.
    public static let blockRowsMax = 65_536

    /// Connections in all. 24 KiB each are about 430 MiB; and the usual limit of 20,000 file descriptors leaves room for
    /// log segments and snapshots.
    public var connectionsMax = 18_000
    /// Connections of one address. All clients share the loopback addresses today, so that only the first bound bites.
    public var connectionsPerAddressMax = 18_000
    /// Time for the hello, which is one packet: whoever needs longer is not a client.
    public var helloDeadlineMilliseconds = 5_000
    /// Time for the rest of a frame that has begun: 16 MiB at half a megabyte a second.
    public var frameDeadlineMilliseconds = 30_000
    /// Time in which a client that was sent more than `pendingReplyBytesMax` has to read some of it.
    public var readDeadlineMilliseconds = 30_000
    /// Time without a request after which a connection is closed; 0: never. Off, since pools keep connections open.
    public var idleDeadlineMilliseconds = 0
    /// Replies that wait for the log or for the client. Beyond it the server stops reading from the connection until they are
    /// gone: 1,000 replies of 256 bytes keep the pipe full at any round-trip time of a local network.
    public var pendingReplyBytesMax = 256 << 10
    /// Bytes buffered for all connections together, incomplete requests included. Beyond it the connection with the fullest
    /// buffers is closed, so that a few clients that do not read cannot take the memory of the others.
    public var bufferedBytesMax = 256 << 20
    /// Queries, fetches and snapshots under way on one connection: each holds its body and a view.
    public var callsMax = 64
    /// Open cursors of one connection, those of queries under way included: each pins the blocks of a view.
    public var cursorsMax = 16
    /// Bytes that the open cursors of one connection keep between two fetches: one sorted answer as large as a query may make.
    /// What is left of an answer counts with the buffers it stands in, and the block that is computed ahead on top of it; not
    /// counted are some KiB of the cursor itself, and what the data have changed since under the view that it pins.
    public var cursorBytesMax = 256 << 20
    /// Bytes that all open cursors keep, counted likewise: four such answers.
    public var cursorBytesInAllMax = 1 << 30
    /// Time that a cursor, a rehearsal or an upload lives after its last use: the first two pin the blocks of a view.
    public var cursorLifetimeMilliseconds = 60_000
    /// Time that a rehearsal lives at most, used or not: the blocks that it pins become more with everything that is written.
    /// What its memory has room for is tried out within minutes.
    public var rehearsalLifetimeMilliseconds = 15 * 60_000
    /// Rehearsals of all connections, one each at most: a dry run is made now and then, by one person.
    public var rehearsalsMax = 2
    /// Bytes of memory that a rehearsal's changes may have taken before its next transaction is refused: of new blocks, and of
    /// those that were copied because the data share them. Some two million new accounts, or small updates in 3,000 chunks of
    /// 8,192 records. The transaction that reaches the bound is executed to its end, and may go beyond it by what it writes
    /// and a copy of each block that it changes.
    public var rehearsalBytesMax = 1 << 30
    /// Bytes that one query may keep while it runs: two run at a time.
    public var queryBytesMax = 256 << 20
    /// Open uploads of one connection: each has a file. The server has at most `ContentStore.uploadCountMax` in all.
    public var uploadsMax = 16
    /// Bytes that have to come of an upload in each second after its first `cursorLifetimeMilliseconds`, on average: what it has
    /// announced is kept from all others. Half a megabit is less than any line has on which someone sends files; 16 GiB may take
    /// three days.
    public var uploadBytesPerSecondMin: Int64 = 64 << 10
    /// Prepared statements of one connection: a few KiB each.
    public var statementsMax = 256

    /// The defaults.
    public init() {}
}
