// From a document to a schema file: what `kith schema export` writes. Read again it gives the same document, but for places.
//
// An attribute stands in one line unless it has options of its own; everything else has a line of its own, so that a change
// is a short difference in git.

import Engine

extension SchemaDocument {
    /// The document as a schema file. Deterministic: equal documents give equal bytes.
    public var yaml: String {
        var writer = SchemaWriter()
        writer.write(self)
        return writer.text
    }
}

private struct SchemaWriter {
    var text = ""

    private mutating func line(_ depth: Int, _ content: String) {
        text += String(repeating: "  ", count: depth) + content + "\n"
    }

    mutating func write(_ document: SchemaDocument) {
        if !document.optionSets.isEmpty {
            line(0, "optionsets:")
            for set in document.optionSets {
                line(1, "\(YAMLScalar.text(set.name)):")
                if let word = Self.word(set.deletion) { line(2, "delete: \(word)") }
                write(set.options, depth: 2)
            }
        }
        if !document.entities.isEmpty { line(0, "entities:") }
        for entity in document.entities { write(entity) }
        if !document.views.isEmpty { line(0, "views:") }
        for view in document.views { write(view) }
    }

    private static func word(_ deletion: Deletion) -> String? {
        switch deletion {
        case .none: nil
        case .unused: "yes"
        case .withData: "with data"
        }
    }

    private mutating func write(_ options: [OptionDeclaration], depth: Int) {
        for option in options {
            if option.isDeleted {
                line(depth, "\(option.value): {delete: yes}")
            } else {
                line(depth, "\(option.value): \(option.label.map { YAMLScalar.text($0) } ?? "{}")")
            }
        }
    }

    private mutating func write(_ entity: EntityDeclaration) {
        line(1, "\(YAMLScalar.text(entity.name)):")
        if let word = Self.word(entity.deletion) { line(2, "delete: \(word)") }
        if let label = entity.label { line(2, "label: \(YAMLScalar.text(label))") }
        if let ownership = entity.ownership { line(2, "owner: \(ownership == .user ? "user" : "organisation")") }
        if let identifier = entity.identifier { line(2, "id: \(YAMLScalar.text(identifier))") }
        if let name = entity.primaryName { line(2, "primary: \(YAMLScalar.text(name))") }
        if !entity.pairedEntities.isEmpty { line(2, "between: \(YAMLScalar.list(entity.pairedEntities))") }
        if !entity.attributes.isEmpty { line(2, "attributes:") }
        for attribute in entity.attributes { write(attribute) }
        if !entity.keys.isEmpty { line(2, "keys:") }
        for key in entity.keys {
            line(
                3,
                "\(YAMLScalar.text(key.name)): \(key.isDeleted ? "{delete: yes}" : YAMLScalar.list(key.attributes))"
            )
        }
        if !entity.indexes.isEmpty { line(2, "indexes:") }
        for index in entity.indexes {
            line(
                3,
                "\(YAMLScalar.text(index.name)): "
                    + (index.isDeleted ? "{delete: yes}" : YAMLScalar.list(index.attributes))
            )
        }
        if !entity.states.isEmpty { line(2, "states:") }
        for state in entity.states {
            line(3, "\(state.state.value):")
            if state.state.isDeleted { line(4, "delete: yes") }
            if let label = state.state.label { line(4, "label: \(YAMLScalar.text(label))") }
            if !state.statuses.isEmpty { line(4, "statuses:") }
            write(state.statuses, depth: 5)
        }
        guard let transitions = entity.transitions else { return }
        line(2, transitions.isEmpty ? "transitions: {}" : "transitions:")
        for transition in transitions {
            line(3, "\(YAMLScalar.text(transition.from)): \(YAMLScalar.list(transition.to))")
        }
    }

