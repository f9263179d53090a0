// A condition of a routing rule: an attribute, what it is compared by, and a value in words.
//
// The attribute may be that of a lookup: `customerid.industrycode`. An empty attribute fulfils `Does Not Contain Data` and nothing else, as
// in a query. Texts are compared as quick find compares them: case, accents and width do not count.

import Engine

/// Texts of one record, and of those that it refers to, as conditions compare them: by path, each folded once.
typealias FoldedTexts = [String: [UInt8]]

struct RoutingCondition {
    /// Why a condition cannot be asked.
    struct Flaw: Error {
        let reason: String
    }

    /// Numbers of `routingcondition.operatorcode`, as Dynamics has them.
    private enum Comparison: Int32 {
        case equal = 0
        case notEqual = 1
        case greater = 2
        case less = 3
        case greaterOrEqual = 4
        case lessOrEqual = 5
        case isEmpty = 12
        case isFilled = 13
        case contains = 49
        case beginsWith = 54
    }

    private let path: String
    private let comparison: Comparison
    private let words: String

    /// The condition that a record says.
    init(_ id: RecordID, _ records: Records) throws(Flaw) {
        path = records.text(id, "attributename") ?? ""
        guard let comparison = records.option(id, "operatorcode").flatMap(Comparison.init) else {
            throw Flaw(reason: "the condition on '\(path)' has no comparison")
        }
        self.comparison = comparison
        words = records.text(id, "comparedvalue") ?? ""
    }

    /// Whether it holds for a record.
    func holds(for target: RecordID, _ texts: inout FoldedTexts, _ records: Records) throws(Flaw) -> Bool {
        let names = path.split(separator: ".").map(String.init)
        guard let last = names.last else { throw Flaw(reason: "a condition names no attribute") }
        // Of an empty lookup everything is empty, whatever it could lead to.
        var record = target
        for name in names.dropLast() {
            guard let entity = records.schema.entity(record.entity) else { break }
            guard let id = entity.attributeID(name), !entity[id].type.lookupTargets.isEmpty else {
                throw Flaw(reason: "\(entity.name) has no lookup '\(name)'")
            }
            record = records.reference(record, name)
        }
        guard record != .none, let entity = records.schema.entity(record.entity) else { return comparison == .isEmpty }
        guard let id = entity.attributeID(last) else {
            throw Flaw(reason: "\(entity.name) has no attribute '\(last)'")
        }
        let value = records.value(record, last)
        switch comparison {
        case .isEmpty: return value == .null
        case .isFilled: return value != .null
        default: return try holds(value, entity[id].type, &texts, records)
        }
    }

    private func holds(
        _ value: Value,
        _ type: AttributeType,
        _ texts: inout FoldedTexts,
        _ records: Records
    ) throws(Flaw) -> Bool {
        switch type {
        case .text, .memo, .autoNumber:
            return try textHolds(value, &texts)
        case .integer, .decimal, .money:
            let wanted = try read(Decimal64(declared: words)).scaled
            switch value {
            case .integer(let number): return try orderHolds(Decimal64(units: number, scale: 0).scaled, wanted)
            case .decimal(let number): return try orderHolds(number.scaled, wanted)
            default: return false
            }
        case .date:
            let wanted = try read(CalendarText.date(words))
            if case .date(let days) = value { return try orderHolds(days, wanted) }
            return false
        case .instant:
            let wanted = try read(CalendarText.instant(words))
            if case .instant(let moment) = value { return try orderHolds(moment, wanted) }
            return false
        case .boolean:
            let wanted = try read(["yes": true, "no": false][words])
            if case .boolean(let truth) = value { return try equalityHolds(truth == wanted) }
            return false
        case .option(let set), .state(let set), .status(let set):
            let wanted = try read(Int32(words) ?? records.schema.option(labelled: words, in: set))
            if case .option(let option) = value { return try equalityHolds(option == wanted) }
            return false
        case .lookup:
            guard case .reference(let id) = value else { return false }
            if let wanted = records.schema.recordID(words) { return try equalityHolds(id == wanted) }
            return try equalityHolds(Self.folded(records.name(id)) == Self.folded(words))
        default:
            throw Flaw(reason: "'\(path)' is of a kind that has no conditions")
        }
    }

    private func read<T>(_ value: T?) throws(Flaw) -> T {
        guard let value else { throw Flaw(reason: "'\(words)' is no value of '\(path)'") }
        return value
    }

    private func orderHolds<T: Comparable>(_ value: T, _ wanted: T) throws(Flaw) -> Bool {
        switch comparison {
        case .greater: value > wanted
        case .less: value < wanted
        case .greaterOrEqual: value >= wanted
        case .lessOrEqual: value <= wanted
        default: try equalityHolds(value == wanted)
        }
    }

    private func equalityHolds(_ isEqual: Bool) throws(Flaw) -> Bool {
        switch comparison {
        case .equal: isEqual
        case .notEqual: !isEqual
        default: throw Flaw(reason: "'\(path)' is not compared so")
        }
    }

    private func textHolds(_ value: Value, _ texts: inout FoldedTexts) throws(Flaw) -> Bool {
        guard case .text(let text) = value else { return false }
        let present = texts[path] ?? Self.folded(text)
        texts[path] = present
        let wanted = Self.folded(words)
        switch comparison {
        case .contains: return Self.isPart(wanted, of: present)
        case .beginsWith: return present.starts(with: wanted)
        default: return try equalityHolds(present == wanted)
        }
    }

    /// Whether a text holds another one: O(length), as Knuth, Morris and Pratt look.
    private static func isPart(_ wanted: [UInt8], of text: [UInt8]) -> Bool {
        guard !wanted.isEmpty else { return true }
        // For each beginning of what is looked for, the length of the longest shorter one with which it ends.
        var borders = [0]
        func length(_ byte: UInt8, behind matched: Int) -> Int {
            var matched = matched
            while matched > 0, wanted[matched] != byte { matched = borders[matched - 1] }
            return wanted[matched] == byte ? matched + 1 : 0
        }
        for byte in wanted.dropFirst() {
            let border = length(byte, behind: borders[borders.count - 1])
            borders.append(border)
        }
        var matched = 0
        for byte in text {
            matched = length(byte, behind: matched)
            if matched == wanted.count { return true }
        }
        return false
    }

    private static func folded(_ text: String) -> [UInt8] {
        var text = text
        var folded: [UInt8] = []
        text.withUTF8 { Collation.fold($0, into: &folded) }
        return folded
    }
}

extension Decimal64 {
    /// In units of the 18th digit, the finest that is read: below 2^63 × 10^18, which 128 bits hold.
    fileprivate var scaled: Int128 { Int128(units) * Int128(Decimal64.powersOfTen[18 - Int(scale)]) }
}
