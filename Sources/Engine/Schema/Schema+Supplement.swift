// What schemas of clients add to those that are written in Swift. It follows the rest of a schema's bytes, as format 2; a
// schema without any of it is written as format 1, byte by byte as before there was a supplement.
//
//   u16 shared option sets, u16 each
//   u16 deleted option sets, u16 each
//   u16 deleted options, each: u16 set, u16 place
//   u16 lookups, each: u16 entity, u16 attribute, u8 scopes (assign, share, reparent, merge: two bits each), u8 flags
//     (1 hierarchy)
//   u16 life cycles with transitions, each: u16 entity, u16 statuses, each: i32 from, u16 to, i32 each
//   u16 pairs (many-to-many), each: u16 entity, u16 first lookup, u16 second lookup
//   u16 deleted entities, each: u16 number, text name
//   u16 views, each: text name, u16 entity, text query
//
// Format 3 has the indexes over several attributes behind it:
//
//   u16 indexes, each: u16 entity, text name, u8 attributes, u16 each

/// The content of a schema while it is read, before anything is checked.
struct SchemaParts {
    var optionSets: [OptionSet]
    var entities: [Entity]
    var deletedEntities: [DeletedEntity] = []
    var views: [SharedView] = []
}

extension Schema {
    /// Whether anything is in the supplement.
    var hasSupplement: Bool {
        !deletedEntities.isEmpty || !views.isEmpty
            || optionSets.contains { $0.isShared || $0.isDeleted || $0.options.contains(where: \.isDeleted) }
            || entities.contains { entity in
                !entity.pair.isEmpty || entity.stateModel?.transitions.isEmpty == false
                    || entity.attributes.contains(where: Schema.hasScopes)
            }
    }

    private static func hasScopes(_ attribute: Attribute) -> Bool {
        attribute.isHierarchy || attribute.cascades != Cascades()
    }

    func encodeSupplement(into writer: inout ByteWriter) {
        func list<T>(_ items: [T], _ write: (T) -> Void) {
            writer.u16(UInt16(items.count))
            for item in items { write(item) }
        }
        list(optionSets.indices.filter { optionSets[$0].isShared }) { writer.u16(UInt16($0)) }
        list(optionSets.indices.filter { optionSets[$0].isDeleted }) { writer.u16(UInt16($0)) }
        list(
            optionSets.enumerated().flatMap { set, declared in
                declared.options.indices.filter { declared.options[$0].isDeleted }.map { (set, $0) }
            }
        ) { set, place in
            writer.u16(UInt16(set))
            writer.u16(UInt16(place))
        }
        list(
            entities.flatMap { entity in
                entity.attributes.indices.filter { Schema.hasScopes(entity.attributes[$0]) }.map { (entity, $0) }
            }
        ) { entity, place in
            writer.u16(entity.id.rawValue)
            writer.u16(UInt16(place))
            writer.u8(entity.attributes[place].cascades.packed)
            writer.u8(entity.attributes[place].isHierarchy ? 1 : 0)
        }
        list(entities.filter { $0.stateModel?.transitions.isEmpty == false }) { entity in
            writer.u16(entity.id.rawValue)
            list(entity.stateModel?.transitions ?? []) { transition in
                writer.integer(transition.from)
                list(transition.to) { writer.integer($0) }
            }
        }
        list(entities.filter { !$0.pair.isEmpty }) { entity in
            writer.u16(entity.id.rawValue)
            for attribute in entity.pair { writer.u16(attribute.rawValue) }
        }
        list(deletedEntities) { entity in
            writer.u16(entity.id.rawValue)
            writer.text(entity.name)
        }
        list(views) { view in
            writer.text(view.name)
            writer.u16(view.entity.rawValue)
            writer.text(view.query)
        }
    }
}

extension Schema {
    /// Whether an index over attributes in order is declared.
    var hasIndexes: Bool { entities.contains { !$0.indexes.isEmpty } }