    private mutating func write(_ attribute: AttributeDeclaration) {
        var fields: [(String, String)] = []
        func add(_ name: String, _ text: String?) { if let text { fields.append((name, text)) } }
        add("delete", Self.word(attribute.deletion))
        add("type", attribute.form)
        for (parameter, texts) in attribute.parameters.sorted(by: { $0.key < $1.key }) {
            add(parameter.name, texts.count == 1 ? YAMLScalar.text(texts[0], inFlow: true) : YAMLScalar.list(texts))
        }
        add("label", attribute.label.map { YAMLScalar.text($0, inFlow: true) })
        let word = { (flag: Bool?) in flag.map { $0 ? "yes" : "no" } }
        add("required", word(attribute.isRequired))
        add("ordered", word(attribute.isOrdered))
        add("searched", word(attribute.isSearched))
        add("hierarchy", word(attribute.isHierarchy))
        add("default", attribute.defaultText.map { YAMLScalar.text($0, inFlow: true) })
        let behaviours = attribute.behaviours.sorted { $0.key < $1.key }.map { action, text in
            "\(action): \(YAMLScalar.text(text, inFlow: true))"
        }
        if !behaviours.isEmpty { add("behaviours", "{\(behaviours.joined(separator: ", "))}") }
        let name = YAMLScalar.text(attribute.name)
        if attribute.options.isEmpty {
            return line(3, "\(name): {\(fields.map { "\($0): \($1)" }.joined(separator: ", "))}")
        }
        line(3, "\(name):")
        for (name, text) in fields { line(4, "\(name): \(text)") }
        line(4, "options:")
        write(attribute.options, depth: 5)
    }

    private mutating func write(_ view: ViewDeclaration) {
        line(1, "\(YAMLScalar.text(view.name)):")
        if view.isDeleted { line(2, "delete: yes") }
        if let entity = view.entity { line(2, "entity: \(YAMLScalar.text(entity))") }
        guard let query = view.query else { return }
        guard YAMLScalar.isBlock(query) else { return line(2, "query: \(YAMLScalar.text(query))") }
        line(2, "query: |-")
        for part in query.split(separator: "\n", omittingEmptySubsequences: false) {
            if part.isEmpty { text += "\n" } else { line(3, String(part)) }
        }
    }
}

/// How a text is written so that it is read as the same text.
enum YAMLScalar {
    static func list(_ texts: [String]) -> String {
        "[\(texts.map { text($0, inFlow: true) }.joined(separator: ", "))]"
    }

    /// As it is where that is safe, else in single quotes, or in double quotes where it has characters to be escaped.
    static func text(_ text: String, inFlow: Bool = false) -> String {
        if isPlain(text, inFlow) { return text }
        if text.unicodeScalars.allSatisfy(isPrintable) {
            return "'\(text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''"))'"
        }
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            case _ where isPrintable(scalar): quoted.unicodeScalars.append(scalar)
            default:
                let digits = String(scalar.value, radix: 16, uppercase: true)
                quoted += "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
            }
        }
        return quoted + "\""
    }

    /// Whether the text can stand as a block of lines.
    static func isBlock(_ text: String) -> Bool {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        return lines.count > 1 && lines.first?.first != " " && lines.first?.isEmpty == false
            && lines.last?.isEmpty == false
            && text.unicodeScalars.allSatisfy { isPrintable($0) || $0 == "\n" }
            && lines.allSatisfy { $0.last != " " }
    }

    private static func isPlain(_ text: String, _ inFlow: Bool) -> Bool {
        guard let first = text.unicodeScalars.first, let last = text.unicodeScalars.last,
            text.unicodeScalars.allSatisfy(isPrintable)
        else { return false }
        let isWord = { (scalar: Unicode.Scalar) in scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) }
        guard isWord(first) || first == "-" && text.utf8.count > 1 && Int64(text) != nil, last != " ", last != ":"
        else {
            return false
        }
        let avoided: Set<Unicode.Scalar> = inFlow ? [",", "[", "]", "{", "}", "#", ":"] : ["#"]
        return !text.unicodeScalars.contains(where: avoided.contains) && !text.contains(": ")
    }

    /// What stands in a file as it is: no controls, no line or paragraph separators, nothing that is no character.
    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x20...0x7E, 0xA0...0x2027, 0x202A...0xD7FF, 0xE000...0xFEFE, 0xFF00...0xFFFD: true
        case 0x10000...0x10FFFF: true
        default: false
        }
    }
}
