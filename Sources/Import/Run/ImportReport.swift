/// How often each thing happened to the rows of an import.
public struct ImportCounts: Sendable, Hashable {
    /// Rows read, blank lines and rows that `when` leaves out not counted:
    /// the sum of created, updated, unchanged, rejected and rejected with their parent.
    public var read = 0
    /// Rows that made a record.
    public var created = 0
    /// Rows that changed a record.
    public var updated = 0
    /// Rows whose record had these values already.
    public var unchanged = 0
    /// Rows that could not go in for a reason of their own.
    public var rejected = 0
    /// Rows that could not go in because the row of the record that they refer to was rejected in this run.
    public var rejectedWithParent = 0
    /// Rows that `when` left out.
    public var skipped = 0
    /// Records whose references to records further down, or of later files, were set or changed when all rows were in.
    public var linked = 0
    /// References to records that were not there when all rows were in: the rows went in without them.
    public var unlinked = 0

    /// Rows that are like a record that was there, or like a row before them. They are among those that went in, or, where they were
    /// not to, among the rejected.
    public var duplicates = 0
    /// Rows that went in although they could not be compared under an alternative of a rule, since more than 1,000 records have its key.
    public var uncompared = 0

    public init() {}

    static func += (total: inout ImportCounts, part: ImportCounts) {
        for path in paths { total[keyPath: path] += part[keyPath: path] }
    }

    /// All counts, in the order in which the progress file holds them.
    static var paths: [WritableKeyPath<ImportCounts, Int>] {
        [
            \.read, \.created, \.updated, \.unchanged, \.rejected, \.rejectedWithParent, \.skipped, \.linked,
            \.unlinked, \.duplicates, \.uncompared,
        ]
    }
}

/// What an import did, or with `isDryRun` would do. Of a resumed run it covers the earlier parts too.
public struct ImportReport: Sendable, Hashable {
    /// One pass over one file.
    public struct File: Sendable, Hashable {
        /// The file's name in the mapping.
        public var file: String
        /// The entity that its rows became.
        public var entity: String
        public var counts: ImportCounts
    }

    /// Per pass, in the order of the mapping.
    public var files: [File]
    /// Rows that earlier, interrupted runs of the same command had brought in, and that were not sent again.
    public var resumedRows: Int
    /// Nothing was changed: the counts say what would happen.
    public var isDryRun: Bool
    /// Where rejected rows are, nil when there are none.
    public var rejectsPath: String?
    /// Where rows are that went in and are like others, or could not be compared; nil when there are none.
    public var duplicatesPath: String?

    /// All files together.
    public var total: ImportCounts {
        var total = ImportCounts()
        for file in files { total += file.counts }
        return total
    }

    /// Nothing was rejected and no reference was left out.
    public var isComplete: Bool {
        let total = total
        return total.rejected == 0 && total.rejectedWithParent == 0 && total.unlinked == 0
    }
}

/// How far an import is.
public struct ImportProgress: Sendable, Hashable {
    /// The file being read, by its name in the mapping.
    public var file: String
    /// Rows read so far, in all files.
    public var rowCount: Int
    /// Bytes of the files, as stored, that were read, and that there are: a file that several passes read counts for
    /// each.
    public var bytesRead: Int
    public var bytesTotal: Int
}
