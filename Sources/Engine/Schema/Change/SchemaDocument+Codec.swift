// The bytes of a document, as it is sent: the declarations in order, each behind its place in its file.
//
//   u8 format (1; 2: indexes follow)
//   u16 option sets, each: place, text name, u8 deletion, options
//   u16 entities, each: place, text name, optional label, u8 ownership (0: not said), optional id attribute,
//     optional primary name, names of paired entities, u8 deletion,
//     u16 attributes, each: place, text name, optional label, optional form,
//       u8 parameters, each: u8 parameter, names;  options
//       u8 required, u8 ordered, u8 hierarchy (0 not said, 1 no, 2 yes), optional default,
//       u8 behaviours, each: u8 action, text;  u8 deletion
//     u16 keys, each: place, text name, names of attributes, u8 1 when it shall be gone
//     u16 states, each: option, options (its statuses)
//     u8 1 when transitions follow: u16, each: place, text from, names
//   u16 views, each: place, text name, optional entity, optional query, u8 1 when it shall be gone
//   u16 indexes, each: place, u16 entity (which of those above), text name, names of attributes, u8 1 when it shall be gone
//
//   place: u32 line, u32 column;  optional: u8 0, or u8 1 and a text;  names: u16 count, text each
//   options: u16 count, each: option;  option: place, i32 number, optional label, u8 1 when it shall be gone

extension SchemaDocument {
    private static let format: UInt8 = 1
    private static let indexedFormat: UInt8 = 2

    /// Appends the document's bytes.
    package func encode(into writer: inout ByteWriter) {
        let hasIndexes = entities.contains { !$0.indexes.isEmpty }
        writer.u8(hasIndexes ? SchemaDocument.indexedFormat : SchemaDocument.format)
        writer.u16(UInt16(optionSets.count))
        for set in optionSets {
            writer.place(set.place)
            writer.text(set.name)
            writer.u8(set.deletion.rawValue)
            writer.options(set.options)
        }
        writer.u16(UInt16(entities.count))
        for entity in entities { SchemaDocument.encode(entity, into: &writer) }
        writer.u16(UInt16(views.count))
        for view in views {
            writer.place(view.place)
            writer.text(view.name)
            writer.optional(view.entity)
            writer.optional(view.query)
            writer.u8(view.isDeleted ? 1 : 0)
        }
        guard hasIndexes else { return }
        writer.u16(UInt16(entities.reduce(0) { $0 + $1.indexes.count }))
        for (place, entity) in entities.enumerated() {
            for index in entity.indexes {
                writer.place(index.place)
                writer.u16(UInt16(place))
                writer.text(index.name)
                writer.names(index.attributes)
                writer.u8(index.isDeleted ? 1 : 0)
            }
        }
    }

    private static func encode(_ entity: EntityDeclaration, into writer: inout ByteWriter) {
        writer.place(entity.place)
        writer.text(entity.name)
        writer.optional(entity.label)
        writer.u8(entity.ownership?.rawValue ?? 0)
        writer.optional(entity.identifier)
        writer.optional(entity.primaryName)
        writer.names(entity.pairedEntities)
        writer.u8(entity.deletion.rawValue)
        writer.u16(UInt16(entity.attributes.count))
        for attribute in entity.attributes { encode(attribute, into: &writer) }
        writer.u16(UInt16(entity.keys.count))
        for key in entity.keys {
            writer.place(key.place)
            writer.text(key.name)
            writer.names(key.attributes)
            writer.u8(key.isDeleted ? 1 : 0)
        }
        writer.u16(UInt16(entity.states.count))
        for state in entity.states {
            writer.option(state.state)
            writer.options(state.statuses)
        }
        writer.u8(entity.transitions == nil ? 0 : 1)
        guard let transitions = entity.transitions else { return }
        writer.u16(UInt16(transitions.count))
        for transition in transitions {
            writer.place(transition.place)
            writer.text(transition.from)
            writer.names(transition.to)
        }
    }

