import Engine

/// Reads the fields of one node by name, and refuses those that nobody asked for, naming the nearest known one.
package struct YAMLFields {
    private let what: String
    package let fields: [YAMLNode.Field]
    package let line: Int
    package let column: Int

    /// - Parameter what: what the node describes, for messages: `a file`, `an attribute`.
    package init(_ node: YAMLNode, what: String, known: [String]) throws(YAMLError) {
        guard case .fields(let fields) = node.content else {
            throw YAMLError("\(what) must be a list of 'name: value' fields", line: node.line, column: node.column)
        }
        self.what = what
        self.fields = fields
        line = node.line
        column = node.column
        for field in fields where !known.contains(field.name) {
            let hint = nearestName(to: field.name.lowercased(), among: known).map { "; did you mean '\($0)'?" } ?? ""
            throw YAMLError("\(what) has no field '\(field.name)'\(hint)", line: field.line, column: field.column)
        }
    }

    package func node(_ name: String) -> YAMLNode? { fields.first { $0.name == name }?.value }

    package func line(of name: String) -> Int { fields.first { $0.name == name }?.line ?? line }

    package func column(of name: String) -> Int { fields.first { $0.name == name }?.column ?? column }

    package func text(_ name: String) throws(YAMLError) -> String? {
        guard let node = node(name) else { return nil }
        return try Self.text(node, name)
    }

    package func requiredText(_ name: String) throws(YAMLError) -> String {
        guard let text = try text(name), !text.isEmpty else {
            throw YAMLError("\(what) needs '\(name)'", line: line, column: column)
        }
        return text
    }

    /// One text or a list of them.
    package func texts(_ name: String) throws(YAMLError) -> [String]? {
        guard let node = node(name) else { return nil }
        guard case .list(let items) = node.content else { return [try Self.text(node, name)] }
        var texts: [String] = []
        for item in items { texts.append(try Self.text(item, name)) }
        return texts
    }

    package func flag(_ name: String) throws(YAMLError) -> Bool? {
        guard let text = try text(name) else { return nil }
        switch text {
        case "yes", "true": return true
        case "no", "false": return false
        default: throw YAMLError("'\(name)' must be yes or no", line: line(of: name), column: column(of: name))
        }
    }

    /// One of the cases of an enumeration, by its text.
    package func choice<Choice: RawRepresentable & CaseIterable>(
        _ name: String,
        _ type: Choice.Type
    ) throws(YAMLError) -> Choice? where Choice.RawValue == String {
        guard let text = try text(name) else { return nil }
        guard let choice = Choice(rawValue: text) else {
            let choices = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw YAMLError("'\(name)' must be one of \(choices)", line: line(of: name), column: column(of: name))
        }
        return choice
    }

    package static func text(_ node: YAMLNode, _ name: String) throws(YAMLError) -> String {
        guard case .text(let text) = node.content else {
            throw YAMLError("'\(name)' must be a plain value", line: node.line, column: node.column)
        }
        return text
    }
}
