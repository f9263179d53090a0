// A random schema with random rows, once in Kith and twice in an oracle: all rows, and those that may be seen.
//
// To the oracles texts are compared under Kith's collation, decimals are whole numbers of their smallest unit, dates days, moments
// microseconds, ids and selections 64-bit words: what must agree is exact.

import Engine
import SQLiteOracle

/// What an expression holds.
enum Kind: Hashable {
    case integer
    /// Digits behind the point.
    case decimal(Int)
    case double, boolean
    /// Number of the option set.
    case option(Int)
    case date, instant, id
    /// A text; folded: one of several that are equal under the collation, whichever.
    case text, folded
    /// A text that is compared exactly.
    case code
    /// Several options of a set at once.
    case selection(Int)

    var isNumber: Bool {
        switch self {
        case .integer, .decimal, .double: true
        default: false
        }
    }

    var isText: Bool { self == .text || self == .folded }

    var scale: Int { if case .decimal(let scale) = self { scale } else { 0 } }
}

/// A readable attribute of an entity, or column of a query.
struct WorldColumn {
    var name: String
    var kind: Kind
    /// Of numbers: the largest amount that can occur, in the smallest unit.
    var magnitude = 0.0
    /// Of ids: the entities that they may belong to.
    var targets: [Int] = []
    /// Whether it is stored, so that a path may go on behind it.
    var isPath = false
}

final class RandomWorld {
    struct Attribute {
        enum Form { case stored, autoNumber, calculated(String), rollUp(RollUp) }
        var column: WorldColumn
        var form: Form
        var type: AttributeType?
        var isOrdered = false
        var isUnique = false
        var nullPercent: Int
        /// Of numbers: how far values go.
        var range = 0
    }

    final class Entity {
        let name: String
        var attributes: [Attribute] = []
        var primaryName = ""
        /// The lookup that makes a tree of the records.
        var hierarchy: String?
        var count = 0
        var ids: [RecordID] = []
        init(_ name: String) { self.name = name }

        /// What queries can read: the id first.
        var columns: [WorldColumn] = []
    }

    let seed: UInt64
    var choices: Choices
    var sets: [[(Int32, String)]] = []
    let entities: [Entity]
    let isLarge: Bool
    private(set) var schema: Schema
    private(set) var attributeCount = 0

    var engine: Engine
    var visible: VisibleRows?
    /// Statements that make the rows in an oracle: all of them, and those that may be seen.
    var scripts: (all: [String], visible: [String]) = ([], [])

    /// Statements that compute attributes in an oracle, in the order in which they use each other.
    var derivations: [String] = []

    static let labels: [KeyValuePairs<Int32, String>] = [
        [1: "Prospect", 5: "Qualify", 10: "Propose", 200: "Close"], [0: "Cold", 1: "Älter", 2: "hot"],
        [100_000: "x", -3: "Al pha"], [7: "Only"],
    ]
    private var labelsOfSets: [KeyValuePairs<Int32, String>] = []

    init(seed: UInt64, isLarge: Bool = false) throws {
        self.seed = seed
        self.isLarge = isLarge
        choices = Choices(seed: seed)
        entities = ["systemuser", "apple", "pear", "plum"].prefix(2 + choices.below(3)).map(Entity.init)
        schema = SchemaBuilder().build()
        engine = Engine(schema: schema)
        for index in entities.indices { declare(index) }
        // Expressions over expressions: each sees those before it.
        for _ in 0..<choices.below(4 * entities.count) {
            let index = choices.below(entities.count)
            if choices.chance(50) { rollUp(index) } else { calculate(index) }
        }
        schema = build()
        engine = Engine(schema: schema)
        try fill()
    }

    // MARK: Schema

    func name(_ letter: String) -> String {
        attributeCount += 1
        return "\(letter)\(attributeCount)"
    }

    private func addSet() {
        let labels = choices.pick(Self.labels)
        labelsOfSets.append(labels)
        sets.append(labels.map { ($0.key, $0.value) })
    }

