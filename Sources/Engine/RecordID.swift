// Record identity: one 64-bit word that says what it names.
//
//   bits 63…52  entity    (12 bits: Kith's own registry number, 1…4095; 0 is no entity)
//   bits 51…36  origin    (16 bits: which server or replica made the id; 0 is the first server)
//   bits 35…0   sequence  (36 bits: 1, 2, 3, … per entity and origin; 0 is never given out)
//
// So a reference to "an account or a contact" is one word, a replica makes ids without asking, and the sequence indexes
// the row directory without hashing. 36 bits at 1,000 records a second last two thousand years.
//
// The text form is `<entity name>/<body><check>`: body = the low 52 bits in Crockford base32 without leading zeros,
// check = the value modulo 31 in the same alphabet, so that every single wrong character and nearly every swap is caught.

/// Number of an entity in the schema, 1…4095.
public struct EntityID: Hashable, Comparable, Sendable {
    /// The number.
    public let rawValue: UInt16

    /// Wraps the number; the schema decides whether it names anything.
    @inlinable
    public init(_ rawValue: UInt16) { self.rawValue = rawValue }

    /// By number.
    @inlinable
    public static func < (a: EntityID, b: EntityID) -> Bool { a.rawValue < b.rawValue }
}

/// Identity of a record: entity, origin and sequence in one 64-bit word. Zero means "no record".
public struct RecordID: Hashable, Comparable, Sendable {
    /// The 64-bit word that is stored, logged and sent.
    public let rawValue: UInt64

    /// Wraps a stored or received word, which may name no record.
    @inlinable
    public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// Puts the three parts together. The parts must fit in 12, 16 and 36 bits.
    @inlinable
    public init(entity: EntityID, origin: UInt16 = 0, sequence: UInt64) {
        precondition(entity.rawValue < 4096 && sequence <= RecordID.sequenceMax)
        rawValue = UInt64(entity.rawValue) << 52 | UInt64(origin) << 36 | sequence
    }

    /// No record; null in a lookup.
    public static let none = RecordID(rawValue: 0)

    /// Largest sequence that 36 bits hold.
    public static let sequenceMax: UInt64 = (1 << 36) - 1

    /// The origin reserved for records that an earlier operation of the same transaction creates: see `Transaction`.
    public static let localOrigin: UInt16 = 0xFFFF

    /// Which entity the record belongs to.
    @inlinable
    public var entity: EntityID { EntityID(UInt16(truncatingIfNeeded: rawValue >> 52)) }

    /// Which server or replica made the id.
    @inlinable
    public var origin: UInt16 { UInt16(truncatingIfNeeded: rawValue >> 36) }

    /// The number within entity and origin, from 1.
    @inlinable
    public var sequence: UInt64 { rawValue & RecordID.sequenceMax }

    /// By entity, then origin, then sequence.
    @inlinable
    public static func < (a: RecordID, b: RecordID) -> Bool { a.rawValue < b.rawValue }
}

extension RecordID {
    // Crockford's alphabet: no I, L, O, U, so that people can read it aloud.
    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)
    private static let lowBits: UInt64 = (1 << 52) - 1

    private static func digit(_ byte: UInt8) -> UInt64? {
        var byte = byte
        if byte >= 0x61, byte <= 0x7A { byte -= 0x20 }
        // What people mistype for 1 and 0, by Crockford's rule.
        if byte == 0x49 || byte == 0x4C { byte = 0x31 }
        if byte == 0x4F { byte = 0x30 }
        return alphabet.firstIndex(of: byte).map(UInt64.init)
    }

    /// The text form without the entity's name: body and check character.
    public var code: String {
        let value = rawValue & RecordID.lowBits
        var digits: [UInt8] = []
        var rest = value
        repeat {
            digits.append(RecordID.alphabet[Int(rest & 31)])
            rest >>= 5
        } while rest > 0
        digits.reverse()
        digits.append(RecordID.alphabet[Int(value % 31)])
        return String(decoding: digits, as: UTF8.self)
    }

    /// Reads the text form without the entity's name; nil when a character or the check character is wrong.
    public init?(entity: EntityID, code: some StringProtocol) {
        let bytes = Array(code.utf8)
        guard bytes.count >= 2, bytes.count <= 12, let check = RecordID.digit(bytes[bytes.count - 1]) else {
            return nil
        }
        var value: UInt64 = 0
        for byte in bytes.dropLast() {
            guard let digit = RecordID.digit(byte) else { return nil }
            value = value << 5 | digit
        }
        guard value <= RecordID.lowBits, value % 31 == check, entity.rawValue < 4096 else { return nil }
        rawValue = UInt64(entity.rawValue) << 52 | value
    }
}
