// One value that a merge changed, as a record of it: `recordmergechange`. The values stand in it as texts that people can read, and
// are read back by the attribute's type when the merge is undone.

import Engine

/// A value of a record before and after.
struct ValueChange {
    var record: RecordID
    /// Place among the attributes of the record's entity.
    var attribute: AttributeID
    var before: Value
    var after: Value
    /// Whether it stays as it was, since the other record has one like it already.
    var isLeft = false
}

extension Value {
    /// Whether nothing tells the two apart, as bytes are: texts that are equal under Unicode may be written differently.
    func isSame(as other: Value) -> Bool {
        guard case .text(let text) = self, case .text(let otherText) = other else { return self == other }
        return text.utf8.elementsEqual(otherText.utf8)
    }
}

extension Schema {
    /// What the text of a stored value (`Value.text(in:)`) stands for in an attribute of this type; nil where it is none, since the
    /// attribute has another type by now.
    func value(_ text: String?, of type: AttributeType) -> Value? {
        guard let text else { return .null }
        switch type {
        case .text, .memo, .autoNumber: return .text(text)
        case .boolean: return text == "true" ? .boolean(true) : text == "false" ? .boolean(false) : nil
        case .integer, .options, .version: return Int64(text).map(Value.integer)
        case .decimal, .money, .exchangeRate: return Decimal64(declared: text).map(Value.decimal)
        case .option, .state, .status: return Int32(text).map(Value.option)
        case .date: return CalendarText.date(text).map(Value.date)
        case .instant: return CalendarText.instant(text).map(Value.instant)
        case .lookup, .identifier: return recordID(text).map(Value.reference)
        case .calculated, .rollUp, .file, .partyList: return nil
        }
    }
}

extension AttributeType {
    /// Whether a merge can move a value of this type: not what is calculated or kept by the engine, and not files and lists.
    var isMergeable: Bool {
        switch self {
        case .text, .memo, .boolean, .integer, .decimal, .money, .option, .options, .date, .instant, .lookup: true
        case .autoNumber, .state, .status, .version, .exchangeRate, .identifier, .calculated, .rollUp, .file,
            .partyList:
            false
        }
    }
}
