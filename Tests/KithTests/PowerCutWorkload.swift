// Random transactions over what is there: mostly sensible, sometimes wrong in every way that the engine must refuse.

import Engine
import Snapshot
import TestSupport

/// Makes transactions; everything follows from the generator that it is given.
struct PowerCutWorkload {
    private static let clients: UInt64 = 3
    /// Beyond this many records deletes prevail, so that a state stays small.
    private static let recordCountMax = 60

    private var requestCount: UInt64 = 0

    mutating func transaction(_ model: CRMModel, _ random: inout SplitMix64) -> ModelTransaction {
        var transaction = ModelTransaction()
        transaction.isIndependent = random.below(4) == 0
        if random.below(3) == 0 {
            requestCount += 1
            transaction.key = RequestKey(client: UInt64(random.below(Int(Self.clients))), request: requestCount)
        }
        for _ in 0..<1 + (random.below(2) == 0 ? 0 : random.below(4)) {
            transaction.operations.append(operation(model, transaction, &random))
        }
        return transaction
    }

    /// A change of the schema that no record shows: attributes and entities that stay empty, indexes, labels.
    func schemaDocument(_ random: inout SplitMix64) -> SchemaDocument {
        var document = SchemaDocument()
        var entity = EntityDeclaration("account")
        switch random.below(5) {
        case 0:
            var attribute = AttributeDeclaration("extra", "money")
            if random.below(2) == 0 { attribute.deletion = .unused }
            entity.attributes = [attribute]
        case 1:
            var attribute = AttributeDeclaration(["revenue", "founded", "employees", "accountnumber"][random.below(4)])
            attribute.isOrdered = random.below(2) == 0
            entity.attributes = [attribute]
        case 2:
            var key = KeyDeclaration("both", ["accountnumber", "founded"])
            key.isDeleted = random.below(2) == 0
            entity.keys = [key]
        case 3:
            var attribute = AttributeDeclaration("employees")
            attribute.parameters[.maximum] = [["1000000", "2000000"][random.below(2)]]
            attribute.label = "Employees \(random.below(9))"
            entity.attributes = [attribute]
        default:
            entity = EntityDeclaration("extra")
            entity.attributes = [AttributeDeclaration("name", "text")]
            if random.below(2) == 0 { entity.deletion = .unused }
        }
        document.entities = [entity]
        return document
    }

    /// The system, a user, or one who is gone.
    func actor(_ model: CRMModel, _ random: inout SplitMix64) -> RecordID {
        // Sequences below this were given out; some of their users are gone.
        let next = Int(model.nextSequence["systemuser"] ?? 1)
        guard next > 1 else { return .none }
        return switch random.below(8) {
        case 0..<3: .none
        case 3: RecordID(entity: EntityID(1), sequence: UInt64(1 + random.below(next - 1)))
        default: pick(model, ["systemuser"], &random) ?? .none
        }
    }

    private func operation(
        _ model: CRMModel,
        _ transaction: ModelTransaction,
        _ random: inout SplitMix64
    ) -> ModelOperation {
        let entities = ["account", "account", "account", "contact", "contact", "order", "order", "systemuser", "team"]
        let entity = entities[random.below(entities.count)]
        let rowCount = random.below(3) == 0 ? 2 + random.below(4) : 1
        let isFull = model.records.count > Self.recordCountMax
        switch random.below(10) {
        case 0..<3 where !isFull: return rows(.create, entity, rowCount, model, transaction, &random)
        case 3, 4: return rows(.upsert, "account", rowCount, model, transaction, &random)
        case 5..<8: return rows(.update, entity, rowCount, model, transaction, &random)
        default:
            var operation = ModelOperation(kind: .delete, entity: entity)
            for _ in 0..<rowCount {
                guard let id = pick(model, [entity], &random) else { break }
                operation.rows.append([])
                operation.ids.append(random.below(20) == 0 ? missing(entity) : id)
                operation.versions.append(version(model, id, &random))
            }
            return operation.rows.isEmpty
                ? rows(.create, entity, rowCount, model, transaction, &random) : operation
        }
    }

    private func rows(
        _ kind: OperationKind,
        _ entity: String,
        _ count: Int,
        _ model: CRMModel,
        _ transaction: ModelTransaction,
        _ random: inout SplitMix64
    ) -> ModelOperation {
        var operation = ModelOperation(kind: kind, entity: entity)
        operation.attributes = attributes(entity, kind, &random)
        for _ in 0..<count {
            if kind == .update {
                guard let id = pick(model, [entity], &random) else { break }
                operation.ids.append(random.below(30) == 0 ? missing(entity) : id)
                operation.versions.append(version(model, id, &random))
            }
            operation.rows.append(operation.attributes.map { value(entity, $0, model, transaction, &random) })
        }
        return operation.rows.isEmpty ? rows(.create, entity, count, model, transaction, &random) : operation
    }

