// Whether the records allow a schema to take the place of another: the second half of every change, and all of it in a
// replay. Whatever this lets through, `Tables.adopt` can carry out; so a log that does not belong to the state ends in an
// error and not in a trap.
//
// Numbers never change their meaning: entities, attributes, options and keys keep their places, deleted ones included. So
// a request that was made under an older schema is either understood or refused, never misread.
//
// Costs: what only adds asks nothing of the records. A narrower type looks at the zone map of each block, and at the values
// where that does not decide; a new key hashes every row.

/// The change from one schema to another on the records that there are.
struct SchemaTransition {
    let old: Schema
    let new: Schema
    let tables: Tables
    let ahead: IndexesAhead?
    private(set) var problems: [SchemaProblem] = []

    init(from old: Schema, to new: Schema, _ tables: Tables, ahead: IndexesAhead?) {
        self.old = old
        self.new = new
        self.tables = tables
        self.ahead = ahead
    }

    /// Everything that speaks against the change. `ahead` has the keys that are known to be unique, up to this moment.
    static func problems(
        from old: Schema,
        to new: Schema,
        _ tables: Tables,
        ahead: IndexesAhead? = nil
    ) -> [SchemaProblem] {
        var transition = SchemaTransition(from: old, to: new, tables, ahead: ahead)
        transition.checkEntities()
        // From here on every attribute has its place.
        if transition.problems.isEmpty { transition.checkOptions() }
        return transition.problems
    }

    private mutating func problem(_ message: String, _ entity: String, _ attribute: String = "") {
        problems.append(SchemaProblem(message, entity: entity, attribute: attribute))
    }

    // MARK: Entities

    private mutating func checkEntities() {
        let gone = Set(new.deletedEntities.map(\.id))
        for entity in old.deletedEntities where !gone.contains(entity.id) {
            problem("The number of a deleted entity is forgotten.", entity.name)
        }
        for before in old.entities {
            guard let after = new.entity(before.id) else {
                if !gone.contains(before.id) { problem("The entity is gone, and its number with it.", before.name) }
                continue
            }
            checkEntity(before, after)
        }
        for after in new.entities where old.entity(after.id) == nil {
            if old.deletedEntities.contains(where: { $0.id == after.id }) {
                problem("Its number was another entity's.", after.name)
            }
        }
    }

    private mutating func checkEntity(_ before: Entity, _ after: Entity) {
        guard before != after, let place = old.place(of: before.id) else { return }
        guard before.name == after.name, before.ownership == after.ownership, before.pair == after.pair,
            after.attributes.count >= before.attributes.count, after.keys.count >= before.keys.count,
            before.attributes.prefix(SystemAttribute.count) == after.attributes.prefix(SystemAttribute.count)
        else { return problem("Its name, its owners, or what the engine keeps of it would change.", before.name) }
        for (column, attribute) in after.attributes.enumerated() {
            if column < before.attributes.count {
                checkAttribute(before.attributes[column], attribute, place, column)
            } else if attribute.isRequired, attribute.defaultValue == .null, tables[place].liveCount > 0 {
                problem(
                    "A required attribute needs a default, since there are "
                        + "\(SchemaPlanner.records(tables[place].liveCount)) without a value.",
                    after.name,
                    attribute.name
                )
            }
        }
        checkKeys(before, after, place)
        checkStates(before, after, place)
    }

    // MARK: Attributes

    private mutating func checkAttribute(_ before: Attribute, _ after: Attribute, _ place: Int, _ column: Int) {
        let entity = old.entities[place].name
        if after.isDeleted { return }
        guard !before.isDeleted, before.name == after.name else {
            return problem("Its place is another attribute's.", entity, after.name)
        }
        if before.type != after.type, let reason = obstacle(before.type, after.type, place, column) {
            problem(reason, entity, after.name)
        }
        guard after.isRequired, !before.isRequired else { return }
        let missing = tables[place].liveCount - tables[place].valueCount(column)
        if missing > 0 {
            let have = missing == 1 ? "1 record has" : "\(missing) records have"
            problem("It cannot be required: \(have) no value.", entity, after.name)
        }
    }

