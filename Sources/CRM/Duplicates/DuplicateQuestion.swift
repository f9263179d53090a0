// Asking what records are like, or would be: records that are there, or the rows of a transaction that is not executed.
//
// A transaction is answered by executing it on a copy that shares its memory with the data, by every rule of the engine, and looking at what
// it has made and changed there (`DuplicateCheck`): so keys, defaults, references and the rows among themselves count as they would in
// earnest, and there is one way to find duplicates and not two.

import Engine

/// What is asked.
public enum DuplicateQuestion: Sendable, Hashable {
    /// What these records are like.
    case records([RecordID])
    /// What the records that an encoded transaction would make or change would be like.
    case encoded([UInt8])

    /// What the records that a transaction would make or change would be like.
    public static func transaction(_ transaction: Transaction) -> DuplicateQuestion {
        var transaction = transaction
        transaction.key = nil
        return .encoded(transaction.encoded())
    }

    /// Records that one question may be about.
    public static let recordsMax = 10_000
}

/// What records are like.
public struct DuplicateReport: Sendable, Hashable {
    /// An alternative of a published rule.
    public struct Reason: Sendable, Hashable {
        /// The rule's record.
        public var rule: RecordID
        /// What the rule is called.
        public var name: String
        /// What the alternative asks: `fullname same words and birthdate similar date`.
        public var because: String

        /// Makes a reason.
        public init(rule: RecordID, name: String, because: String) {
            (self.rule, self.name, self.because) = (rule, name, because)
        }
    }

    /// A record that is like another one.
    public struct Hit: Sendable, Hashable {
        /// The one that was asked about. A row of a create or upsert of the transaction, of several with one record the last one, is named as a
        /// later operation of it would refer to it: `DuplicateReport.row`.
        public var record: RecordID
        /// The one that it is like, an earlier row of the same transaction in the same manner.
        public var other: RecordID
        /// Alternatives that hold, by their places in `reasons`.
        public var reasons: [Int]

        /// Makes a hit.
        public init(record: RecordID, other: RecordID, reasons: [Int]) {
            (self.record, self.other, self.reasons) = (record, other, reasons)
        }
    }

    /// A record that was not compared under an alternative, since more than 1,000 have one of its keys.
    public struct Omission: Sendable, Hashable {
        /// The one that was asked about.
        public var record: RecordID
        /// The alternative, by its place in `reasons`.
        public var reason: Int

        /// Makes an omission.
        public init(record: RecordID, reason: Int) { (self.record, self.reason) = (record, reason) }
    }

    /// What was seen.
    public var position: Position = 0
    /// Alternatives that hits and omissions name.
    public var reasons: [Reason] = []
    /// In the order of the question's records or the transaction's rows, then of the others.
    public var hits: [Hit] = []
    /// In the same order.
    public var omissions: [Omission] = []
    /// A record is like more others than `hitsPerRecordMax`, of which the first are here.
    public var isCut = false

    /// Hits of one record that are answered.
    public static let hitsPerRecordMax = 20
    /// Hits and omissions of one answer: some 5 MB.
    public static let hitsMax = 200_000

    /// An answer without hits.
    public init() {}

    /// The row of the transaction that an id of a hit names; nil for the id of a record.
    public static func row(_ id: RecordID) -> (operation: Int, row: Int)? {
        guard id.origin == RecordID.localOrigin else { return nil }
        return (Int(id.sequence >> 20), Int(id.sequence & 0xF_FFFF))
    }
}

extension DuplicateQuestion {
    /// The answer, from an engine that nobody else has: a transaction is executed on it.
    ///
    /// Throws a refusal for a record that is not there or a transaction that would be refused, and with `check.wanted` where keys are not
    /// indexed; the engine is as before then.
    package func answer(
        _ engine: Engine,
        _ check: DuplicateCheck,
        actor: RecordID,
        timeMicroseconds: Int64
    ) throws(Refusal) -> DuplicateReport {
        let position = engine.position
        var report: DuplicateReport
        switch self {
        case .records(let ids):
            guard ids.count <= Self.recordsMax else {
                throw Refusal(.limitExceeded, "\(ids.count) records in one question; the limit is \(Self.recordsMax).")
            }
            let records = Records(engine)
            for id in ids { try records.require(id) }
            report = try DuplicateReport(try check.findings(engine, of: Array(Set(ids))), RowNames())
        case .encoded(let bytes):
            report = try Self.answer(
                bytes,
                engine,
                check,
                CommandContext(actor: actor, timeMicroseconds: timeMicroseconds)
            )
        }
        report.position = position
        return report
    }

