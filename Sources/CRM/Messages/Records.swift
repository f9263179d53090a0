// The records as a message sees them while it plans: values by name, and what refers to a record.
//
// An organisation's schema is its own: an attribute or entity that a message knows may have been deleted there. Reading such an
// attribute gives null, as from a record in which it is not filled in.

import Engine

/// The present state, the moment and the acting user. Valid within one turn of the writer.
public struct Records {
    /// Records that refer to one, at most, that a message looks at: beyond, a transaction could not change them all anyway.
    public static let referringMax = 100_000

    let engine: Engine
    /// The acting user; `.none` is the system itself.
    public let actor: RecordID
    /// Microseconds since 1970-01-01T00:00:00Z; never before the last transaction's.
    public let timeMicroseconds: Int64
    private let calendar: () -> BusinessCalendar

    /// The state of an engine, in the writer's turn. `calendar` is the organisation's, asked when a date is needed.
    package init(_ engine: Engine, actor: RecordID, timeMicroseconds: Int64, calendar: @escaping () -> BusinessCalendar)
    {
        self.engine = engine
        self.actor = actor
        self.timeMicroseconds = max(timeMicroseconds, engine.timeMicroseconds)
        self.calendar = calendar
    }

    /// The schema in force.
    public var schema: Schema { engine.schema }

    /// Today in the organisation's time zone: days since 1970-01-01.
    public var today: Int32 { Int32(truncatingIfNeeded: calendar().day(timeMicroseconds)) }

    /// The first moment of a day in the organisation's time zone.
    func firstMoment(ofDay day: Int32) -> Int64 { calendar().moment(ofDay: Int(day)) }

    /// Periods of a fiscal year.
    var fiscalPeriodCount: Int { calendar().fiscalPeriods.count }

    func place(_ id: RecordID) -> (place: Int, row: Int)? {
        guard let place = schema.place(of: id.entity) else { return nil }
        let row = engine.tables.row(place, of: id)
        return row == Table.noRow ? nil : (place, Int(row))
    }

    /// Whether there is such a record.
    public func exists(_ id: RecordID) -> Bool { place(id) != nil }

    /// Refuses what refers to no record.
    func require(_ id: RecordID) throws(Refusal) {
        guard !exists(id) else { return }
        throw Refusal(
            .recordNotFound,
            entity: schema.entity(id.entity)?.name ?? "",
            record: id,
            "There is no record \(schema.text(of: id))."
        )
    }

    /// A stored value of a record; null where the record or the attribute is not there.
    public func value(_ id: RecordID, _ attribute: String) -> Value {
        engine.value(of: id, attribute)
    }

    /// A text; nil where it is not filled in.
    public func text(_ id: RecordID, _ attribute: String) -> String? {
        if case .text(let text) = value(id, attribute), !text.isEmpty { text } else { nil }
    }

    /// What a lookup refers to; `.none` where it is not filled in.
    public func reference(_ id: RecordID, _ attribute: String) -> RecordID {
        if case .reference(let other) = value(id, attribute) { other } else { .none }
    }

    /// A decimal number; nil where it is not filled in.
    public func decimal(_ id: RecordID, _ attribute: String) -> Decimal64? {
        if case .decimal(let decimal) = value(id, attribute) { decimal } else { nil }
    }

    /// A moment; nil where it is not filled in.
    func instant(_ id: RecordID, _ attribute: String) -> Int64? {
        if case .instant(let microseconds) = value(id, attribute) { microseconds } else { nil }
    }

    /// A whole number; nil where it is not filled in.
    func integer(_ id: RecordID, _ attribute: String) -> Int64? {
        if case .integer(let number) = value(id, attribute) { number } else { nil }
    }

    /// The number of an option, a state or a status; nil where it is not filled in.
    public func option(_ id: RecordID, _ attribute: String) -> Int32? {
        if case .option(let option) = value(id, attribute) { option } else { nil }
    }

    /// The state of a record; nil for entities without a life cycle.
    public func state(of id: RecordID) -> Int32? { option(id, "statecode") }

    /// The record's name for people, else its code.
    public func name(_ id: RecordID) -> String {
        guard let entity = schema.entity(id.entity) else { return schema.text(of: id) }
        return text(id, entity[entity.primaryName].name) ?? schema.text(of: id)
    }

    /// What people call a state of an entity.
    func stateLabel(_ state: Int32, of entity: String) -> String { label(state, entity, "statecode") }

    /// What people call an option.
    func label(_ option: Int32, _ entity: String, _ attribute: String) -> String {
        let entity = schema.entity(named: entity)
        let set = entity?.attributeID(attribute).flatMap { entity?[$0].type.optionSet }
        return set.flatMap { schema[$0].label(of: option) } ?? String(option)
    }

