import Engine
import Kith

/// What is done with a row that is like a record that is there, or like a row before it, by the published duplicate rules.
public enum ImportDuplicates: String, Sendable, CaseIterable {
    /// It goes in, and stands in the file of duplicates with what it is like.
    case report
    /// It does not go in, and stands among the rejected rows with what it is like.
    case reject
}

/// What a run may be told besides mapping and files.
public struct ImportOptions: Sendable {
    /// Where rows that cannot go in are written. Beside it, under the same name with `.progress`, stands what an
    /// interrupted run needs to go on; both are made only when there is something to say.
    public var rejectsPath = "import-rejects.csv"
    /// Whether rows are compared with the records that are there, and with each other; nil: not.
    public var duplicates: ImportDuplicates?
    /// Where rows are written that went in and are like others, with `report`, or could not be compared; made only when there are some.
    public var duplicatesPath = "import-duplicates.csv"
    /// Changes nothing, and reports what would happen.
    public var isDryRun = false
    /// Rows in one transaction. More amortise better; fewer lose less time when a run is interrupted.
    public var batchRows = 2_000
    /// Bytes of values in one transaction, so that long texts do not reach the limit of a transaction.
    public var batchBytes = 2 << 20
    /// Transactions sent before the first of them is answered. Two keep the writer busy while the next is made.
    public var batchesInFlight = 4
    public var limits = ImportLimits()
    /// Called after every transaction, from the run's own task.
    public var onProgress: (@Sendable (ImportProgress) -> Void)?

    public init() {}
}

/// One import: a mapping and the files that it is about.
///
/// - Every row is an upsert by the mapping's key, or by (file hash, line), so that running an import twice changes
///   nothing.
/// - A row that cannot go in is written to the rejects file, and the run goes on.
/// - Memory does not grow with the files: a few batches are held, and 8 MiB of keys of rejected rows at most.
/// - A run that was interrupted goes on behind the last row whose acknowledgement it had handled, when it is started
///   again with the same mapping, files, database and rejects path.
public struct ImportRun: Sendable {
    private let mapping: ImportMapping
    private let files: ImportFiles
    private let options: ImportOptions

    /// Finds the files and computes their hashes: reads every file once.
    ///
    /// - Parameter files: folders and files; the mapping names its files relative to a folder.
    public init(mapping: ImportMapping, files: [String], options: ImportOptions = ImportOptions()) throws(ImportError) {
        self.mapping = mapping
        self.files = try ImportFiles(mapping, given: files)
        self.options = options
    }

    /// Brings the rows in, or with `isDryRun` tries them on a copy of the data.
    ///
    /// - Throws: ``ImportError`` when the run cannot go on; started again, it resumes.
    public func run(session: any Session) async throws(ImportError) -> ImportReport {
        var session = session
        if options.isDryRun {
            guard let rehearsable = session as? any RehearsableSession else {
                throw ImportError(.session, "this session cannot rehearse: make the dry run on the data directory")
            }
            do { session = try await rehearsable.rehearsal() } catch { throw ImportError(.session, "\(error)") }
        }
        guard options.duplicates == nil || session is any DuplicateSession else {
            throw ImportError(.session, "this session cannot look for duplicates: import on the data directory")
        }
        let target = try await ImportTarget(session)
        return try await ImportRunner.make(mapping, files, options, target).run()
    }
}