    /// Why values of one type cannot become values of another; nil when they can.
    private func obstacle(_ before: AttributeType, _ after: AttributeType, _ place: Int, _ column: Int) -> String? {
        switch (before, after) {
        case (.text(let old), .text(let new)), (.text(let old), .memo(let new)), (.memo(let old), .text(let new)),
            (.memo(let old), .memo(let new)):
            guard new < old else { return nil }
            let count = tables[place].count(column) { head, row in
                if case .tooLong = TextCheck.check(head.text(row), lengthMax: new) { true } else { false }
            }
            return count == 0 ? nil : "\(SchemaTransition.have(count)) a longer text."
        case (.integer(let oldLow, let oldHigh), .integer(let low, let high)):
            guard low > oldLow || high < oldHigh else { return nil }
            return outside(low, high, place, column)
        case (.decimal(let oldScale, let oldLow, let oldHigh), .decimal(let scale, let low, let high)):
            guard oldScale == scale else {
                return "The digits behind the point cannot change, because requests that are under way count in them; "
                    + "add another attribute."
            }
            guard low > oldLow || high < oldHigh else { return nil }
            return outside(low, high, place, column)
        case (.lookup(let old), .lookup(let new)):
            let lost = Set(old).subtracting(new)
            let kept = old.filter(new.contains)
            guard Array(new.prefix(kept.count)) == kept else { return "Its targets change their order." }
            if lost.isEmpty { return nil }
            let count = tables[place].count(column) { head, row in
                lost.contains(RecordID(rawValue: UInt64(bitPattern: head.number(row, .id))).entity)
            }
            let names = lost.compactMap { self.old.entity($0)?.name }.sorted().joined(separator: " or ")
            return count == 0 ? nil : "\(count == 1 ? "1 record refers" : "\(count) records refer") to \(names)."
        case (.text, .autoNumber):
            return obstacle(before, .text(lengthMax: AutoNumberFormat.lengthMax), place, column)
        case (.autoNumber, .text), (.autoNumber, .memo):
            return obstacle(.text(lengthMax: AutoNumberFormat.lengthMax), after, place, column)
        case (.autoNumber, .autoNumber): return nil
        case (.file, .file(let bytesMax, let contentTypes)):
            let count = tables[place].count(column) { head, row in
                guard let file = FileReference(bytes: head.text(row)) else { return true }
                return file.content.lengthBytes > bytesMax || !file.isOfType(contentTypes)
            }
            return count == 0 ? nil : "\(SchemaTransition.have(count)) a longer file, or one of another type."
        // Nothing is stored.
        case (.calculated, .calculated), (.rollUp, .rollUp), (.calculated, .rollUp), (.rollUp, .calculated),
            (.partyList, .partyList):
            return nil
        default: return "Its type cannot become another one; add another attribute."
        }
    }

    private func outside(_ low: Int64, _ high: Int64, _ place: Int, _ column: Int) -> String? {
        let layout = tables[place].layout.columns[column]
        let count = tables[place].count(column) { minimum, maximum in
            minimum < low || maximum > high
        } where: { head, row in
            let number = head.number(row, layout)
            return number < low || number > high
        }
        return count == 0 ? nil : "\(SchemaTransition.have(count)) a value outside."
    }

    private static func have(_ count: Int) -> String { count == 1 ? "1 record has" : "\(count) records have" }

    // MARK: Options

    private mutating func checkOptions() {
        guard new.optionSets.count >= old.optionSets.count else { return problem("Option sets are gone.", "") }
        for (number, before) in old.optionSets.enumerated() {
            let after = new.optionSets[number]
            guard before != after, !after.isDeleted else { continue }
            guard before.name == after.name, !before.isDeleted,
                after.options.map(\.value).starts(with: before.options.map(\.value))
            else {
                problem("The options of \(before.name) change their places.", "")
                continue
            }
            for (place, option) in before.options.enumerated() where after.options[place].isDeleted {
                if !option.isDeleted { checkUnused(option, place, OptionSetID(UInt16(number))) }
            }
        }
    }