    private static func encode(_ attribute: AttributeDeclaration, into writer: inout ByteWriter) {
        writer.place(attribute.place)
        writer.text(attribute.name)
        writer.optional(attribute.label)
        writer.optional(attribute.form)
        writer.u8(UInt8(attribute.parameters.count))
        for (parameter, texts) in attribute.parameters.sorted(by: { $0.key < $1.key }) {
            writer.u8(parameter.rawValue)
            writer.names(texts)
        }
        writer.options(attribute.options)
        for flag in [attribute.isRequired, attribute.isOrdered, attribute.isHierarchy, attribute.isSearched] {
            writer.u8(flag.map { $0 ? 2 : 1 } ?? 0)
        }
        writer.optional(attribute.defaultText)
        writer.u8(UInt8(attribute.behaviours.count))
        for (action, text) in attribute.behaviours.sorted(by: { $0.key < $1.key }) {
            writer.u8(action.rawValue)
            writer.text(text)
        }
        writer.u8(attribute.deletion.rawValue)
    }

    /// Reads a document.
    package init(from reader: inout ByteReader) throws(DecodeError) {
        self.init()
        let format = try reader.u8()
        guard format == SchemaDocument.format || format == SchemaDocument.indexedFormat else {
            throw DecodeError("unknown format of a schema document", at: reader.offset)
        }
        for _ in 0..<(try reader.u16()) {
            let place = try reader.place()
            var set = OptionSetDeclaration(try reader.name())
            set.place = place
            set.deletion = try reader.deletion()
            set.options = try reader.options()
            optionSets.append(set)
        }
        for _ in 0..<(try reader.u16()) { entities.append(try SchemaDocument.entity(from: &reader)) }
        for _ in 0..<(try reader.u16()) {
            let place = try reader.place()
            var view = ViewDeclaration(try reader.name())
            view.place = place
            view.entity = try reader.optional()
            view.query = try reader.optional(lengthBytesMax: Limits.viewQueryBytesMax)
            view.isDeleted = try reader.flag()
            views.append(view)
        }
        guard format == SchemaDocument.indexedFormat else { return }
        for _ in 0..<(try reader.u16()) {
            let place = try reader.place()
            let entity = Int(try reader.u16())
            guard entity < entities.count else { throw DecodeError("an index of no entity", at: reader.offset) }
            var index = IndexDeclaration(try reader.name(), try reader.names())
            index.place = place
            index.isDeleted = try reader.flag()
            entities[entity].indexes.append(index)
        }
    }

    private static func entity(from reader: inout ByteReader) throws(DecodeError) -> EntityDeclaration {
        let place = try reader.place()
        var entity = EntityDeclaration(try reader.name())
        entity.place = place
        entity.label = try reader.optional()
        let ownership = try reader.u8()
        entity.ownership = Ownership(rawValue: ownership)
        guard ownership == 0 || entity.ownership != nil else {
            throw DecodeError("unknown ownership", at: reader.offset)
        }
        entity.identifier = try reader.optional()
        entity.primaryName = try reader.optional()
        entity.pairedEntities = try reader.names()
        entity.deletion = try reader.deletion()
        for _ in 0..<(try reader.u16()) { entity.attributes.append(try attribute(from: &reader)) }
        for _ in 0..<(try reader.u16()) {
            let place = try reader.place()
            var key = KeyDeclaration(try reader.name(), try reader.names())
            key.place = place
            key.isDeleted = try reader.flag()
            entity.keys.append(key)
        }
        for _ in 0..<(try reader.u16()) {
            entity.states.append(StateDeclaration(try reader.option(), try reader.options()))
        }
        guard try reader.flag() else { return entity }
        var transitions: [TransitionDeclaration] = []
        for _ in 0..<(try reader.u16()) {
            let place = try reader.place()
            var transition = TransitionDeclaration(try reader.name(), try reader.names())
            transition.place = place
            transitions.append(transition)
        }
        entity.transitions = transitions
        return entity
    }