    private func declare(_ index: Int) {
        let entity = entities[index]
        let identifier = "\(entity.name)id"
        entity.columns = [
            WorldColumn(name: identifier, kind: .id, targets: [index], isPath: true),
            WorldColumn(name: "createdon", kind: .instant),
        ]
        func add(
            _ letter: String,
            _ kind: Kind,
            _ type: AttributeType?,
            magnitude: Double = 0,
            targets: [Int] = [],
            form: Attribute.Form = .stored
        ) {
            let name = name(letter)
            let column = WorldColumn(
                name: name,
                kind: kind,
                magnitude: magnitude,
                targets: targets,
                isPath: !targets.isEmpty
            )
            var attribute = Attribute(
                column: column,
                form: form,
                type: type,
                isOrdered: choices.chance(40),
                nullPercent: [0, 10, 30, 60, 100][choices.below(5)],
                range: choices.below(3)
            )
            if kind.isNumber { attribute.column.magnitude = magnitude * [1, 1_000, 1_000_000][attribute.range] }
            attribute.isUnique = (kind == .text || kind == .code) && choices.chance(20)
            entity.attributes.append(attribute)
        }
        add("t", .text, .text(lengthMax: 100))
        entity.attributes[0].nullPercent = min(entity.attributes[0].nullPercent, 30)
        entity.primaryName = entity.attributes[0].column.name
        for _ in 0..<2 + choices.below(6) {
            switch choices.below(13) {
            case 0: add("t", .text, .text(lengthMax: 100))
            case 1: add("m", .text, .memo(lengthMax: 1000))
            case 2, 3: add("i", .integer, .integer(minimum: .min, maximum: .max), magnitude: 40)
            case 4:
                let scale = [2, 1, 3, 6][choices.below(4)]
                let type = AttributeType.decimal(scale: UInt8(scale), minimum: .min, maximum: .max)
                add("d", .decimal(scale), type, magnitude: 1000)
            case 5: add("m", .decimal(4), .money, magnitude: 200_000)
            case 6: add("f", .boolean, .boolean)
            case 7:
                addSet()
                add("o", .option(sets.count - 1), nil)
            case 8: add("y", .date, .date)
            case 9: add("z", .instant, .instant)
            case 10:
                addSet()
                add("s", .selection(sets.count - 1), nil)
            case 11: add("c", .code, .text(lengthMax: 100))
            default: add("n", .text, nil, form: .autoNumber)
            }
        }
        for _ in 0..<choices.below(4) {
            var targets = [choices.below(entities.count)]
            if choices.chance(30) {
                let other = choices.below(entities.count)
                if other != targets[0] { targets.append(other) }
            }
            add("l", .id, nil, targets: targets)
        }
        let own = entity.attributes.filter { $0.column.targets == [index] }
        if own.count == 1 { entity.hierarchy = own[0].column.name }
        entity.columns += entity.attributes.map(\.column)
    }

    private func build() -> Schema {
        var builder = SchemaBuilder()
        for (index, entity) in entities.enumerated() {
            builder.entity(UInt16(index + 1), entity.name, entity.name, ownership: .organisation) { e in
                for attribute in entity.attributes {
                    let column = attribute.column
                    switch (attribute.form, column.kind) {
                    case (.calculated(let text), _):
                        e.calculated(column.name, column.name, attribute.type ?? .boolean, text)
                    case (.rollUp(let rollUp), _):
                        e.rollUp(column.name, column.name, attribute.type ?? .boolean, rollUp)
                    case (.autoNumber, _): e.autoNumber(column.name, column.name, "N-{SEQNUM:4}")
                    case (_, .option(let set)):
                        e.option(column.name, column.name, self.labelsOfSets[set])
                    case (_, .selection(let set)):
                        e.options(column.name, column.name, self.sets[set])
                    case (_, .id):
                        let targets = column.targets.map { self.entities[$0].name }
                        if targets.count == 1 {
                            e.lookup(column.name, column.name, to: targets[0])
                        } else {
                            e.lookup(column.name, column.name, to: targets[0], targets[1])
                        }
                    case (_, .text) where attribute.type == .memo(lengthMax: 1000):
                        e.memo(column.name, column.name, 1000)
                    case (_, .text): e.text(column.name, column.name, 100, ordered: attribute.isOrdered)
                    case (_, .code):
                        e.text(column.name, column.name, 100, ordered: attribute.isOrdered)
                        e.exact(column.name)
                    case (_, .integer):
                        e.integer(column.name, column.name, Int64.min...Int64.max, ordered: attribute.isOrdered)
                    case (_, .decimal(4)): e.money(column.name, column.name, ordered: attribute.isOrdered)
                    case (_, .decimal(let scale)): e.decimal(column.name, column.name, scale: UInt8(scale))
                    case (_, .boolean): e.boolean(column.name, column.name)
                    case (_, .date): e.date(column.name, column.name, ordered: attribute.isOrdered)
                    default: e.instant(column.name, column.name, ordered: attribute.isOrdered)
                    }
                    if attribute.isUnique { e.key(column.name) }
                }
                e.primaryName(entity.primaryName)
            }
        }
        return builder.build()
    }
}
