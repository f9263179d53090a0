import Engine

// The demonstration CRM: a maker of scales and sensors, its customers, deals, cases and two years of daily work.
//
// Guarantees
// - The same seed, day and scale give the same batches, value for value, on every machine.
// - Nothing is kept: every record is derived from (seed, entity, number), and whoever refers to it derives it again. So
//   memory does not grow with `scale`, and batches can be made in any order.
// - Records carry external ids such as `demo:account:17`, and refer to each other by them: loading twice changes nothing.
// - A batch refers only to records of earlier batches (links between records of one entity come in a batch of their own).
// - What belongs together agrees: won deals have a value, a date and mostly an order; a deal's value is the sum of its
//   lines; activities of a deal lie within its life and with its owner; what lies before `today` is mostly done.
//
// Proportions, in accounts: contacts 4, leads 4, opportunities 2, cases 4, activities 58, notes 2.

/// The generator. A value without state of its own; free to copy and to share between threads.
public struct Demo: Sendable {
    /// What names, numbers and decisions are derived from.
    public let seed: UInt64
    /// The day that the demonstration is told from, in days since 1970-01-01.
    public let today: Int
    /// Multiple of the smallest demonstration: 200 accounts, about 19,000 records.
    public let scale: Int

    /// Scales that the generator is made for; the largest has ten million accounts and a billion records.
    public static let scales = 1...50_000

    /// A demonstration told from `today` (days since 1970-01-01). `scale` must lie in `scales`.
    public init(seed: UInt64 = 2003, today: Int32, scale: Int = 1) {
        precondition(Demo.scales.contains(scale))
        self.seed = seed
        self.today = Int(today)
        self.scale = scale
        // The staff grows with the square root: a large company's salespeople have more accounts each.
        var root = 1
        while (root + 1) * (root + 1) <= scale { root += 1 }
        teamsPerRegion = root
    }

    /// Days that the company's history reaches back.
    static let historyDays = 730
    /// Days that plans reach ahead.
    static let planDays = 30

    let teamsPerRegion: Int

    var regionCount: Int { DemoWords.regions.count }
    var salespersonCount: Int { 3 * regionCount * teamsPerRegion }
    var serviceUserCount: Int { regionCount * teamsPerRegion }
    var userCount: Int { 1 + regionCount + salespersonCount + serviceUserCount }

    var accountCount: Int { 200 * scale }
    var contactCount: Int { 4 * accountCount }
    var leadCount: Int { 4 * accountCount }
    var opportunityCount: Int { 2 * accountCount }
    var incidentCount: Int { 4 * accountCount }
    var noteCount: Int { 2 * accountCount }
    // Together 56 for each account.
    var taskCount: Int { 17 * accountCount }
    var phoneCallCount: Int { 20 * accountCount }
    var emailCount: Int { 13 * accountCount }
    var appointmentCount: Int { 6 * accountCount }

    func random(_ purpose: DemoPurpose, _ index: Int) -> RecordStream {
        RecordStream(seed: seed, purpose: purpose, index: index)
    }

    /// The last record that a complete load brings: where it is, the demonstration has been loaded.
    public var lastRecord: DemoReference { DemoReference("annotation", noteCount - 1) }

    /// All batches, in the order in which they must be loaded, made one at a time.
    public var batches: DemoBatches { DemoBatches(demo: self) }
}

/// A record of the demonstration, named by its entity and its number there.
public struct DemoReference: Hashable, Sendable {
    /// Logical name of the entity.
    public var entity: String
    /// Number of the record, from 0; numbers may have gaps.
    public var index: Int

    init(_ entity: String, _ index: Int) {
        self.entity = entity
        self.index = index
    }

    /// The value of `externalid`: `demo:account:17`.
    public var externalID: String { "demo:\(entity):\(index)" }
}

// Values in the units of the engine.
extension Value {
    static func cents(_ cents: Int?) -> Value {
        guard let cents else { return .null }
        return .decimal(Decimal64(units: Int64(cents) * 100, scale: AttributeType.moneyScale))
    }

    static func day(_ day: Int?) -> Value { day.map { .date(Int32($0)) } ?? .null }

    /// A moment given as minutes since 1970-01-01T00:00Z.
    static func minute(_ minute: Int?) -> Value { minute.map { .instant(Int64($0) * 60_000_000) } ?? .null }

    static func number(_ number: Int?) -> Value { number.map { .integer(Int64($0)) } ?? .null }

    static func decimal(_ units: Int, scale: UInt8) -> Value { .decimal(Decimal64(units: Int64(units), scale: scale)) }
}
