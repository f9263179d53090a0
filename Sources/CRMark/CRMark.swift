import Engine

// CRMark: the data of a CRM at any size, for measuring (docs/crmark.md).
//
// Guarantees
// - The same scale and seed give the same records, value for value, on every machine, today and in ten years: values come
//   from integers alone (`CRMarkRandom`), and the story is told from a fixed day, not from the clock.
// - Nothing is kept: a record is derived from (seed, entity, number). Memory does not grow with the scale.
// - Records refer to each other by number. Record n of an entity is the n-th that was made, so a database must be empty of
//   CRMark's entities before it is filled, and is filled in order.
// - A record refers only to records of earlier batches.

/// The generator. A value without state; free to copy and to share between threads.
public struct CRMark: Sendable {
    /// Accounts of scale 1; with everything that belongs to them 7.1 million records.
    public static let accountsPerScale = 100_000
    /// Accounts that the generator is made for: scales 0.001 to 100.
    public static let accountCounts = 100...10_000_000
    /// The day that the story is told from: 2026-01-01, in days since 1970-01-01.
    public static let today = 20_454
    /// Days that the history reaches back.
    static let historyDays = 1_095

    /// What every value is derived from.
    public let seed: UInt64
    /// Accounts; everything else is in proportion to them.
    public let accountCount: Int
    /// What is made, in order.
    public let kinds: [CRMarkEntity]
    let accountsByRank: Zipf

    /// `accountCount` must lie in `accountCounts`. With `only`, just these entities are made, and those that they refer to.
    public init(accountCount: Int, seed: UInt64, only: [CRMarkEntity] = CRMarkEntity.allCases) {
        precondition(CRMark.accountCounts.contains(accountCount))
        self.accountCount = accountCount
        self.seed = seed
        let wanted = Set(only + only.flatMap(\.references))
        kinds = CRMarkEntity.allCases.filter(wanted.contains)
        accountsByRank = Zipf(count: accountCount)
    }

    /// Accounts of a scale given as a decimal number such as `0.05`; nil for what is none or out of bounds.
    public static func accountCount(ofScale text: String) -> Int? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, let whole = Int(parts[0]), (0...100).contains(whole) else { return nil }
        var count = whole * accountsPerScale
        if parts.count == 2 {
            // A hundred-thousandth of scale 1 is an account.
            guard (1...5).contains(parts[1].utf8.count), parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                var fraction = Int(parts[1])
            else { return nil }
            for _ in parts[1].utf8.count..<5 { fraction *= 10 }
            count += fraction
        }
        return accountCounts.contains(count) ? count : nil
    }

    /// Written into the external id of the first user: what a directory was filled with.
    public var mark: String {
        let part = kinds.count == CRMarkEntity.allCases.count ? "" : ":" + kinds.map(\.rawValue).joined(separator: ",")
        return "crmark:1:\(accountCount):\(seed)\(part)"
    }

    /// One user for a hundred accounts, ten at least.
    public var userCount: Int { max(10, accountCount / 100) }
    var campaignCount: Int { 50 }

    /// Records of an entity.
    public func count(of kind: CRMarkEntity) -> Int {
        switch kind {
        case .systemuser: userCount
        case .campaign: campaignCount
        case .account: accountCount
        case .contact, .lead, .incident: 4 * accountCount
        case .opportunity: 2 * accountCount
        // Together 56 for each account.
        case .task: 17 * accountCount
        case .phonecall: 20 * accountCount
        case .email: 13 * accountCount
        case .appointment: 6 * accountCount
        }
    }

    /// All records that are made.
    public var recordCount: Int { kinds.reduce(0) { $0 + count(of: $1) } }

    func random(_ purpose: CRMarkPurpose, _ index: Int) -> CRMarkRandom {
        CRMarkRandom(seed: seed, purpose: purpose, index: index)
    }
}

/// What CRMark makes, in the order in which it makes it. Names are those of the schema.
public enum CRMarkEntity: String, CaseIterable, Sendable {
    case systemuser, campaign, account, contact, lead, opportunity, incident, task, phonecall, email, appointment

    /// Name of the attribute that is the record's id.
    public var identifier: String {
        switch self {
        case .task, .phonecall, .email, .appointment: "activityid"
        default: rawValue + "id"
        }
    }

    /// Entities that its records refer to, directly or through others.
    var references: [CRMarkEntity] {
        switch self {
        case .systemuser, .campaign: [.systemuser]
        case .account: [.systemuser, .account]
        case .contact, .incident: [.systemuser, .account]
        case .lead: [.systemuser, .campaign]
        case .opportunity: [.systemuser, .campaign, .account]
        case .task, .phonecall, .email, .appointment: [.systemuser, .campaign, .account, .opportunity, .incident]
        }
    }
}
