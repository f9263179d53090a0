// Values as text, the same in every format: exact decimals, ISO 8601 dates and moments, ids with their entity.

extension Decimal64 {
    /// All digits that say something: `1234.5`, `10`. Without a detour over binary numbers.
    package var shortText: String { text(decimals: neededDecimals) }

    /// Digits behind the point that are not trailing zeros.
    package var neededDecimals: Int {
        var units = units
        var scale = Int(scale)
        while scale > 0, units % 10 == 0 {
            units /= 10
            scale -= 1
        }
        return scale
    }

    /// With so many digits behind the point; at least those needed.
    package func text(decimals: Int) -> String {
        let all = description
        let surplus = Int(scale) - max(decimals, neededDecimals)
        if surplus <= 0 { return all }
        let kept = all.dropLast(surplus)
        return String(kept.last == "." ? kept.dropLast() : kept)
    }
}

extension Value {
    /// The value as text; nil for null. `schema` gives the entities' names in ids.
    public func text(in schema: Schema) -> String? {
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
