// A message in the words of `kith do`:
//
//   qualify lead/7K3 --account --contact --topic 'Rollout in Berne'
//
// Verb, record, then arguments as `--name value` or `--name=value`; a flag has no value. Quotes, single or double, hold words
// together; inside, a backslash takes the next character as it is.

import Engine

/// Why a text is no message, in words for people.
public struct MessageTextError: Error, CustomStringConvertible, Hashable {
    /// What is wrong, where, and what would be right.
    public let description: String

    package init(_ description: String) { self.description = description }
}

extension MessageRequest {
    /// Reads a message as people write it: `win opportunity/7K3 --value 5000`. `named` gives the ids of records that the text
    /// names without a code.
    public init(
        _ text: String,
        in schema: Schema,
        named: [String: RecordID] = [:]
    ) throws(MessageTextError) {
        try self.init(words: try MessageRequest.words(of: text), in: schema, named: named)
    }

    /// Reads a message whose words are apart already.
    public init(
        words: [String],
        in schema: Schema,
        named: [String: RecordID] = [:]
    ) throws(MessageTextError) {
        guard let verb = words.first else { throw MessageTextError("the message is empty: write a verb and a record") }
        let verbs = Set(Messages.heads.map(\.verb))
        guard verbs.contains(verb) else {
            throw MessageTextError(
                "there is no message '\(verb)'\(MessageRequest.hint(verb, verbs.sorted(), "there are"))"
            )
        }
        guard words.count > 1, !words[1].hasPrefix("--") else {
            throw MessageTextError(
                "'\(verb)' needs the record that it is about: \(verb) \(MessageRequest.example(verb))"
            )
        }
        let reader = ValueReader(schema: schema, named: named)
        let record = try reader.record(words[1], "the record")
        guard let entity = schema.entity(record.entity), let head = Messages.head(verb, for: entity) else {
            let heads = Messages.heads.filter { $0.verb == verb }
            throw MessageTextError(Messages.notFor(record, verb, heads, schema))
        }
        self.init(number: head.number)
        arguments = [Argument(number: 0, value: .reference(record))]
        var rest = words.dropFirst(2)
        while let word = rest.popFirst() {
            let (name, attached) = try MessageRequest.option(word)
            guard let argument = head.arguments.first(where: { $0.name == name }) else {
                let names = head.arguments.map(\.name)
                throw MessageTextError(
                    "'\(verb)' has no argument --\(name)\(MessageRequest.hint(name, names, "it has", prefix: "--"))"
                )
            }
            guard !arguments.contains(where: { $0.number == argument.number }) else {
                throw MessageTextError("--\(name) is given twice")
            }
            if argument.type == .flag {
                guard attached == nil else { throw MessageTextError("--\(name) takes no value") }
                arguments.append(Argument(number: argument.number, value: .boolean(true)))
                continue
            }
            guard let text = attached ?? rest.popFirst() else {
                throw MessageTextError("--\(name) needs a value: \(argument.type.described)")
            }
            arguments.append(Argument(number: argument.number, value: try reader.value(text, argument)))
        }
        for argument in head.arguments where argument.isRequired {
            guard arguments.contains(where: { $0.number == argument.number }) else {
                throw MessageTextError("'\(verb)' needs --\(argument.name): \(argument.type.described)")
            }
        }
    }

    /// `--name` or `--name=value`.
    private static func option(_ word: String) throws(MessageTextError) -> (name: String, value: String?) {
        guard word.hasPrefix("--") else {
            throw MessageTextError(
                "'\(word)' stands alone: arguments are --name value, and texts with blanks need quotes"
            )
        }
        let body = word.dropFirst(2)
        guard let equals = body.firstIndex(of: "=") else { return (String(body), nil) }
        return (String(body[..<equals]), String(body[body.index(after: equals)...]))
    }

    /// The nearest of the names, or all of them.
    private static func hint(_ word: String, _ names: [String], _ lead: String, prefix: String = "") -> String {
        if let nearest = nearestName(to: word, among: names) { return "; did you mean '\(prefix)\(nearest)'?" }
        return names.isEmpty ? "" : "; \(lead) \(names.map { prefix + $0 }.joined(separator: ", "))"
    }

    private static func example(_ verb: String) -> String {
        let entity = Messages.heads.first { $0.verb == verb }?.targets.first?.entity ?? "account"
        return "\(["*", "**"].contains(entity) ? "account" : entity)/…"
    }

    /// Cuts a text at blanks outside quotes.
    package static func words(of text: String) throws(MessageTextError) -> [String] {
        var words: [String] = []
        var word = ""
        var isWord = false
        var quote: Character?
        var characters = text[...]
        while let character = characters.popFirst() {
            if character == "\\", quote != nil {
                guard let next = characters.popFirst() else { break }
                word.append(next)
            } else if character == quote {
                quote = nil
            } else if quote == nil, character == "'" || character == "\"" {
                quote = character
                isWord = true
            } else if quote == nil, character.isWhitespace {
                if isWord { words.append(word) }
                (word, isWord) = ("", false)
            } else {
                word.append(character)
                isWord = true
            }
        }
        guard quote == nil else { throw MessageTextError("a closing quotation mark is missing") }
        if isWord { words.append(word) }
        return words
    }
}

/// Reads values as people write them.
private struct ValueReader {
    let schema: Schema
    let named: [String: RecordID]

    func value(_ text: String, _ argument: ArgumentHead) throws(MessageTextError) -> Value {
        let read: Value? =
            switch argument.type {
            case .flag: nil
            case .record: .reference(try record(text, "--\(argument.name)"))
            case .text(let lengthBytesMax): text.utf8.count <= lengthBytesMax ? .text(text) : nil
            case .decimal: Decimal64(declared: text).map(Value.decimal)
            case .integer(let range): Int64(text).flatMap { range.contains($0) ? .integer($0) : nil }
            case .date: CalendarText.date(text).map(Value.date)
            case .instant: CalendarText.instant(text).map(Value.instant)
            case .option(let entity, let attribute): try option(text, entity, attribute, argument.name)
            }
        guard let read else {
            throw MessageTextError("--\(argument.name): '\(text)' given where \(argument.type.described) is expected")
        }
        return read
    }

    func record(_ text: String, _ place: String) throws(MessageTextError) -> RecordID {
        if let id = named[text] ?? schema.recordID(text) { return id }
        throw MessageTextError(
            "\(place): '\(text)' is no record; write its entity and code, as queries print them: account/7K3"
        )
    }

    private func option(
        _ text: String,
        _ entity: String,
        _ attribute: String,
        _ argument: String
    ) throws(MessageTextError) -> Value? {
        guard let declared = schema.standardEntity(named: entity),
            let set = declared.attributeID(attribute).flatMap({ declared[$0].type.optionSet })
        else { return nil }
        if let number = Int32(text) { return .option(number) }
        if let number = schema.option(labelled: text, in: set) { return .option(number) }
        let labels = schema[set].choices.map(\.label)
        let nearest = nearestName(to: text, among: labels).map { "did you mean '\($0)'?" }
        throw MessageTextError(
            "--\(argument): there is no option '\(text)' of \(entity).\(attribute); "
                + (nearest ?? "there are \(labels.joined(separator: ", "))")
        )
    }
}
