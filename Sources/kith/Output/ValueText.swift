// Values as text, the same in every format: exact decimals, ISO 8601 dates and moments, ids with their entity.

import Engine

extension Decimal64 {
    /// All digits that say something: `1234.5`, `10`. Without a detour over binary numbers.
    var shortText: String { text(decimals: neededDecimals) }

    /// Digits behind the point that are not trailing zeros.
    var neededDecimals: Int {
        var units = units
        var scale = Int(scale)
        while scale > 0, units % 10 == 0 {
            units /= 10
            scale -= 1
        }
        return scale
    }

    /// With so many digits behind the point; at least those needed.
    func text(decimals: Int) -> String {
        let all = description
        let surplus = Int(scale) - max(decimals, neededDecimals)
        if surplus <= 0 { return all }
        let kept = all.dropLast(surplus)
        return String(kept.last == "." ? kept.dropLast() : kept)
    }
}

extension Value {
    /// The value in table and CSV; nil for null.
    func text(_ schema: Schema) -> String? {
        switch self {
        case .null: nil
        case .boolean(let isTrue): isTrue ? "true" : "false"
        case .integer(let number): String(number)
        case .decimal(let decimal): decimal.shortText
        case .option(let number): String(number)
        case .date(let days): CalendarText.text(days: days)
        case .instant(let microseconds): CalendarText.text(microseconds: microseconds)
        case .reference(let id): schema.text(of: id)
        case .text(let text): text
        case .double(let number): number.description
        }
    }
}

extension QueryType {
    /// Whether values are aligned at the right.
    var isRightAligned: Bool { isNumber || isOption }

    private var isOption: Bool { if case .option = self { true } else { false } }
}
