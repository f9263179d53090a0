import ArgumentParser
import FoundationEssentials
import Import
import Kith

struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Bring CSV and JSON files in by a mapping.",
        discussion: """
            The mapping (YAML) says which column becomes which attribute; Examples/ has several, and docs/import.md explains \
            them. It names its files relative to the folder given here. gzip is read directly. Running an import twice \
            changes nothing; a run that was interrupted goes on where it stopped when it is started again.

            Counts go to standard output. A row that cannot go in is written to the rejects file with its line, column and \
            reason, and the run goes on: the exit status is then 1.

            EXAMPLES
              kith import --at ./data --mapping Examples/crm-maven.yaml ~/crm-maven
              kith import --at kith://127.0.0.1:7411 --mapping leads.yaml leads.csv
              kith import --at ./data --mapping leads.yaml --dry-run leads.csv.gz
              kith import --at ./data --mapping leads.yaml --duplicates reject leads.csv
            """
    )

    @OptionGroup var at: AtOption

    @Option(help: ArgumentHelp("The mapping.", valueName: "file.yaml"))
    var mapping: String

    @Flag(help: "Say what would happen, and change nothing. A directory must not be in use.")
    var dryRun = false

    @Option(help: ArgumentHelp("Where rejected rows go.", valueName: "file.csv"))
    var rejects = "import-rejects.csv"

    @Option(
        help: ArgumentHelp(
            "Look whether rows are like records that are there, or like each other, by the published duplicate rules: report "
                + "lets them in and lists them, reject does not let them in.",
            valueName: "report|reject"
        )
    )
    var duplicates: ImportDuplicates?

    @Option(help: ArgumentHelp("Where rows are listed that went in and are like others.", valueName: "file.csv"))
    var duplicatesFile = "import-duplicates.csv"

    @Option(help: "table (for people) or json.")
    var format = ReportFormat.table

    // For tests that need many small transactions.
    @Option(help: .hidden)
    var batchRows: Int?

    @Argument(
        help: ArgumentHelp("The folder of the mapping's files, or the files themselves.", valueName: "folder-or-files")
    )
    var files: [String]

    func run() async throws {
        do {
            try await execute()
        } catch let error as ImportError where error.code == .mapping {
            throw ImportError(.mapping, "\(mapping): \(error.message)")
        }
    }

    private func execute() async throws {
        let progress = Progress(dryRun ? "Trying" : "Importing")
        let run = try importRun(progress)
        let report: ImportReport
        defer { progress.finish() }
        switch at.place {
        case .directory(let path) where dryRun:
            // The directory is only read, and not made where there is none.
            let state = try Database.readState(path)
            report = try await run.run(session: Rehearsal(state.view, clock: DatabaseOptions.systemClock))
        default:
            report = try await at.place.withConnection(mustExist: false) { try await run.run(session: $0.session) }
        }
        progress.finish()
        show(report)
        if !report.isComplete { throw CommandFailure(.incomplete, summary(report)) }
    }

    private func importRun(_ progress: Progress) throws -> ImportRun {
        guard let bytes = FileManager.default.contents(atPath: mapping) else {
            throw CommandFailure(.usage, "cannot read the mapping \(mapping)")
        }
        guard let yaml = String(validating: bytes, as: UTF8.self) else {
            throw CommandFailure(.usage, "the mapping \(mapping) is not UTF-8")
        }
        var options = ImportOptions()
        options.rejectsPath = rejects
        options.isDryRun = dryRun
        options.duplicates = duplicates
        options.duplicatesPath = duplicatesFile
        if let batchRows { options.batchRows = batchRows }
        options.onProgress = { state in
            let share = Double(state.bytesRead) / Double(max(1, state.bytesTotal))
            progress.show(share, "\(state.file), \(state.rowCount) rows")
        }
        return try ImportRun(mapping: try ImportMapping(yaml: yaml), files: files, options: options)
    }

    private func summary(_ report: ImportReport) -> String {
        let total = report.total
        var parts: [String] = []
        if total.rejected + total.rejectedWithParent > 0 {
            parts.append("\(total.rejected + total.rejectedWithParent) rows could not go in: see \(rejects)")
        }
        if total.unlinked > 0 {
            parts.append("\(total.unlinked) rows went in without a reference to a record that is not there")
        }
        return parts.joined(separator: "; ")
    }

    private func show(_ report: ImportReport) {
        if report.isDryRun { StandardError.write("Nothing was changed. This would happen:\n") }
        if report.resumedRows > 0 {
            StandardError.write("Went on behind \(report.resumedRows) rows that were in already.\n")
        }
        if let path = report.duplicatesPath {
            let (alike, uncompared) = (duplicates == .reject ? 0 : report.total.duplicates, report.total.uncompared)
            let parts =
                (alike > 0 ? ["\(alike) rows are like others"] : [])
                + (uncompared > 0 ? ["\(uncompared) rows could not be compared"] : [])
            StandardError.write("\(parts.joined(separator: "; ")): see \(path)\n")
        }
        let lines = report.files.map { ($0.file, $0.entity, $0.counts) } + [("total", "", report.total)]
        switch format {
        case .table:
            let numbers = ImportCommand.counts.map { TextTable.Column(title: $0.name, isRightAligned: true) }
            var table = TextTable([TextTable.Column(title: "file"), TextTable.Column(title: "entity")] + numbers)
            for (file, entity, counts) in lines {
                table.append([file, entity] + ImportCommand.counts.map { String(counts[keyPath: $0.path]) })
            }
            StandardOutput.write(table.text)
        case .json:
            var json = JSONWriter()
            json.object { json in
                json.array("files") { list in
                    for file in report.files { list.object { write(file, to: &$0) } }
                }
                json.object("total") { ImportCommand.write(report.total, to: &$0) }
                json.member("resumedRows", report.resumedRows)
                json.key("isDryRun")
                json.boolean(report.isDryRun)
                json.member("rejectsPath", report.rejectsPath)
                json.member("duplicatesPath", report.duplicatesPath)
            }
            StandardOutput.write(json.text + "\n")
        }
    }

    private func write(_ file: ImportReport.File, to json: inout JSONWriter) {
        json.member("file", file.file)
        json.member("entity", file.entity)
        ImportCommand.write(file.counts, to: &json)
    }

    private static func write(_ counts: ImportCounts, to json: inout JSONWriter) {
        for (name, path) in self.counts { json.member(name, counts[keyPath: path]) }
    }

    private static var counts: [(name: String, path: KeyPath<ImportCounts, Int>)] {
        [
            ("read", \.read), ("created", \.created), ("updated", \.updated), ("unchanged", \.unchanged),
            ("rejected", \.rejected), ("rejectedWithParent", \.rejectedWithParent), ("skipped", \.skipped),
            ("linked", \.linked), ("unlinked", \.unlinked), ("duplicates", \.duplicates),
            ("uncompared", \.uncompared),
        ]
    }
}

extension ImportDuplicates: ExpressibleByArgument {}

/// Formats of reports: for people and for programs.
enum ReportFormat: String, CaseIterable, ExpressibleByArgument {
    case table, json
}
