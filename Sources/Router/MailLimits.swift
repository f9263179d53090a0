// How much of a message the router takes in. Each number has a reason; what is larger ends in a typed error, and the caller keeps
// the raw bytes and shows the message in the queue of unmatched ones.

/// What a message may be. The defaults are meant for everybody; tests lower them.
public struct MailLimits: Sendable {
    /// Bytes of a whole message: what large providers accept (25 to 50 MB), with the third that base64 adds.
    public var messageByteMax = 64 << 20

    /// Bytes of the head of a message. Real ones have 2 to 20 KiB; a signed chain of many hops some 100 KiB.
    public var headByteMax = 1 << 20

    /// Header fields of a message. Real ones have 10 to 100.
    public var headerCountMax = 4_000

    /// Lines that look like fields, in the whole message, where it may have parts: GMime takes 490 bytes for a field before anybody
    /// can count, so these are 98 MB. Only a part of 200,000 lines of `name: value`, sent without base64, is refused for it.
    public var innerHeaderCountMax = 200_000

    /// Bytes of the fields of addresses in one head. GMime's time for them grows with the square (`"a,` repeated): 64 KiB took 1.5 s at
    /// worst, and are 1,600 recipients.
    public var listByteMax = 64 << 10

    /// The sum, over all heads, of the squares of these bytes, and of eight times the encoded words of the subject times its bytes,
    /// since GMime looks for the end of each word in all that is behind: as much work as two of the longest lists, 3 s.
    public var listWorkMax = 2 << 32

    /// Bytes of one `Content-…` field with its parameters. GMime searches its list of parameters for each piece of a continued
    /// one, so time grows with the square: 64 KiB are 10,000 pieces and 50 million comparisons, a tenth of a second.
    public var parameterFieldByteMax = 64 << 10

    /// Colons in one field of addresses. GMime reads a group inside a group by calling itself, and has no limit: some 130 bytes of
    /// stack a level, so that 60,000 colons in a `To` end any process. Two hundred levels are 26 KiB; no real list has so many
    /// groups, and they cannot be nested in a correct one.
    public var addressColonMax = 200

    /// Lines that begin with two hyphens, times mentions of `multipart/`: GMime compares every such line with the boundary of every
    /// part that is open, 7 ns each. Twenty million are 0.14 s; without the bound 4 MB of mail cost 7 s.
    public var boundaryComparisonMax = 20_000_000

    /// Lines that begin with two hyphens, where `multipart` is mentioned: each may begin a part, for which GMime takes 1.3 KB before
    /// anybody can count.
    public var boundaryLineMax = 100_000

    /// Parts of a message, containers and those of messages inside counted. Real ones have fewer than 100.
    public var partCountMax = 2_000

    /// Levels of parts within parts. Forwarding adds two, and nobody forwards 30 times.
    public var depthMax = 60

    /// Bytes of text and HTML, all together, that are read as a body, and of text that is made of HTML. A novel has half a megabyte; what is longer stays an attachment.
    public var bodyByteMax = 4 << 20

    /// Message-IDs that are read from all fields of one name: a list of references grows by one a reply.
    public var identifierCountMax = 1_000

    /// Bytes of one Message-ID: a header line may have 998.
    public var identifierByteMax = 998

    /// Addresses that are read from one field.
    public var addressCountMax = 2_000

    public init() {}
}

/// Why a message was not read. The raw bytes are as good as before.
public enum MailError: Error, Equatable, Sendable, CustomStringConvertible {
    /// There are no bytes.
    case empty
    /// More bytes than `messageByteMax`.
    case tooLarge(byteCount: Int)
    /// The head is longer than `headByteMax`.
    case headTooLarge(byteCount: Int)
    /// More header fields than `headerCountMax`, or with those of the parts than `innerHeaderCountMax`.
    case tooManyHeaders(count: Int)
    /// One field is longer than `parameterFieldByteMax`.
    case parametersTooLong(byteCount: Int)
    /// A field of addresses has more colons than `addressColonMax`.
    case tooManyGroups(colonCount: Int)
    /// Subject and addresses of a head are longer than `listByteMax`, or those of all heads than `listWorkMax` allows.
    case listsTooLong(byteCount: Int)
    /// More comparisons of boundaries than `boundaryComparisonMax`.
    case tooManyBoundaries(comparisonCount: Int)
    /// More parts than `partCountMax`, or more lines that may begin one than `boundaryLineMax`.
    case tooManyParts(count: Int)
    /// Parts are nested deeper than `depthMax`.
    case tooDeep(depth: Int)
    /// GMime found no message in the bytes.
    case notAMessage

    /// One line for people.
    public var description: String {
        switch self {
        case .empty: "the message is empty"
        case .tooLarge(let count): "the message has \(count) bytes, more than are read"
        case .headTooLarge(let count): "the head of the message has \(count) bytes, more than are read"
        case .tooManyHeaders(let count): "the message has \(count) header fields, more than are read"
        case .parametersTooLong(let count): "a field with parameters has \(count) bytes, more than are read"
        case .tooManyGroups(let count): "a list of addresses has \(count) colons, more than are read"
        case .listsTooLong(let count): "subject and addresses have \(count) bytes, more than are read"
        case .tooManyBoundaries(let count): "finding the parts would take \(count) comparisons, more than are made"
        case .tooManyParts(let count): "the message has \(count) or more parts, more than are read"
        case .tooDeep(let depth): "parts are nested \(depth) levels deep, deeper than is read"
        case .notAMessage: "there is no message in these bytes"
        }
    }
}
