import CRMark

// What is asked: the kinds of work, and how often each.

/// One kind of business transaction, or of the two plain ones.
public enum BenchKind: Int, CaseIterable, Sendable {
    case accountPage, listView, prefixSearch, logActivity, moveStage, updateCase, create, bulkUpdate, read, update

    /// Name in reports.
    public var name: String {
        switch self {
        case .accountPage: "account page"
        case .listView: "list view"
        case .prefixSearch: "prefix search"
        case .logActivity: "log an activity"
        case .moveStage: "move a deal's stage"
        case .updateCase: "update a case"
        case .create: "create a record"
        case .bulkUpdate: "bulk update of 200"
        case .read: "read by id"
        case .update: "update by id"
        }
    }

    /// Requests that it sends, and replies that it waits for.
    var requestCount: Int { self == .accountPage ? 8 : 1 }
}

/// Kinds by how often they come.
public enum BenchMix: String, CaseIterable, Sendable {
    /// CRMark's business mix.
    case business
    /// The mix without its writes, in the same proportions.
    case browse
    /// Reads of one record of twelve attributes.
    case reads
    /// Updates of two attributes of one record.
    case updates

    /// Weights by kind, out of a hundred for the business mix.
    var weights: [(kind: BenchKind, weight: Int)] {
        switch self {
        case .business:
            [
                (.accountPage, 35), (.listView, 20), (.prefixSearch, 12), (.logActivity, 15), (.moveStage, 8),
                (.updateCase, 5), (.create, 3), (.bulkUpdate, 2),
            ]
        case .browse: [(.accountPage, 35), (.listView, 20), (.prefixSearch, 12)]
        case .reads: [(.read, 1)]
        case .updates: [(.update, 1)]
        }
    }

    /// Whether it asks queries, which are prepared on each connection.
    var asksQueries: Bool { self == .business || self == .browse }
}

/// Draws kinds in proportion to their weights. O(1): one look into a table of all weights.
struct KindDraw {
    private let kinds: [BenchKind]

    init(_ mix: BenchMix) { kinds = mix.weights.flatMap { Array(repeating: $0.kind, count: $0.weight) } }

    func draw(_ random: inout CRMarkRandom) -> BenchKind { kinds[random.below(kinds.count)] }
}
