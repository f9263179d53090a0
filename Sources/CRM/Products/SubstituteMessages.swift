// What is sold where a product is not to be had. A substitute need not have the other as its own.

import Engine

extension Records {
    /// The record that says that one product stands in for another; nil when it does not.
    fileprivate func substitution(of product: RecordID, by substitute: RecordID) throws(Refusal) -> RecordID? {
        try referring(to: product, "productsubstitute", "productid").first {
            reference($0, "substitutedproductid") == substitute
        }
    }
}

/// Says what is sold instead of a product.
public struct AddSubstitute: Message {
    /// The product.
    public var product = RecordID.none
    /// What is sold instead.
    public var substitute = RecordID.none
    /// Whether each stands in for the other.
    public var isMutual = false

    public init() {}

    /// A request to name a substitute.
    public init(_ product: RecordID, substitute: RecordID) { (self.product, self.substitute) = (product, substitute) }

    static let ofItself = Rule("substitute-of-itself", "A product is no substitute of itself.")
    static let isSubstitute = Rule("is-substitute", "The product is a substitute already.")

    public static let declaration = MessageDeclaration<AddSubstitute>(
        164,
        "add-substitute",
        "Says that another product is sold where this one is not to be had.",
        said: "add a substitute for it",
        to: [MessageTarget("product", states: [ProductState.active, ProductState.inactive])],
        record: \.product,
        arguments: [
            .record(1, "substitute", \.substitute, to: ["product"], isRequired: true, "What is sold instead."),
            .flag(2, "mutual", \.isMutual, "Each stands in for the other."),
        ],
        rules: [ofItself, .productInactive, isSubstitute]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        guard product != substitute else {
            throw records.refusal(Self.ofItself, product, "\(records.name(product)) is no substitute of itself.")
        }
        try records.requireActive(product: substitute, product)
        guard try records.substitution(of: product, by: substitute) == nil else {
            throw records.refusal(
                Self.isSubstitute,
                product,
                "\(records.name(substitute)) is a substitute of \(records.name(product)) already."
            )
        }
        var plan = Plan(records)
        var pairs = [(product, substitute)]
        if isMutual, try records.substitution(of: substitute, by: product) == nil {
            pairs.append((substitute, product))
        }
        for (one, other) in pairs {
            try plan.create(
                "productsubstitute",
                [("productid", .reference(one)), ("substitutedproductid", .reference(other))]
            )
        }
        return plan
    }
}

/// Says that a product is not sold any more instead of another.
public struct RemoveSubstitute: Message {
    /// The product.
    public var product = RecordID.none
    /// What was sold instead.
    public var substitute = RecordID.none

    public init() {}

    /// A request to take a substitute back.
    public init(_ product: RecordID, substitute: RecordID) { (self.product, self.substitute) = (product, substitute) }

    static let notASubstitute = Rule("not-a-substitute", "The product is no substitute of the other.")

    public static let declaration = MessageDeclaration<RemoveSubstitute>(
        165,
        "remove-substitute",
        "Says that another product is not sold any more in place of this one. What the other way round was said stays.",
        said: "remove a substitute for it",
        to: [MessageTarget("product", states: [ProductState.active, ProductState.inactive])],
        record: \.product,
        arguments: [
            .record(1, "substitute", \.substitute, to: ["product"], isRequired: true, "What was sold instead.")
        ],
        rules: [notASubstitute]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        guard let entry = try records.substitution(of: product, by: substitute) else {
            throw records.refusal(
                Self.notASubstitute,
                product,
                "\(records.name(substitute)) is no substitute of \(records.name(product))."
            )
        }
        var plan = Plan(records)
        try plan.delete(entry)
        return plan
    }
}
