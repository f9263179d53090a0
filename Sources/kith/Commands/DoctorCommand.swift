import ArgumentParser
import Kith
import Snapshot

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Examine this host, and a data directory, and say what to do.",
        discussion: """
            Looks at the file system and the space on it, tries out how long a sync takes, and looks at limits, huge pages and the \
            clock; with a data directory also at its use, access, snapshots and room. The directory may be in use: nothing that a \
            server writes is opened. Whether its bytes are right is for 'kith verify'. Exit status 0: nothing to do; 1: there is \
            advice, or a problem.

            EXAMPLES
              kith doctor
              kith doctor ./data
              kith doctor --format json /var/lib/kith
            """
    )

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case table, json
    }

    @Argument(help: ArgumentHelp("A data directory, or where one shall be.", valueName: "dir"))
    var directory = "."

    @Option(help: "table or json.")
    var format = Format.table

    func run() async throws {
        let all = HostExamination.findings(directory) + (try DirectoryExamination.findings(directory))
        switch format {
        case .table: StandardOutput.write(DoctorCommand.table(all))
        case .json: StandardOutput.write(DoctorCommand.json(all) + "\n")
        }
        let toDo = all.filter { [.advice, .problem].contains($0.verdict) }
        guard toDo.isEmpty else {
            if format == .table {
                for finding in toDo { StandardError.write("\(finding.what): \(finding.action)\n") }
            }
            throw CommandFailure(.incomplete, "")
        }
    }

    private static func table(_ findings: [Finding]) -> String {
        var table = TextTable(["what", "value", "verdict"].map { TextTable.Column(title: $0) })
        for finding in findings { table.append([finding.what, finding.value, finding.verdict.rawValue]) }
        return table.text
    }

    private static func json(_ findings: [Finding]) -> String {
        var writer = JSONWriter()
        writer.array { list in
            for finding in findings {
                list.object { entry in
                    entry.member("what", finding.what)
                    entry.member("value", finding.value)
                    entry.member("verdict", finding.verdict.rawValue)
                    entry.member("action", finding.action)
                }
            }
        }
        return writer.text
    }
}
