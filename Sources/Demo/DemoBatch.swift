import Engine

// Batches: what the generator hands over, column by column, and the plan that says in which order.

/// Some records of one entity, column by column.
public struct DemoBatch: Sendable {
    /// The values of one attribute, one for each row.
    public enum Values: Sendable {
        /// Plain values; `null` where there is none.
        case values([Value])
        /// Links to records of earlier batches, all of one entity; nil where there is none.
        case references([DemoReference?])
    }

    /// One attribute of the batch.
    public struct Column: Sendable {
        /// Logical name of the attribute.
        public var attribute: String
        /// Its values.
        public var values: Values
    }

    /// Logical name of the entity.
    public var entity: String
    /// The records by number; `DemoReference.externalID` is the key to upsert by.
    public var records: [DemoReference]
    /// The attributes besides `externalid`. Each has as many values as there are records.
    public var columns: [Column]
    /// Share of all work that is done with this batch, 0…1, for a progress bar.
    public var progress: Double

    /// Rows in a batch are never more.
    public static let rowCountMax = 2000
}

extension DemoBatch {
    /// The batch in parts within which each link refers to one entity, since a reference by key names the entity once for
    /// the whole column. Rows keep their order; the parts come in the order of their first rows.
    func partedByTarget() -> [DemoBatch] {
        var parts = [self]
        for place in columns.indices {
            parts = parts.flatMap { part -> [DemoBatch] in
                guard case .references(let references) = part.columns[place].values else { return [part] }
                var targets: [String?] = []
                for reference in references where !targets.contains(reference?.entity) {
                    targets.append(reference?.entity)
                }
                // Rows without a link fit to any others.
                if targets.count > 1 { targets.removeAll { $0 == nil } }
                guard targets.count > 1 else { return [part] }
                return targets.map { target in
                    part.rows(references.indices.filter { (references[$0]?.entity ?? targets[0]) == target })
                }
            }
        }
        return parts
    }

    private func rows(_ rows: [Int]) -> DemoBatch {
        let columns = columns.map { column in
            let values: Values =
                switch column.values {
                case .values(let values): .values(rows.map { values[$0] })
                case .references(let references): .references(rows.map { references[$0] })
                }
            return Column(attribute: column.attribute, values: values)
        }
        return DemoBatch(entity: entity, records: rows.map { records[$0] }, columns: columns, progress: progress)
    }
}

/// One attribute of a generated record and where its value comes from.
struct DemoColumn<Record>: Sendable {
    enum Source: Sendable {
        case value(@Sendable (Demo, Record) -> Value)
        case reference(@Sendable (Demo, Record) -> DemoReference?)
    }

    let attribute: String
    let source: Source

    static func value(_ attribute: String, _ value: @escaping @Sendable (Demo, Record) -> Value) -> DemoColumn {
        DemoColumn(attribute: attribute, source: .value(value))
    }

    static func text(_ attribute: String, _ text: @escaping @Sendable (Demo, Record) -> String?) -> DemoColumn {
        DemoColumn(attribute: attribute, source: .value { demo, record in text(demo, record).map(Value.text) ?? .null })
    }

    static func link(_ attribute: String, _ target: @escaping @Sendable (Demo, Record) -> DemoReference?) -> DemoColumn
    {
        DemoColumn(attribute: attribute, source: .reference(target))
    }
}

/// One step of the plan: some attributes of one entity.
struct DemoStep: Sendable {
    /// Numbers that the step runs through.
    let indexCount: Int
    /// Most records that one number yields.
    let recordsPerIndexMax: Int
    let batch: @Sendable (Demo, Range<Int>) -> DemoBatch

    /// A step that derives any number of records from each index. `number` is that of the record's external id.
    init<Record>(
        _ entity: String,
        indexCount: Int,
        recordsPerIndexMax: Int = 1,
        columns: [DemoColumn<Record>],
        number: @escaping @Sendable (Record) -> Int,
        records: @escaping @Sendable (Demo, Int) -> [Record]
    ) {
        self.indexCount = indexCount
        self.recordsPerIndexMax = recordsPerIndexMax
        batch = { demo, range in
            var rows: [Record] = []
            rows.reserveCapacity(range.count * recordsPerIndexMax)
            for index in range { rows.append(contentsOf: records(demo, index)) }
            let filled = columns.map { column in
                let values: DemoBatch.Values =
                    switch column.source {
                    case .value(let value): .values(rows.map { value(demo, $0) })
                    case .reference(let target): .references(rows.map { target(demo, $0) })
                    }
                return DemoBatch.Column(attribute: column.attribute, values: values)
            }
            return DemoBatch(
                entity: entity,
                records: rows.map { DemoReference(entity, number($0)) },
                columns: filled,
                progress: 0
            )
        }
    }

    /// Numbers that one batch takes.
    var indexesPerBatch: Int { DemoBatch.rowCountMax / recordsPerIndexMax }
}

/// The batches of a demonstration. Holds the parts of one batch at a time.
public struct DemoBatches: Sequence, IteratorProtocol, Sendable {
    private let demo: Demo
    private let steps: [DemoStep]
    private let indexTotal: Int
    private var step = 0
    private var index = 0
    private var indexesDone = 0
    /// Parts of the last batch made that are still to be handed out, the next one last.
    private var waiting: [DemoBatch] = []

    init(demo: Demo) {
        self.demo = demo
        steps = demo.plan
        indexTotal = steps.reduce(0) { $0 + $1.indexCount }
    }

    /// The next batch that has any rows.
    public mutating func next() -> DemoBatch? {
        if let batch = waiting.popLast() { return batch }
        while step < steps.count {
            let current = steps[step]
            let end = Swift.min(index + current.indexesPerBatch, current.indexCount)
            var batch = current.batch(demo, index..<end)
            indexesDone += end - index
            index = end
            if index == current.indexCount {
                step += 1
                index = 0
            }
            guard !batch.records.isEmpty else { continue }
            batch.progress = Double(indexesDone) / Double(indexTotal)
            waiting = batch.partedByTarget().reversed()
            return waiting.popLast()
        }
        return nil
    }
}

extension Demo {
    /// The order of loading: what is referred to comes first.
    var plan: [DemoStep] {
        organisationSteps + customerSteps + salesSteps + incidentSteps + activitySteps + partySteps + marketingSteps
            + noteSteps
    }
}
