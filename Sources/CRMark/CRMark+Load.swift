import Engine
import Kith

// Filling a database, embedded or behind a server, and going on where an interrupted filling stopped.

/// What a database holds of CRMark's entities, by `CRMarkEntity.allCases`.
public struct CRMarkPresence: Sendable {
    /// Records of each entity.
    public var counts: [Int]
    /// Where each entity begins.
    public var ids: CRMarkIDs
    /// The mark of what it was filled with; nil when it was not.
    public var mark: String?

    /// An empty database.
    public init() {
        counts = Array(repeating: 0, count: CRMarkEntity.allCases.count)
        ids = CRMarkIDs()
    }

    /// Asks for `mark`, which is the answer's only value.
    public static let markQuery = "SELECT externalid FROM systemuser WHERE externalid LIKE 'crmark:%'"

    /// Asks for number and first id of the records of an entity.
    public static func query(_ kind: CRMarkEntity) -> String {
        "SELECT COUNT(*) AS records, MIN(\(kind.identifier)) AS first FROM \(kind.rawValue)"
    }

    /// Takes the answer to `query`.
    public mutating func set(_ kind: CRMarkEntity, _ row: [Value]) {
        if case .integer(let count) = row[0] { counts[kind.place] = Int(count) }
        if case .reference(let id) = row[1] { ids[kind] = id }
    }
}

/// Why a database cannot be filled.
public enum CRMarkError: Error, Hashable, CustomStringConvertible {
    /// It has records of the entities that CRMark makes, and they are not CRMark's.
    case occupied(entity: String)
    /// It was filled with another scale or seed.
    case different(String)
    /// Somebody else makes records meanwhile, so that ids are not a run.
    case disturbed(entity: String)

    /// What happened, for people.
    public var description: String {
        switch self {
        case .occupied(let entity):
            "there are records of \(entity) already that CRMark did not make: fill a database of its own"
        case .different(let mark):
            "it was filled as \(mark) (accounts, seed): fill a database of its own"
        case .disturbed(let entity):
            "somebody else makes records of \(entity) meanwhile; CRMark refers to its records by number and needs them in a row"
        }
    }
}

/// How far filling is.
public struct CRMarkLoadReport: Hashable, Sendable {
    /// Records that this run made.
    public var created = 0
    /// Records that are there, and that will be.
    public var present = 0
    public var total = 0
    /// Entity of the batch that was loaded last.
    public var entity = ""
}

extension CRMark {
    /// Rows of one transaction: large enough that the disk's answer weighs little, a few milliseconds of the writer's turn.
    /// Groups of accounts depend on it: see `appendAccount`.
    static let batchRows = 4_000

    /// Whether a database was filled completely with this scale and seed. Work on it may have added records since.
    public func isComplete(_ presence: CRMarkPresence) -> Bool {
        presence.mark == mark && kinds.allSatisfy { presence.counts[$0.place] >= count(of: $0) }
    }

    /// Makes everything that is not there yet, one transaction a batch; the next is generated while one is on its way.
    /// `progress` is called after each batch is durable. Throws `CRMarkError`, and what the session throws.
    @discardableResult
    public func load(
        into session: some Session,
        from presence: CRMarkPresence = CRMarkPresence(),
        progress: (CRMarkLoadReport) async -> Void = { _ in }
    ) async throws -> CRMarkLoadReport {
        try check(presence)
        let schema = try await session.schema
        var ids = presence.ids
        var report = CRMarkLoadReport(total: recordCount)
        report.present = presence.counts.reduce(0, +)
        var pending: (reply: Task<TransactionReply, any Error>, kind: CRMarkEntity, rows: Range<Int>)?
        func settle() async throws {
            guard let (reply, kind, rows) = pending else { return }
            pending = nil
            let made = try await reply.value.operations[0].ids
            let first = made[0].rawValue - UInt64(rows.lowerBound)
            guard made.count == rows.count, ids[kind] == nil || ids[kind]?.rawValue == first else {
                throw CRMarkError.disturbed(entity: kind.rawValue)
            }
            ids[kind] = RecordID(rawValue: first)
            report.created += rows.count
            report.present += rows.count
            report.entity = kind.rawValue
            await progress(report)
        }
        do {
            for kind in kinds {
                // Later entities refer to this one by ids that its first reply tells.
                try await settle()
                var start = presence.counts[kind.place]
                while start < count(of: kind) {
                    let rows = start..<min(start + CRMark.batchRows, count(of: kind))
                    // Accounts refer to accounts of earlier batches.
                    if ids[kind] == nil { try await settle() }
                    let transaction = try transaction(kind, rows, schema, ids)
                    try await settle()
                    pending = (Task { try await session.execute(transaction) }, kind, rows)
                    start = rows.upperBound
                }
            }
            try await settle()
        } catch {
            pending?.reply.cancel()
            throw error
        }
        return report
    }

