// Duplicate rules are written as records, then published: from then on searches ask them.
//
//   Unpublished ──publish──▶ Published ──unpublish──▶ Unpublished

import Engine

extension Area {
    /// Rules by which duplicates are found.
    static let duplicates = Area(
        title: "Duplicates",
        messages: [PublishDuplicateRule.self, UnpublishDuplicateRule.self]
    )
}

/// Publishes a duplicate rule.
public struct PublishDuplicateRule: Message {
    /// The rule.
    public var rule = RecordID.none

    public init() {}

    /// A request to publish a rule.
    public init(_ rule: RecordID) { self.rule = rule }

    static let unpublished: Int32 = 0
    static let published: Int32 = 1

    public static let declaration = MessageDeclaration<PublishDuplicateRule>(
        352,
        "publish",
        "Has a duplicate rule asked from now on, by searches and by checks of what is written, after looking whether it can be: docs/duplicates.md.",
        to: [MessageTarget("duplicaterule", states: [unpublished])],
        record: \.rule,
        rules: DuplicateRule.flaws
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        _ = try DuplicateRule.read(rule, records)
        var plan = Plan(records)
        try plan.update(rule, [("statecode", .option(Self.published))])
        return plan
    }
}

/// Takes a published duplicate rule back.
public struct UnpublishDuplicateRule: Message {
    /// The rule.
    public var rule = RecordID.none

    public init() {}

    /// A request to take a rule back.
    public init(_ rule: RecordID) { self.rule = rule }

    public static let declaration = MessageDeclaration<UnpublishDuplicateRule>(
        353,
        "unpublish",
        "Has a duplicate rule not asked any more, so that it can be changed.",
        to: [MessageTarget("duplicaterule", states: [PublishDuplicateRule.published])],
        record: \.rule
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        var plan = Plan(records)
        try plan.update(rule, [("statecode", .option(PublishDuplicateRule.unpublished))])
        return plan
    }
}
