import Foundation
import Testing

/// Python's `email` package as a second opinion: a script of `Reference/`, a line in and a line out for each message.
enum PythonReader {
    static let isThere: Bool = {
        let isThere = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
            .contains { FileManager.default.isExecutableFile(atPath: $0 + "/python3") }
        if !isThere { print("skipping comparisons with Python's email package: there is no python3") }
        return isThere
    }()

    static func answers(_ script: String, _ lines: [String]) throws -> [String] {
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "Reference/\(script)")
        let folder = FileManager.default.temporaryDirectory.appending(path: "kith-mail-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let list = folder.appending(path: "list")
        let answers = folder.appending(path: "answers")
        try Data(lines.map { $0 + "\n" }.joined().utf8).write(to: list)
        try Data().write(to: answers)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", script.path(percentEncoded: false)]
        process.standardInput = try FileHandle(forReadingFrom: list)
        process.standardOutput = try FileHandle(forWritingTo: answers)
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return try String(contentsOf: answers, encoding: .utf8).split(separator: "\n").map(String.init)
    }
}
