// Every decoder that meets bytes from outside, behind one door: bytes in, and whatever comes of them is right but a trap, a read
// outside of memory, or a run without end. The fuzzer (tools/fuzz) looks for bytes with which it is not; what it begins with, and
// what it has found, goes through the same door in `make test`.
//
// Each run begins anew, so that a case that was found is a case that can be repeated.

import CRM
import Engine

public enum FuzzTarget: String, CaseIterable, Sendable {
    /// Bodies of frames, both directions.
    case frames
    /// Transactions, executed.
    case transactions
    /// Requests to read records.
    case reads
    /// Requests that carry a message out.
    case messages
    /// Requests for bulk work.
    case jobs
    /// Moments of the past.
    case moments
    /// Questions about activities, and the answers.
    case activities
    /// Questions about duplicates, and the answers.
    case duplicates
    /// Questions about schedules, and the answers.
    case schedules
    /// Entries of the log, replayed.
    case entries
    /// Schemas.
    case schemas
    /// Parts of snapshots, each behind its place.
    case parts
    /// Blocks of columns.
    case blocks
    /// Trees of queries, prepared and executed.
    case trees
    /// Texts of queries.
    case sql
    /// FetchXML documents.
    case fetchxml
    /// Tables as texts.
    case csv
    /// Records in JSON.
    case json
    /// Mappings of an import.
    case mappings
    /// Files of schemas.
    case schemafiles
    /// What a mail system says.
    case mail
    /// What a mail system answers.
    case answers
    /// Templates of messages.
    case templates
    /// Files of a spool.
    case spool
    /// Has a mistake on purpose: a fuzzer that does not find it finds nothing.
    case canary

    /// Decodes the bytes, and uses what comes out. What is refused is as it should be.
    public func run(_ bytes: UnsafeRawBufferPointer) {
        switch self {
        case .frames: FuzzWire.frames(bytes)
        case .transactions: FuzzEngine.transactions(bytes)
        case .reads: FuzzEngine.reads(bytes)
        case .messages: _ = try? MessageRequest.decode(bytes)
        case .jobs: FuzzRequests.jobs(bytes)
        case .moments: FuzzRequests.moments(bytes)
        case .activities: FuzzRequests.activities(bytes)
        case .duplicates: FuzzRequests.duplicates(bytes)
        case .schedules: FuzzRequests.schedules(bytes)
        case .entries: FuzzEngine.entries(bytes)
        case .schemas: FuzzEngine.schemas(bytes)
        case .parts: FuzzEngine.parts(bytes)
        case .blocks: FuzzEngine.blocks(bytes)
        case .trees: FuzzQueries.trees(bytes)
        case .sql: FuzzQueries.texts(bytes)
        case .fetchxml: FuzzQueries.documents(bytes)
        case .csv: FuzzFiles.csv(bytes)
        case .json: FuzzFiles.json(bytes)
        case .mappings: FuzzFiles.mappings(bytes)
        case .schemafiles: FuzzFiles.schemas(bytes)
        case .mail: FuzzMail.sessions(bytes)
        case .answers: FuzzOutgoingMail.answers(bytes)
        case .templates: FuzzOutgoingMail.templates(bytes)
        case .spool: FuzzMail.files(bytes)
        case .canary: FuzzCanary.run(bytes)
        }
    }

    /// What a search begins with: sound input of every kind that this decoder knows.
    public var seeds: [[UInt8]] {
        switch self {
        case .frames: FuzzWire.seeds
        case .transactions: FuzzEngine.transactionSeeds
        case .reads: FuzzEngine.readSeeds
        case .messages: [QualifyLead(RecordID(rawValue: 1), account: true).request.encoded(key: nil)]
        case .jobs: FuzzRequests.jobSeeds
        case .moments: FuzzRequests.momentSeeds
        case .activities: FuzzRequests.activitySeeds
        case .duplicates: FuzzRequests.duplicateSeeds
        case .schedules: FuzzRequests.scheduleSeeds
        case .entries: FuzzEngine.entrySeeds
        case .schemas: FuzzEngine.schemaSeeds
        case .parts: FuzzEngine.partSeeds
        case .blocks: FuzzEngine.blockSeeds
        case .trees: FuzzQueries.treeSeeds
        case .sql: FuzzQueries.texts.map { Array($0.utf8) }
        case .fetchxml: FuzzQueries.documents.map { Array($0.utf8) }
        case .csv: FuzzFiles.tables.map { Array($0.utf8) }
        case .json: FuzzFiles.records.map { Array($0.utf8) }
        case .mappings: FuzzFiles.mappings.map { Array($0.utf8) }
        case .schemafiles: FuzzFiles.schemas.map { Array($0.utf8) }
        case .mail: FuzzMail.conversations
        case .answers: FuzzOutgoingMail.dialogues
        case .templates: FuzzOutgoingMail.templates
        case .spool: FuzzMail.fileSeeds
        case .canary: [Array("KIT".utf8)]
        }
    }
}

enum FuzzCanary {
    /// Ends the process for bytes that nobody writes by chance and coverage leads to.
    static func run(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count > 3, bytes[0] == 0x4B, bytes[1] == 0x49, bytes[2] == 0x54, bytes[3] == 0x48 else { return }
        preconditionFailure("the canary was found")
    }
}
