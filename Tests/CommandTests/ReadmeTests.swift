import Foundation
import Testing

/// What the README says is what happens: its commands are executed, its outputs compared, its program built and run.
@Suite struct ReadmeTests {
    /// A fenced block.
    private struct Block {
        var language: String
        var text: String
    }

    private static func blocks() throws -> [Block] {
        let readme = try String(contentsOf: Binary.package.appending(path: "README.md"), encoding: .utf8)
        var blocks: [Block] = []
        var open: Block?
        for line in readme.split(separator: "\n", omittingEmptySubsequences: false) {
            guard line.hasPrefix("```") else {
                open?.text += line + "\n"
                continue
            }
            if let block = open { blocks.append(block) }
            open = open == nil ? Block(language: String(line.dropFirst(3)), text: "") : nil
        }
        #expect(open == nil, "a block is not closed")
        return blocks
    }

    /// Everything but `make run`, which `ServeTests` executes, and `make test`, which is this.
    @Test func everyCommandDoesWhatIsSaid() async throws {
        let folder = try Folder()
        try FileManager.default.createDirectory(
            at: folder.url.appending(path: ".build"),
            withIntermediateDirectories: true
        )
        try FileManager.default.createSymbolicLink(
            at: folder.url.appending(path: ".build/release"),
            withDestinationURL: Binary.folder
        )
        let blocks = try ReadmeTests.blocks()
        let port = try freePort()
        var script = "set -euo pipefail\n"
        var expected: [(index: Int, text: String)] = []
        var commands: [String] = []
        for (index, block) in blocks.enumerated() {
            if block.language == "sh", block.text.hasPrefix("make ") {
                commands.append(block.text)
            } else if block.language == "sh" {
                script += "echo '=== \(index)'\n" + block.text
            } else if block.language == "text", blocks[index - 1].language == "sh" {
                expected.append((index - 1, block.text))
            }
        }
        #expect(commands == ["make run\n", "make test\n"])
        #expect(expected.count >= 2)
        script = script.replacing("127.0.0.1:7412", with: "127.0.0.1:\(port)")
        try folder.write(script, to: "readme.sh")
        let outcome = try await run(URL(fileURLWithPath: "/bin/bash"), ["readme.sh"], in: folder)
        #expect(outcome.status == 0, "\(outcome.output)\n\(outcome.errors)")
        for (index, text) in expected {
            #expect(outcome.output.contains("=== \(index)\n\(text)"), "\(outcome.output)")
        }
        #expect(outcome.output.contains("customers.csv,4,account,Sales,"), "the rejected row is explained")
    }

    @Test func theProgramIsTheExampleAndPrintsWhatIsSaid() async throws {
        let blocks = try ReadmeTests.blocks()
        let index = try #require(blocks.firstIndex { $0.language == "swift" })
        let example = try String(
            contentsOf: Binary.package.appending(path: "Examples/Embed/main.swift"),
            encoding: .utf8
        )
        #expect(blocks[index].text == example)
        let folder = try Folder()
        let outcome = try await run(Binary.folder.appending(path: "embed"), [], in: folder)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output == blocks[index + 1].text)
    }

    /// Links within the project lead somewhere.
    @Test(arguments: [
        "README.md", "docs/commands.md", "docs/dependencies.md", "docs/architecture.md", "docs/import.md",
    ])
    func linksLeadSomewhere(_ document: String) throws {
        let file = Binary.package.appending(path: document)
        let text = try String(contentsOf: file, encoding: .utf8)
        for match in text.matches(of: #/\]\(([^)#:]+)\)/#) {
            let target = file.deletingLastPathComponent().appending(path: String(match.output.1))
            #expect(FileManager.default.fileExists(atPath: target.path()), "\(document) links to \(match.output.1)")
        }
    }
}
