// How literals and parameters become values of the type that they are compared with.

extension Value {
    /// What the value is when nothing says otherwise.
    var naturalType: QueryType {
        switch self {
        case .null: .null
        case .boolean: .boolean
        case .integer, .option: .integer
        case .decimal(let decimal): .decimal(scale: decimal.scale)
        case .double: .double
        case .date: .date
        case .instant: .instant
        case .reference: .id
        case .text: .text(.general)
        }
    }
}

/// Converts constants under one schema.
struct Coercion {
    let schema: Schema

    /// The constant as a value of `type`; numbers keep their own numeric type. Throws when it cannot be one: a label that
    /// the option set does not have, a text that is no date.
    func constant(_ value: Value, as type: QueryType, at location: SourceLocation) throws(QueryError) -> Bound {
        switch (value, type) {
        case (.null, _): return Bound(.null, type)
        case (.text(let text), _): return try constant(text: text, as: type, at: location)
        case (.boolean(let truth), .boolean): return .constant(truth)
        case (.integer(let number), .boolean) where number == 0 || number == 1: return .constant(number == 1)
        case (.integer(let number), .option), (.integer(let number), .integer): return Bound(.number(number), .integer)
        case (.option(let number), .option), (.option(let number), .integer):
            return Bound(.number(Int64(number)), .integer)
        case (.integer(let number), .decimal), (.integer(let number), .double): return Bound(.number(number), .integer)
        case (.decimal(let decimal), _) where type.isNumber && decimal.scale <= 18:
            return Bound(.number(decimal.units), .decimal(scale: decimal.scale))
        case (.double(let real), _) where type.isNumber && real.isFinite: return Bound(.real(real), .double)
        case (.date(let days), .date): return Bound(.number(Int64(days)), .date)
        case (.date(let days), .instant):
            // Which moment that is, the execution's time zone says.
            return Bound(.startOfDay(Bound(.number(Int64(days)), .date)), .instant)
        case (.instant(let microseconds), .instant): return Bound(.number(microseconds), .instant)
        case (.reference(let id), .id): return Bound(.number(Int64(bitPattern: id.rawValue)), .id)
        case (_, .null): return try constant(value, as: value.naturalType, at: location)
        default:
            throw QueryError(.type, "\(value.naturalType.name) stands where \(type.name) is expected", at: location)
        }
    }

    private func constant(text: String, as type: QueryType, at location: SourceLocation) throws(QueryError) -> Bound {
        switch type {
        case .text: return Bound(.text(TextConstant(text)), type)
        case .null: return Bound(.text(TextConstant(text)), .text(.general))
        case .date:
            guard let days = CalendarText.date(text) else {
                throw QueryError(.type, "'\(text.shortened)' is no date: write '2024-12-31'", at: location)
            }
            return Bound(.number(Int64(days)), .date)
        case .instant:
            guard let microseconds = CalendarText.instant(text) else {
                throw QueryError(
                    .type,
                    "'\(text.shortened)' is no moment: write '2024-12-31' or '2024-12-31T23:59:59Z'",
                    at: location
                )
            }
            return Bound(.number(microseconds), .instant)
        case .option(let set):
            return Bound(.number(Int64(try option(text, in: schema[set], at: location))), .integer)
        case .boolean:
            switch text.lowercased() {
            case "yes", "true": return .constant(true)
            case "no", "false": return .constant(false)
            default: throw QueryError(.type, "'\(text.shortened)' is neither 'yes' nor 'no'", at: location)
            }
        case .id:
            guard let id = schema.recordID(text) else {
                throw QueryError(
                    .type,
                    "'\(text.shortened)' is no record id: write entity and code, like 'account/7K3M'",
                    at: location
                )
            }
            return Bound(.number(Int64(bitPattern: id.rawValue)), .id)
        case .integer, .decimal, .double:
            throw QueryError(
                .type,
                "the text '\(text.shortened)' stands where \(type.name) is expected: write it without quotes",
                at: location
            )
        }
    }

    /// The number of a label, compared under the collation.
    private func option(_ label: String, in set: OptionSet, at location: SourceLocation) throws(QueryError) -> Int32 {
        let wanted = TextConstant(label)
        for option in set.choices where TextConstant.compare(TextConstant(option.label), wanted) == 0 {
            return option.value
        }
        let labels = set.choices.map(\.label)
        let shown = labels.prefix(12).map { "'\($0)'" }.joined(separator: ", ") + (labels.count > 12 ? ", …" : "")
        let near = nearestName(to: label.lowercased(), among: labels.map { $0.lowercased() })
        throw QueryError(
            .unknownName,
            "\(set.name) has no '\(label.shortened)'; it has \(shown)",
            at: location,
            suggestion: near.flatMap { near in labels.first { $0.lowercased() == near } }.map { "'\($0)'" }
        )
    }
}

extension String {
    /// At most 60 characters, for messages.
    package var shortened: String { unicodeScalars.count <= 60 ? self : String(unicodeScalars.prefix(60)) + "…" }
}
