/// Why the engine refused an operation: which rule, on which entity, attribute and record, in words for people.
public struct Refusal: Error, Hashable, Sendable, CustomStringConvertible {
    /// The rule that was broken. The numbers are part of the wire protocol and never change.
    public enum Code: UInt16, Sendable, CaseIterable {
        /// The bytes do not form a transaction.
        case malformed = 1
        /// A size or count is over its limit.
        case limitExceeded = 2
        /// The schema has no such entity.
        case unknownEntity = 3
        /// The entity has no such attribute.
        case unknownAttribute = 4
        /// The engine keeps this attribute itself.
        case readOnly = 5
        /// The value is of another type than the attribute.
        case wrongType = 6
        /// A required attribute has no value.
        case required = 7
        /// The text is longer than the attribute allows.
        case tooLong = 8
        /// The number or date is outside the attribute's bounds.
        case outOfRange = 9
        /// The option set has no such option.
        case unknownOption = 10
        /// The text is not UTF-8 or contains U+0000.
        case invalidText = 11
        /// There is no such record.
        case recordNotFound = 12
        /// The record was changed since the caller read it.
        case staleVersion = 13
        /// Another record has these values in an alternate key.
        case duplicateKey = 14
        /// A lookup refers to a record that is not there.
        case referenceNotFound = 15
        /// A lookup refers to a record of an entity that the attribute does not allow.
        case wrongReferenceEntity = 16
        /// Records that restrict it refer to the record that was to be deleted.
        case restricted = 17
        /// The status does not belong to the state.
        case statusNotInState = 18
        /// The operation names the same record twice.
        case duplicateRecord = 19
        /// The request is so old that its result is no longer remembered.
        case requestExpired = 20
        /// The entity has no such alternate key.
        case unknownKey = 21
        /// More changes wait for the disk than may; the same request succeeds a moment later.
        case overloaded = 22
        /// There is no space for the log. Reads go on, and writes resume by themselves when there is space.
        case diskFull = 23
        /// The disk failed: nothing more is accepted until a restart.
        case halted = 24
        /// The life cycle does not lead from the record's status to the new one.
        case transitionNotAllowed = 25
        /// A derived attribute has no value that fits: a number too large, or more records to look at than a read may.
        case notComputable = 30
        /// A file's value is not of its form, its content type is not allowed, or its content is not there: upload it first.
        case fileRefused = 31
        /// The text of a list of parties is not of its form.
        case partyListRefused = 32
        /// A rule of the CRM forbids the message: `rule` names it.
        case ruleBroken = 33
    }

    /// The rule.
    public var code: Code
    /// Logical name of the entity, empty when none is concerned.
    public var entity: String
    /// Logical name of the attribute, empty when none is concerned.
    public var attribute: String
    /// The record concerned, `.none` when there is none or it is not made yet.
    public var record: RecordID
    /// Index of the operation within its transaction.
    public var operation: Int
    /// Index of the row within its operation.
    public var row: Int
    /// What happened and what to do, in one sentence.
    public var message: String
    /// Name of the rule of the CRM, with `ruleBroken`; otherwise empty.
    public var rule = ""

    /// Makes a refusal; operation and row are filled in by the engine.
    public init(
        _ code: Code,
        entity: String = "",
        attribute: String = "",
        record: RecordID = .none,
        operation: Int = 0,
        row: Int = 0,
        _ message: String
    ) {
        self.code = code
        self.entity = entity
        self.attribute = attribute
        self.record = record
        self.operation = operation
        self.row = row
        self.message = message
    }

    /// What a rule of the CRM refuses.
    package init(breaking rule: String, entity: String, record: RecordID, _ message: String) {
        self.init(.ruleBroken, entity: entity, record: record, message)
        self.rule = rule
    }

    package init(_ error: DecodeError) { self.init(.malformed, "The transaction cannot be read: \(error)") }

    /// Place and reason, and the name of a rule of the CRM.
    public var description: String {
        let place = entity.isEmpty ? "" : attribute.isEmpty ? "\(entity): " : "\(entity).\(attribute): "
        return place + message + (rule.isEmpty ? "" : " (rule '\(rule)')")
    }

    package func encode(into writer: inout ByteWriter) {
        writer.u16(code.rawValue)
        writer.u16(UInt16(truncatingIfNeeded: operation))
        writer.u32(UInt32(truncatingIfNeeded: row))
        writer.u64(record.rawValue)
        writer.text(Refusal.cut(entity, Refusal.nameBytesMax))
        writer.text(Refusal.cut(attribute, Refusal.nameBytesMax))
        writer.text(Refusal.cut(message, Refusal.messageBytesMax))
        if code == .ruleBroken { writer.text(Refusal.cut(rule, Refusal.nameBytesMax)) }
    }

    private static let nameBytesMax = 256
    /// A message may quote a value of any length; whoever reads the reply takes no more than this.
    private static let messageBytesMax = 4096

    /// The first whole characters of a text that fit.
    static func cut(_ text: String, _ lengthBytesMax: Int) -> String {
        if text.utf8.count <= lengthBytesMax { return text }
        var end = text.utf8.index(text.startIndex, offsetBy: lengthBytesMax)
        while end.samePosition(in: text.unicodeScalars) == nil { end = text.utf8.index(before: end) }
        return String(text[..<end])
    }

    package init(from reader: inout ByteReader) throws(DecodeError) {
        let at = reader.offset
        guard let code = Code(rawValue: try reader.u16()) else { throw DecodeError("unknown refusal code", at: at) }
        self.code = code
        operation = Int(try reader.u16())
        row = Int(try reader.u32())
        record = RecordID(rawValue: try reader.u64())
        entity = try reader.text(lengthBytesMax: Refusal.nameBytesMax)
        attribute = try reader.text(lengthBytesMax: Refusal.nameBytesMax)
        message = try reader.text(lengthBytesMax: Refusal.messageBytesMax)
        if code == .ruleBroken { rule = try reader.text(lengthBytesMax: Refusal.nameBytesMax) }
    }
}
