import Yams

/// A YAML document as the mapping language sees it: text, lists and fields, each with its line. Every scalar is text,
/// so that `NO` is Norway and `007` keeps its zeros.
///
/// Guarantees: no aliases, anchors or tags; no field twice; bounded size and depth; every error names its line.
struct MappingNode: Sendable {
    enum Content: Sendable {
        case text(String)
        case list([MappingNode])
        case fields([Field])
    }

    struct Field: Sendable {
        var name: String
        var line: Int
        var value: MappingNode
    }

    var line: Int
    var content: Content

    /// Reads one document.
    static func parse(_ yaml: String, limits: ImportLimits) throws(ImportError) -> MappingNode {
        guard yaml.utf8.count <= limits.mappingBytesMax else {
            throw ImportError(.limit, "the mapping is longer than \(limits.mappingBytesMax) bytes")
        }
        try refuseAliases(yaml)
        // The parser holds the anchors that nodes refer to weakly: it must live until they have been looked for.
        let parser: Parser
        let root: Node?
        do {
            parser = try Parser(yaml: yaml, resolver: .basic, encoding: .utf8)
            root = try parser.singleRoot()
        } catch {
            throw ImportError(.mapping, "the mapping is not YAML: \(message(of: error))")
        }
        guard let root else { throw ImportError(.mapping, "the mapping is empty") }
        return try withExtendedLifetime(parser) { () throws(ImportError) in
            try MappingNode(root, depth: limits.mappingDepthMax)
        }
    }

    private init(_ node: Node, depth: Int) throws(ImportError) {
        line = node.mark?.line ?? 1
        guard depth > 0 else { throw ImportError(.limit, "the mapping is nested too deep (line \(line))") }
        guard node.anchor == nil else {
            throw ImportError(.mapping, "anchors (&name) are not allowed in a mapping (line \(line))")
        }
        switch node {
        case .scalar(let scalar):
            content = .text(scalar.string)
        case .sequence(let sequence):
            var items: [MappingNode] = []
            for item in sequence { items.append(try MappingNode(item, depth: depth - 1)) }
            content = .list(items)
        case .mapping(let mapping):
            var fields: [Field] = []
            for (key, value) in mapping {
                guard case .scalar(let name) = key, key.anchor == nil else {
                    throw ImportError(.mapping, "a field's name must be plain text (line \(key.mark?.line ?? line))")
                }
                let fieldLine = key.mark?.line ?? line
                fields.append(
                    Field(name: name.string, line: fieldLine, value: try MappingNode(value, depth: depth - 1))
                )
            }
            content = .fields(fields)
        case .alias:
            throw ImportError(.mapping, "aliases (*name) are not allowed in a mapping (line \(line))")
        }
    }

    /// Refuses aliases before the parser sees them: it replaces each by what it stands for, so that a few lines could
    /// stand for billions. An alias is a `*` where a value or a key can begin.
    private static func refuseAliases(_ yaml: String) throws(ImportError) {
        var line = 1
        var previous: UInt8 = 0x0A
        var quote: UInt8 = 0
        var isComment = false
        let bytes = Array(yaml.utf8)
        for (index, byte) in bytes.enumerated() {
            if byte == 0x0A {
                line += 1
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
                    throw ImportError(
                        .mapping,
                        "aliases (*name) are not allowed in a mapping; put text that begins with * in quotes (line \(line))"
                    )
                }
            default: break
            }
            if byte > 0x20 { previous = byte }
        }
    }

    private static func message(of error: any Error) -> String {
        guard let error = error as? YamlError else { return String(describing: error) }
        return switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            "\(problem) (line \(mark.line), column \(mark.column))"
        case .duplicatedKeysInMapping(let duplicates, let context):
            "'\(duplicates.first ?? "")' is there twice (line \(context.mark.line))"
        default: "it cannot be read as UTF-8 text"
        }
    }
}
