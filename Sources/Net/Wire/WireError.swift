import Engine

/// Why a server did not do what was asked, as far as the wire is concerned. See docs/protocol.md for what a client does.
public struct WireError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The numbers are part of the protocol and never change. After a code below 64 the connection is closed.
    public enum Code: UInt16, Sendable, CaseIterable {
        /// A checksum, a kind or a field of the header is wrong.
        case malformedFrame = 1
        /// The other side speaks another version of the protocol.
        case wrongVersion = 2
        /// A body is longer than the limit.
        case bodyTooLarge = 3
        /// The first request was not a hello.
        case helloRequired = 4
        /// The server has no such organisation.
        case unknownOrganisation = 5
        /// The organisation has no such user.
        case unknownUser = 6
        /// All connections, or all of this address, are in use.
        case tooManyConnections = 7
        /// No hello, no end of a frame, or no reading of replies in time.
        case tooSlow = 8
        /// Nothing was asked for longer than the server allows.
        case idle = 9
        /// The server stops.
        case stopping = 10
        /// The log failed: nothing more is accepted, and what was not answered is of unknown outcome.
        case halted = 11
        /// The server's buffers are full, and this connection's were the fullest.
        case evicted = 12
        /// The body is not what the operation requires.
        case malformed = 64
        /// There is no such operation.
        case unknownOperation = 65
        /// The request was made with another schema.
        case schemaStale = 66
        /// The reply does not fit a frame.
        case replyTooLarge = 67
        /// Too many calls are under way on this connection.
        case overloaded = 68
        /// The cursor was closed, has expired or never was.
        case cursorUnknown = 69
        /// The connection has as many cursors as it may, or cursors keep as many bytes as they may.
        case cursorLimit = 70
        /// The statement was closed or never prepared.
        case statementUnknown = 71
        /// The connection has as many statements as it may.
        case statementLimit = 72
        /// The server could not do it; the message says why.
        case unavailable = 73
        /// The rehearsal was closed, has expired or never was.
        case rehearsalUnknown = 74
        /// The connection has a rehearsal already, or the server as many as it may.
        case rehearsalLimit = 75
        /// The upload has ended, failed, expired or never was.
        case uploadUnknown = 76
        /// The connection, or the server, has as many uploads as it may.
        case uploadLimit = 77
        /// The length, a piece or the hash of an upload is wrong; after a wrong hash or too few bytes the upload is given up.
        case uploadRefused = 78
        /// The record has no such file, or has another one by now.
        case fileUnknown = 79
        /// A moment that is not kept, in the future, or too large to be rebuilt.
        case pastRefused = 80
    }

    /// What kind of error.
    public var code: Code
    /// What happened, in one sentence for people.
    public var message: String

    /// Makes an error.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// Whether the connection is closed after it.
    public var endsConnection: Bool { code.rawValue < 64 }

    /// The message.
    public var description: String { message }
}

/// What an error frame carries.
package enum WireFailure: Error, Hashable, Sendable {
    case wire(WireError)
    case refusal(Refusal)
    case query(QueryError)

    /// A body that cannot be read.
    static func malformed(_ error: DecodeError) -> WireFailure {
        .wire(WireError(.malformed, "The request cannot be read: \(error)"))
    }

    /// More than a frame holds.
    static var replyTooLarge: WireFailure {
        .wire(WireError(.replyTooLarge, "The reply is longer than \(WireLimits.bodyBytesMax >> 20) MiB: ask for less."))
    }

    /// Bytes of a message at most: longer ones are cut by the sender and refused by the reader.
    private static let messageBytesMax = 4096

    package func encode(into writer: inout ByteWriter) {
        switch self {
        case .wire(let error):
            writer.u8(1)
            writer.u16(error.code.rawValue)
            writer.text(error.message.cut(WireFailure.messageBytesMax))
        case .refusal(let refusal):
            writer.u8(2)
            refusal.encode(into: &writer)
        case .query(let error):
            writer.u8(3)
            writer.u8(error.code.rawValue)
            writer.u32(error.location.line)
            writer.u32(error.location.column)
            writer.text(error.message.cut(WireFailure.messageBytesMax))
            writer.text((error.suggestion ?? "").cut(WireFailure.messageBytesMax))
        }
    }

    /// Reads the body of an error frame.
    package init(decoding body: UnsafeRawBufferPointer) throws(DecodeError) {
        var reader = ByteReader(body)
        switch try reader.u8() {
        case 1:
            guard let code = WireError.Code(rawValue: try reader.u16()) else {
                throw DecodeError("unknown error code", at: 1)
            }
            self = .wire(WireError(code, try reader.text(lengthBytesMax: WireFailure.messageBytesMax)))
        case 2: self = .refusal(try Refusal(from: &reader))
        case 3:
            guard let code = QueryError.Code(rawValue: try reader.u8()) else {
                throw DecodeError("unknown code of a query's error", at: 1)
            }
            let location = SourceLocation(line: try reader.u32(), column: try reader.u32())
            let message = try reader.text(lengthBytesMax: WireFailure.messageBytesMax)
            let suggestion = try reader.text(lengthBytesMax: WireFailure.messageBytesMax)
            self = .query(
                QueryError(code, message, at: location, suggestion: suggestion.isEmpty ? nil : suggestion)
            )
        default: throw DecodeError("unknown domain of errors", at: 0)
        }
        try reader.expectEnd()
    }
}

extension String {
    /// The longest beginning that has at most so many bytes.
    fileprivate func cut(_ bytesMax: Int) -> String {
        guard utf8.count > bytesMax else { return self }
        var text = ""
        for character in unicodeScalars {
            if text.utf8.count + character.utf8.count > bytesMax { break }
            text.unicodeScalars.append(character)
        }
        return text
    }
}
