import StrictYAML

/// Turns the fields of a mapping file into an ``ImportMapping``.
struct MappingParser {
    private static let dialectFields = ["delimiter", "encoding", "header"]
    private static let cellFields = [
        "trim", "null", "decimal", "thousands", "percent", "round", "multiply", "format", "timezone", "yes", "no",
    ]
    private static let attributeFields =
        ["column", "template", "constant", "map", "else", "default", "required", "lookup"] + cellFields

    /// The words for yes and no in what programs write; other languages are given in the mapping.
    private static let yesWords: Set<String> = ["yes", "y", "true", "t", "on", "1"]
    private static let noWords: Set<String> = ["no", "n", "false", "f", "off", "0"]

    let limits: ImportLimits

    /// What applies to cells unless an attribute says otherwise.
    private struct CellOptions {
        var trims = true
        var nullTexts: Set<String> = []
        var number = NumberFormat()
        var dates = [DateFormat.iso]
        var offsetMinutes = 0
        var yesTexts = MappingParser.yesWords
        var noTexts = MappingParser.noWords
    }

    init(limits: ImportLimits) { self.limits = limits }

    /// The steps of a mapping's text.
    func parse(_ yaml: String) throws(YAMLError) -> [FileMapping] {
        let root = try YAMLFields(
            try YAMLNode.parse(yaml, what: "mapping", limits: limits.yaml),
            what: "the mapping",
            known: ["defaults", "files"]
        )
        var dialect = CSVDialect()
        var options = CellOptions()
        if let node = root.node("defaults") {
            let reader = try YAMLFields(node, what: "defaults", known: Self.dialectFields + Self.cellFields)
            dialect = try self.dialect(reader, over: dialect)
            options = try cellOptions(reader, over: options)
        }
        guard let node = root.node("files"), case .list(let items) = node.content, !items.isEmpty else {
            throw YAMLError("the mapping needs 'files', a list of '- file: …'", line: root.line)
        }
        var files: [FileMapping] = []
        for item in items { files.append(try file(item, dialect, options)) }
        return files
    }

    private func file(
        _ node: YAMLNode,
        _ dialect: CSVDialect,
        _ options: CellOptions
    ) throws(YAMLError) -> FileMapping {
        let reader = try YAMLFields(
            node,
            what: "a file",
            known: ["file", "entity", "key", "attributes", "when"] + Self.dialectFields + Self.cellFields
        )
        let options = try cellOptions(reader, over: options)
        guard let attributesNode = reader.node("attributes"), case .fields(let fields) = attributesNode.content,
            !fields.isEmpty
        else {
            throw YAMLError("a file needs 'attributes', each as 'name: column'", line: reader.line)
        }
        var attributes: [AttributeMapping] = []
        for field in fields { attributes.append(try attribute(field, options)) }
        let key = try reader.texts("key") ?? []
        for name in key where !attributes.contains(where: { $0.name == name }) {
            throw YAMLError(
                "the key attribute '\(name)' is not among the attributes",
                line: reader.line(of: "key")
            )
        }
        if key.isEmpty, let attribute = attributes.first(where: { $0.name == "externalid" }) {
            throw YAMLError(
                "'externalid' is mapped but not the key: say 'key: externalid', or leave it out, and rows are identified "
                    + "by file and line",
                line: attribute.line
            )
        }
        return FileMapping(
            file: try reader.requiredText("file"),
            line: reader.line,
            entity: try reader.requiredText("entity"),
            dialect: try self.dialect(reader, over: dialect),
            key: key,
            attributes: attributes,
            condition: try reader.node("when").map { node throws(YAMLError) in try condition(node) }
        )
    }

    private func condition(_ node: YAMLNode) throws(YAMLError) -> RowCondition {
        let reader = try YAMLFields(node, what: "'when'", known: ["column", "is", "not"])
        let column = try reader.requiredText("column")
        let positive = try reader.texts("is")
        let negative = try reader.texts("not")
        guard (positive == nil) != (negative == nil) else {
            throw YAMLError("'when' needs either 'is' or 'not'", line: reader.line)
        }
        return RowCondition(
            column: column,
            line: reader.line,
            texts: Set(positive ?? negative ?? []),
            takesMatches: positive != nil
        )
    }

