import Foundation
import Testing

/// House rules that the formatter does not know. Each names what to write instead.
@Suite struct TidyTests {
    /// A text that sources must not contain.
    private struct Ban {
        var pattern: Regex<Substring>
        /// One of these stands in whatever the pattern finds.
        var words: [String]
        var instead: String
        /// Folders that it holds for.
        var folders = ["Sources", "Tests", "Examples"]

        init(_ pattern: Regex<Substring>, _ words: String..., instead: String, folders: [String]? = nil) {
            (self.pattern, self.words, self.instead) = (pattern, words, instead)
            if let folders { self.folders = folders }
        }
    }

    // Written in pieces, so that this file does not contain what it looks for.
    private var bans: [Ban] {
        [
            Ban(#/\btry\#u{21}/#, "try\u{21}", instead: "`try` with an error that someone handles"),
            Ban(#/\bas\#u{21}/#, "as\u{21}", instead: "`as?` and what to do when it is nil"),
            Ban(
                #/\bfatal\#u{45}rror\b/#,
                "fatal\u{45}rror",
                instead: "a typed error, or `precondition` with the invariant"
            ),
            Ban(
                #/\bTO\#u{44}O\b|\bFIX\#u{4D}E\b|\bXX\#u{58}\b/#,
                "TO\u{44}O",
                "FIX\u{4D}E",
                "XX\u{58}",
                instead: "the thing itself, or an issue"
            ),
            Ban(
                #/\bThread\.sl\#u{65}ep|\busl\#u{65}ep\(/#,
                "Thread.sl\u{65}ep",
                "usl\u{65}ep(",
                instead: "waiting for the event"
            ),
            Ban(#/\bpri\#u{6E}t\(/#, "pri\u{6E}t(", instead: "`StandardOutput` or the logger", folders: ["Sources"]),
            Ban(
                #/\bDa\#u{74}e\(\)/#,
                "Da\u{74}e()",
                instead: "a clock that the caller passes in",
                folders: ["Sources"]
            ),
            Ban(#/\bNS\#u{4C}og\b/#, "NS\u{4C}og", instead: "the logger"),
            Ban(#/\bunsafeF\#u{6C}ags\b/#, "unsafeF\u{6C}ags", instead: "flags on the command line of the Makefile"),
        ]
    }

    /// The lines of a file that has one of these words, with their numbers; none of another one, so that few lines are looked at by regular
    /// expressions.
    private static func lines(_ file: URL, with words: [String]) throws -> [(number: Int, text: Substring)] {
        let bytes = try Data(contentsOf: file)
        guard words.contains(where: { bytes.range(of: Data($0.utf8)) != nil }) else { return [] }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
            .enumerated().map { ($0.offset + 1, $0.element) }
    }

    private static func files(_ folder: String) -> [URL] {
        let root = Binary.package.appending(path: folder)
        let walk = FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil)
        return (walk?.compactMap { $0 as? URL } ?? []).filter { $0.pathExtension == "swift" }
    }

    /// Tables that a tool writes are as long as they are.
    private static let generated: Set<String> = ["FoldingTable.swift"]

    @Test(arguments: ["Sources", "Tests", "Examples"])
    func noFileIsTooLong(_ folder: String) throws {
        for file in TidyTests.files(folder) where !TidyTests.generated.contains(file.lastPathComponent) {
            let lineCount = try Data(contentsOf: file).count { $0 == UInt8(ascii: "\n") }
            #expect(lineCount < 500, "\(file.path()) has \(lineCount) lines: split it by concern")
        }
    }

    @Test func nothingBannedIsUsed() throws {
        for ban in bans {
            for file in ban.folders.flatMap(TidyTests.files) {
                for (number, line) in try TidyTests.lines(file, with: ban.words) where line.contains(ban.pattern) {
                    Issue.record("\(file.path()):\(number): write \(ban.instead) instead: \(line)")
                }
            }
        }
    }

    /// The engine and what lies below it read no clock, no randomness, no files and no environment.
    @Test func theEngineIsAStateMachine() throws {
        let forbidden =
            #/\bimport Foundation|SystemRandomNumberGenerator|\.random\(in|\b(getenv|clock_gettime|open|time)\(/#
        let words = [
            "import Foundation", "SystemRandomNumberGenerator", ".random(in", "getenv(", "clock_gettime(", "open(",
            "time(",
        ]
        for file in TidyTests.files("Sources/Engine") {
            for (_, line) in try TidyTests.lines(file, with: words) where line.contains(forbidden) {
                Issue.record("\(file.path()): \(line): time, randomness and input are values of the command")
            }
        }
    }

    /// The benchmark reads the schema by itself, as a client without Kith's code does, and is built apart: what it does not know
    /// would be seen only when somebody measures.
    @Test func theBenchmarkKnowsEveryAttributeType() throws {
        func numbers(_ path: String, _ function: String) throws -> Set<Int> {
            let text = try String(contentsOf: Binary.package.appending(path: path), encoding: .utf8)
            let start = try #require(text.range(of: "func \(function)("))
            let end = try #require(text.range(of: "\n    }\n", range: start.upperBound..<text.endIndex))
            let cases = text[start.upperBound..<end.lowerBound].matches(of: #/\bcase ([0-9, ]+)/#)
            return Set(cases.flatMap { $0.output.1.split { !$0.isNumber }.compactMap { Int($0) } })
        }
        let known = try numbers("Sources/Engine/Schema/Schema+Codec.swift", "attributeType")
        #expect(known.count >= 20)
        #expect(try numbers("Benchmarks/Sources/kith-bench/KithServer.swift", "skipType") == known)
    }

    /// What the architecture says may import what.
    @Test func importsOnlyPointDown() throws {
        let order = [
            "CKernels", "Engine", "Snapshot", "Kith", "Net", "Import", "Demo", "CRMark", "Bench", "Router", "kith",
        ]
        let allowed: [String: Set<String>] = [
            "Engine": ["CKernels"], "Snapshot": ["CKernels", "Engine"], "Kith": ["Engine", "Snapshot"],
            "Net": ["CKernels", "Engine", "Kith"], "Import": ["Engine", "Kith"], "Demo": ["Engine", "Kith"],
            "CRMark": ["Engine", "Kith", "Demo"], "Router": [],
            "Bench": ["CKernels", "Engine", "Kith", "Net", "CRMark"],
        ]
        for (target, below) in allowed {
            for file in TidyTests.files("Sources/\(target)") {
                let text = try String(contentsOf: file, encoding: .utf8)
                for match in text.matches(of: #/(?m)^import (\w+)/#) {
                    let module = String(match.output.1)
                    guard order.contains(module) else { continue }
                    #expect(below.contains(module), "\(file.path()) imports \(module), which is above or beside it")
                }
            }
        }
    }
}
