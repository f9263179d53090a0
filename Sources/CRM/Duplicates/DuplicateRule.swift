// A duplicate rule: alternatives, of which one has to hold; of an alternative, all conditions.
//
// Guarantees
// - A rule that `check` lets through can be asked of every record of its entity, and finds its pairs by keys: every alternative has an
//   anchor (`DuplicateComparison`).
// - It is small: the bounds below are what a search pays for each record.

import Engine

/// Which records of an entity are taken for the same thing.
public struct DuplicateRule: Hashable, Sendable {
    /// One attribute, or several of which any may be like any: a number that is the office's here and the mobile there.
    public struct Condition: Hashable, Sendable {
        /// Names of attributes.
        public var attributes: [String]
        /// How they are compared.
        public var comparison: DuplicateComparison

        /// Makes a condition.
        public init(_ attributes: String..., comparison: DuplicateComparison) {
            (self.attributes, self.comparison) = (attributes, comparison)
        }

        /// The condition that a record says: attributes with commas between them.
        init(attributes text: String, _ comparison: DuplicateComparison) {
            attributes = text.split(separator: ",").map { part in
                String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
            }
            self.comparison = comparison
        }

        /// For people: `emailaddress1 same`.
        public var described: String { "\(attributes.joined(separator: ", ")) \(comparison.described)" }
    }

    /// Why a rule cannot be asked: the rule of the CRM that it breaks, and a sentence that goes on behind the rule's name.
    public struct Flaw: Error, Hashable, Sendable {
        /// Under a name that programs can rely on.
        public let rule: Rule
        /// The reason.
        public let reason: String
    }

    /// What it is called.
    public var name: String
    /// Logical name of the entity whose records are compared with each other.
    public var entity: String
    /// Of one of these all conditions have to hold.
    public var alternatives: [[Condition]]
    /// Whether records that are not in the first state of their life cycle are left out.
    public var leavesOutInactive = false

    /// Makes a rule.
    public init(_ name: String, _ entity: String, _ alternatives: [[Condition]]) {
        (self.name, self.entity, self.alternatives) = (name, entity, alternatives)
    }

    /// Alternatives of one rule.
    public static let alternativesMax = 16
    /// Conditions of one alternative.
    public static let conditionsMax = 8
    /// Attributes of one condition.
    public static let attributesMax = 4
    /// Keys that one record has under one alternative: the attributes of its anchors multiplied.
    public static let keysMax = 16

    static let entityUnknown = Rule("entity-unknown", "The rule is for an entity that there is not.")
    static let conditionMissing = Rule("condition-missing", "The rule has no conditions.")
    static let conditionUnreadable = Rule(
        "condition-unreadable",
        "A condition cannot be asked of the entity's records."
    )
    static let anchorMissing = Rule("anchor-missing", "An alternative has nothing but comparisons that allow mistakes.")
    static let nameAlone = Rule("name-alone", "An alternative asks for nothing but the name.")
    static let tooLarge = Rule(
        "rule-too-large",
        "The rule has more conditions, alternatives or attributes than can be asked."
    )

    /// All that can be wrong with a rule.
    static let flaws = [entityUnknown, conditionMissing, conditionUnreadable, anchorMissing, nameAlone, tooLarge]

    /// What people are called, and what companies are. Two with the same name are not the same by that; a person's name at a company's
    /// is another matter.
    private static let names: [Set<String>] = [
        ["fullname", "firstname", "middlename", "lastname"], ["name", "companyname"],
    ]

    /// Refuses a rule that cannot be asked.
    public func check(_ schema: Schema) throws(Flaw) {
        guard let entity = schema.entity(named: entity) else {
            throw Flaw(rule: Self.entityUnknown, reason: "there is no entity '\(entity)'")
        }
        guard !alternatives.isEmpty, alternatives.allSatisfy({ !$0.isEmpty }) else {
            throw Flaw(rule: Self.conditionMissing, reason: "it has no conditions")
        }
        guard alternatives.count <= Self.alternativesMax else {
            throw Flaw(rule: Self.tooLarge, reason: "it has more than \(Self.alternativesMax) alternatives")
        }
        for alternative in alternatives { try check(alternative, entity) }
    }

    private func check(_ alternative: [Condition], _ entity: Entity) throws(Flaw) {
        guard alternative.count <= Self.conditionsMax else {
            throw Flaw(rule: Self.tooLarge, reason: "an alternative has more than \(Self.conditionsMax) conditions")
        }
        for condition in alternative { try check(condition, entity) }
        let anchors = alternative.filter(\.comparison.isAnchor)
        guard !anchors.isEmpty else {
            throw Flaw(
                rule: Self.anchorMissing,
                reason: "'\(described(alternative))' allows mistakes everywhere: add something that has to be the same"
            )
        }
        guard anchors.reduce(1, { $0 * $1.attributes.count }) <= Self.keysMax else {
            throw Flaw(
                rule: Self.tooLarge,
                reason: "'\(described(alternative))' compares more than \(Self.keysMax) combinations of attributes"
            )
        }
        let asked = Set(alternative.flatMap(\.attributes))
        let names = Self.names + [[entity[entity.primaryName].name]]
        guard !names.contains(where: asked.isSubset) else {
            throw Flaw(
                rule: Self.nameAlone,
                reason: "'\(described(alternative))' asks for nothing but the name, which others may have too"
            )
        }
    }

    private func check(_ condition: Condition, _ entity: Entity) throws(Flaw) {
        guard let first = condition.attributes.first else {
            throw Flaw(rule: Self.conditionUnreadable, reason: "a condition names no attribute")
        }
        guard condition.attributes.count <= Self.attributesMax else {
            throw Flaw(rule: Self.tooLarge, reason: "a condition has more than \(Self.attributesMax) attributes")
        }
        for name in condition.attributes {
            guard let attribute = entity.attributeID(name) else {
                throw Flaw(rule: Self.conditionUnreadable, reason: "\(entity.name) has no attribute '\(name)'")
            }
            guard condition.comparison.takes(entity[attribute].type) else {
                throw Flaw(
                    rule: Self.conditionUnreadable,
                    reason: "'\(name)' is not of a kind of which '\(condition.comparison.described)' can be asked"
                )
            }
            if let other = entity.attributeID(first),
                entity[attribute].type.physicalKind != entity[other].type.physicalKind
            {
                throw Flaw(rule: Self.conditionUnreadable, reason: "'\(first)' and '\(name)' are not of one kind")
            }
        }
    }

    /// For people: `fullname same words and birthdate similar date`.
    public func described(_ alternative: [Condition]) -> String {
        alternative.map(\.described).joined(separator: " and ")
    }
}