    private static func attribute(from reader: inout ByteReader) throws(DecodeError) -> AttributeDeclaration {
        let place = try reader.place()
        var attribute = AttributeDeclaration(try reader.name())
        attribute.place = place
        attribute.label = try reader.optional()
        attribute.form = try reader.optional()
        for _ in 0..<(try reader.u8()) {
            guard let parameter = AttributeParameter(rawValue: try reader.u8()) else {
                throw DecodeError("unknown parameter of an attribute", at: reader.offset)
            }
            attribute.parameters[parameter] = try reader.names(lengthBytesMax: Limits.viewQueryBytesMax)
        }
        attribute.options = try reader.options()
        attribute.isRequired = try reader.choice()
        attribute.isOrdered = try reader.choice()
        attribute.isHierarchy = try reader.choice()
        attribute.isSearched = try reader.choice()
        attribute.defaultText = try reader.optional()
        for _ in 0..<(try reader.u8()) {
            guard let action = RelationshipAction(rawValue: try reader.u8()) else {
                throw DecodeError("unknown action on a relationship", at: reader.offset)
            }
            attribute.behaviours[action] = try reader.name()
        }
        attribute.deletion = try reader.deletion()
        return attribute
    }
}

extension ByteWriter {
    fileprivate mutating func place(_ place: SourcePlace) {
        u32(place.line)
        u32(place.column)
    }

    fileprivate mutating func optional(_ text: String?) {
        u8(text == nil ? 0 : 1)
        if let text { self.text(text) }
    }

    fileprivate mutating func names(_ names: [String]) {
        u16(UInt16(names.count))
        for name in names { text(name) }
    }

    fileprivate mutating func option(_ option: OptionDeclaration) {
        place(option.place)
        integer(option.value)
        optional(option.label)
        u8(option.isDeleted ? 1 : 0)
    }

    fileprivate mutating func options(_ options: [OptionDeclaration]) {
        u16(UInt16(options.count))
        for option in options { self.option(option) }
    }
}

extension ByteReader {
    fileprivate mutating func place() throws(DecodeError) -> SourcePlace {
        SourcePlace(line: try u32(), column: try u32())
    }

    fileprivate mutating func name() throws(DecodeError) -> String { try text(lengthBytesMax: Limits.nameBytesMax) }

    fileprivate mutating func flag() throws(DecodeError) -> Bool {
        let flag = try u8()
        guard flag < 2 else { throw DecodeError("neither yes nor no", at: offset) }
        return flag == 1
    }

    fileprivate mutating func choice() throws(DecodeError) -> Bool? {
        let choice = try u8()
        guard choice < 3 else { throw DecodeError("neither yes nor no", at: offset) }
        return choice == 0 ? nil : choice == 2
    }

    fileprivate mutating func deletion() throws(DecodeError) -> Deletion {
        guard let deletion = Deletion(rawValue: try u8()) else { throw DecodeError("unknown deletion", at: offset) }
        return deletion
    }

    fileprivate mutating func optional(lengthBytesMax: Int = Limits.nameBytesMax) throws(DecodeError) -> String? {
        try flag() ? try text(lengthBytesMax: lengthBytesMax) : nil
    }

    fileprivate mutating func names(lengthBytesMax: Int = Limits.nameBytesMax) throws(DecodeError) -> [String] {
        var names: [String] = []
        for _ in 0..<(try u16()) { names.append(try text(lengthBytesMax: lengthBytesMax)) }
        return names
    }

    fileprivate mutating func option() throws(DecodeError) -> OptionDeclaration {
        let place = try place()
        var option = OptionDeclaration(try integer(), try optional(), place: place)
        option.isDeleted = try flag()
        return option
    }

    fileprivate mutating func options() throws(DecodeError) -> [OptionDeclaration] {
        var options: [OptionDeclaration] = []
        for _ in 0..<(try u16()) { options.append(try option()) }
        return options
    }
}