    private func check(_ presence: CRMarkPresence) throws(CRMarkError) {
        if let found = presence.mark, found != mark { throw .different(found) }
        // An interrupted filling is a beginning of the order of all records.
        var isWhole = true
        for kind in kinds {
            let found = presence.counts[kind.place]
            guard found == 0 || (presence.mark != nil && isWhole && found <= count(of: kind)) else {
                throw .occupied(entity: kind.rawValue)
            }
            isWhole = found == count(of: kind)
        }
    }

    /// Some records of an entity as one transaction. `ids` must know the entities that it refers to.
    package func transaction(
        _ kind: CRMarkEntity,
        _ rows: Range<Int>,
        _ schema: Schema,
        _ ids: CRMarkIDs
    ) throws(Refusal) -> Transaction {
        var filled = try CRMarkRows(schema, kind, attributes(of: kind), ids)
        switch kind {
        case .systemuser: for row in rows { appendUser(row, to: &filled) }
        case .campaign: for row in rows { appendCampaign(row, to: &filled) }
        case .account: for row in rows { appendAccount(row, batchStart: rows.lowerBound, to: &filled) }
        case .contact: for row in rows { appendContact(row, to: &filled) }
        case .lead: for row in rows { appendLead(row, to: &filled) }
        case .opportunity: for row in rows { appendOpportunity(row, to: &filled) }
        case .incident: for row in rows { appendIncident(row, to: &filled) }
        case .task, .phonecall, .email, .appointment: for row in rows { appendActivity(kind, row, to: &filled) }
        }
        var transaction = Transaction(schema)
        transaction.append(filled.batch)
        return transaction
    }

    private func attributes(of kind: CRMarkEntity) -> [String] {
        switch kind {
        case .systemuser: CRMark.userAttributes
        case .campaign: CRMark.campaignAttributes
        case .account: CRMark.accountAttributes
        case .contact: CRMark.contactAttributes
        case .lead: CRMark.leadAttributes
        case .opportunity: CRMark.opportunityAttributes
        case .incident: CRMark.incidentAttributes
        case .task, .phonecall, .email, .appointment: CRMark.attributes(ofActivity: kind)
        }
    }

    /// The indexes that the lists of the business mix are served from, as an administrator would declare them. Filling
    /// declares them before the first record.
    public static var indexes: SchemaDocument {
        var document = SchemaDocument()
        func declare(_ entity: String, _ attributes: [String]...) {
            var declaration = EntityDeclaration(entity)
            declaration.indexes = attributes.map { IndexDeclaration("crmark_" + $0.joined(separator: "_"), $0) }
            document.entities.append(declaration)
        }
        declare(
            "opportunity",
            ["customerid", "statecode", "estimatedclosedate"],
            ["ownerid", "statecode", "estimatedclosedate"]
        )
        declare("incident", ["customerid", "statecode", "followupby"])
        for activity in ["task", "phonecall", "email", "appointment"] {
            declare(activity, ["regardingobjectid", "scheduledend"])
        }
        return document
    }
}
