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

    /// Values that one merge changes at most: each is a row of the transaction and a record of some 200 bytes, and one
    /// transaction has to be able to take all of them back.
    static let changesMax = 50_000

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
        368,
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
        try records.requireMergeRecords()
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
        let leaving = leaving(entity, taking, records)
        var changes = try records.moves(from: from, to: target, countMax: Merging.changesMax)
        changes += taking.map { attribute in
            ValueChange(
                record: target,
                attribute: attribute,
                before: records.value(target, attribute),
                after: records.value(from, attribute)
            )
        }
        // Amounts are what they are together with their currency, so that it is written down with them.
        let hasAmounts = taking.contains { entity[$0].type == .money }
        if hasAmounts, let currency = entity.attributeID("transactioncurrencyid"), !taking.contains(currency) {
            let present = records.value(target, currency)
            changes.append(ValueChange(record: target, attribute: currency, before: present, after: present))
        }
        changes.removeAll { change in
            change.before.isSame(as: change.after) && !change.isLeft
                && !(hasAmounts && entity[change.attribute].name == "transactioncurrencyid" && change.record == target)
        }
        guard leaving.count + changes.count <= Merging.changesMax else {
            throw records.tooMany(from, Merging.changesMax)
        }

        var plan = Plan(records)
        // What names one record only is given up before it is taken over: an operation of its own.
        for part in [leaving, changes.filter { !$0.isLeft }] {
            try plan.update(rows: records.rows(part.map { ($0.record, $0.attribute, $0.after) }))
        }
        try plan.note(leaving + changes, of: self, records)
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
        let currency = try takenCurrency(entity, names, records)
        var taken: [AttributeID] = []
        for place in entity.attributes.indices {
            let id = AttributeID(UInt16(place))
            let attribute = entity.attributes[place]
            let isChosen = names.contains(attribute.name)
            let isFilled =
                fill && Self.isTakeable(id, entity) && records.value(target, id) == .null
                && records.value(from, id) != .null && !leadsBack(id, records)
            // What was only to be filled is left empty: nobody asked for an amount in francs as one in euros.
            let isForeign = attribute.type == .money || attribute.name == "transactioncurrencyid"
            guard isChosen || isFilled && (currency.isTaken || !currency.isOther || !isForeign) else { continue }
            taken.append(id)
        }
        return taken
    }

    /// Whether the two have amounts in different currencies, and whether the one that stays takes over the other's. A record without a
    /// currency has the base currency.
    private func takenCurrency(
        _ entity: Entity,
        _ names: Set<String>,
        _ records: Records
    ) throws(Refusal) -> (isOther: Bool, isTaken: Bool) {
        guard let id = entity.attributeID("transactioncurrencyid") else { return (false, false) }
        let base = records.organisation.flatMap { records.present($0, "basecurrencyid") }
        let isOther = records.value(target, id).record ?? base != records.value(from, id).record ?? base
        guard isOther else { return (false, false) }
        let amounts = entity.attributes.indices.filter { entity.attributes[$0].type == .money }
        let kept = amounts.filter { place in
            records.value(target, AttributeID(UInt16(place))) != .null && !names.contains(entity.attributes[place].name)
        }
        let isTaken =
            names.contains("transactioncurrencyid") || fill && kept.isEmpty && records.value(target, id) == .null
        if isTaken, let place = kept.first {
            throw records.refusal(
                Self.currency,
                target,
                "\(records.name(target)) keeps \(entity.attributes[place].name), which would be in another currency: take it as well."
            )
        }
        if !isTaken, let place = amounts.first(where: { names.contains(entity.attributes[$0].name) }) {
            throw records.refusal(
                Self.currency,
                target,
                "\(entity.attributes[place].name) of \(records.name(from)) is in another currency: take transactioncurrencyid as well."
            )
        }
        return (true, isTaken)
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
        for key in entity.keys where key.attributes.contains(where: taking.contains) {
            let own = records.keyParts(from, key)
            let new = records.keyParts(target, key) { taking.contains($0) ? records.value(from, $0) : nil }
            guard let own, own == new else { continue }
            for id in key.attributes where taking.contains(id) && !changes.contains(where: { $0.attribute == id }) {
                set(id, .null)
            }
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