    private func attribute(
        _ field: YAMLNode.Field,
        _ options: CellOptions
    ) throws(YAMLError) -> AttributeMapping {
        var attribute = AttributeMapping(
            name: field.name,
            line: field.line,
            source: .constant(""),
            trims: options.trims,
            nullTexts: options.nullTexts,
            valueMap: [:],
            unmapped: .keep,
            defaultText: nil,
            isRequired: false,
            number: options.number,
            dates: options.dates,
            offsetMinutes: options.offsetMinutes,
            yesTexts: options.yesTexts,
            noTexts: options.noTexts,
            lookup: nil
        )
        if case .text(let column) = field.value.content {
            attribute.source = .columns([column])
            return attribute
        }
        let reader = try YAMLFields(field.value, what: "attribute '\(field.name)'", known: Self.attributeFields)
        let options = try cellOptions(reader, over: options)
        attribute.source = try source(reader, field.name)
        attribute.trims = options.trims
        attribute.nullTexts = options.nullTexts
        attribute.number = options.number
        attribute.dates = options.dates
        attribute.offsetMinutes = options.offsetMinutes
        attribute.yesTexts = options.yesTexts
        attribute.noTexts = options.noTexts
        attribute.unmapped = try reader.choice("else", AttributeMapping.Unmapped.self) ?? .keep
        attribute.defaultText = try reader.text("default")
        attribute.isRequired = try reader.flag("required") ?? false
        if let node = reader.node("map") {
            guard case .fields(let entries) = node.content else {
                throw YAMLError("'map' must be a list of 'text: replacement'", line: node.line)
            }
            for entry in entries { attribute.valueMap[entry.name] = try YAMLFields.text(entry.value, entry.name) }
        } else if reader.node("else") != nil {
            throw YAMLError("'else' needs a 'map'", line: reader.line(of: "else"))
        }
        attribute.lookup = try reader.node("lookup").map { node throws(YAMLError) in try lookup(node) }
        return attribute
    }

    private func source(_ reader: YAMLFields, _ name: String) throws(YAMLError) -> AttributeMapping.Source {
        let columns = try reader.texts("column")
        let template = try reader.text("template")
        let constant = try reader.text("constant")
        switch (columns, template, constant) {
        case (let columns?, nil, nil) where !columns.isEmpty: return .columns(columns)
        case (nil, let template?, nil): return .template(try parts(template, line: reader.line(of: "template")))
        case (nil, nil, let constant?): return .constant(constant)
        default:
            throw YAMLError(
                "attribute '\(name)' needs exactly one of 'column', 'template' and 'constant'",
                line: reader.line
            )
        }
    }

    /// Cuts `{first} {last}`; a doubled brace stands for itself.
    private func parts(_ template: String, line: Int) throws(YAMLError) -> [AttributeMapping.TemplatePart] {
        var parts: [AttributeMapping.TemplatePart] = []
        var literal = ""
        var hasColumn = false
        var rest = Substring(template)
        while let character = rest.popFirst() {
            if (character == "{" || character == "}"), rest.first == character {
                rest.removeFirst()
                literal.append(character)
            } else if character == "{" {
                guard let end = rest.firstIndex(of: "}") else {
                    throw YAMLError("the template has a { without }", line: line)
                }
                if !literal.isEmpty { parts.append(.literal(literal)) }
                literal = ""
                hasColumn = true
                parts.append(.column(String(rest[..<end])))
                rest = rest[rest.index(after: end)...]
            } else if character == "}" {
                throw YAMLError("the template has a } without {", line: line)
            } else {
                literal.append(character)
            }
        }
        guard hasColumn else {
            throw YAMLError("the template names no {column}; say 'constant'", line: line)
        }
        if !literal.isEmpty { parts.append(.literal(literal)) }
        return parts
    }