    private func attributes(_ entity: String, _ kind: OperationKind, _ random: inout SplitMix64) -> [String] {
        switch entity {
        case "systemuser": return ["fullname"]
        case "team": return ["name"]
        case "contact":
            return kind == .update && random.below(2) == 0 ? ["customerid"] : ["name", "customerid", "notes"]
        case "order": return ["accountid", "name"]
        default:
            var names = [
                "revenue", "employees", "onhold", "rating", "founded", "parentaccountid", "ownerid", "statecode",
                "statuscode",
            ].filter { _ in random.below(4) == 0 }
            if kind == .upsert || random.below(3) == 0 { names.insert("accountnumber", at: 0) }
            // Where a record comes into being without a name, it is refused.
            if kind == .update ? random.below(2) == 0 : random.below(20) > 0 { names.append("name") }
            return names.isEmpty ? ["employees"] : names
        }
    }

    private func value(
        _ entity: String,
        _ attribute: String,
        _ model: CRMModel,
        _ transaction: ModelTransaction,
        _ random: inout SplitMix64
    ) -> Value {
        let isKey = attribute == "accountnumber" || attribute == "name" && entity == "account"
        if random.below(isKey ? 30 : 8) == 0 { return .null }
        switch attribute {
        case "accountnumber": return .text(["N", "n", "É", "e"][random.below(4)] + "\(random.below(25))")
        case "revenue":
            return .decimal(Decimal64(units: Int64(bitPattern: random.next()) >> random.below(63), scale: 4))
        case "employees":
            // Now and then one below and one above what is allowed, changes of the schema included.
            let number = Int64(random.below(1003)) - 1
            return .integer(number == 1001 ? 2_000_001 : number)
        case "onhold": return .boolean(random.below(2) == 0)
        case "rating": return .option([1, 2, 100_001, 1, 2, 100_001, 7][random.below(7)])
        case "founded": return .date(Int32(random.below(40_000)) - 20_000)
        case "statecode": return .option(Int32(random.below(2)))
        case "statuscode": return .option(Int32(1 + random.below(3)))
        case "parentaccountid", "accountid": return reference(model, ["account"], transaction, &random)
        case "customerid": return reference(model, ["account", "contact"], transaction, &random)
        case "ownerid": return reference(model, ["systemuser", "team"], transaction, &random)
        case "notes": return .text(text(random.below(8) == 0 ? random.below(2000) : random.below(12), &random))
        default: return .text(text(entity == "account" && random.below(40) > 0 ? random.below(21) : 25, &random))
        }
    }

    private func text(_ length: Int, _ random: inout SplitMix64) -> String {
        let letters: [Character] = ["a", "B", "é", "x", "Y", " ", "7", "日"]
        return String((0..<length).map { _ in letters[random.below(letters.count)] })
    }

    /// A record that is there, one that an operation of this transaction makes, or one that is not there.
    private func reference(
        _ model: CRMModel,
        _ targets: [String],
        _ transaction: ModelTransaction,
        _ random: inout SplitMix64
    ) -> Value {
        if random.below(30) == 0 { return .reference(missing(targets[0])) }
        if !transaction.operations.isEmpty, random.below(2) == 0 {
            let operation = random.below(transaction.operations.count + 1)
            let sequence = UInt64(operation << 20 | random.below(2))
            return .reference(RecordID(entity: EntityID(3), origin: RecordID.localOrigin, sequence: sequence))
        }
        return pick(model, random.below(30) == 0 ? ["order"] : targets, &random).map(Value.reference) ?? .null
    }

    private func missing(_ entity: String) -> RecordID {
        RecordID(entity: EntityID(TestSchema.entityNumbers[entity] ?? 0), sequence: 1_000_000)
    }

    private func version(_ model: CRMModel, _ id: RecordID, _ random: inout SplitMix64) -> Position {
        guard random.below(4) == 0, case .integer(let version)? = model.records[id]?["versionnumber"] else { return 0 }
        return UInt64(version) - (random.below(6) == 0 && version > 1 ? 1 : 0)
    }

    /// One of the records of these entities. Sorted, so that the seed alone decides.
    private func pick(_ model: CRMModel, _ entities: [String], _ random: inout SplitMix64) -> RecordID? {
        let numbers = entities.compactMap { TestSchema.entityNumbers[$0] }
        let ids = model.records.keys.filter { numbers.contains($0.entity.rawValue) }.sorted()
        return ids.isEmpty ? nil : ids[random.below(ids.count)]
    }
}
