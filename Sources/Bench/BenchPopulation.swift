import CRMark
import Engine
import Glibc

// Whom the work is about: ids and words that are asked for before the clock starts.

/// Records of the database, as the bench draws from them.
public struct BenchPopulation: Sendable {
    /// Ids, at most `idsMax` of each entity.
    var accounts: [UInt64] = []
    var contacts: [UInt64] = []
    var opportunities: [UInt64] = []
    var incidents: [UInt64] = []
    var users: [UInt64] = []
    /// Beginnings of contacts' family names, with three letters.
    var prefixes: [String] = []
    let accountRanks: Zipf

    private static let idsMax = 1_000_000
    private static let namesMax = 50_000
    private static let prefixLetters = 3

    /// Asks for everything. Throws what `query` throws, and `BenchError` when there is too little to work with.
    public init(_ query: (String) async throws -> [[Value]]) async throws {
        func ids(_ kind: CRMarkEntity) async throws -> [UInt64] {
            try await query("SELECT \(kind.identifier) FROM \(kind.rawValue) LIMIT \(BenchPopulation.idsMax)").map {
                row in
                guard case .reference(let id) = row[0] else { throw BenchError("an id that is none") }
                return id.rawValue
            }
        }
        accounts = try await ids(.account)
        contacts = try await ids(.contact)
        opportunities = try await ids(.opportunity)
        incidents = try await ids(.incident)
        users = try await ids(.systemuser)
        var seen: Set<String> = []
        for row in try await query("SELECT lastname FROM contact LIMIT \(BenchPopulation.namesMax)") {
            guard case .text(let name) = row[0] else { continue }
            let prefix = String(name.prefix(BenchPopulation.prefixLetters))
            if prefix.count == BenchPopulation.prefixLetters { seen.insert(prefix) }
        }
        prefixes = seen.sorted()
        guard !accounts.isEmpty, contacts.count >= BenchEncoder.bulkRows, !opportunities.isEmpty, !incidents.isEmpty,
            !users.isEmpty, !prefixes.isEmpty
        else {
            throw BenchError("there is not enough to work with: fill the database with 'kith generate' first")
        }
        accountRanks = Zipf(count: accounts.count)
    }

    /// An account by Zipf's law: those that have most of the business are asked for most often.
    func account(_ random: inout CRMarkRandom) -> UInt64 {
        accounts[CRMark.spread(accountRanks.draw(&random), accounts.count)]
    }
}

/// Why a bench could not be run.
public struct BenchError: Error, Hashable, CustomStringConvertible {
    /// The reason, for people.
    public let description: String

    init(_ description: String) { self.description = description }

    /// The system call that failed.
    static func system(_ call: String) -> BenchError { BenchError("\(call): \(String(cString: strerror(errno)))") }

    /// A directory has no connections to keep open.
    public static let noConnections = BenchError("a directory has no connections: --idle is for servers")
}
