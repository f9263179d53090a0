// Messages in one file, one behind the other: the mbox format as RFC 4155, appendix A, and as mail programs write it.
//
//   message   "From " sender and date, to the end of the line; head, empty line, body; an empty line
//
// A line of a body that would look like the beginning of a message has a ">" in front of it, and in the dialect mboxrd also one that
// has some already: one of them is taken away, as mboxrd has it. In the older dialect, mboxo, a line that a person wrote with "> From "
// has no blank there and is not touched.

/// Where the messages of an mbox file stand, in their order.
public struct Mbox: Sequence, IteratorProtocol {
    private let bytes: [UInt8]
    /// The beginning of the line "From " of the next message; the end where there is none.
    private var place: Int

    /// The messages of these bytes. Whatever stands before the first one belongs to none.
    public init(_ bytes: [UInt8]) {
        self.bytes = bytes
        place = Mbox.begins(bytes, at: 0) ? 0 : Mbox.nextMessage(bytes, from: 0)
    }

    /// Whether bytes begin as an mbox file does.
    public static func isMbox(_ bytes: [UInt8]) -> Bool { begins(bytes, at: 0) }

    /// The bytes of the next message, with the line ends that they have, without the line "From " and the ">" before such lines.
    /// O(bytes of the message).
    public mutating func next() -> [UInt8]? {
        guard place < bytes.count else { return nil }
        let start = Mbox.lineEnd(bytes, from: place)
        place = Mbox.nextMessage(bytes, from: start)
        let message = bytes[start..<place]
        // The empty line that ends a message is not its own.
        if message.last == .lineFeed {
            let before = message.dropLast()
            let own = before.last == .carriageReturn ? before.dropLast() : before
            if own.isEmpty || own.last == .lineFeed { return Mbox.unquoted(own) }
        }
        return Mbox.unquoted(message)
    }

    private static let mark = Array("From ".utf8)

    private static func begins(_ bytes: [UInt8], at place: Int) -> Bool {
        bytes.count - place >= mark.count && bytes[place..<place + mark.count].elementsEqual(mark)
    }

    /// Behind the line that begins or goes on here.
    private static func lineEnd(_ bytes: [UInt8], from place: Int) -> Int {
        bytes[place...].firstIndex(of: .lineFeed).map { $0 + 1 } ?? bytes.count
    }

    /// The next line "From " behind an empty line.
    private static func nextMessage(_ bytes: [UInt8], from start: Int) -> Int {
        var place = start
        var isBehindEmptyLine = false
        while place < bytes.count {
            if isBehindEmptyLine, begins(bytes, at: place) { return place }
            let end = lineEnd(bytes, from: place)
            isBehindEmptyLine = isEmptyLine(bytes[place..<end])
            place = end
        }
        return bytes.count
    }

    private static func isEmptyLine(_ line: ArraySlice<UInt8>) -> Bool {
        line.allSatisfy { $0 == .lineFeed || $0 == .carriageReturn }
    }

    private static func unquoted(_ message: ArraySlice<UInt8>) -> [UInt8] {
        var plain: [UInt8] = []
        plain.reserveCapacity(message.count)
        var place = message.startIndex
        while place < message.endIndex {
            let end = message[place...].firstIndex(of: .lineFeed).map { $0 + 1 } ?? message.endIndex
            let line = message[place..<end]
            let rest = line.drop { $0 == UInt8(ascii: ">") }
            plain += rest.startIndex > line.startIndex && rest.starts(with: mark) ? line.dropFirst() : line
            place = end
        }
        return plain
    }
}
