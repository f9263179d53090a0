// Random changes of the schema between random changes of records, told again by a model that keeps records as dictionaries
// by attribute name; replays and restores must agree with both. `KITH_SEED=7` runs one seed alone.

import Engine
import Foundation
import SchemaFile
import Testing

@Suite struct SchemaPropertyTests {
    @Test func changesAgreeWithAModel() throws {
        let seed = ProcessInfo.processInfo.environment["KITH_SEED"].flatMap(UInt64.init)
        var refusals = 0
        var applied = 0
        for seed in seed.map({ $0..<$0 + 1 }) ?? 0..<24 {
            var run = SchemaPropertyRun(seed: seed)
            do {
                try run.run(steps: 120)
            } catch {
                Issue.record("KITH_SEED=\(seed): \(error)")
                return
            }
            refusals += run.refusals
            applied += run.applied
        }
        guard seed == nil else { return }
        #expect(refusals > 100 && applied > 400, "\(refusals) refused, \(applied) applied")
    }
}

/// What the model knows of an attribute.
private struct ModelAttribute {
    var kind: String
    var low: Int64 = 0
    var high: Int64 = 0
    var options: Set<Int32> = []
    var isRequired = false
    var isOrdered = false
    var isExact = false
    var target = ""

    /// What of a value is compared: texts without the case of letters, unless they are exact.
    func compared(_ value: Value) -> Value {
        if case .text(let text) = value, !isExact { .text(text.lowercased()) } else { value }
    }
}

private struct ModelEntity {
    var attributes: [String: ModelAttribute] = [:]
    var keys: [String: String] = [:]
    var indexes: [String: [String]] = [:]
    var records: [RecordID: [String: Value]] = [:]
}

private struct SchemaPropertyRun {
    let seed: UInt64
    let harness = SchemaHarness()
    var random: SplitMixBytes
    var entities: [String: ModelEntity] = [:]
    var refusals = 0
    var applied = 0
    private var names = 0

    init(seed: UInt64) {
        self.seed = seed
        random = SplitMixBytes(seed: seed &* 0x9E37_79B9_7F4A_7C15)
    }

    mutating func run(steps: Int) throws {
        try addEntity()
        for step in 0..<steps {
            if random.below(3) == 0 { try changeSchema() } else { try changeRecords() }
            if step % 20 == 19 { try compare() }
        }
        try compare()
        try harness.checkCopies()
    }

    private mutating func pick<T>(_ items: [T]) -> T? { items.isEmpty ? nil : items[random.below(items.count)] }

    private mutating func name(_ prefix: String) -> String {
        names += 1
        return "\(prefix)\(names)"
    }

    // MARK: Schema

    /// Carries a document out and asks whether the outcome is the model's.
    private mutating func apply(_ yaml: String, isAllowed: Bool) throws -> Bool {
        let reply = try harness.apply(yaml)
        guard reply.problems.isEmpty == isAllowed else {
            throw Mismatch(what: "\(yaml)\n\(reply.problems.map(\.description))")
        }
        if reply.isApplied { applied += 1 }
        if !isAllowed { refusals += 1 }
        if reply.isApplied, random.below(4) == 0, try harness.apply(yaml).isApplied {
            throw Mismatch(what: "applied twice: \(yaml)")
        }
        return isAllowed
    }

    private mutating func addEntity() throws {
        let name = name("e")
        let yaml = "entities: {\(name): {owner: organisation, attributes: {name: {type: text, length: 9}}}}"
        _ = try apply(yaml, isAllowed: true)
        entities[name] = ModelEntity(attributes: ["name": ModelAttribute(kind: "text", high: 9)])
    }

