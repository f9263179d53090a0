// What a message can be given beside its record: a name, a type, and the property of the request that holds it.

import Engine

/// What an argument may hold.
public enum ArgumentType: Sendable, Hashable {
    /// Yes or no; no where it is not given.
    case flag
    /// A record of one of these entities; of any where the list is empty.
    case record(entities: [String])
    /// A text of at most so many bytes.
    case text(lengthBytesMax: Int)
    /// An amount of money, or another decimal number.
    case decimal
    /// A whole number within bounds.
    case integer(ClosedRange<Int64>)
    /// A calendar date.
    case date
    /// A moment.
    case instant
    /// An option by the number or the label that the attribute has: `opportunity`, `statuscode`.
    case option(entity: String, attribute: String)

    /// What is expected, for refusals and help.
    public var described: String {
        switch self {
        case .flag: "yes or no"
        case .record(let entities): entities.isEmpty ? "a record" : "a record (\(entities.joined(separator: ", ")))"
        case .text(let length): "a text of at most \(length) bytes"
        case .decimal: "a number"
        case .integer(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .date: "a date"
        case .instant: "a moment"
        case .option(let entity, let attribute): "an option of \(entity).\(attribute)"
        }
    }

    /// What is expected, with the bounds that all values of a type have.
    var bounded: String {
        switch self {
        case .date, .instant: described + " in the years 1 to 9999"
        default: described
        }
    }

    /// The first and the last day that is taken, as of attributes: days since 1970-01-01.
    static let days: ClosedRange<Int32> = -719_162...2_932_896
    /// From the first to the last moment of those days: microseconds since 1970-01-01T00:00:00Z.
    static let moments: ClosedRange<Int64> =
        Int64(days.lowerBound) * 86_400_000_000...(Int64(days.upperBound) + 1) * 86_400_000_000 - 1
}

/// An argument as people and programs see it.
public struct ArgumentHead: Sendable, Hashable {
    /// Number on the wire, unique within the message; 0 is the record that it is about.
    public let number: UInt16
    /// Name in Swift and, with two hyphens, on the command line.
    public let name: String
    /// What it may hold.
    public let type: ArgumentType
    /// Whether the message makes no sense without.
    public let isRequired: Bool
    /// What it is for, in a sentence.
    public let summary: String

    /// The argument in a sentence.
    var shown: String { number == 0 ? "The record" : "--\(name)" }
}

/// An argument with the property that holds it.
public struct MessageArgument<M: Message>: Sendable {
    let head: ArgumentHead
    /// The value, `.null` where it is not given.
    let get: @Sendable (M) -> Value
    /// Sets it; false when the value is of another type or too large.
    let set: @Sendable (inout M, Value) -> Bool

    private init(
        _ number: UInt16,
        _ name: String,
        _ type: ArgumentType,
        isRequired: Bool,
        _ summary: String,
        get: @escaping @Sendable (M) -> Value,
        set: @escaping @Sendable (inout M, Value) -> Bool
    ) {
        head = ArgumentHead(number: number, name: name, type: type, isRequired: isRequired, summary: summary)
        (self.get, self.set) = (get, set)
    }

    /// Yes or no.
    package static func flag(
        _ number: UInt16,
        _ name: String,
        _ path: WritableKeyPath<M, Bool> & Sendable,
        _ summary: String
    ) -> Self {
        Self(number, name, .flag, isRequired: false, summary) { message in
            message[keyPath: path] ? .boolean(true) : .null
        } set: { message, value in
            guard case .boolean(let isTrue) = value else { return false }
            message[keyPath: path] = isTrue
            return true
        }
    }

    /// A record; `.none` where it is not given.
    package static func record(
        _ number: UInt16,
        _ name: String,
        _ path: WritableKeyPath<M, RecordID> & Sendable,
        to entities: [String] = [],
        isRequired: Bool = false,
        _ summary: String
    ) -> Self {
        Self(number, name, .record(entities: entities), isRequired: isRequired, summary) { message in
            message[keyPath: path] == .none ? .null : .reference(message[keyPath: path])
        } set: { message, value in
            guard case .reference(let id) = value else { return false }
            message[keyPath: path] = id
            return true
        }
    }