    private static func answer(
        _ bytes: [UInt8],
        _ engine: Engine,
        _ check: DuplicateCheck,
        _ context: CommandContext
    ) throws(Refusal) -> DuplicateReport {
        guard bytes.count >= 4, bytes[2] == 0, bytes[3] == 0 else {
            throw Refusal(.malformed, "A question is about a transaction that is no message.")
        }
        var bytes = bytes
        bytes[0] |= TransactionHeader.checkedFlag
        var findings: [DuplicateCheck.Finding] = []
        engine.transactionCheck = { engine, changes throws(Refusal) in
            findings = try check.findings(engine, changes)
        }
        defer { engine.transactionCheck = nil }
        var entry = ByteWriter()
        var reply = ByteWriter()
        _ = try bytes.withUnsafeBytes { bytes in
            Result { () throws(Refusal) in
                try engine.execute(bytes, context: context, entry: &entry, reply: &reply)
            }
        }.get()
        let made: TransactionReply
        do throws(DecodeError) {
            made = try reply.withUnsafeBytes { bytes in
                Result { () throws(DecodeError) in try TransactionReply(decoding: bytes) }
            }.get()
        } catch {
            throw Refusal(error)
        }
        var rows = RowNames()
        for (operation, outcome) in made.operations.enumerated() {
            for (row, id) in outcome.ids.enumerated() where id != .none {
                let name = RecordID(
                    entity: id.entity,
                    origin: RecordID.localOrigin,
                    sequence: UInt64(operation) << 20 | UInt64(row)
                )
                // Of several rows of one record the last one counts, and so it is the one that is named.
                rows.all[id] = name
                if outcome.outcomes[row] == .created || rows.made[id] != nil { rows.made[id] = name }
            }
        }
        return try DuplicateReport(findings, rows)
    }
}

/// What records are called that a transaction names by its rows.
private struct RowNames {
    /// Of all rows of creates and upserts.
    var all: [RecordID: RecordID] = [:]
    /// Of those that have made their record, which nobody else knows.
    var made: [RecordID: RecordID] = [:]
}

extension DuplicateReport {
    fileprivate init(_ findings: [DuplicateCheck.Finding], _ rows: RowNames) throws(Refusal) {
        self.init()
        for finding in findings {
            let record = rows.all[finding.record] ?? finding.record
            isCut = isCut || finding.found.hits.count > Self.hitsPerRecordMax
            for hit in finding.found.hits.prefix(Self.hitsPerRecordMax) {
                let other = rows.made[hit.record] ?? hit.record
                hits.append(
                    Hit(record: record, other: other, reasons: hit.reasons.map { place(of: $0, finding.keys) })
                )
            }
            for reason in finding.found.omissions {
                omissions.append(Omission(record: record, reason: place(of: reason, finding.keys)))
            }
            guard hits.count + omissions.count <= Self.hitsMax, reasons.count <= Self.reasonsMax else {
                throw Self.tooMany
            }
        }
    }

    static var tooMany: Refusal {
        Refusal(
            .limitExceeded,
            "More than \(hitsMax) duplicates, or \(reasonsMax) reasons, in one answer: ask about fewer records at a time."
        )
    }

    private mutating func place(of reason: DuplicateAnswer.Reason, _ keys: DuplicateKeys) -> Int {
        let (name, because) = keys.described(reason)
        let named = Reason(rule: keys.records[reason.rule], name: name, because: because)
        if let place = reasons.firstIndex(of: named) { return place }
        reasons.append(named)
        return reasons.count - 1
    }
}
