// The text of a list of parties: what a query, a read and an export show, and what a create, an update and an import take.
//
//   list      = [entry *(";" entry) [";"]]
//   entry     = address | reference | [reference] "<" [address] ">"
//   reference = entity "/" code                      as records are written everywhere
//   address   = characters, or characters in double quotes, doubled where one is meant
//
//   contact/7K3M <ann@example.com>; who@example.com; systemuser/1ZZ; <>
//
// Guarantees: what is written reads back as the same entries, whatever the addresses are, so an address is in quotes exactly where it
// would otherwise be read as something else. Blanks around entries do not count. What looks like a reference is one: a mistyped
// record is refused, and never becomes an address. `<>` is a party with neither record nor address.

/// One entry of a list: a record, an address, both, or neither.
struct PartyEntry: Hashable, Sendable {
    var party = RecordID.none
    /// UTF-8.
    var address: [UInt8]?
}

/// What is wrong with the text of a list.
struct PartyListFlaw: Error, Equatable {
    /// Which entry, from 1.
    var entry: Int
    /// A sentence.
    var message: String
    var code = Refusal.Code.partyListRefused
    /// The record that it is about, if there is one.
    var record = RecordID.none
}

enum PartyListText {
    // MARK: Writing

    /// Appends an entry, behind those that are there. `reference` is the text of its record, if it has one.
    static func append(_ reference: String?, _ address: UnsafeBufferPointer<UInt8>?, to text: inout [UInt8]) {
        if !text.isEmpty { text += "; ".utf8 }
        guard let reference else {
            guard let address else {
                text += "<>".utf8
                return
            }
            return append(address, isQuoted: !isPlain(address), to: &text)
        }
        text += reference.utf8
        guard let address else { return }
        text += " <".utf8
        append(address, isQuoted: !isPlainInAngles(address), to: &text)
        text.append(angleEnd)
    }

    private static func append(_ address: UnsafeBufferPointer<UInt8>, isQuoted: Bool, to text: inout [UInt8]) {
        guard isQuoted else {
            text += address
            return
        }
        text.append(quote)
        for byte in address {
            if byte == quote { text.append(quote) }
            text.append(byte)
        }
        text.append(quote)
    }

    private static func isPlain(_ address: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let first = address.first, let last = address.last else { return false }
        return !isBlank(first) && !isBlank(last) && first != quote && first != angle && !address.contains(separator)
            && referenceEnd(UnsafeRawBufferPointer(address), from: 0) == nil
    }

    private static func isPlainInAngles(_ address: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let first = address.first, let last = address.last else { return false }
        return !isBlank(first) && !isBlank(last) && first != quote && !address.contains(angleEnd)
    }

    // MARK: Reading

    /// The entries of a text, which must be UTF-8. At most `countMax`.
    static func entries(
        of text: UnsafeRawBufferPointer,
        countMax: Int,
        _ schema: Schema
    ) throws(PartyListFlaw) -> [PartyEntry] {
        var reader = PartyListReader(text: text, schema: schema)
        var entries: [PartyEntry] = []
        reader.skipBlanks()
        while !reader.isAtEnd {
            reader.number = entries.count + 1
            guard entries.count < countMax else {
                throw reader.flaw("A list has at most \(countMax) parties.", .tooLong)
            }
            entries.append(try reader.entry())
            reader.skipBlanks()
            guard !reader.isAtEnd else { break }
            guard reader.take(separator) else { throw reader.flaw("Between two parties stands ';'.") }
            reader.skipBlanks()
        }
        return entries
    }

    /// Where what looks like a reference ends: a letter, letters, digits and `_`, a `/`, letters and digits, and then nothing that
    /// would belong to a word. Nil when it looks like none.
    fileprivate static func referenceEnd(_ text: UnsafeRawBufferPointer, from start: Int) -> Int? {
        var end = start
        guard end < text.count, isLetter(text[end]) else { return nil }
        while end < text.count, isLetter(text[end]) || isDigit(text[end]) || text[end] == UInt8(ascii: "_") { end += 1 }
        guard end < text.count, text[end] == UInt8(ascii: "/"), end - start <= Limits.nameBytesMax else { return nil }
        let code = end + 1
        end = code
        while end < text.count, isLetter(text[end]) || isDigit(text[end]) { end += 1 }
        guard end > code else { return nil }
        return end == text.count || isBlank(text[end]) || text[end] == separator || text[end] == angle ? end : nil
    }

