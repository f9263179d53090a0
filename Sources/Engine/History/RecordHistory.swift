// What became of a record: read from log entries, which hold what each transaction changed, from what, to what.
//
// Entries are read under the schema that was in force when they were written, which the log holds as well: attributes and
// entities that have been deleted since have the names that they had then.

/// One transaction's share in a record's history.
public struct HistoryStep: Hashable, Sendable {
    /// What happened to the record.
    public enum Kind: UInt8, Sendable {
        /// It was made.
        case created = 1
        /// Attributes of it changed.
        case updated = 2
        /// It was deleted.
        case deleted = 3
    }

    /// One attribute's change. A step that made the record has no values before, one that deleted it none after.
    public struct Change: Hashable, Sendable {
        /// Logical name, as it was then.
        public var attribute: String
        /// The value before.
        public var old: Value
        /// The value after.
        public var new: Value
    }

    /// Position of the transaction: the version that the record had from then on.
    public var position: Position
    /// When: microseconds since 1970-01-01T00:00:00Z.
    public var timeMicroseconds: Int64
    /// Who; `.none` is the system.
    public var actor: RecordID
    /// Number of the message that it was done through; 0: a plain change of data.
    public var message: UInt16
    /// What happened to the record.
    public var kind: Kind
    /// What changed, in the order of the entry.
    public var changes: [Change]
}

/// The history of a record, as far as the log reaches back.
public struct RecordHistory: Hashable, Sendable {
    /// Steps, oldest first.
    public var steps: [HistoryStep] = []
    /// There are older steps that were not asked for.
    public var isCut = false
    /// Nothing before or at this position is in the log any more; 0: the log reaches back to the beginning.
    public var beginsAfter: Position = 0
    /// The last transaction that was looked at.
    public var position: Position = 0

    /// Makes an empty history.
    public init() {}
}

/// Collects a record's history from entries in their order.
package struct HistoryCollector {
    /// Steps that an answer may hold.
    package static let stepCountMax = 10_000
    /// Bytes of values in an answer, so that it fits a frame with room to spare.
    package static let bytesMax = 8 << 20
    /// Changes and bytes of one step: a transaction may change a record as often as it has rows, which are several steps then.
    private static let stepChangesMax = 4096
    private static let stepBytesMax = 1 << 20
    /// What a step and a change take besides their values.
    fileprivate static let stepBytes = 64

    private let record: RecordID
    private let limit: Int
    private var schema: Schema
    private var tables: Tables
    private var position: Position
    private let beginsAfter: Position
    /// Steps with the bytes that they take; those before `first` are given up, and removed when they are as many as the others.
    private var steps: [(step: HistoryStep, bytes: Int)] = []
    private var first = 0
    private var totalBytes = 0
    private var isCut = false

    /// - Parameters:
    ///   - schema: the one in force before the first entry; nil where the first entry brings it.
    ///   - limit: steps at most; the newest are kept.
    package init(_ record: RecordID, schema: Schema?, beginsAfter: Position, limit: Int) {
        self.record = record
        self.limit = min(max(limit, 1), HistoryCollector.stepCountMax)
        let first = schema ?? Schema(epoch: 0, entities: [], optionSets: [])
        self.schema = first
        tables = Tables(first.entities.map { TableLayout(entity: $0, schema: first) })
        self.beginsAfter = beginsAfter
        position = beginsAfter
    }

    /// What was collected.
    package var history: RecordHistory {
        var history = RecordHistory()
        history.steps = steps[first...].map(\.step)
        history.isCut = isCut
        history.beginsAfter = beginsAfter
        history.position = position
        return history
    }

    /// Takes the entry of the next position. O(rows of the entry).
    package mutating func add(_ entry: UnsafeRawBufferPointer, position: Position) throws(DecodeError) {
        var reader = ByteReader(entry)
        let header = try EntryHeader(from: &reader)
        self.position = position
        guard header.kind == EntryHeader.changesKind else {
            let next = try Schema(from: &reader)
            schema = next
            tables = Tables(next.entities.map { TableLayout(entity: $0, schema: next) })
            return
        }
        for _ in 0..<Int(try reader.u32()) {
            let change = try Change(from: &reader, schema: schema, tables: tables)
            guard tables[change.place].entity.id == record.entity else { continue }
            for row in 0..<change.count where change.id(row) == record {
                append(step(change, row, header.envelope, position))
            }
        }
    }

    private func step(_ change: Change, _ row: Int, _ envelope: Envelope, _ position: Position) -> HistoryStep {
        let entity = tables[change.place].entity
        var step = HistoryStep(
            position: position,
            timeMicroseconds: envelope.timeMicroseconds,
            actor: envelope.actor,
            message: envelope.message,
            kind: HistoryStep.Kind(rawValue: change.kind.rawValue) ?? .updated,
            changes: []
        )
        step.changes = change.changes(row, entity, schema)
        return step
    }

    private mutating func append(_ step: HistoryStep) {
        let size = step.changes.reduce(0) { $0 + $1.bytes }
        let last = steps.count - 1
        // Several changes of one transaction are one step, unless it made or deleted the record.
        if last >= first, steps[last].step.position == step.position, step.kind == .updated,
            steps[last].step.kind != .deleted,
            steps[last].step.changes.count + step.changes.count <= HistoryCollector.stepChangesMax,
            steps[last].bytes + size <= HistoryCollector.stepBytesMax
        {
            steps[last].step.changes += step.changes
            steps[last].bytes += size
            totalBytes += size
        } else {
            steps.append((step, size + HistoryCollector.stepBytes))
            totalBytes += size + HistoryCollector.stepBytes
        }
        while steps.count - first > limit || totalBytes > HistoryCollector.bytesMax && steps.count - first > 1 {
            totalBytes -= steps[first].bytes
            first += 1
            isCut = true
        }
        guard first >= steps.count - first else { return }
        steps.removeSubrange(..<first)
        first = 0
    }
}

extension HistoryStep.Change {
    /// What it takes in an answer, about.
    var bytes: Int { HistoryCollector.stepBytes + old.textBytes + new.textBytes }
}

extension Change {
    /// What changed in a row. A transaction may give what is there already, or nothing.
    func changes(_ row: Int, _ entity: Entity, _ schema: Schema) -> [HistoryStep.Change] {
        var changes: [HistoryStep.Change] = []
        for (index, column) in attributes.enumerated() {
            let attribute = entity.attributes[column]
            let given = Value(columns[index], row, attribute.type, schema)
            let (old, new): (Value, Value) =
                switch kind {
                case .create: (.null, given)
                case .delete: (given, .null)
                case .update: (given, Value(newColumns[index], row, attribute.type, schema))
                }
            if old != new { changes.append(.init(attribute: attribute.name, old: old, new: new)) }
        }
        return changes
    }
}

extension Value {
    fileprivate var textBytes: Int { if case .text(let text) = self { text.utf8.count } else { 0 } }
}
