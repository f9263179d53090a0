import Engine
import Foundation
import Testing

/// docs/queries.md says what the engine's own tables say.
@Suite struct QueryDocumentTests {
    private static let first = "<!-- Written by QueryDocumentTests: KITH_REWRITE_GOLDEN=1 writes it anew. -->\n"
    private static let last = "<!-- End of what is written. -->\n"

    @Test func documentListsTheFunctions() throws {
        let url = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "docs/queries.md")
        let document = try String(contentsOf: url, encoding: .utf8)
        let start = try #require(document.range(of: Self.first)).upperBound
        let end = try #require(document.range(of: Self.last)).lowerBound
        let current =
            "\n| Function | Gives |\n|---|---|\n"
            + ScalarFunction.signatures.map { $0.documented + "\n" }.joined() + "\n"
        if ProcessInfo.processInfo.environment["KITH_REWRITE_GOLDEN"] == "1" {
            try Data((document[..<start] + current + document[end...]).utf8).write(to: url)
            return
        }
        #expect(document[start..<end] == current, "set KITH_REWRITE_GOLDEN=1 and run again to write the list anew")
    }

    /// The list has a line for every function, and no name twice.
    @Test func theListIsComplete() {
        for function in ScalarFunction.allCases { #expect(function.signature != nil, "\(function)") }
        let names = ScalarFunction.names
        #expect(Set(names).count == names.count)
    }
}
