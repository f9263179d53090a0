import Engine
import FetchXML
import Foundation
import Testing

/// Every file `Documents/*.test` holds documents, each with the SQL that means the same tree, or with its refusal:
///
///     document            up to ---- the document, up to an empty line what it means
///     <fetch>…</fetch>
///     ----
///     SELECT …
///
/// What the tree answers is tested where SQL is. With `KITH_REWRITE_SCRIPTS` set to the folder of the documents in the source
/// tree, what is expected is replaced by what is, to be reviewed as a difference.
@Suite struct DocumentTests {
    static let folder = Bundle.module.url(forResource: "Documents", withExtension: nil)

    static let names: [String] = {
        guard let folder, let files = try? FileManager.default.contentsOfDirectory(atPath: folder.path) else {
            return []
        }
        return files.filter { $0.hasSuffix(".test") }.sorted()
    }()

    @Test func thereAreDocuments() { #expect(Self.names.count >= 4) }

    @Test(arguments: names)
    func documents(_ name: String) throws {
        let folder = try #require(Self.folder)
        let file = try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
        var lines = file.components(separatedBy: "\n")
        for step in try Step.all(in: lines).reversed() {
            let actual = Self.meaning(of: step.document)
            let isRefusal = actual.first?.hasPrefix("SELECT ") != true
            #expect(
                actual == Array(lines[step.expected]),
                "\(name), line \(step.expected.lowerBound): \(step.document)"
            )
            #expect(isRefusal == step.isRefusal, "\(name), line \(step.expected.lowerBound): \(step.document)")
            lines.replaceSubrange(step.expected, with: actual)
        }
        if let target = ProcessInfo.processInfo.environment["KITH_REWRITE_SCRIPTS"] {
            try lines.joined(separator: "\n").write(toFile: "\(target)/\(name)", atomically: true, encoding: .utf8)
        }
    }

    /// The SQL of the tree, which must also be one that can be prepared; or the refusal as a person sees it.
    static func meaning(of document: String) -> [String] {
        do throws(QueryError) {
            let query = try FetchDocument(document, schema: Schema.standard).query
            _ = try PreparedQuery(query, schema: Schema.standard)
            let text = QueryPrinter.text(of: query)
            // The tree and its text mean the same: what is printed can be read again.
            #expect(throws: Never.self, "\(text)") { try PreparedQuery(text, schema: Schema.standard) }
            return [text]
        } catch {
            return error.rendered(in: document).components(separatedBy: "\n")
        }
    }

    private struct Step {
        var document: String
        var isRefusal: Bool
        var expected: Range<Int>

        static func all(in lines: [String]) throws -> [Step] {
            var steps: [Step] = []
            var index = 0
            while index < lines.count {
                guard lines[index] == "document" || lines[index] == "refusal" else {
                    index += 1
                    continue
                }
                let isRefusal = lines[index] == "refusal"
                let start = index + 1
                let separator = try #require(lines[start...].firstIndex(of: "----"))
                let end = lines[separator...].firstIndex(of: "") ?? lines.count
                let document = lines[start..<separator].joined(separator: "\n")
                steps.append(Step(document: document, isRefusal: isRefusal, expected: separator + 1..<end))
                index = end
            }
            return steps
        }
    }
}
