/// Reads the fields of one mapping node by name, and refuses those that nobody asked for, naming the nearest known one.
struct MappingReader {
    private let what: String
    private let fields: [MappingNode.Field]
    let line: Int

    /// - Parameter what: what the node describes, for messages: `a file`, `an attribute`.
    init(_ node: MappingNode, what: String, known: [String]) throws(ImportError) {
        guard case .fields(let fields) = node.content else {
            throw ImportError(.mapping, "\(what) must be a list of 'name: value' fields (line \(node.line))")
        }
        self.what = what
        self.fields = fields
        line = node.line
        for field in fields where !known.contains(field.name) {
            let hint = Self.nearest(to: field.name, in: known).map { "; did you mean '\($0)'?" } ?? ""
            throw ImportError(.mapping, "\(what) has no field '\(field.name)'\(hint) (line \(field.line))")
        }
    }

    func node(_ name: String) -> MappingNode? { fields.first { $0.name == name }?.value }

    func line(of name: String) -> Int { fields.first { $0.name == name }?.line ?? line }

    func text(_ name: String) throws(ImportError) -> String? {
        guard let node = node(name) else { return nil }
        return try Self.text(node, name)
    }

    func requiredText(_ name: String) throws(ImportError) -> String {
        guard let text = try text(name), !text.isEmpty else {
            throw ImportError(.mapping, "\(what) needs '\(name)' (line \(line))")
        }
        return text
    }

    /// One text or a list of them.
    func texts(_ name: String) throws(ImportError) -> [String]? {
        guard let node = node(name) else { return nil }
        guard case .list(let items) = node.content else { return [try Self.text(node, name)] }
        var texts: [String] = []
        for item in items { texts.append(try Self.text(item, name)) }
        return texts
    }

    func flag(_ name: String) throws(ImportError) -> Bool? {
        guard let text = try text(name) else { return nil }
        switch text {
        case "yes", "true": return true
        case "no", "false": return false
        default: throw ImportError(.mapping, "'\(name)' must be yes or no (line \(line(of: name)))")
        }
    }

    /// One of the cases of an enumeration, by its text.
    func choice<Choice: RawRepresentable & CaseIterable>(
        _ name: String,
        _ type: Choice.Type
    ) throws(ImportError) -> Choice? where Choice.RawValue == String {
        guard let text = try text(name) else { return nil }
        guard let choice = Choice(rawValue: text) else {
            let choices = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw ImportError(.mapping, "'\(name)' must be one of \(choices) (line \(line(of: name)))")
        }
        return choice
    }

    static func text(_ node: MappingNode, _ name: String) throws(ImportError) -> String {
        guard case .text(let text) = node.content else {
            throw ImportError(.mapping, "'\(name)' must be a plain value (line \(node.line))")
        }
        return text
    }

    /// The known name with the fewest edits, when they are few enough to be a slip.
    static func nearest(to name: String, in known: [String]) -> String? {
        let name = Array(name.lowercased().utf8.prefix(64))
        let ranked = known.map { (name: $0, edits: edits(name, Array($0.lowercased().utf8.prefix(64)))) }
        guard let best = ranked.min(by: { $0.edits < $1.edits }), best.edits <= max(1, name.count / 3) else {
            return nil
        }
        return best.name
    }

    /// Levenshtein distance by one row of the table.
    private static func edits(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var row = Array(0...b.count)
        for (i, x) in a.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, y) in b.enumerated() {
                let substituted = diagonal + (x == y ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(substituted, row[j] + 1, row[j + 1] + 1)
            }
        }
        return row[b.count]
    }
}
