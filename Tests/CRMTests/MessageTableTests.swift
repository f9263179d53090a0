import CRM
import Engine
import Foundation
import Testing

/// docs/message-cases.md: message × what can become of it, with the number of cases that show it. Written from the declarations and
/// from what the cases do when they run; a cell without a case is a failure, here and in `MessageScriptTests`.
@Suite struct MessageTableTests {
    private static let head = """
        # Messages and their cases

        What can become of a [message](messages.md): it takes effect, a rule of it refuses, or the state of its record does. The numbers are those of
        the named cases in `Tests/CRMTests/Scripts` that show it; a message in a state that it does not allow is tried by `MessageStateTests`, each
        message on each entity in each state. Beside rules, a message can be refused as any change is: last column, by the codes of
        [protocol.md](protocol.md).

        """

    /// The document, and whether a cell of it is empty.
    private static func table() throws -> (text: String, emptyCells: [String]) {
        var counts: [MessageScript.Seen: Int] = [:]
        var caseCount = 0
        for name in MessageScriptTests.names {
            for script in try MessageScriptTests.script(name).cases {
                caseCount += 1
                for seen in Set(try CaseRun(script).seen) { counts[seen, default: 0] += 1 }
            }
        }
        var emptyCells: [String] = []
        var lines = [
            "\(caseCount) named cases, \(MessageStateTests.cells.count) pairs of message and state, "
                + "\(MessageStateTests.cells.count { !$0.isAllowed }) of which are refused.",
            "", "| Message | Takes effect | Refused by its rules | In these states | Otherwise |",
            "|---|---:|---|---|---|",
        ]
        for head in Messages.heads {
            func count(_ rule: String) -> Int { counts[.init(message: head.number, rule: rule)] ?? 0 }
            let rules = head.rules.map(\.name)
            for rule in [""] + rules where count(rule) == 0 {
                emptyCells.append("\(head.verb) \(head.targetNames): \(rule.isEmpty ? "takes effect" : rule)")
            }
            let refused = MessageStateTests.cells.filter { $0.head.number == head.number && !$0.isAllowed }
            let states = head.targets.map(\.entity).compactMap { entity -> String? in
                let labels = refused.filter { $0.entity == entity }.map { label($0) }
                return labels.isEmpty
                    ? nil : (head.targets.count > 1 ? "\(entity) " : "") + labels.joined(separator: ", ")
            }
            let others = Refusal.Code.allCases.map { "\($0)" }.filter { count($0) > 0 }
            let cells = [
                "\(head.verb) \(head.targetNames)", "\(count(""))",
                rules.isEmpty ? "no rules" : rules.map { "`\($0)` \(count($0))" }.joined(separator: ", "),
                states.isEmpty ? "none" : states.joined(separator: "; "),
                others.isEmpty ? "–" : others.map { "`\($0)` \(count($0))" }.joined(separator: ", "),
            ]
            lines.append("| " + cells.joined(separator: " | ") + " |")
        }
        return (head + "\n" + lines.joined(separator: "\n") + "\n", emptyCells)
    }

    private static func label(_ cell: MessageStateTests.Cell) -> String {
        let entity = Schema.standard.entity(named: cell.entity)
        let set = entity?.attributeID("statecode").flatMap { entity?[$0].type.optionSet }
        return set.flatMap { Schema.standard[$0].label(of: cell.state) } ?? "\(cell.state)"
    }

    @Test func theTableHasNoEmptyCell() throws {
        let url = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "docs/message-cases.md")
        let (text, emptyCells) = try Self.table()
        #expect(emptyCells.isEmpty)
        if ProcessInfo.processInfo.environment["KITH_REWRITE_GOLDEN"] == "1" {
            return try Data(text.utf8).write(to: url)
        }
        let document = try? String(contentsOf: url, encoding: .utf8)
        #expect(document == text, "set KITH_REWRITE_GOLDEN=1 and run again to write the table anew")
    }
}
