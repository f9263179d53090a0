// Kits: made from a product, filled, emptied, and made a plain product again. Kits may be in kits, but none, through whatever
// others, in itself.

import Engine

/// What a kit is made of, as messages look at it.
private enum Kit {
    static let association = "productassociation"

    /// Products that a search through kits looks at, at most: far more than anybody puts together.
    static let productsMax = 10_000

    static func isKit(_ product: RecordID, _ records: Records) -> Bool {
        records.value(product, "iskit") == .boolean(true)
    }

    /// What is in a kit.
    static func contents(of kit: RecordID, _ records: Records) throws(Refusal) -> [RecordID] {
        try records.referring(to: kit, association, "productid", countMax: productsMax)
    }

    /// Whether a product is in another, at any depth, or is it. O(products on the way).
    static func leads(from start: RecordID, to product: RecordID, _ records: Records) throws(Refusal) -> Bool {
        var found: Set<RecordID> = [start]
        var open = [start]
        while let next = open.popLast() {
            if next == product { return true }
            for entry in try contents(of: next, records) {
                let inner = records.reference(entry, "associatedproduct")
                if found.insert(inner).inserted { open.append(inner) }
            }
            guard found.count <= productsMax else { throw records.tooMany(start, productsMax) }
        }
        return false
    }
}

extension Rule {
    static let notAKit = Rule("not-a-kit", "The product is no kit.")
}

/// Makes a product a kit.
public struct ConvertToKit: Message {
    /// The product.
    public var product = RecordID.none

    public init() {}

    /// A request to make a product a kit.
    public init(_ product: RecordID) { self.product = product }

    static let isKit = Rule("is-a-kit", "The product is a kit already.")

    public static let declaration = MessageDeclaration<ConvertToKit>(
        160,
        "convert-to-kit",
        "Makes a product a kit, into which other products are put.",
        said: "convert it to a kit",
        to: [MessageTarget("product", states: [ProductState.active])],
        record: \.product,
        rules: [isKit]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        guard !Kit.isKit(product, records) else {
            throw records.refusal(Self.isKit, product, "\(records.name(product)) is a kit already.")
        }
        var plan = Plan(records)
        try plan.update(product, [("iskit", true)])
        return plan
    }
}

/// Makes a kit a plain product.
public struct ConvertToProduct: Message {
    /// The kit.
    public var kit = RecordID.none

    public init() {}

    /// A request to make a kit a plain product.
    public init(_ kit: RecordID) { self.kit = kit }

    public static let declaration = MessageDeclaration<ConvertToProduct>(
        161,
        "convert-to-product",
        "Makes a kit a plain product, in which nothing is: what was put into it is taken out.",
        said: "convert it to a product",
        to: [MessageTarget("product", states: [ProductState.active])],
        record: \.kit,
        rules: [.notAKit]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        guard Kit.isKit(kit, records) else {
            throw records.refusal(.notAKit, kit, "\(records.name(kit)) is no kit.")
        }
        var plan = Plan(records)
        try plan.update(kit, [("iskit", false)])
        for entry in try Kit.contents(of: kit, records) { try plan.delete(entry) }
        return plan
    }
}

/// Puts a product into a kit.
public struct AddToKit: Message {
    /// The kit.
    public var kit = RecordID.none
    /// What is put into it.
    public var product = RecordID.none
    /// How much of it.
    public var quantity: Decimal64?
    /// In which unit.
    public var unit = RecordID.none

    public init() {}

    /// A request to put a product into a kit.
    public init(_ kit: RecordID, product: RecordID, quantity: Decimal64? = nil) {
        (self.kit, self.product, self.quantity) = (kit, product, quantity)
    }

    static let kitInItself = Rule("kit-in-itself", "A kit is not put into itself, nor into what is in it.")
    static let inKit = Rule("in-kit", "The product is in the kit already.")

    public static let declaration = MessageDeclaration<AddToKit>(
        162,
        "add-to-kit",
        "Puts a product into a kit, so much of it.",
        said: "put a product into it",
        to: [MessageTarget("product", states: [ProductState.active])],
        record: \.kit,
        arguments: [
            .record(1, "product", \.product, to: ["product"], isRequired: true, "What is put into the kit."),
            .decimal(2, "quantity", \.quantity, "How much of it; 1 where it is not given."),
            .record(
                3,
                "unit",
                \.unit,
                to: ["uom"],
                "In which unit; the product's default unit where it is not given."
            ),
        ],
        rules: [.notAKit, .productInactive, inKit, kitInItself, .unitOfAnotherGroup, .quantityInvalid]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        guard Kit.isKit(kit, records) else {
            throw records.refusal(
                .notAKit,
                kit,
                "\(records.name(kit)) is no kit: make it one with 'convert-to-kit'."
            )
        }
        try records.requireActive(product: product, kit)
        guard
            try !Kit.contents(of: kit, records).contains(where: {
                records.reference($0, "associatedproduct") == product
            })
        else {
            throw records.refusal(Self.inKit, kit, "\(records.name(product)) is in \(records.name(kit)) already.")
        }
        guard try !Kit.leads(from: product, to: kit, records) else {
            throw records.refusal(
                Self.kitInItself,
                kit,
                product == kit
                    ? "\(records.name(kit)) cannot be put into itself."
                    : "\(records.name(kit)) is in \(records.name(product)): it would be in itself."
            )
        }
        let unit = try records.unit(unit, of: product, kit)
        try records.requireQuantity(quantity, kit)
        var plan = Plan(records)
        try plan.create(
            Kit.association,
            [
                ("productid", .reference(kit)), ("associatedproduct", .reference(product)),
                ("quantity", .decimal(quantity ?? Decimal64(units: 1, scale: 0))),
                ("uomid", unit == .none ? .null : .reference(unit)),
            ]
        )
        return plan
    }
}

/// Takes a product out of a kit.
public struct RemoveFromKit: Message {
    /// The kit.
    public var kit = RecordID.none
    /// What is taken out.
    public var product = RecordID.none

    public init() {}

    /// A request to take a product out of a kit.
    public init(_ kit: RecordID, product: RecordID) { (self.kit, self.product) = (kit, product) }

    static let notInKit = Rule("not-in-kit", "The product is not in the kit.")

    public static let declaration = MessageDeclaration<RemoveFromKit>(
        163,
        "remove-from-kit",
        "Takes a product out of a kit.",
        said: "take a product out of it",
        to: [MessageTarget("product", states: [ProductState.active])],
        record: \.kit,
        arguments: [
            .record(1, "product", \.product, to: ["product"], isRequired: true, "What is taken out.")
        ],
        rules: [notInKit]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        let entry = try Kit.contents(of: kit, records).first { records.reference($0, "associatedproduct") == product }
        guard let entry else {
            throw records.refusal(Self.notInKit, kit, "\(records.name(product)) is not in \(records.name(kit)).")
        }
        var plan = Plan(records)
        try plan.delete(entry)
        return plan
    }
}
