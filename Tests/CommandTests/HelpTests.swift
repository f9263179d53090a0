import Foundation
import Testing

/// Every command explains itself, and is explained in docs/commands.md.
@Suite struct HelpTests {
    static let commands = [
        "serve", "import", "query", "get", "status", "snapshot", "restore", "verify", "demo", "schema", "calendar",
        "find", "file", "salvage", "backup", "generate", "bench", "do", "history", "doctor", "timeline",
        "agenda", "advance", "job", "route", "duplicates", "availability", "validate",
    ]

    @Test(arguments: commands)
    func everyCommandHasHelpWithExamples(_ command: String) async throws {
        let folder = try Folder()
        let outcome = try await kith(command, "--help", in: folder)
        #expect(outcome.status == 0)
        #expect(outcome.errors.isEmpty)
        #expect(outcome.output.contains("EXAMPLES\n  kith \(command)"))
        // An example that is wrapped cannot be copied.
        for line in outcome.output.split(separator: "\n") where !line.hasPrefix("USAGE:") {
            #expect(line.count <= 80)
            if line.hasPrefix("  kith ") { #expect(line.filter { $0 == "'" }.count % 2 == 0, "wrapped: \(line)") }
        }
        let manual = try String(contentsOf: Binary.package.appending(path: "docs/commands.md"), encoding: .utf8)
        #expect(manual.contains("## kith \(command)"))
    }

    @Test func theOverviewNamesCommandsAndExitStatuses() async throws {
        let folder = try Folder()
        let outcome = try await kith("--help", in: folder)
        #expect(outcome.status == 0)
        for command in HelpTests.commands { #expect(outcome.output.contains("\n  \(command) ")) }
        for status in 0...4 { #expect(outcome.output.contains("\n  \(status)  ")) }
        #expect(try await kith("--version", in: folder).status == 0)
    }

    /// The message of what people do wrong says what to do instead.
    @Test(arguments: [
        (["querry", "--at", "d"], "there is no command 'querry'; did you mean 'query'?"),
        (["tables"], "there is no command 'tables'; there are serve, import, query"),
        (["do", "--about", "wn"], "there is no message 'wn'; there are assign"),
        (["do", "win opportunity/1N"], "name a place and a message"),
        (["status", "--at", "127.0.0.1:7411"], "a server's address is written kith://127.0.0.1:7411"),
        (["serve", "--data", "no/where"], "no/where does not exist, nor does the folder no"),
        (["status", "--at", "/dev/null"], "/dev/null is a file"),
    ])
    func whatToDoIsSaid(_ arguments: [String], _ message: String) async throws {
        let outcome = try await run(Binary.kith, arguments, in: try Folder())
        #expect(outcome.status == 2)
        #expect(outcome.errors.contains(message), "\(outcome.errors)")
    }

    @Test(arguments: [
        ["nosuch"], ["query"], ["query", "--at", "d"], ["query", "--at", "d", "--format", "xml", "SELECT"],
        ["query", "--at", "http://localhost", "SELECT 1"], ["serve", "--data", "d", "--listen", "127.0.0.1:99999"],
        ["demo", "--at", "d", "--scale", "0"], ["demo", "--at", "d", "--today", "2026-02-30"],
        ["demo", "--at", "d", "--year", "--scale", "2"], ["demo", "--at", "d", "--year", "--questions"],
        ["demo", "--at", "kith://127.0.0.1:7411", "--year"],
        ["query", "--at", "nothere", "SELECT name FROM account"], ["verify", "nothere"], ["restore", "nothere", "new"],
        ["import", "--at", "d", "--mapping", "nothere.yaml", "."], ["backup", "nothere", "new"],
        ["backup", ".", "new"],
        ["generate", "--at", "d", "--scale", "0"],
        ["generate", "--at", "d"], ["bench", "--at", "nothere"], ["bench", "--at", "d", "--rate", "5", "--depth", "2"],
    ])
    func wrongUsageEndsWithTwoAndSaysNothingOnStandardOutput(_ arguments: [String]) async throws {
        let folder = try Folder()
        let outcome = try await run(Binary.kith, arguments, in: folder)
        #expect(outcome.status == 2)
        #expect(outcome.output.isEmpty)
        #expect(!outcome.errors.isEmpty)
        #expect(try folder.names(in: ".").isEmpty, "nothing is made by a command that was refused")
    }
}