    private func lookup(_ node: YAMLNode) throws(YAMLError) -> AttributeMapping.Lookup {
        // `lookup: account` is short for `lookup: {entity: account, by: externalid}`.
        if case .text(let entity) = node.content {
            return AttributeMapping.Lookup(entity: entity, by: "externalid", missing: .reject)
        }
        let reader = try YAMLFields(node, what: "'lookup'", known: ["entity", "by", "missing"])
        return AttributeMapping.Lookup(
            entity: try reader.text("entity"),
            by: try reader.text("by") ?? "externalid",
            missing: try reader.choice("missing", AttributeMapping.Missing.self) ?? .reject
        )
    }

    // MARK: Options

    private func dialect(_ reader: YAMLFields, over base: CSVDialect) throws(YAMLError) -> CSVDialect {
        var dialect = base
        if let text = try reader.text("delimiter") {
            let names = ["comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", "\\t": "\t"]
            let bytes = Array((names[text] ?? text).utf8)
            guard bytes.count == 1, bytes[0] < 0x80, bytes[0] == 0x09 || bytes[0] > 0x20, bytes[0] != 0x22,
                !(0x30...0x39).contains(bytes[0]), !(0x41...0x5A).contains(bytes[0] & 0xDF)
            else {
                throw YAMLError(
                    "'delimiter' must be comma, semicolon, tab, pipe or another ASCII sign",
                    line: reader.line(of: "delimiter")
                )
            }
            dialect.delimiter = bytes[0]
        }
        if let encoding = try reader.choice("encoding", TextEncoding.self) { dialect.encoding = encoding }
        if let header = try reader.flag("header") { dialect.hasHeader = header }
        return dialect
    }

    private func cellOptions(_ reader: YAMLFields, over base: CellOptions) throws(YAMLError) -> CellOptions {
        var options = base
        if let trims = try reader.flag("trim") { options.trims = trims }
        if let texts = try reader.texts("null") { options.nullTexts = Set(texts) }
        if let byte = try separator(reader, "decimal", ".,") { options.number.decimalSeparator = byte }
        if let byte = try separator(reader, "thousands", ",.' _") { options.number.groupSeparator = byte }
        guard options.number.groupSeparator != options.number.decimalSeparator else {
            throw YAMLError("'decimal' and 'thousands' are the same", line: reader.line)
        }
        if let percent = try reader.choice("percent", NumberFormat.Percent.self) { options.number.percent = percent }
        if let rounds = try reader.flag("round") { options.number.rounds = rounds }
        if let text = try reader.text("multiply") {
            guard text.first == "1", text.utf8.count <= 10, text.dropFirst().allSatisfy({ $0 == "0" }) else {
                throw YAMLError("'multiply' must be 10, 100, 1000, …", line: reader.line(of: "multiply"))
            }
            options.number.powerOfTen = text.utf8.count - 1
        }
        if let patterns = try reader.texts("format") {
            options.dates = []
            for pattern in patterns {
                do throws(CellFault) {
                    options.dates.append(try DateFormat(pattern))
                } catch {
                    throw YAMLError("\(error)", line: reader.line(of: "format"))
                }
            }
        }
        if let text = try reader.text("timezone") {
            var cursor = 0
            let bytes = Array(text.utf8)
            guard let minutes = DateText.offset(bytes.span, &cursor), cursor == bytes.count else {
                throw YAMLError(
                    "'timezone' must be an offset such as +02:00 or Z",
                    line: reader.line(of: "timezone")
                )
            }
            options.offsetMinutes = minutes
        }
        if let words = try reader.texts("yes") { options.yesTexts = Set(words.map { $0.lowercased() }) }
        if let words = try reader.texts("no") { options.noTexts = Set(words.map { $0.lowercased() }) }
        if let both = options.yesTexts.intersection(options.noTexts).sorted().first {
            throw YAMLError("'\(both)' means both yes and no", line: reader.line)
        }
        return options
    }

    private func separator(_ reader: YAMLFields, _ name: String, _ allowed: String) throws(YAMLError) -> UInt8? {
        guard let text = try reader.text(name) else { return nil }
        let bytes = Array((text == "space" ? " " : text).utf8)
        guard bytes.count == 1, allowed.utf8.contains(bytes[0]) else {
            throw YAMLError("'\(name)' must be one of \(allowed)", line: reader.line(of: name))
        }
        return bytes[0]
    }
}
