// Two records that mean the same customer become one: what refers to the one that goes is moved to the one that stays, which takes
// over what is chosen; and all of it is written down, so that it can be undone (docs/merging.md).

import Engine

extension Area {
    /// Two records that are one.
    static let merging = Area(title: "Merging", messages: [MergeRecords.self, UnmergeRecords.self])
}

/// Entities and attributes of merges.
enum Merging {
    static let merge = "recordmerge"
    static let change = "recordmergechange"
    static let merged: Int32 = 0
    static let undone: Int32 = 1

    /// `recordmergechange.outcome`.
    enum Outcome: Int32 {
        case changed = 0
        case left = 1
        case restored = 2
        case changedSince = 3
        case gone = 4
    }

    /// The state in which a record may be merged, and the one that it is left in.
    static let open: Int32 = 0
    static func closed(_ entity: String) -> Int32 { entity == "lead" ? 2 : 1 }
}

/// Merges another record of the same kind into this one.
public struct MergeRecords: Message {
    /// The record that stays.
    public var target = RecordID.none
    /// The one that is merged into it.
    public var from = RecordID.none
    /// Names of attributes whose values are taken over, with commas between them.
    public var take: String?
    /// Whether what is empty in the one that stays is filled from the other.
    public var fill = false

    public init() {}

    /// A request to merge a record into another.
    public init(_ target: RecordID, from: RecordID, take: [String] = [], fill: Bool = false) {
        (self.target, self.from, self.fill) = (target, from, fill)
        self.take = take.isEmpty ? nil : take.joined(separator: ",")
    }

    static let sameRecord = Rule("same-record", "A record cannot be merged into itself.")
    static let otherKind = Rule("other-kind", "The two records are not of the same kind.")
    static let mergedAlready = Rule("merged-already", "The record was merged into another already.")
    static let below = Rule(
        "below",
        "The record that stays stands below the other in a hierarchy, or would by what it takes."
    )
    static let field = Rule("field", "What is to be taken is no attribute of the record, or none that can be taken.")
    static let currency = Rule(
        "currency",
        "An amount is to be taken, and the other record's amounts are in another currency."
    )

    public static let declaration = MessageDeclaration<MergeRecords>(
        352,
        "merge",
        """
        Merges another record of the same kind into this one: all that refers to the other is moved to this one, which takes over \
        the values that are chosen, and the other is put out of use. `unmerge` takes it back.
        """,
        said: "merge another into it",
        to: ["account", "contact", "lead"].map { MessageTarget($0, states: [Merging.open]) },
        record: \.target,
        arguments: [
            .record(
                1,
                "from",
                \.from,
                to: ["account", "contact", "lead"],
                isRequired: true,
                "The record that is merged into it."
            ),
            .text(2, "take", \.take, lengthBytesMax: 4_000, "Attributes whose values it takes over: telephone1,fax."),
            .flag(3, "fill", \.fill, "Take over what is empty in it."),
        ],
        rules: [sameRecord, otherKind, mergedAlready, below, field, currency]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        guard from != target else {
            throw records.refusal(Self.sameRecord, target, "\(records.schema.text(of: target)) is the same record.")
        }
        guard from.entity == target.entity, let entity = records.schema.entity(target.entity) else {
            throw records.refusal(
                Self.otherKind,
                target,
                "\(records.schema.text(of: from)) is not of the same kind as \(records.schema.text(of: target))."
            )
        }
        guard records.schema.standardEntity(named: Merging.change) != nil else { throw records.missing(Merging.change) }
        for merge in try records.referring(to: from, Merging.merge, "subordinateid")
        where records.state(of: merge) == Merging.merged {
            throw records.refusal(
                Self.mergedAlready,
                from,
                "\(records.name(from)) was merged into another record already: \(records.schema.text(of: merge))."
            )
        }
        let taking = try taken(entity, records)
        try requireNoCircle(entity, taking, records)
        var changes = leaving(entity, taking, records)
        changes += try records.moves(from: from, to: target)
        changes += taking.map { attribute in
            ValueChange(
                record: target,
                attribute: attribute,
                before: records.value(target, attribute),
                after: records.value(from, attribute)
            )
        }
        changes.removeAll { $0.before == $0.after && !$0.isLeft }

        var plan = Plan(records)
        try plan.update(rows: records.rows(changes.filter { !$0.isLeft }.map { ($0.record, $0.attribute, $0.after) }))
        try plan.note(changes, of: self, records)
        return plan
    }

