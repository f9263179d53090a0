import Foundation
import Router

/// Real mail that others collected, beside the package.
enum MailCorpus {
    static let root: URL = {
        var url = URL(fileURLWithPath: #filePath)
        for _ in 0..<3 { url.deleteLastPathComponent() }
        return url.deletingLastPathComponent().appending(path: "shared/data")
    }()

    static let isPresent: Bool = {
        let isThere = FileManager.default.fileExists(atPath: root.appending(path: "mail-mime").path())
        if !isThere { print("skipping tests on real mail: \(root.path()) is not there") }
        return isThere
    }()

    /// All messages of a folder and those below it, by name; tables and notes are left out.
    static func files(_ folder: String) -> [URL] {
        let walk = FileManager.default.enumerator(
            at: root.appending(path: folder),
            includingPropertiesForKeys: [.isRegularFileKey]
        )
        let others: Set<String> = ["tsv", "json", "gif", "SOURCE.txt"]
        return (walk?.compactMap { $0 as? URL } ?? [])
            .filter { (try? $0.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile) == true }
            .filter { !others.contains($0.pathExtension) && !others.contains($0.lastPathComponent) }
            .sorted { $0.path() < $1.path() }
    }

    static func bytes(_ file: URL) throws -> [UInt8] { Array(try Data(contentsOf: file)) }
}

extension MailPart {
    /// All leaves, in order, those of messages inside included.
    var leaves: [(part: MailPart, bytes: [UInt8])] {
        switch content {
        case .bytes(let bytes): [(self, bytes)]
        case .parts(let parts): parts.flatMap(\.leaves)
        case .message(let message): message.root.leaves
        }
    }
}

/// A generator with a seed, so that a failure can be repeated.
struct SeededRandom {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
}
