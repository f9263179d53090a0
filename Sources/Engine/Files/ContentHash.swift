/// The SHA-256 of a file's content: its name wherever it is kept.
public struct ContentHash: Hashable, Sendable, Comparable {
    /// Bytes of a hash.
    public static let byteCount = 32
    // The 32 bytes in memory order. Not a vector: its alignment of 32 bytes is more than tasks give what they keep while they
    // wait, and hashes are kept there.
    private let first, second, third, fourth: UInt64

    /// Takes a hash's 32 bytes; nil for another number of them.
    public init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count == ContentHash.byteCount else { return nil }
        first = bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)
        second = bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
        third = bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self)
        fourth = bytes.loadUnaligned(fromByteOffset: 24, as: UInt64.self)
    }

    /// Reads 64 lower-case hexadecimal digits; nil for anything else, so that a hash has one text only.
    public init?(_ digits: some Collection<UInt8>) {
        guard digits.count == 2 * ContentHash.byteCount else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(ContentHash.byteCount)
        var high: UInt8?
        for digit in digits {
            guard let value = ContentHash.value(digit) else { return nil }
            if let leading = high {
                bytes.append(leading << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        guard let hash = bytes.withUnsafeBytes({ ContentHash($0) }) else { return nil }
        self = hash
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }

    /// The 32 bytes.
    public var bytes: [UInt8] { [first, second, third, fourth].withUnsafeBytes { Array($0) } }

    /// By bytes, so that lists of hashes have one order.
    public static func < (a: ContentHash, b: ContentHash) -> Bool {
        (a.first.bigEndian, a.second.bigEndian, a.third.bigEndian, a.fourth.bigEndian)
            < (b.first.bigEndian, b.second.bigEndian, b.third.bigEndian, b.fourth.bigEndian)
    }
}

extension ContentHash: CustomStringConvertible {
    /// Lower-case hexadecimal, as `sha256sum` prints it.
    public var description: String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(2 * ContentHash.byteCount)
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}

/// A content: its hash and its length.
public struct FileContent: Hashable, Sendable, Comparable {
    /// SHA-256 of the bytes.
    public var hash: ContentHash
    /// How many there are.
    public var lengthBytes: Int64

    /// Names a content.
    public init(hash: ContentHash, lengthBytes: Int64) {
        self.hash = hash
        self.lengthBytes = lengthBytes
    }

    /// By hash, then by length.
    public static func < (a: FileContent, b: FileContent) -> Bool {
        (a.hash, a.lengthBytes) < (b.hash, b.lengthBytes)
    }
}

/// What is known of contents, which lie outside of the records. The engine reads no disk: it asks this one question when a
/// transaction gives a record a file. A replay does not ask.
public protocol FileContents: AnyObject, Sendable {
    /// Whether the content is there, whole and durable. When it says so, the content stays for as long as a state refers to it
    /// that could still be recovered: the answer is noted before a removal of what nobody refers to looks at the records.
    ///
    /// Called in the writer's turn: takes microseconds.
    func holds(_ content: FileContent) -> Bool
}