    // MARK: Values

    /// The attributes that the one that stays takes over.
    private func taken(_ entity: Entity, _ records: Records) throws(Refusal) -> [AttributeID] {
        var names: Set<String> = []
        for name in (take ?? "").split(whereSeparator: { $0 == "," || $0 == " " }).map(String.init) {
            guard let id = entity.attributeID(name), Self.isTakeable(id, entity) else {
                throw records.refusal(
                    Self.field,
                    target,
                    "'\(name)' is no attribute of \(entity.name) that can be taken over."
                )
            }
            names.insert(name)
        }
        let currencyID = entity.attributeID("transactioncurrencyid")
        let hasOtherCurrency =
            currencyID.map { records.value(target, $0) != records.value(from, $0) } ?? false
        var taken: [AttributeID] = []
        for place in entity.attributes.indices {
            let id = AttributeID(UInt16(place))
            let attribute = entity.attributes[place]
            let isChosen = names.contains(attribute.name)
            let isFilled =
                fill && Self.isTakeable(id, entity) && records.value(target, id) == .null
                && records.value(from, id) != .null && !leadsBack(id, records)
            guard isChosen || isFilled else { continue }
            if attribute.type == .money, hasOtherCurrency, !names.contains("transactioncurrencyid") {
                // What was only to be filled is left empty: nobody asked for an amount in francs as one in euros.
                if !isChosen { continue }
                throw records.refusal(
                    Self.currency,
                    target,
                    "\(attribute.name) of \(records.name(from)) is in another currency: take transactioncurrencyid as well."
                )
            }
            taken.append(id)
        }
        return taken
    }

    private static func isTakeable(_ id: AttributeID, _ entity: Entity) -> Bool {
        id.rawValue >= SystemAttribute.count && entity[id].type.isMergeable && !entity[id].isDeleted
    }

    /// What is done to the record that goes: it is put out of use, and gives up what names one record only.
    private func leaving(_ entity: Entity, _ taking: [AttributeID], _ records: Records) -> [ValueChange] {
        var changes: [ValueChange] = []
        func set(_ id: AttributeID, _ after: Value) {
            changes.append(ValueChange(record: from, attribute: id, before: records.value(from, id), after: after))
        }
        for key in entity.keys where !key.attributes.isEmpty && key.attributes.allSatisfy(taking.contains) {
            for id in key.attributes where !changes.contains(where: { $0.attribute == id }) { set(id, .null) }
        }
        let state = Merging.closed(entity.name)
        if let model = entity.stateModel, let status = model.defaultStatus(ofState: state),
            let stateID = entity.attributeID("statecode"), let statusID = entity.attributeID("statuscode"),
            records.state(of: from) != state
        {
            set(stateID, .option(state))
            set(statusID, .option(status))
        }
        return changes
    }

    // MARK: Hierarchies

    /// Whether a value of the record that goes refers to one of the two, or to one below the record that stays.
    private func leadsBack(_ attribute: AttributeID, _ records: Records) -> Bool {
        guard case .reference(let id) = records.value(from, attribute), id.entity == target.entity else { return false }
        return id == from || records.isAbove(target, id, attribute)
    }

    private func requireNoCircle(_ entity: Entity, _ taking: [AttributeID], _ records: Records) throws(Refusal) {
        for place in entity.attributes.indices
        where place >= SystemAttribute.count && entity.attributes[place].type.lookupTargets.contains(entity.id) {
            let id = AttributeID(UInt16(place))
            let isBelow = taking.contains(id) ? leadsBack(id, records) : records.isAbove(from, target, id)
            guard isBelow else { continue }
            throw records.refusal(
                Self.below,
                target,
                "\(records.name(target)) would stand below itself in \(entity.attributes[place].name): change that first."
            )
        }
    }
}