    func encodeIndexes(into writer: inout ByteWriter) {
        writer.u16(UInt16(entities.reduce(0) { $0 + $1.indexes.count }))
        for entity in entities {
            for index in entity.indexes {
                writer.u16(entity.id.rawValue)
                writer.text(index.name)
                writer.u8(UInt8(index.attributes.count))
                for attribute in index.attributes { writer.u16(attribute.rawValue) }
            }
        }
    }
}

extension SchemaParts {
    /// Reads the indexes of the entities.
    mutating func readIndexes(from reader: inout ByteReader) throws(DecodeError) {
        for _ in 0..<(try reader.u16()) {
            let entity = try entity(from: &reader)
            var index = RecordIndex(name: try reader.text(lengthBytesMax: Limits.nameBytesMax), attributes: [])
            for _ in 0..<(try reader.u8()) { index.attributes.append(AttributeID(try reader.u16())) }
            entities[entity].indexes.append(index)
        }
    }

    /// Reads a supplement into the parts that it speaks of.
    mutating func readSupplement(from reader: inout ByteReader) throws(DecodeError) {
        for _ in 0..<(try reader.u16()) { optionSets[try set(from: &reader)].isShared = true }
        for _ in 0..<(try reader.u16()) { optionSets[try set(from: &reader)].isDeleted = true }
        for _ in 0..<(try reader.u16()) {
            let set = try set(from: &reader)
            let place = Int(try reader.u16())
            guard place < optionSets[set].options.count else { throw unknown("option", reader) }
            optionSets[set].options[place].isDeleted = true
        }
        for _ in 0..<(try reader.u16()) {
            let entity = try entity(from: &reader)
            let place = Int(try reader.u16())
            guard place < entities[entity].attributes.count else { throw unknown("attribute", reader) }
            entities[entity].attributes[place].cascades = Cascades(packed: try reader.u8())
            entities[entity].attributes[place].isHierarchy = try reader.u8() & 1 != 0
        }
        for _ in 0..<(try reader.u16()) {
            let entity = try entity(from: &reader)
            var transitions: [StateModel.Transition] = []
            for _ in 0..<(try reader.u16()) {
                var transition = StateModel.Transition(from: try reader.integer(), to: [])
                for _ in 0..<(try reader.u16()) { transition.to.append(try reader.integer()) }
                transitions.append(transition)
            }
            guard entities[entity].stateModel != nil else { throw unknown("life cycle", reader) }
            entities[entity].stateModel?.transitions = transitions
        }
        for _ in 0..<(try reader.u16()) {
            let entity = try entity(from: &reader)
            entities[entity].pair = [AttributeID(try reader.u16()), AttributeID(try reader.u16())]
        }
        for _ in 0..<(try reader.u16()) {
            let id = EntityID(try reader.u16())
            deletedEntities.append(DeletedEntity(id: id, name: try reader.text(lengthBytesMax: Limits.nameBytesMax)))
        }
        for _ in 0..<(try reader.u16()) {
            let name = try reader.text(lengthBytesMax: Limits.nameBytesMax)
            let entity = entities[try entity(from: &reader)].id
            let query = try reader.text(lengthBytesMax: Limits.viewQueryBytesMax)
            views.append(SharedView(name: name, entity: entity, query: query))
        }
    }

    private func set(from reader: inout ByteReader) throws(DecodeError) -> Int {
        let set = Int(try reader.u16())
        guard set < optionSets.count else { throw unknown("option set", reader) }
        return set
    }

    private func entity(from reader: inout ByteReader) throws(DecodeError) -> Int {
        let id = EntityID(try reader.u16())
        guard let place = entities.firstIndex(where: { $0.id == id }) else { throw unknown("entity", reader) }
        return place
    }

    private func unknown(_ what: String, _ reader: ByteReader) -> DecodeError {
        DecodeError("the schema's supplement speaks of an unknown \(what)", at: reader.offset)
    }
}
