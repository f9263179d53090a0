// From a schema file to a document. The language is described in docs/metadata.md.
//
// What is read here is the form only: fields, lists, numbers and what may be written where. Names of types, entities and
// options are the engine's to judge, who has the schema; each declaration carries its place, so that the engine's answer
// names it.

import Engine
import StrictYAML

extension SchemaDocument {
    /// Bounds of a schema file: the standard's export has 130 KiB, and its deepest value stands at level 8.
    private static let limits = YAMLNode.Limits(bytesMax: 4 << 20, depthMax: 12)

    /// Reads a schema file's text.
    /// - Throws: `SchemaFileError` with line and column.
    public init(yaml: String) throws(SchemaFileError) {
        do throws(YAMLError) {
            let node = try YAMLNode.parse(yaml, what: "schema file", limits: Self.limits)
            self = try SchemaReader.document(node)
        } catch {
            throw SchemaFileError(error)
        }
    }
}

/// Reads declarations from nodes.
private enum SchemaReader {
    /// Items of one list or group: counts are sent in sixteen bits.
    private static let itemsMax = 65_535

    static func document(_ node: YAMLNode) throws(YAMLError) -> SchemaDocument {
        let file = try YAMLFields(node, what: "the schema file", known: ["optionsets", "entities", "views"])
        var document = SchemaDocument()
        for field in try group(file, "optionsets") { document.optionSets.append(try optionSet(field)) }
        for field in try group(file, "entities") { document.entities.append(try entity(field)) }
        for field in try group(file, "views") { document.views.append(try view(field)) }
        return document
    }

    // MARK: Shapes

    /// The named members of a field, in their order; none where the field is missing or empty.
    private static func group(_ fields: YAMLFields, _ name: String) throws(YAMLError) -> [YAMLNode.Field] {
        guard let node = fields.node(name) else { return [] }
        return try members(node, name)
    }

    private static func members(_ node: YAMLNode, _ name: String) throws(YAMLError) -> [YAMLNode.Field] {
        switch node.content {
        case .text(""): return []
        case .fields(let fields) where fields.count <= itemsMax: return fields
        case .fields:
            throw YAMLError("'\(name)' has more than \(itemsMax) members", line: node.line, column: node.column)
        default: throw YAMLError("'\(name)' must have members, each as 'name: …'", line: node.line, column: node.column)
        }
    }

    private static func place(_ field: YAMLNode.Field) -> SourcePlace {
        SourcePlace(line: UInt32(clamping: field.line), column: UInt32(clamping: field.column))
    }

    private static func texts(_ node: YAMLNode, _ name: String) throws(YAMLError) -> [String] {
        guard case .list(let items) = node.content else { return [try text(node, name)] }
        guard items.count <= itemsMax else {
            throw YAMLError("'\(name)' has more than \(itemsMax) members", line: node.line, column: node.column)
        }
        var texts: [String] = []
        for item in items { texts.append(try text(item, name)) }
        return texts
    }

    /// A text that fits the field that it is sent in.
    private static func text(
        _ node: YAMLNode,
        _ name: String,
        bytesMax: Int = Limits.nameBytesMax
    ) throws(YAMLError) -> String {
        let text = try YAMLFields.text(node, name)
        guard text.utf8.count <= bytesMax else {
            throw YAMLError("'\(name)' has more than \(bytesMax) bytes", line: node.line, column: node.column)
        }
        return text
    }

    private static func text(_ fields: YAMLFields, _ name: String) throws(YAMLError) -> String? {
        guard let node = fields.node(name) else { return nil }
        return try text(node, name)
    }

    private static func name(_ field: YAMLNode.Field) throws(YAMLError) -> String {
        guard field.name.utf8.count <= Limits.nameBytesMax else {
            throw YAMLError("a name has more than \(Limits.nameBytesMax) bytes", line: field.line, column: field.column)
        }
        return field.name
    }

    /// `delete: yes` or `delete: with data`.
    private static func deletion(_ fields: YAMLFields) throws(YAMLError) -> Deletion {
        switch try fields.text("delete") {
        case nil, "no": return .none
        case "yes": return .unused
        case "with data": return .withData
        default:
            throw YAMLError(
                "'delete' must be yes or 'with data'",
                line: fields.line(of: "delete"),
                column: fields.column(of: "delete")
            )
        }
    }

    // MARK: Options

    private static func optionSet(_ field: YAMLNode.Field) throws(YAMLError) -> OptionSetDeclaration {
        var set = OptionSetDeclaration(try name(field))
        set.place = place(field)
        var options: [YAMLNode.Field] = []
        for member in try members(field.value, field.name) {
            if member.name == "delete" {
                set.deletion = try deletion(try YAMLFields(field.value, what: "an option set", known: ["delete"]))
            } else {
                options.append(member)
            }
        }
        set.options = try self.options(options)
        return set
    }

    private static func options(_ fields: [YAMLNode.Field]) throws(YAMLError) -> [OptionDeclaration] {
        var options: [OptionDeclaration] = []
        for field in fields { options.append(try option(field)) }
        return options
    }

    /// `3: Done`, or `3: {delete: yes}`.
    private static func option(_ field: YAMLNode.Field) throws(YAMLError) -> OptionDeclaration {
        if case .text = field.value.content {
            let label = try text(field.value, field.name)
            return OptionDeclaration(try number(field), label, place: place(field))
        }
        let fields = try YAMLFields(field.value, what: "an option", known: ["label", "delete"])
        var option = OptionDeclaration(try number(field), try text(fields, "label"), place: place(field))
        option.isDeleted = try deletion(fields) != .none
        return option
    }