    private mutating func changeSchema() throws {
        guard let entity = pick(entities.keys.sorted()), let model = entities[entity] else { return try addEntity() }
        let attribute = pick(model.attributes.keys.filter { $0 != "name" }.sorted())
        switch random.below(16) {
        case 12, 13: try changeIndex(entity)
        case 14: if let attribute { try changeCollation(entity, attribute) }
        case 15: if let attribute = pick(model.keys.values.sorted()) { try changeCollation(entity, attribute) }
        case 0 where entities.count < 4: try addEntity()
        case 1 where entities.count > 1: try deleteEntity(entity)
        case 2, 3, 4: try addAttribute(entity)
        case 5: if let attribute { try deleteAttribute(entity, attribute) }
        case 6: if let attribute { try require(entity, attribute) }
        case 7: if let attribute { try order(entity, attribute) }
        case 8: try addKey(entity)
        case 9: if let attribute { try changeOptions(entity, attribute) }
        default: if let attribute { try changeBounds(entity, attribute) }
        }
    }

    private mutating func deleteEntity(_ entity: String) throws {
        let isReferred = entities.contains {
            $0.key != entity && $0.value.attributes.values.contains { $0.target == entity }
        }
        let withData = random.below(2) == 0
        let isAllowed = !isReferred && (withData || entities[entity]?.records.isEmpty == true)
        let yaml = "entities: {\(entity): {delete: \(withData ? "with data" : "yes")}}"
        if try apply(yaml, isAllowed: isAllowed) { entities[entity] = nil }
    }

    private mutating func addAttribute(_ entity: String) throws {
        let name = name("a")
        var attribute = ModelAttribute(kind: ["text", "integer", "option", "yesno", "lookup", "date"][random.below(6)])
        var fields = "type: \(attribute.kind)"
        var fill: Value = .null
        switch attribute.kind {
        case "text":
            attribute.high = Int64(3 + random.below(10))
            fields += ", length: \(attribute.high)"
        case "integer":
            (attribute.low, attribute.high) = (-Int64(random.below(50)), Int64(random.below(50)))
            fields += ", minimum: \(attribute.low), maximum: \(attribute.high)"
            fill = .integer(0)
        case "option":
            attribute.options = [1, 2, 5]
            fields += ", options: {1: A, 2: B, 5: C}"
            fill = .option(2)
        case "lookup":
            attribute.target = pick(entities.keys.sorted()) ?? entity
            fields += ", to: \(attribute.target)"
        case "yesno": fill = .boolean(true)
        default: break
        }
        let isRequired = random.below(4) == 0 && attribute.kind != "lookup"
        if isRequired {
            fields += ", required: yes"
            switch fill {
            case .integer: fields += ", default: 0"
            case .option: fields += ", default: B"
            case .boolean: fields += ", default: yes"
            default: break
            }
        }
        attribute.isRequired = isRequired
        let hasRecords = entities[entity]?.records.isEmpty == false
        let yaml = "entities: {\(entity): {attributes: {\(name): {\(fields)}}}}"
        guard try apply(yaml, isAllowed: !isRequired || !hasRecords || fill != .null) else { return }
        entities[entity]?.attributes[name] = attribute
        if isRequired {
            for id in entities[entity]?.records.keys.sorted() ?? [] { entities[entity]?.records[id]?[name] = fill }
        }
    }

    private mutating func deleteAttribute(_ entity: String, _ attribute: String) throws {
        let model = entities[entity] ?? ModelEntity()
        let withData = random.below(2) == 0
        let isKey = model.keys.values.contains(attribute) || model.indexes.values.contains { $0.contains(attribute) }
        let hasValues = model.records.values.contains { $0[attribute] != nil }
        let yaml = "entities: {\(entity): {attributes: {\(attribute): {delete: \(withData ? "with data" : "yes")}}}}"
        guard try apply(yaml, isAllowed: !isKey && (withData || !hasValues)) else { return }
        entities[entity]?.attributes.removeValue(forKey: attribute)
        for id in model.records.keys { entities[entity]?.records[id]?.removeValue(forKey: attribute) }
    }

    private mutating func require(_ entity: String, _ attribute: String) throws {
        guard let model = entities[entity], let present = model.attributes[attribute], present.kind != "lookup" else {
            return
        }
        let wanted = !present.isRequired
        let isFull = model.records.values.allSatisfy { $0[attribute] != nil }
        let yaml = "entities: {\(entity): {attributes: {\(attribute): {required: \(wanted ? "yes" : "no")}}}}"
        if try apply(yaml, isAllowed: !wanted || isFull) {
            entities[entity]?.attributes[attribute]?.isRequired = wanted
        }
    }