    fileprivate static let quote = UInt8(ascii: "\"")
    fileprivate static let separator = UInt8(ascii: ";")
    fileprivate static let angle = UInt8(ascii: "<")
    fileprivate static let angleEnd = UInt8(ascii: ">")

    fileprivate static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
    }
    private static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 < 26 }
    private static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }
}

/// Walks the text of a list.
private struct PartyListReader {
    let text: UnsafeRawBufferPointer
    let schema: Schema
    var offset = 0
    /// The entry that is read, from 1.
    var number = 0

    var isAtEnd: Bool { offset == text.count }

    func flaw(_ message: String, _ code: Refusal.Code = .partyListRefused) -> PartyListFlaw {
        PartyListFlaw(entry: number, message: message, code: code)
    }

    mutating func skipBlanks() {
        while offset < text.count, PartyListText.isBlank(text[offset]) { offset += 1 }
    }

    mutating func take(_ byte: UInt8) -> Bool {
        guard offset < text.count, text[offset] == byte else { return false }
        offset += 1
        return true
    }

    mutating func entry() throws(PartyListFlaw) -> PartyEntry {
        if text[offset] == PartyListText.separator { throw flaw("It is empty.") }
        if text[offset] == PartyListText.quote { return PartyEntry(address: try quoted()) }
        if take(PartyListText.angle) { return PartyEntry(address: try inAngles()) }
        guard let end = PartyListText.referenceEnd(text, from: offset) else {
            return PartyEntry(address: upTo(PartyListText.separator))
        }
        var entry = PartyEntry(party: try reference(offset..<end))
        offset = end
        skipBlanks()
        if take(PartyListText.angle) {
            guard let address = try inAngles() else {
                throw flaw("Between '<' and '>' behind a record stands its address.")
            }
            entry.address = address
        } else if !isAtEnd, text[offset] != PartyListText.separator {
            throw flaw(
                "Behind a record stands nothing but its address between '<' and '>'; "
                    + "an address that looks like a record stands in double quotes."
            )
        }
        return entry
    }

    /// What stands between angles; nil for nothing.
    private mutating func inAngles() throws(PartyListFlaw) -> [UInt8]? {
        skipBlanks()
        if take(PartyListText.angleEnd) { return nil }
        guard !isAtEnd else { throw flaw("'>' is missing.") }
        let address = text[offset] == PartyListText.quote ? try quoted() : upTo(PartyListText.angleEnd)
        skipBlanks()
        guard take(PartyListText.angleEnd) else { throw flaw("'>' is missing.") }
        return address
    }

    /// Everything before a byte or the end, without the blanks at its end.
    private mutating func upTo(_ stop: UInt8) -> [UInt8] {
        let start = offset
        while offset < text.count, text[offset] != stop { offset += 1 }
        var end = offset
        while end > start, PartyListText.isBlank(text[end - 1]) { end -= 1 }
        return Array(text[start..<end])
    }

    private mutating func quoted() throws(PartyListFlaw) -> [UInt8] {
        var address: [UInt8] = []
        offset += 1
        while offset < text.count {
            let byte = text[offset]
            offset += 1
            if byte == PartyListText.quote, !take(PartyListText.quote) { return address }
            address.append(byte)
        }
        throw flaw("The closing quotation mark is missing.")
    }

    private func reference(_ range: Range<Int>) throws(PartyListFlaw) -> RecordID {
        let reference = String(decoding: text[range], as: UTF8.self)
        if let id = schema.recordID(reference) { return id }
        let name = String(reference.prefix { $0 != "/" })
        guard schema.entity(named: name) == nil else {
            throw flaw("The code of \(reference) is mistyped, for its last character checks the others.")
        }
        let hint = nearestName(to: name, among: schema.entities.map(\.name)).map { "; did you mean '\($0)'?" } ?? "."
        throw flaw("There is no entity '\(name)'\(hint) An address that looks like a record stands in double quotes.")
    }
}
