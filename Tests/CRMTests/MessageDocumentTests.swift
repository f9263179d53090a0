import CRM
import Foundation
import Testing

/// docs/messages.md says what the declarations say.
@Suite struct MessageDocumentTests {
    private static let marker =
        "<!-- The rest is written by MessageDocumentTests: KITH_REWRITE_GOLDEN=1 writes it anew. -->\n"

    @Test func documentListsTheMessages() throws {
        let url = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "docs/messages.md")
        let document = try String(contentsOf: url, encoding: .utf8)
        let start = try #require(document.range(of: Self.marker)).upperBound
        let current = "\n" + MessageReference.markdown
        if ProcessInfo.processInfo.environment["KITH_REWRITE_GOLDEN"] == "1" {
            return try Data((document[..<start] + current).utf8).write(to: url)
        }
        #expect(document[start...] == current, "set KITH_REWRITE_GOLDEN=1 and run again to write the list anew")
    }

    /// Numbers and names that would be taken for each other.
    @Test func declarationsDoNotCollide() {
        let heads = Messages.heads
        #expect(Set(heads.map(\.number)).count == heads.count)
        for head in heads {
            #expect(Set(head.arguments.map(\.number)).count == head.arguments.count, "\(head.verb)")
            #expect(!head.arguments.contains { $0.number == 0 }, "\(head.verb)")
            #expect(Set(head.arguments.map(\.name)).count == head.arguments.count, "\(head.verb)")
            #expect(Set(head.rules.map(\.name)).count == head.rules.count, "\(head.verb)")
            // A verb means one message for each entity.
            for target in head.targets {
                let same = heads.filter { other in
                    other.verb == head.verb && other.targets.contains { $0.entity == target.entity }
                }
                #expect(same.count == 1, "\(head.verb) \(target.entity)")
            }
        }
    }

    @Test func aVerbIsDescribed() {
        let text = MessageReference.text("lose", .standard) ?? ""
        #expect(text.hasPrefix("lose opportunity/… [--status OPTION] [--competitor RECORD] [--on DATE]"), "\(text)")
        #expect(text.contains("  day-in-future: The day on which it happened is still to come."))
        #expect(MessageReference.text("loose", .standard) == nil)
    }
}
