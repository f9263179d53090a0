import Engine
import Foundation
import Testing

/// Every file `Scripts/*.test` is a test. With `KITH_REWRITE_SCRIPTS` set to the folder of the scripts in the source tree,
/// the expected rows are replaced by the actual ones, to be reviewed as a difference.
@Suite struct QueryScriptTests {
    static let folder = Bundle.module.url(forResource: "Scripts", withExtension: nil)

    static let names: [String] = {
        guard let folder, let files = try? FileManager.default.contentsOfDirectory(atPath: folder.path) else {
            return []
        }
        return files.filter { $0.hasSuffix(".test") }.sorted()
    }()

    static func text(_ name: String) throws -> String {
        let folder = try #require(folder)
        return try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
    }

    @Test func thereAreScripts() { #expect(Self.names.count >= 10) }

    @Test(arguments: names)
    func script(_ name: String) throws {
        let script = try QueryScript(Self.text(name), include: Self.text)
        var lines = script.lines
        for step in script.steps.reversed() {
            let actual = script.run(step)
            #expect(actual == step.expected, "\(name), line \(step.line): \(step.sql)")
            lines.replaceSubrange(step.expectedLines, with: actual)
        }
        if let folder = ProcessInfo.processInfo.environment["KITH_REWRITE_SCRIPTS"] {
            try lines.joined(separator: "\n").write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
        }
    }
}