    /// The records of a standard entity that refer to one in this lookup, in order of their ids; none where an organisation has an
    /// entity of its own under that name. O(records found).
    ///
    /// Throws `limitExceeded` beyond `countMax`.
    public func referring(
        to id: RecordID,
        _ entity: String,
        _ attribute: String,
        countMax: Int = Records.referringMax
    ) throws(Refusal) -> [RecordID] {
        guard let entity = schema.standardEntity(named: entity)?.id else { return [] }
        return try referring(to: id, in: entity, attribute, countMax: countMax)
    }

    /// The same of any entity, whoever made it.
    func referring(
        to id: RecordID,
        in entity: EntityID,
        _ attribute: String,
        countMax: Int = Records.referringMax
    ) throws(Refusal) -> [RecordID] {
        guard let links = links(from: entity, attribute, to: id.entity) else { return [] }
        return try referring(to: id, by: links, countMax)
    }

    /// The records of a standard entity that refer to each of these, which are of one entity, in their order.
    func referring(
        toEach ids: some Collection<RecordID>,
        _ entity: String,
        _ attribute: String
    ) throws(Refusal) -> [RecordID] {
        guard let target = ids.first?.entity, let entity = schema.standardEntity(named: entity)?.id,
            let links = links(from: entity, attribute, to: target)
        else { return [] }
        var found: [RecordID] = []
        found.reserveCapacity(ids.count)
        for id in ids { found += try referring(to: id, by: links, Records.referringMax) }
        return found
    }

    /// Whether any record of a standard entity refers to one in this lookup. O(1).
    func isReferred(to id: RecordID, _ entity: String, _ attribute: String) -> Bool {
        guard let entity = schema.standardEntity(named: entity)?.id,
            let links = links(from: entity, attribute, to: id.entity)
        else { return false }
        return firstRow(referringTo: id, by: links) != Table.noRow
    }

    /// How records of an entity refer to those of another: where both stand, and what follows their lookup backwards.
    private struct Links {
        var place: Int
        var index: LinkIndex
        var targetPlace: Int
        /// Place of the other entity among the targets of the lookup.
        var part: Int
    }

    private func links(from entity: EntityID, _ attribute: String, to target: EntityID) -> Links? {
        guard let targetPlace = schema.place(of: target), let place = schema.place(of: entity),
            let column = engine.column(attribute, at: place),
            let index = engine.tables[place].link(column),
            let part = engine.tables[place].linkTarget(column, target)
        else { return nil }
        return Links(place: place, index: index, targetPlace: targetPlace, part: part)
    }

    private func firstRow(referringTo id: RecordID, by links: Links) -> UInt32 {
        let row = engine.tables.row(links.targetPlace, of: id)
        return row == Table.noRow ? row : links.index.first(target: links.part, targetRow: row)
    }

    private func referring(to id: RecordID, by links: Links, _ countMax: Int) throws(Refusal) -> [RecordID] {
        var found: [RecordID] = []
        var row = firstRow(referringTo: id, by: links)
        while row != Table.noRow {
            guard found.count < countMax else { throw tooMany(id, countMax) }
            found.append(engine.tables.recordID(links.place, atRow: Int(row)))
            row = links.index.next(after: row)
        }
        return found.sorted()
    }

    /// The refusal of what reaches too far.
    func tooMany(_ id: RecordID, _ countMax: Int = Records.referringMax) -> Refusal {
        Refusal(
            .limitExceeded,
            entity: schema.entity(id.entity)?.name ?? "",
            record: id,
            "More than \(countMax) records belong to \(schema.text(of: id)): one message cannot change them all."
        )
    }

    /// The refusal of what would do nothing, since the standard's entity is not there.
    func missing(_ entity: String) -> Refusal {
        Refusal(
            .unknownEntity,
            entity: entity,
            "The standard's entity \(entity) is not here: it was deleted, or the organisation has one of its own under that name."
        )
    }

    /// The refusal of a rule.
    func refusal(_ rule: Rule, _ id: RecordID, _ message: String) -> Refusal {
        Refusal(breaking: rule.name, entity: schema.entity(id.entity)?.name ?? "", record: id, message)
    }
}

extension Engine {
    /// The ordered index of a number or moment of the entity at a place; nil where an organisation has deleted the attribute, or does
    /// not keep it in order any more.
    func order(of attribute: String, at place: Int) -> OrderedIndex<UInt64>? {
        guard let column = column(attribute, at: place), case .number(let index)? = tables[place].order(column)
        else { return nil }
        return index
    }
}