    private mutating func order(_ entity: String, _ attribute: String) throws {
        guard let present = entities[entity]?.attributes[attribute] else { return }
        let isAllowed = ["text", "integer", "date"].contains(present.kind)
        let wanted = !present.isOrdered
        let yaml = "entities: {\(entity): {attributes: {\(attribute): {ordered: \(wanted ? "yes" : "no")}}}}"
        if try apply(yaml, isAllowed: isAllowed || !wanted) {
            entities[entity]?.attributes[attribute]?.isOrdered = wanted
        }
    }

    private mutating func addKey(_ entity: String) throws {
        guard let model = entities[entity] else { return }
        if let key = pick(model.keys.keys.sorted()), random.below(2) == 0 {
            _ = try apply("entities: {\(entity): {keys: {\(key): {delete: yes}}}}", isAllowed: true)
            entities[entity]?.keys[key] = nil
            return
        }
        let known = model.attributes.filter { ["text", "integer", "date", "lookup"].contains($0.value.kind) }.keys
            .sorted()
        guard let attribute = pick(known), model.keys.count < 10 else { return }
        let compared = model.attributes[attribute] ?? ModelAttribute(kind: "")
        let values = model.records.values.compactMap { $0[attribute].map(compared.compared) }
        // Attributes that were made with a default cannot be part of a key.
        let declared = harness.engine.schema.entity(named: entity).flatMap { entity in
            entity.attributeID(attribute).map { entity[$0].defaultValue }
        }
        let key = name("k")
        let isAllowed = Set(values).count == values.count && declared == .null
        if try apply("entities: {\(entity): {keys: {\(key): \(attribute)}}}", isAllowed: isAllowed) {
            entities[entity]?.keys[key] = attribute
        }
    }

    /// What is equal under one collation may differ under the other, and the other way about.
    private mutating func changeCollation(_ entity: String, _ attribute: String) throws {
        guard let model = entities[entity], var present = model.attributes[attribute] else { return }
        present.isExact = random.below(2) == 0
        let values = model.records.values.compactMap { $0[attribute].map(present.compared) }
        let isUnique = !model.keys.values.contains(attribute) || Set(values).count == values.count
        let isAllowed = present.kind == "text" && isUnique
        let collation = present.isExact ? "exact" : "general"
        let yaml = "entities: {\(entity): {attributes: {\(attribute): {collation: \(collation)}}}}"
        if try apply(yaml, isAllowed: isAllowed) { entities[entity]?.attributes[attribute] = present }
    }

    /// Adds an index, gives one other attributes, or takes one away.
    private mutating func changeIndex(_ entity: String) throws {
        guard let model = entities[entity] else { return }
        let present = pick(model.indexes.keys.sorted())
        if let present, random.below(3) == 0 {
            _ = try apply("entities: {\(entity): {indexes: {\(present): {delete: yes}}}}", isAllowed: true)
            entities[entity]?.indexes[present] = nil
            return
        }
        var known = model.attributes.keys.sorted() + ["createdon", "modifiedon"]
        let attributes = (0..<1 + random.below(3)).compactMap { _ in
            known.isEmpty ? nil : known.remove(at: random.below(known.count))
        }
        guard model.indexes.count < 6 || present != nil else { return }
        let index = random.below(2) == 0 ? present ?? name("i") : model.indexes.count < 6 ? name("i") : present ?? ""
        let yaml = "entities: {\(entity): {indexes: {\(index): [\(attributes.joined(separator: ", "))]}}}"
        if try apply(yaml, isAllowed: true) { entities[entity]?.indexes[index] = attributes }
    }

