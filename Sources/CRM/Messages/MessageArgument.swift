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

    /// A text; nil where it is not given.
    package static func text(
        _ number: UInt16,
        _ name: String,
        _ path: WritableKeyPath<M, String?> & Sendable,
        lengthBytesMax: Int,
        isRequired: Bool = false,
        _ summary: String
    ) -> Self {
        Self(number, name, .text(lengthBytesMax: lengthBytesMax), isRequired: isRequired, summary) { message in
            message[keyPath: path].map(Value.text) ?? .null
        } set: { message, value in
            guard case .text(let text) = value, text.utf8.count <= lengthBytesMax else { return false }
            message[keyPath: path] = text
            return true
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
        Self(number, name, .decimal, isRequired: isRequired, summary) { message in
            message[keyPath: path].map(Value.decimal) ?? .null
        } set: { message, value in
            switch value {
            case .decimal(let decimal): message[keyPath: path] = decimal
            case .integer(let number): message[keyPath: path] = Decimal64(units: number, scale: 0)
            default: return false
            }
            return true
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
        Self(number, name, .integer(range), isRequired: isRequired, summary) { message in
            message[keyPath: path].map(Value.integer) ?? .null
        } set: { message, value in
            guard case .integer(let number) = value, range.contains(number) else { return false }
            message[keyPath: path] = number
            return true
        }
    }

    /// A date: days since 1970-01-01.
    package static func date(
        _ number: UInt16,
        _ name: String,
        _ path: WritableKeyPath<M, Int32?> & Sendable,
        isRequired: Bool = false,
        _ summary: String
    ) -> Self {
        Self(number, name, .date, isRequired: isRequired, summary) { message in
            message[keyPath: path].map(Value.date) ?? .null
        } set: { message, value in
            guard case .date(let days) = value else { return false }
            message[keyPath: path] = days
            return true
        }
    }

    /// A moment: microseconds since 1970-01-01T00:00:00Z.
    package static func instant(
        _ number: UInt16,
        _ name: String,
        _ path: WritableKeyPath<M, Int64?> & Sendable,
        isRequired: Bool = false,
        _ summary: String
    ) -> Self {
        Self(number, name, .instant, isRequired: isRequired, summary) { message in
            message[keyPath: path].map(Value.instant) ?? .null
        } set: { message, value in
            guard case .instant(let microseconds) = value else { return false }
            message[keyPath: path] = microseconds
            return true
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
        Self(
            number,
            name,
            .option(entity: entity, attribute: attribute),
            isRequired: isRequired,
            summary
        ) { message in
            message[keyPath: path].map(Value.option) ?? .null
        } set: { message, value in
            guard case .option(let option) = value else { return false }
            message[keyPath: path] = option
            return true
        }
    }
}
