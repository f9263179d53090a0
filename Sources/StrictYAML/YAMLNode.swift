import Yams

/// A YAML document as Kith's files see it: text, lists and fields, each with its place. Every scalar is text, so that `NO`
/// is Norway and `007` keeps its zeros.
///
/// Guarantees: no aliases, anchors or tags; no field twice; bounded size and depth; every error names its place.
package struct YAMLNode: Sendable {
    /// What a node holds.
    package enum Content: Sendable {
        case text(String)
        case list([YAMLNode])
        case fields([Field])
    }

    /// A named value.
    package struct Field: Sendable {
        package var name: String
        package var line: Int
        package var column: Int
        package var value: YAMLNode
    }

    /// Bounds of a document.
    package struct Limits: Sendable {
        /// Bytes of the text.
        package var bytesMax: Int
        /// Nested levels.
        package var depthMax: Int

        package init(bytesMax: Int, depthMax: Int) {
            self.bytesMax = bytesMax
            self.depthMax = depthMax
        }
    }

    /// From 1.
    package var line: Int
    /// From 1.
    package var column: Int
    package var content: Content

    /// Reads one document.
    /// - Parameter what: what the document is, for messages: `mapping`.
    package static func parse(_ yaml: String, what: String, limits: Limits) throws(YAMLError) -> YAMLNode {
        guard yaml.utf8.count <= limits.bytesMax else {
            throw YAMLError("the \(what) is longer than \(limits.bytesMax) bytes", isLimit: true)
        }
        try refuseAliases(yaml, what)
        // The parser holds the anchors that nodes refer to weakly: it must live until they have been looked for.
        let parser: Parser
        let root: Node?
        do {
            parser = try Parser(yaml: yaml, resolver: .basic, encoding: .utf8)
            root = try parser.singleRoot()
        } catch {
            throw unreadable(error, what)
        }
        guard let root else { throw YAMLError("the \(what) is empty") }
        return try withExtendedLifetime(parser) { () throws(YAMLError) in
            try YAMLNode(root, what, depth: limits.depthMax)
        }
    }

    private init(_ node: Node, _ what: String, depth: Int) throws(YAMLError) {
        line = node.mark?.line ?? 1
        column = node.mark?.column ?? 1
        guard depth > 0 else {
            throw YAMLError("the \(what) is nested too deep", line: line, column: column, isLimit: true)
        }
        guard node.anchor == nil else {
            throw YAMLError("anchors (&name) are not allowed in a \(what)", line: line, column: column)
        }
        switch node {
        case .scalar(let scalar):
            content = .text(scalar.string)
        case .sequence(let sequence):
            var items: [YAMLNode] = []
            for item in sequence { items.append(try YAMLNode(item, what, depth: depth - 1)) }
            content = .list(items)
        case .mapping(let mapping):
            var fields: [Field] = []
            for (key, value) in mapping {
                guard case .scalar(let name) = key, key.anchor == nil else {
                    throw YAMLError(
                        "a field's name must be plain text",
                        line: key.mark?.line ?? line,
                        column: key.mark?.column ?? column
                    )
                }
                fields.append(
                    Field(
                        name: name.string,
                        line: key.mark?.line ?? line,
                        column: key.mark?.column ?? column,
                        value: try YAMLNode(value, what, depth: depth - 1)
                    )
                )
            }
            content = .fields(fields)
        case .alias:
            throw YAMLError("aliases (*name) are not allowed in a \(what)", line: line, column: column)
        }
    }

    /// Refuses aliases before the parser sees them: it replaces each by what it stands for, so that a few lines could
    /// stand for billions. An alias is a `*` where a value or a key can begin.
    private static func refuseAliases(_ yaml: String, _ what: String) throws(YAMLError) {
        var line = 1
        var lineStart = 0
        var previous: UInt8 = 0x0A
        var quote: UInt8 = 0
        var isComment = false
        let bytes = Array(yaml.utf8)
        for (index, byte) in bytes.enumerated() {
            if byte == 0x0A {
                line += 1
                lineStart = index + 1
                (previous, quote, isComment) = (0x0A, 0, false)
                continue
            }
            if isComment { continue }
            if quote != 0 {
                if byte == quote { quote = 0 }
                previous = byte
                continue
            }
            let beginsToken = ":-?[{,\n".utf8.contains(previous)
            switch byte {
            case 0x22 where beginsToken, 0x27 where beginsToken: quote = byte
            case 0x23 where index == 0 || bytes[index - 1] <= 0x20: isComment = true
            case 0x2A where beginsToken:
                let next = index + 1 < bytes.count ? bytes[index + 1] : 0x20
                guard next <= 0x20 else {
                    throw YAMLError(
                        "aliases (*name) are not allowed in a \(what); put text that begins with * in quotes",
                        line: line,
                        column: index - lineStart + 1
                    )
                }
            default: break
            }
            if byte > 0x20 { previous = byte }
        }
    }

    private static func unreadable(_ error: any Error, _ what: String) -> YAMLError {
        guard let error = error as? YamlError else { return YAMLError("the \(what) is not YAML: \(error)") }
        return switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            YAMLError("the \(what) is not YAML: \(problem)", line: mark.line, column: mark.column)
        case .duplicatedKeysInMapping(let duplicates, let context):
            YAMLError(
                "the \(what) is not YAML: '\(duplicates.first ?? "")' is there twice",
                line: context.mark.line,
                column: context.mark.column
            )
        default: YAMLError("the \(what) is not YAML: it cannot be read as UTF-8 text")
        }
    }
}
