// What values are brought into before they are compared.
//
// | Comparison | Form |
// |---|---|
// | same | of a text its folded characters without blanks at the ends; of anything else its bytes |
// | first, last characters | so many characters of the words in their order |
// | same words, same company | words, sorted (`NameWords`) |
// | same phone | digits (`PhoneNumber`) |
// | same domain | the host (`HostName`) |
// | similar | words in their order |
// | similar date | eight digits: year, month, day |
//
// Guarantees
// - A form depends on nothing but the value and the comparison. An empty value, and one that says nothing, has none.
// - Of a text the first 8,192 bytes count, so that a form costs no more than these.

import Engine

/// Makes forms. One thread; reused, so that it allocates little.
struct DuplicateFormMaker {
    private var words = NameWords()

    init() {}

    /// Appends the form of a value; nothing where it has none.
    mutating func append(_ value: Value, _ comparison: DuplicateComparison, to bytes: inout [UInt8]) {
        switch comparison {
        case .sameWords: if case .text(let text) = value { _ = words.form(text, isSorted: true, into: &bytes) }
        case .similar: if case .text(let text) = value { _ = words.form(text, isSorted: false, into: &bytes) }
        case .sameCompany: if case .text(let text) = value { _ = words.companyForm(text, into: &bytes) }
        case .samePhone: if case .text(let text) = value { _ = PhoneNumber.form(Self.folded(text), into: &bytes) }
        case .sameDomain: if case .text(let text) = value { _ = HostName.form(Self.folded(text), into: &bytes) }
        case .similarDate: Self.appendDay(value, to: &bytes)
        case .firstCharacters(let count):
            if case .text(let text) = value { bytes += Self.prefix(spaced(text), count) }
        case .lastCharacters(let count):
            if case .text(let text) = value { bytes += Self.suffix(spaced(text), count) }
        case .same: Self.appendSame(value, to: &bytes)
        }
    }

    /// The words of a text with one blank between them.
    private mutating func spaced(_ text: String) -> ArraySlice<UInt8> {
        var spaced: [UInt8] = []
        _ = words.form(text, isSorted: false, into: &spaced)
        return spaced[...]
    }

    /// The first `FindLimits.textScanBytesMax` bytes of a text, folded, without blanks at the ends.
    private static func folded(_ text: String) -> ArraySlice<UInt8> {
        var text = text
        var folded: [UInt8] = []
        text.withUTF8 { bytes in
            var end = min(bytes.count, FindLimits.textScanBytesMax)
            while end < bytes.count, end > 0, !begins(bytes[end]) { end -= 1 }
            Collation.fold(UnsafeBufferPointer(rebasing: bytes[..<end]), into: &folded)
        }
        var slice = folded[...]
        while slice.first == UInt8(ascii: " ") { slice.removeFirst() }
        while slice.last == UInt8(ascii: " ") { slice.removeLast() }
        return slice
    }

    /// Whether a byte is the first one of a character.
    static func begins(_ byte: UInt8) -> Bool { byte & 0xC0 != 0x80 }

    private static func prefix(_ text: ArraySlice<UInt8>, _ count: Int) -> ArraySlice<UInt8> {
        var seen = 0
        for index in text.indices where begins(text[index]) {
            if seen == count { return text[..<index] }
            seen += 1
        }
        return text
    }

    private static func suffix(_ text: ArraySlice<UInt8>, _ count: Int) -> ArraySlice<UInt8> {
        var seen = 0
        for index in text.indices.reversed() where begins(text[index]) {
            seen += 1
            if seen == count { return text[index...] }
        }
        return text
    }

    private static func appendSame(_ value: Value, to bytes: inout [UInt8]) {
        switch value {
        case .null, .double: return
        case .text(let text): bytes += folded(text)
        case .boolean(let truth): bytes.append(truth ? 1 : 0)
        case .integer(let number): append(UInt64(bitPattern: number), to: &bytes)
        case .decimal(let number):
            append(UInt64(bitPattern: number.units), to: &bytes)
            bytes.append(number.scale)
        case .option(let number): append(UInt64(bitPattern: Int64(number)), to: &bytes)
        case .date(let days): append(UInt64(bitPattern: Int64(days)), to: &bytes)
        case .instant(let moment): append(UInt64(bitPattern: moment), to: &bytes)
        case .reference(let id): append(id.rawValue, to: &bytes)
        }
    }

    private static func append(_ word: UInt64, to bytes: inout [UInt8]) {
        for shift in stride(from: 56, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
        }
    }

    /// `20260713`; of a moment its day in UTC.
    private static func appendDay(_ value: Value, to bytes: inout [UInt8]) {
        let day: Int32
        switch value {
        case .date(let days): day = days
        case .instant(let moment):
            let seconds = moment >= 0 ? moment / 86_400_000_000 : (moment - 86_399_999_999) / 86_400_000_000
            day = Int32(truncatingIfNeeded: seconds)
        default: return
        }
        bytes += CalendarText.text(days: day).utf8.lazy.filter { $0 != UInt8(ascii: "-") }
    }
}
