// The bytes behind DATA, up to their end.
//
// Guarantees: only CR LF `.` CR LF ends a message (and `.` CR LF at its very beginning). A line feed without a carriage return before
// it, or a carriage return without a line feed behind it, ends the session wherever it stands: systems that take one of them for an
// end of line, and hand on what others do not, are how one message is smuggled inside another. What is kept ends with CR LF or is
// empty, and has the dots that were stuffed taken away. The result does not depend on how the bytes are cut into pieces.

/// Takes the bytes of one message as they come.
struct MailData: Sendable {
    /// What became of some bytes.
    enum Progress: Equatable {
        /// More have to come.
        case unfinished
        /// The end is there; so many bytes belonged to it.
        case finished(used: Int)
        /// A bare carriage return or line feed.
        case bareLineEnd
    }

    private enum Place {
        case lineStart, dot, dotReturn, line, lineReturn
    }

    /// The message so far; empty once it is not kept any more.
    private(set) var bytes: [UInt8] = []
    /// More came than a message may have.
    private(set) var isTooLarge = false
    /// It is read to its end and not kept, since there is no memory for it.
    private(set) var isDropped = false
    private let bytesMax: Int
    private var place = Place.lineStart

    init(bytesMax: Int) { self.bytesMax = bytesMax }

    /// Keeps nothing of it from now on.
    mutating func drop() {
        isDropped = true
        bytes = []
    }

    /// Takes bytes as far as the message goes. Time grows with their number.
    mutating func take(_ input: ArraySlice<UInt8>) -> Progress {
        var index = input.startIndex
        while index < input.endIndex {
            let byte = input[index]
            switch (place, byte) {
            case (.line, _) where byte != .carriageReturn && byte != .lineFeed:
                let end = input[index...].firstIndex { $0 == .carriageReturn || $0 == .lineFeed } ?? input.endIndex
                keep(input[index..<end])
                index = end
                continue
            case (.lineStart, UInt8(ascii: ".")): place = .dot
            case (.lineStart, .carriageReturn), (.line, .carriageReturn): place = .lineReturn
            case (.dot, .carriageReturn): place = .dotReturn
            case (.dotReturn, .lineFeed): return .finished(used: index + 1 - input.startIndex)
            case (.lineReturn, .lineFeed):
                keep([.carriageReturn, .lineFeed])
                place = .lineStart
            case (.dotReturn, _), (.lineReturn, _), (_, .lineFeed): return .bareLineEnd
            case (.lineStart, _), (.dot, _), (.line, _):
                keep([byte])
                place = .line
            }
            index += 1
        }
        return .unfinished
    }

    private mutating func keep(_ part: ArraySlice<UInt8>) {
        if isTooLarge || isDropped { return }
        guard bytes.count + part.count <= bytesMax else {
            isTooLarge = true
            bytes = []
            return
        }
        bytes += part
    }
}
