// Work that is due at a moment, and which of it comes next (docs/time.md).
//
// Guarantees
// - Work is due because a record says so: an attribute with an ordered index holds the moment. There is no list beside the records.
// - It is carried out by a message about that record, whose transaction empties the attribute or puts a later moment there. So it is
//   done exactly once, whatever happens in between: either both are in the log or neither.
// - Work makes other work due on records that it makes, and on its own record, or on others at its own moment or later: what a search may
//   pass over depends on it.
// - What is due at one moment comes in the order of the list below, then of the records' ids, whatever their places in memory.

import Engine

/// One piece of work that a record says is due.
package struct DueWork: Hashable, Sendable {
    /// When: microseconds since 1970 in UTC.
    package let moment: Int64
    /// Its kind: a place in `DueWork.kinds`.
    package let kind: Int
    /// The record that says so.
    package let record: RecordID

    /// A kind of work: which attribute of which entity says when, and which message does it.
    struct Kind: Sendable {
        let entity: String
        let attribute: String
        let message: UInt16

        /// When a record says that it is due; nil where it does not, or is of another entity.
        fileprivate func moment(of record: RecordID, _ engine: Engine) -> Int64? {
            guard let place = engine.schema.standardPlace(named: entity),
                record.entity == engine.schema.entities[place].id,
                let column = engine.schema.entities[place].attributeID(attribute)
            else { return nil }
            let row = engine.tables.row(place, of: record)
            guard row != Table.noRow,
                case .instant(let moment) = engine.tables.value(place, Int(column.rawValue), Int(row))
            else { return nil }
            return moment
        }
    }

    /// All kinds, in the order in which they come when they are due at the same moment.
    static let kinds: [Kind] =
        [Kind(entity: "task", attribute: "repeaton", message: RecurTask.head.number)]
        + Reminder.entities.map { Kind(entity: $0, attribute: "remindon", message: RingActivity.head.number) }
        + [
            Kind(entity: "contract", attribute: "activatesat", message: ActivateContract.head.number),
            Kind(entity: "contract", attribute: "endsat", message: ExpireContract.head.number),
            Kind(entity: "incident", attribute: "targetbreachat", message: BreachTarget.head.number),
            Kind(entity: "campaign", attribute: "launchesat", message: BeginCampaign.head.number),
            Kind(entity: "campaignactivity", attribute: "distributeat", message: DispatchCampaignActivity.head.number),
        ]

    /// The message that does it.
    package var request: MessageRequest {
        var request = MessageRequest(number: DueWork.kinds[kind].message)
        request.arguments = [MessageRequest.Argument(number: 0, value: .reference(record))]
        return request
    }

    /// All work of the earliest moment that has any, from `floor` up to `until`, in order; empty when there is none. What
    /// `isLeftOut` is passed over.
    ///
    /// Complexity: O(kinds × log records + work of that moment + work left out from the floor on).
    package static func earliest(
        _ engine: Engine,
        from floor: Int64 = .min,
        through until: Int64,
        isLeftOut: (DueWork) -> Bool
    ) -> [DueWork] {
        var found: [DueWork] = []
        for kind in kinds.indices {
            guard let (place, index) = order(of: kinds[kind], engine) else { continue }
            let limit = found.first?.moment ?? until
            index.forEach(from: ColumnOrder.key(floor), through: ColumnOrder.key(limit)) { key, row in
                let moment = Int64(bitPattern: key ^ 1 << 63)
                if let first = found.first, moment > first.moment { return false }
                let record = engine.tables.recordID(place, atRow: Int(row))
                let work = DueWork(moment: moment, kind: kind, record: record)
                if isLeftOut(work) { return true }
                if let first = found.first, moment < first.moment { found.removeAll() }
                found.append(work)
                return true
            }
        }
        return found.sorted { ($0.kind, $0.record) < ($1.kind, $1.record) }
    }

    /// Whether any work is due from `floor` on and before a moment. O(kinds × log records + work left out between them).
    package static func isAny(
        _ engine: Engine,
        from floor: Int64,
        before moment: Int64,
        isLeftOut: (DueWork) -> Bool
    ) -> Bool {
        guard moment > .min else { return false }
        var isAny = false
        for kind in kinds.indices where !isAny {
            guard let (place, index) = order(of: kinds[kind], engine) else { continue }
            index.forEach(from: ColumnOrder.key(floor), through: ColumnOrder.key(moment - 1)) { key, row in
                let record = engine.tables.recordID(place, atRow: Int(row))
                let work = DueWork(moment: Int64(bitPattern: key ^ 1 << 63), kind: kind, record: record)
                isAny = !isLeftOut(work)
                return !isAny
            }
        }
        return isAny
    }

    /// Whether the record still says that this is due, or has been due before.
    package func isStillDue(_ engine: Engine) -> Bool {
        guard let due = DueWork.kinds[kind].moment(of: record, engine) else { return false }
        return due <= moment
    }

    /// Whether a record says of anything that it is due before a moment. O(kinds).
    package static func isDue(_ record: RecordID, before moment: Int64, _ engine: Engine) -> Bool {
        kinds.contains { kind in kind.moment(of: record, engine).map { $0 < moment } ?? false }
    }

    /// The index of a kind's moments; nil where there is none, or an entity of the organisation's own has the name.
    private static func order(of kind: Kind, _ engine: Engine) -> (place: Int, index: OrderedIndex<UInt64>)? {
        guard let place = engine.schema.standardPlace(named: kind.entity),
            let index = engine.order(of: kind.attribute, at: place)
        else { return nil }
        return (place, index)
    }
}
