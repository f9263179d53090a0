import Engine
import Foundation
import Testing

/// The examples of `Scripts/quick-find.find`, once with an index that was made of the records, once with one that saw them come.
@Suite struct FindScriptTests {
    @Test(arguments: [false, true]) func examplesFindWhatTheySay(_ isMadeBefore: Bool) throws {
        let url = try #require(
            Bundle.module.url(forResource: "quick-find", withExtension: "find", subdirectory: "Scripts")
        )
        let driver = PropertyEngine(Engine(schema: .standard))
        if isMadeBefore { driver.engine.makeSearch() }
        var checked = 0
        var question: String?
        var expected: [String] = []
        func check() throws {
            guard let text = question else { return }
            let hits = try driver.engine.view.find(FindRequest(text))
            #expect(hits.map { "\($0.match.name) \($0.name) \($0.attribute)" } == expected, "find \(text)")
            checked += 1
        }
        for line in try String(contentsOf: url, encoding: .utf8).split(separator: "\n").map(String.init) {
            if line.hasPrefix("#") { continue }
            if line.hasPrefix("  ") {
                expected.append(line.trimmed)
                continue
            }
            try check()
            (question, expected) = (nil, [])
            let space = try #require(line.firstIndex(of: " "))
            let (command, rest) = (String(line[..<space]), String(line[line.index(after: space)...]))
            if command == "find" {
                question = rest
                if !isMadeBefore { driver.engine.makeSearch() }
                continue
            }
            let parts = rest.split(separator: "|").map { String($0).trimmed }
            var values: [(String, Value)] = [(command == "contact" ? "fullname" : "name", .text(parts[0]))]
            for part in parts.dropFirst() {
                let space = try #require(part.firstIndex(of: " "))
                values.append((String(part[..<space]), .text(String(part[part.index(after: space)...]))))
            }
            var transaction = Transaction(driver.engine.schema)
            try transaction.createRecord(command, values)
            #expect(driver.execute(transaction.encoded()) == nil)
        }
        try check()
        #expect(checked > 25)
    }
}