    private static func number(_ field: YAMLNode.Field) throws(YAMLError) -> Int32 {
        guard let number = Int32(field.name) else {
            throw YAMLError(
                "an option is written as 'number: label'; '\(field.name)' is no whole number of 32 bits",
                line: field.line,
                column: field.column
            )
        }
        return number
    }

    // MARK: Entities

    private static func entity(_ field: YAMLNode.Field) throws(YAMLError) -> EntityDeclaration {
        let fields = try YAMLFields(
            field.value,
            what: "an entity",
            known: [
                "label", "owner", "id", "primary", "between", "attributes", "keys", "indexes", "states", "transitions",
                "delete",
            ]
        )
        var entity = EntityDeclaration(try name(field))
        entity.place = place(field)
        entity.label = try text(fields, "label")
        switch try fields.text("owner") {
        case nil: break
        case "user": entity.ownership = .user
        case "organisation": entity.ownership = .organisation
        default:
            throw YAMLError(
                "'owner' must be user or organisation",
                line: fields.line(of: "owner"),
                column: fields.column(of: "owner")
            )
        }
        entity.identifier = try text(fields, "id")
        entity.primaryName = try text(fields, "primary")
        if let node = fields.node("between") { entity.pairedEntities = try texts(node, "between") }
        for field in try group(fields, "attributes") { entity.attributes.append(try attribute(field)) }
        for field in try group(fields, "keys") { entity.keys.append(try key(field)) }
        for field in try group(fields, "indexes") { entity.indexes.append(try index(field)) }
        for field in try group(fields, "states") { entity.states.append(try state(field)) }
        if fields.node("transitions") != nil {
            var transitions: [TransitionDeclaration] = []
            for field in try group(fields, "transitions") {
                var transition = TransitionDeclaration(try name(field), [])
                if field.value.content.isEmpty == false { transition.to = try texts(field.value, field.name) }
                transition.place = place(field)
                transitions.append(transition)
            }
            entity.transitions = transitions
        }
        entity.deletion = try deletion(fields)
        return entity
    }

    private static func attribute(_ field: YAMLNode.Field) throws(YAMLError) -> AttributeDeclaration {
        var attribute = AttributeDeclaration(try name(field))
        attribute.place = place(field)
        // `budget: money` is short for `budget: {type: money}`.
        if case .text = field.value.content {
            attribute.form = try text(field.value, field.name)
            return attribute
        }
        let parameters = AttributeParameter.allCases
        let fields = try YAMLFields(
            field.value,
            what: "an attribute",
            known: [
                "type", "label", "required", "ordered", "searched", "default", "hierarchy", "behaviours", "options",
                "delete",
            ] + parameters.map(\.name)
        )
        attribute.form = try text(fields, "type")
        attribute.label = try text(fields, "label")
        attribute.isRequired = try fields.flag("required")
        attribute.isOrdered = try fields.flag("ordered")
        attribute.isSearched = try fields.flag("searched")
        attribute.isHierarchy = try fields.flag("hierarchy")
        attribute.defaultText = try text(fields, "default")
        attribute.options = try options(try group(fields, "options"))
        for parameter in parameters {
            guard let node = fields.node(parameter.name) else { continue }
            if case .text = node.content {
                attribute.parameters[parameter] = [
                    try text(node, parameter.name, bytesMax: Limits.viewQueryBytesMax)
                ]
            } else {
                attribute.parameters[parameter] = try texts(node, parameter.name)
            }
        }
        if let node = fields.node("behaviours") {
            let known = RelationshipAction.allCases
            let behaviours = try YAMLFields(node, what: "'behaviours'", known: known.map { "\($0)" })
            for action in known {
                if let text = try text(behaviours, "\(action)") { attribute.behaviours[action] = text }
            }
        }
        attribute.deletion = try deletion(fields)
        return attribute
    }

    /// `code: [region, number]`, `code: number`, or `code: {delete: yes}`.
    private static func key(_ field: YAMLNode.Field) throws(YAMLError) -> KeyDeclaration {
        var key = KeyDeclaration(try name(field), [])
        key.place = place(field)
        if case .fields = field.value.content {
            key.isDeleted = try deletion(try YAMLFields(field.value, what: "a key", known: ["delete"])) != .none
        } else {
            key.attributes = try texts(field.value, field.name)
        }
        return key
    }

    /// Written as a key.
    private static func index(_ field: YAMLNode.Field) throws(YAMLError) -> IndexDeclaration {
        var index = IndexDeclaration(try name(field), [])
        index.place = place(field)
        if case .fields = field.value.content {
            index.isDeleted = try deletion(try YAMLFields(field.value, what: "an index", known: ["delete"])) != .none
        } else {
            index.attributes = try texts(field.value, field.name)
        }
        return index
    }

    private static func state(_ field: YAMLNode.Field) throws(YAMLError) -> StateDeclaration {
        let fields = try YAMLFields(field.value, what: "a state", known: ["label", "statuses", "delete"])
        var state = OptionDeclaration(try number(field), try text(fields, "label"), place: place(field))
        state.isDeleted = try deletion(fields) != .none
        return StateDeclaration(state, try options(try group(fields, "statuses")))
    }

    private static func view(_ field: YAMLNode.Field) throws(YAMLError) -> ViewDeclaration {
        let fields = try YAMLFields(field.value, what: "a view", known: ["entity", "query", "delete"])
        var view = ViewDeclaration(try name(field))
        view.place = place(field)
        view.entity = try text(fields, "entity")
        if let node = fields.node("query") { view.query = try text(node, "query", bytesMax: Limits.viewQueryBytesMax) }
        view.isDeleted = try deletion(fields) != .none
        return view
    }
}

extension YAMLNode.Content {
    /// Whether nothing stands there.
    fileprivate var isEmpty: Bool { if case .text("") = self { true } else { false } }
}
