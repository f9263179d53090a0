// How one condition of a duplicate rule compares two values. docs/duplicates.md says it for people.
//
// Guarantees
// - A value is first brought into a form (`DuplicateForms`); two values are compared by their forms alone. A value without a form, as
//   an empty one, is like nothing, not even like another empty one.
// - Every comparison is symmetric.
// - An *anchor* is a comparison whose values are alike only where a part of their forms, the key, is the same. Records that are alike
//   under an anchor are found by sorting, without comparing each with each.

import Engine

/// How two values are compared.
public enum DuplicateComparison: Hashable, Sendable {
    /// The same value; of texts, as `=` in a query, blanks at their ends aside.
    case same
    /// The same first characters of the words, so many of them; a shorter text is compared whole.
    case firstCharacters(Int)
    /// The same last characters.
    case lastCharacters(Int)
    /// The same words, in any order.
    case sameWords
    /// The same words in any order, without the legal forms of companies.
    case sameCompany
    /// The same telephone number, however it is written.
    case samePhone
    /// The same host of e-mail or web addresses, unless it is one that everybody can have an address at.
    case sameDomain
    /// The same words in the same order but for a few wrong letters.
    case similar
    /// The same day, or one that is a slip away: a wrong digit, two neighbouring ones swapped, day and month swapped.
    case similarDate

    /// Characters that `firstCharacters` and `lastCharacters` may take.
    public static let characterCounts = 1...100

    /// The number of the operator, as `duplicaterulecondition.operatorcode` has it: Dynamics' up to 99, Kith's own from 100.
    public var operatorCode: Int32 {
        switch self {
        case .same: 0
        case .firstCharacters: 1
        case .lastCharacters: 2
        case .sameWords: 100
        case .sameCompany: 101
        case .samePhone: 102
        case .sameDomain: 103
        case .similar: 104
        case .similarDate: 105
        }
    }

    /// The comparison that an operator and its parameter say; nil where there is no such operator, where it has a parameter that it does
    /// not take, or not the one that it needs.
    public init?(operatorCode: Int32, parameter: Int64?) {
        if operatorCode == 1 || operatorCode == 2 {
            guard let count = parameter.flatMap(Int.init(exactly:)), Self.characterCounts.contains(count) else {
                return nil
            }
            self = operatorCode == 1 ? .firstCharacters(count) : .lastCharacters(count)
            return
        }
        let plain: [DuplicateComparison] = [
            .same, .sameWords, .sameCompany, .samePhone, .sameDomain, .similar, .similarDate,
        ]
        guard parameter == nil, let found = plain.first(where: { $0.operatorCode == operatorCode }) else { return nil }
        self = found
    }

    /// Whether records that are alike can be found by a key.
    public var isAnchor: Bool {
        switch self {
        case .similar, .similarDate: false
        default: true
        }
    }

    /// Whether values of a type can be compared so.
    func takes(_ type: AttributeType) -> Bool {
        switch type {
        case .calculated(_, let result): takes(result)
        case .text, .autoNumber: self != .similarDate
        case .date, .instant: self == .same || self == .similarDate
        case .integer, .decimal, .money, .boolean, .option, .state, .status, .lookup: self == .same
        case .memo, .identifier, .version, .options, .exchangeRate, .rollUp, .file, .partyList: false
        }
    }

    /// In the middle of a sentence: `lastname similar`.
    public var described: String {
        switch self {
        case .same: "same"
        case .firstCharacters(let count): "first \(count) characters same"
        case .lastCharacters(let count): "last \(count) characters same"
        case .sameWords: "same words"
        case .sameCompany: "same company name"
        case .samePhone: "same phone number"
        case .sameDomain: "same domain"
        case .similar: "similar"
        case .similarDate: "similar date"
        }
    }
}