    private mutating func changeOptions(_ entity: String, _ attribute: String) throws {
        guard let model = entities[entity], let present = model.attributes[attribute], present.kind == "option" else {
            return
        }
        let number = Int32(1 + random.below(8))
        let prefix = "entities: {\(entity): {attributes: {\(attribute): {options: {\(number): "
        if random.below(2) == 0 {
            _ = try apply(prefix + "L\(number)}}}}}", isAllowed: true)
            entities[entity]?.attributes[attribute]?.options.insert(number)
            return
        }
        let isUsed = model.records.values.contains { $0[attribute] == .option(number) }
        let isDefault = present.isRequired && number == 2 || declaredDefault(entity, attribute) == .option(number)
        let isLast = present.options == [number]
        let isAllowed = !present.options.contains(number) || !isUsed && !isDefault && !isLast
        if try apply(
            prefix + "{delete: yes}}}}}}",
            isAllowed: isAllowed || isDefault && !present.options.contains(number)
        ) {
            entities[entity]?.attributes[attribute]?.options.remove(number)
        }
    }

    private func declaredDefault(_ entity: String, _ attribute: String) -> Value {
        guard let entity = harness.engine.schema.entity(named: entity), let id = entity.attributeID(attribute) else {
            return .null
        }
        return entity[id].defaultValue
    }

    private mutating func changeBounds(_ entity: String, _ attribute: String) throws {
        guard let model = entities[entity], var present = model.attributes[attribute] else { return }
        let values = model.records.values.compactMap { $0[attribute] }
        let prefix = "entities: {\(entity): {attributes: {\(attribute): {"
        switch present.kind {
        case "text":
            present.high = Int64(1 + random.below(16))
            let isAllowed = values.allSatisfy {
                if case .text(let text) = $0 { text.count <= present.high } else { false }
            }
            guard try apply(prefix + "length: \(present.high)}}}}", isAllowed: isAllowed) else { return }
        case "integer":
            // Now and then so wide that the column takes eight bytes a value, and back.
            (present.low, present.high) =
                random.below(3) == 0
                ? (-5_000_000_000, 5_000_000_000) : (-Int64(random.below(60)), Int64(random.below(60)))
            let isAllowed = values.allSatisfy {
                if case .integer(let number) = $0 { (present.low...present.high).contains(number) } else { false }
            }
            let yaml = prefix + "minimum: \(present.low), maximum: \(present.high)}}}}"
            // A default that is 0 lies within all of these.
            guard try apply(yaml, isAllowed: isAllowed) else { return }
        default: return
        }
        entities[entity]?.attributes[attribute] = present
    }

    // MARK: Records

    private mutating func changeRecords() throws {
        guard let entity = pick(entities.keys.sorted()), let model = entities[entity] else { return }
        let id = pick(model.records.keys.sorted())
        if let id, random.below(6) == 0 { return try delete(id) }
        var values: [(String, Value)] = []
        for (name, attribute) in model.attributes.sorted(by: { $0.key < $1.key }) where random.below(3) > 0 {
            values.append((name, value(attribute)))
        }
        let isCreate = id == nil || random.below(2) == 0
        var after = isCreate ? [:] : model.records[id ?? .none] ?? [:]
        if isCreate {
            for name in model.attributes.keys where !values.contains(where: { $0.0 == name }) {
                let value = declaredDefault(entity, name)
                if value != .null { after[name] = value }
            }
        }
        // Not by assigning nil: that is a value, too.
        for (name, value) in values {
            if value == .null { after.removeValue(forKey: name) } else { after[name] = value }
        }
        let isComplete = model.attributes.allSatisfy { !$0.value.isRequired || after[$0.key] != nil }
        let isUnique = model.keys.values.allSatisfy { attribute in
            guard let value = after[attribute], let compared = model.attributes[attribute] else { return true }
            return !model.records.contains {
                $0.key != (isCreate ? nil : id)
                    && $0.value[attribute].map(compared.compared) == compared.compared(value)
            }
        }
        do {
            let ids = try harness.run { t in
                if isCreate {
                    try t.createRecord(entity, values)
                } else if let id {
                    try t.updateRecord(id, values)
                }
            }
            guard isComplete, isUnique else { throw Mismatch(what: "accepted: \(entity) \(values)") }
            if isCreate {
                entities[entity]?.records[ids[0]] = after
            } else if let id {
                entities[entity]?.records[id] = after
            }
        } catch let refusal as Refusal {
            guard !isComplete || !isUnique else { throw Mismatch(what: "\(refusal): \(entity) \(values)") }
        }
    }

