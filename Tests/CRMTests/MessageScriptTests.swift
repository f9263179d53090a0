import CRM
import Engine
import Foundation
import Testing

/// Every case of every file `Scripts/*.test` is a test. With `KITH_REWRITE_SCRIPTS` set to the folder of the scripts in the source
/// tree, the expected rows are replaced by the actual ones, to be reviewed as a difference.
@Suite struct MessageScriptTests {
    static let folder = Bundle.module.url(forResource: "Scripts", withExtension: nil)

    static let names: [String] = {
        guard let folder, let files = try? FileManager.default.contentsOfDirectory(atPath: folder.path) else {
            return []
        }
        return files.filter { $0.hasSuffix(".test") }.sorted()
    }()

    static func script(_ name: String) throws -> MessageScript {
        MessageScript(try text(name))
    }

    private static func text(_ name: String) throws -> String {
        try String(contentsOf: try #require(folder).appendingPathComponent(name), encoding: .utf8)
    }

    @Test(arguments: names)
    func script(_ name: String) throws {
        let text = try Self.text(name)
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        var answers: [(lines: Range<Int>, rows: [String])] = []
        for script in MessageScript(text).cases {
            let run = try CaseRun(script)
            for difference in run.differences { Issue.record("\(name), '\(script.name)': \(difference)") }
            answers += run.answers
        }
        guard let target = ProcessInfo.processInfo.environment["KITH_REWRITE_SCRIPTS"] else { return }
        for answer in answers.sorted(by: { $0.lines.lowerBound > $1.lines.lowerBound }) {
            lines.replaceSubrange((answer.lines.lowerBound - 1)..<(answer.lines.upperBound - 1), with: answer.rows)
        }
        try lines.joined(separator: "\n").write(toFile: "\(target)/\(name)", atomically: true, encoding: .utf8)
    }

    /// The table of messages and what can become of them has no empty cell: each message takes effect in a case, and is refused in
    /// a case by each of its rules. That it is refused in every state that it does not allow is tested by `MessageStateTests`.
    @Test func everyMessageAndRuleHasACase() throws {
        var seen: Set<MessageScript.Seen> = []
        var names: Set<String> = []
        for file in Self.names {
            for script in try Self.script(file).cases {
                seen.formUnion(try CaseRun(script).seen)
                #expect(names.insert(script.name).inserted, "two cases are called '\(script.name)'")
            }
        }
        for head in Messages.heads {
            for rule in [""] + head.rules.map(\.name) {
                #expect(
                    seen.contains(.init(message: head.number, rule: rule)),
                    "no case shows \(head.verb) \(head.targetNames) \(rule.isEmpty ? "taking effect" : "refused by \(rule)")"
                )
            }
        }
        // And no rule refuses that the declaration does not name.
        for cell in seen where !cell.rule.isEmpty && Refusal.Code.allCases.allSatisfy({ "\($0)" != cell.rule }) {
            let head = try #require(Messages.heads.first { $0.number == cell.message })
            #expect(([.state] + head.rules).contains { $0.name == cell.rule }, "\(head.verb): \(cell.rule)")
        }
    }
}
