// The command line's front door: finds the subcommand, runs it, and turns whatever it throws into a message and a status.
//
// Guarantees: standard output carries data only, messages and progress go to standard error, and the exit status is one
// of `ExitStatus`, which `--help` and docs/commands.md list.

import ArgumentParser
import Engine
import Glibc

@main
struct KithCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kith",
        abstract: "A CRM engine: an in-memory columnar database with a CRM's entities and rules.",
        discussion: """
            Every command that takes --at works on a data directory (--at ./data) and on a running server \
            (--at kith://127.0.0.1:7411). Data goes to standard output, everything else to standard error.

            EXAMPLES
              kith serve --data ./data --listen 127.0.0.1:7411
              kith demo --at kith://127.0.0.1:7411
              kith query --at kith://127.0.0.1:7411 'SELECT name FROM account LIMIT 10'
              kith find --at kith://127.0.0.1:7411 'schm'
              kith do --at kith://127.0.0.1:7411 'win opportunity/1N'
              kith import --at ./data --mapping Examples/crm-maven.yaml ~/crm-maven

            EXIT STATUS
              0  done
              1  done, but some rows were rejected (import); there are differences (schema diff);
                 answers were errors or missing (bench); there is advice (doctor);
                 not all records were compared (duplicates);
                 something that is booked does not stand (validate)
              2  wrong usage: options, a mapping, a query, a file that is not there
              3  the data directory is damaged
              4  not reachable, in use, or refused
            """,
        version: "0.1.0",
        subcommands: [
            ServeCommand.self, ImportCommand.self, QueryCommand.self, GetCommand.self, StatusCommand.self,
            SnapshotCommand.self, RestoreCommand.self, VerifyCommand.self, DemoCommand.self, SchemaCommand.self,
            CalendarCommand.self, FindCommand.self, FileCommand.self, SalvageCommand.self, BackupCommand.self,
            GenerateCommand.self, BenchCommand.self, DoCommand.self, HistoryCommand.self, TimelineCommand.self,
            AgendaCommand.self, AdvanceCommand.self, DoctorCommand.self, JobCommand.self,
            RouteCommand.self, DuplicatesCommand.self, AvailabilityCommand.self, ValidateCommand.self,
        ]
    )

    static func main() async {
        do {
            try checkCommandName()
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
            StandardOutput.flush()
        } catch {
            StandardOutput.flush()
            Glibc.exit(report(error).rawValue)
        }
    }

    /// A mistyped command is what to complain about, not the options that belong to the right one.
    private static func checkCommandName() throws(CommandFailure) {
        guard let name = CommandLine.arguments.dropFirst().first, !name.hasPrefix("-"), name != "help" else { return }
        let names = configuration.subcommands.compactMap { $0.configuration.commandName }
        guard !names.contains(name) else { return }
        let hint = nearestName(to: name, among: names).map { "did you mean '\($0)'?" }
        throw CommandFailure(
            .usage,
            "there is no command '\(name)'; \(hint ?? "there are \(names.joined(separator: ", "))") See 'kith --help'."
        )
    }

    /// Says what went wrong, or prints the help that was asked for, and returns the status to exit with.
    private static func report(_ error: any Error) -> ExitStatus {
        if let failure = CommandFailure(error) {
            if !failure.message.isEmpty { StandardError.write("kith: \(failure.message)\n") }
            return failure.status
        }
        let message = fullMessage(for: error)
        if exitCode(for: error) == .success {
            StandardOutput.write(message + "\n")
            StandardOutput.flush()
            return .done
        }
        StandardError.write(message + "\n")
        return exitCode(for: error) == .validationFailure ? .usage : .refused
    }
}