    private mutating func delete(_ id: RecordID) throws {
        try harness.run { try $0.delete(id) }
        for (name, model) in entities {
            entities[name]?.records.removeValue(forKey: id)
            for (other, record) in model.records {
                for (attribute, value) in record where value == .reference(id) {
                    entities[name]?.records[other]?.removeValue(forKey: attribute)
                }
            }
        }
    }

    private mutating func value(_ attribute: ModelAttribute) -> Value {
        if random.below(6) == 0 { return .null }
        switch attribute.kind {
        case "text":
            let letters = Array("abcdABCD")
            return .text(String((0..<random.below(Int(attribute.high) + 1)).map { _ in letters[random.below(8)] }))
        case "integer":
            let span = min(attribute.high - attribute.low, 1 << 40)
            return .integer(attribute.low + Int64(random.below(Int(span) + 1)))
        case "option": return .option(attribute.options.sorted()[random.below(attribute.options.count)])
        case "yesno": return .boolean(random.below(2) == 0)
        case "date": return .date(Int32(random.below(20)))
        default:
            return pick(entities[attribute.target]?.records.keys.sorted() ?? []).map(Value.reference) ?? .null
        }
    }

    // MARK: Comparison

    private func compare() throws {
        let view = harness.engine.view
        harness.engine.checkInvariants()
        for (name, model) in entities {
            guard let entity = view.schema.entity(named: name), let place = view.schema.place(of: entity.id) else {
                throw Mismatch(what: "\(name) is missing")
            }
            let table = view.table(place)
            guard table.liveCount == model.records.count else {
                throw Mismatch(what: "\(name): \(table.liveCount) records")
            }
            for (id, record) in model.records {
                let row = Int(table.row(of: id))
                for (column, attribute) in entity.attributes.enumerated().dropFirst(SystemAttribute.count) {
                    let expected = attribute.isDeleted ? .null : record[attribute.name] ?? .null
                    guard table.value(column, row) == expected else {
                        throw Mismatch(what: "\(name).\(attribute.name): \(table.value(column, row)), not \(expected)")
                    }
                }
            }
            let declared = Dictionary(
                uniqueKeysWithValues: entity.indexes.map { ($0.name, $0.attributes.map { entity[$0].name }) }
            )
            guard declared == model.indexes else { throw Mismatch(what: "\(name): indexes \(declared)") }
            // Every text is found again, by a key or an index where there is one.
            for (attribute, declared) in model.attributes where declared.kind == "text" {
                guard let text = model.records.values.compactMap({ $0[attribute] }).first, case .text(let wanted) = text
                else { continue }
                let found = try harness.rows("SELECT COUNT(*) FROM \(name) WHERE \(attribute) = '\(wanted)'")
                let expected = model.records.values.count {
                    $0[attribute].map(declared.compared) == declared.compared(text)
                }
                guard found == [[.integer(Int64(expected))]] else {
                    throw Mismatch(what: "\(name).\(attribute) = '\(wanted)': \(found), not \(expected)")
                }
            }
            // By the index where there is one, by a sort where not.
            for (attribute, declared) in model.attributes where declared.kind == "integer" {
                let sorted = try harness.rows(
                    "SELECT \(attribute) FROM \(name) WHERE \(attribute) >= -60 ORDER BY \(attribute)"
                )
                let expected = model.records.values.compactMap { record -> Int64? in
                    if case .integer(let number)? = record[attribute], number >= -60 { number } else { nil }
                }.sorted()
                guard sorted.map({ $0[0] }) == expected.map(Value.integer) else {
                    throw Mismatch(what: "\(name).\(attribute) sorted")
                }
            }
        }
    }
}

private struct Mismatch: Error, CustomStringConvertible {
    var what: String
    var description: String { what }
}