    /// No attribute that stays has the option.
    private mutating func checkUnused(_ option: OptionSet.Option, _ code: Int, _ set: OptionSetID) {
        for (place, entity) in old.entities.enumerated() {
            guard let after = new.entity(entity.id) else { continue }
            for (column, attribute) in entity.attributes.enumerated()
            where attribute.type.optionSet == set && !after.attributes[column].isDeleted {
                let count = tables[place].count(optionAt: code, column, attribute.type)
                guard count > 0 else { continue }
                problem(
                    "\(SchemaTransition.have(count)) option \(option.value) \(option.label).",
                    entity.name,
                    attribute.name
                )
            }
        }
    }

    // MARK: Keys and states

    private mutating func checkKeys(_ before: Entity, _ after: Entity, _ place: Int) {
        for (index, key) in after.keys.enumerated() {
            if index < before.keys.count {
                let old = before.keys[index]
                guard key == old || key.isDeleted else {
                    problem("What a key is made of cannot change.", after.name, key.name)
                    continue
                }
            }
            let isKnown = index < before.keys.count
            let isCompared =
                isKnown && !key.isDeleted && key.attributes.contains { before[$0].collation != after[$0].collation }
            guard !isKnown || isCompared, ahead?.hasKey(index, of: after) != true else { continue }
            if let pair = tables[place].duplicate(of: key.attributes.map { Int($0.rawValue) }, after) {
                let ids = [pair.0, pair.1].map { old.text(of: tables[place].recordID(atRow: Int($0))) }
                problem("\(ids[0]) and \(ids[1]) have the same values.", after.name, key.name)
            }
        }
    }

    private mutating func checkStates(_ before: Entity, _ after: Entity, _ place: Int) {
        guard let old = before.stateModel else { return }
        guard let new = after.stateModel else { return problem("Its life cycle cannot go.", before.name) }
        // Statuses keep their state; those that are gone have no records, as their options say.
        for state in old.states {
            for status in state.statuses {
                guard let owner = new.state(ofStatus: status), owner != state.value else { continue }
                problem("Status \(status) changes its state.", before.name, "statuscode")
            }
        }
    }
}

extension Table {
    /// Living rows with a value that `matches`, in blocks whose smallest and largest value `mayHold` one.
    fileprivate func count(
        _ column: Int,
        mayHold: (Int64, Int64) -> Bool = { _, _ in true },
        where matches: (BlockHead, Int) -> Bool
    ) -> Int {
        // A column that an older schema did not have yet.
        guard column < layout.columns.count else { return 0 }
        var count = 0
        for chunk in 0..<blockCount {
            guard let block = block(column, chunk),
                layout.columns[column] == .text || mayHold(block.minimum, block.maximum)
            else { continue }
            let head = block.head
            for row in 0..<block.capacity where head.isValid(row) && matches(head, row) { count += 1 }
        }
        return count
    }

    /// Living rows that have the option at a place of its set.
    fileprivate func count(optionAt place: Int, _ column: Int, _ type: AttributeType) -> Int {
        let code = Int64(place)
        let layout = layout.columns[column]
        if type.isSelection {
            return count(column) { head, row in head.number(row, layout) >> code & 1 != 0 }
        }
        return count(column) {
            $0 <= code && code <= $1
        } where: { head, row in
            head.number(row, layout) == code
        }
    }

    /// Two living rows with equal values in all of these columns, as the entity compares them; nil when there are none. O(rows).
    fileprivate func duplicate(of columns: [Int], _ entity: Entity) -> (UInt32, UInt32)? {
        // A column that comes with the key has no values yet.
        guard !columns.isEmpty, columns.allSatisfy({ $0 < layout.columns.count }) else { return nil }
        let collations = entity.attributes.map(\.collation)
        var index = HashIndex()
        for row in 0..<rowCount {
            guard let hash = keyHash(columns, row, collations) else { continue }
            if let other = equalRow(hash, columns, row, collations, in: index) { return (other, UInt32(row)) }
            index.insert(hash, row: UInt32(row))
        }
        return nil
    }
}