    /// An argument whose property is nil where it is not given.
    private static func optional<T>(
        _ number: UInt16,
        _ name: String,
        _ type: ArgumentType,
        _ path: WritableKeyPath<M, T?> & Sendable,
        isRequired: Bool,
        _ summary: String,
        value: @escaping @Sendable (T) -> Value,
        read: @escaping @Sendable (Value) -> T?
    ) -> Self {
        Self(number, name, type, isRequired: isRequired, summary) { message in
            message[keyPath: path].map(value) ?? .null
        } set: { message, given in
            guard let read = read(given) else { return false }
            message[keyPath: path] = read
            return true
        }
    }

    /// A text; nil where it is not given.
    package static func text(
        _ number: UInt16,
        _ name: String,
        _ path: WritableKeyPath<M, String?> & Sendable,
        lengthBytesMax: Int,
        isRequired: Bool = false,
        _ summary: String
    ) -> Self {
        let type = ArgumentType.text(lengthBytesMax: lengthBytesMax)
        return optional(number, name, type, path, isRequired: isRequired, summary, value: Value.text) {
            if case .text(let text) = $0, text.utf8.count <= lengthBytesMax { text } else { nil }
        }
    }

    /// A decimal number.
    package static func decimal(
        _ number: UInt16,
        _ name: String,
        _ path: WritableKeyPath<M, Decimal64?> & Sendable,
        isRequired: Bool = false,
        _ summary: String
    ) -> Self {
        optional(number, name, .decimal, path, isRequired: isRequired, summary, value: Value.decimal) {
            switch $0 {
            case .decimal(let decimal): decimal
            case .integer(let number): Decimal64(units: number, scale: 0)
            default: nil
            }
        }
    }

    /// A whole number.
    package static func integer(
        _ number: UInt16,
        _ name: String,
        _ path: WritableKeyPath<M, Int64?> & Sendable,
        _ range: ClosedRange<Int64>,
        isRequired: Bool = false,
        _ summary: String
    ) -> Self {
        optional(number, name, .integer(range), path, isRequired: isRequired, summary, value: Value.integer) {
            if case .integer(let number) = $0, range.contains(number) { number } else { nil }
        }
    }

    /// A date in the years 1 to 9999: days since 1970-01-01.
    package static func date(
        _ number: UInt16,
        _ name: String,
        _ path: WritableKeyPath<M, Int32?> & Sendable,
        isRequired: Bool = false,
        _ summary: String
    ) -> Self {
        optional(number, name, .date, path, isRequired: isRequired, summary, value: Value.date) {
            if case .date(let days) = $0, ArgumentType.days.contains(days) { days } else { nil }
        }
    }

    /// A moment in the years 1 to 9999: microseconds since 1970-01-01T00:00:00Z.
    package static func instant(
        _ number: UInt16,
        _ name: String,
        _ path: WritableKeyPath<M, Int64?> & Sendable,
        isRequired: Bool = false,
        _ summary: String
    ) -> Self {
        optional(number, name, .instant, path, isRequired: isRequired, summary, value: Value.instant) {
            if case .instant(let moment) = $0, ArgumentType.moments.contains(moment) { moment } else { nil }
        }
    }

    /// An option of an attribute, by number. Labels are turned into numbers by whoever knows the schema.
    package static func option(
        _ number: UInt16,
        _ name: String,
        _ path: WritableKeyPath<M, Int32?> & Sendable,
        of entity: String,
        _ attribute: String,
        isRequired: Bool = false,
        _ summary: String
    ) -> Self {
        let type = ArgumentType.option(entity: entity, attribute: attribute)
        return optional(number, name, type, path, isRequired: isRequired, summary, value: Value.option) {
            if case .option(let option) = $0 { option } else { nil }
        }
    }
}
