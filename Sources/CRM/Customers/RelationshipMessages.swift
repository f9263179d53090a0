// What customers are to each other: an account and its supplier, a contact and the spouse. Each relationship is two records, one for
// each side, so that either shows it by the same query; they are made and ended together.

import Engine

extension Area {
    /// Relationships of customers.
    static let customers = Area(title: "Customers", messages: [RelateCustomers.self, UnrelateCustomers.self])
}

/// The relationships of a customer, as messages look at them.
private enum Relationship {
    static let entity = "customerrelationship"
    static let stateActive: Int32 = 0
    static let stateInactive: Int32 = 1

    /// The active ones of a customer with a partner, in the direction from the customer.
    static func active(
        _ customer: RecordID,
        _ partner: RecordID,
        _ records: Records
    ) throws(Refusal) -> [RecordID] {
        try records.referring(to: customer, entity, "customerid").filter {
            records.reference($0, "partnerid") == partner && records.state(of: $0) == stateActive
        }
    }
}

/// Relates two customers in both directions.
public struct RelateCustomers: Message {
    /// The account or contact.
    public var customer = RecordID.none
    /// The other one.
    public var partner = RecordID.none
    /// What the customer is to the partner.
    public var role = RecordID.none
    /// What the partner is to the customer.
    public var partnerRole = RecordID.none
    /// The day from which it holds: days since 1970-01-01.
    public var on: Int32?
    /// What is to be said about it.
    public var description: String?

    public init() {}

    /// A request to relate two customers.
    public init(_ customer: RecordID, to partner: RecordID, role: RecordID = .none, partnerRole: RecordID = .none) {
        (self.customer, self.partner, self.role, self.partnerRole) = (customer, partner, role, partnerRole)
    }

    static let toItself = Rule("related-to-itself", "A customer has no relationship with itself.")
    static let isRelated = Rule("related-already", "The customers are related in these roles already.")
    static let roleInactive = Rule("role-inactive", "The role is not used any more.")

    public static let declaration = MessageDeclaration<RelateCustomers>(
        166,
        "relate",
        """
        Relates two customers: the one side shows the partner in its role, the other side this customer in its own.
        """,
        to: [MessageTarget("account"), MessageTarget("contact")],
        record: \.customer,
        arguments: [
            .record(1, "to", \.partner, to: ["account", "contact"], isRequired: true, "The partner."),
            .record(2, "role", \.role, to: ["relationshiprole"], "What the customer is to the partner."),
            .record(3, "partner-role", \.partnerRole, to: ["relationshiprole"], "What the partner is to the customer."),
            .date(4, "on", \.on, "The day from which it holds; today where it is not given."),
            .text(5, "description", \.description, lengthBytesMax: 2000, "What is to be said about it."),
        ],
        rules: [toItself, roleInactive, isRelated, .dayInFuture]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        guard customer != partner else {
            throw records.refusal(Self.toItself, customer, "\(records.name(customer)) cannot be related to itself.")
        }
        for role in [role, partnerRole] where role != .none && records.state(of: role) ?? 0 != 0 {
            throw records.refusal(Self.roleInactive, customer, "The role \(records.name(role)) is not used any more.")
        }
        let isRelated = try Relationship.active(customer, partner, records).contains {
            records.reference($0, "customerroleid") == role && records.reference($0, "partnerroleid") == partnerRole
        }
        guard !isRelated else {
            throw records.refusal(
                Self.isRelated,
                customer,
                "\(records.name(customer)) and \(records.name(partner)) are related in these roles already."
            )
        }
        try records.requirePast(on, customer)
        var plan = Plan(records)
        let sides = [(customer, role, partner, partnerRole), (partner, partnerRole, customer, role)]
        for (one, oneRole, other, otherRole) in sides {
            try plan.create(
                Relationship.entity,
                [
                    ("customerid", .reference(one)), ("customerroleid", oneRole == .none ? .null : .reference(oneRole)),
                    ("partnerid", .reference(other)),
                    ("partnerroleid", otherRole == .none ? .null : .reference(otherRole)),
                    ("ownerid", records.value(customer, "ownerid")), ("startedon", .date(on ?? records.today)),
                    ("description", Value(description)),
                ]
            )
        }
        return plan
    }
}

/// Ends relationships of two customers, in both directions.
public struct UnrelateCustomers: Message {
    /// The account or contact.
    public var customer = RecordID.none
    /// The other one.
    public var partner = RecordID.none
    /// What the customer was to the partner; all relationships of the two where it is not given.
    public var role = RecordID.none
    /// The day on which it ended: days since 1970-01-01.
    public var on: Int32?

    public init() {}

    /// A request to end relationships.
    public init(_ customer: RecordID, to partner: RecordID, role: RecordID = .none) {
        (self.customer, self.partner, self.role) = (customer, partner, role)
    }

    static let notRelated = Rule("not-related", "The customers are not related.")

    public static let declaration = MessageDeclaration<UnrelateCustomers>(
        167,
        "unrelate",
        "Ends the relationships of two customers, or those in which this one has a role, on both sides. They stay as inactive.",
        to: [MessageTarget("account"), MessageTarget("contact")],
        record: \.customer,
        arguments: [
            .record(1, "to", \.partner, to: ["account", "contact"], isRequired: true, "The partner."),
            .record(2, "role", \.role, to: ["relationshiprole"], "What the customer was to the partner."),
            .date(3, "on", \.on, "The day on which it ended; today where it is not given."),
        ],
        rules: [notRelated, .dayInFuture]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        try records.requirePast(on, customer)
        let mine = try Relationship.active(customer, partner, records).filter {
            role == .none || records.reference($0, "customerroleid") == role
        }
        let theirs = try Relationship.active(partner, customer, records).filter {
            role == .none || records.reference($0, "partnerroleid") == role
        }
        guard !mine.isEmpty || !theirs.isEmpty else {
            let words = role == .none ? "" : " with \(records.name(customer)) as \(records.name(role))"
            throw records.refusal(
                Self.notRelated,
                customer,
                "\(records.name(customer)) and \(records.name(partner)) are not related\(words)."
            )
        }
        var plan = Plan(records)
        try plan.update(
            mine + theirs,
            [("statecode", .option(Relationship.stateInactive)), ("endedon", .date(on ?? records.today))]
        )
        return plan
    }
}
