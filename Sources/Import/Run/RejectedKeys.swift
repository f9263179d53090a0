import Engine

/// Which records are missing because their rows were rejected in this run: so that a row that refers to one is told
/// apart from a row that refers to nothing at all. Holds 64-bit hashes of keys, folded: a chance collision, or a key that differs
/// from a rejected one only by what an exact collation sees, misnames a
/// reason.
struct RejectedKeys: Sendable {
    /// 8 MiB of hashes. Rows that refer to rejected rows beyond these count as rejected for a reason of their own.
    private static let countMax = 1 << 20

    private var hashes: Set<UInt64> = []

    /// Key attributes by which lookups of this mapping find records: `(entity, key index)`.
    private let watched: [(entity: EntityID, keyIndex: Int)]

    init(plans: [StepPlan]) {
        watched = plans.flatMap(\.cells).compactMap { $0.lookup.map { ($0.entity, $0.keyIndex) } }
    }

    /// Notes the keys of a rejected row. A row with too many cells has some of them out of place, after a stray
    /// delimiter: both places that a key's column can then have are noted.
    mutating func insert(_ record: CSVRecord, _ plan: StepPlan) {
        guard hashes.count < Self.countMax else { return }
        let entity = plan.entity
        for cell in plan.cells where cell.kind == .text {
            let isWatched = watched.contains { watch in
                watch.entity == entity.id && entity.keys[watch.keyIndex].attributes == [cell.attribute]
            }
            guard isWatched, let keyIndex = entity.keyIndex(of: cell.attribute) else { continue }
            for surplus in Set([0, max(0, record.cellCount - plan.columnCount)]) {
                guard let text = cell.text(of: record, droppingCells: surplus) else { continue }
                hashes.insert(Self.hash(entity.id, keyIndex, text))
            }
        }
    }

    func contains(_ lookup: LookupPlan, _ text: [UInt8]) -> Bool {
        !hashes.isEmpty && hashes.contains(Self.hash(lookup.entity, lookup.keyIndex, text))
    }

    private static func hash(_ entity: EntityID, _ keyIndex: Int, _ text: [UInt8]) -> UInt64 {
        text.withUnsafeBufferPointer { Collation.hash($0, seed: UInt64(entity.rawValue) << 16 | UInt64(keyIndex)) }
    }
}

extension CellPlan {
    /// The cell's text in a row that could not be converted as a whole; nil when even that cannot be had.
    func text(of record: CSVRecord, droppingCells surplus: Int) -> [UInt8]? {
        var shifted = record
        shifted.cells.removeFirst(surplus)
        guard columnNumbers.allSatisfy({ $0 < shifted.cellCount }) else { return nil }
        var row = TypedRow()
        guard (try? append(shifted, to: &row)) != nil, case .text(let range)? = row.cells.first else { return nil }
        return Array(row.text[range])
    }

    private var columnNumbers: [Int] {
        switch source {
        case .columns(let columns): columns
        case .template(let parts): parts.compactMap { if case .column(let column) = $0 { column } else { nil } }
        case .constant: []
        }
    }
}
