import Foundation
import Testing

/// What a command that ended said.
struct Outcome {
    /// Exit status; 128 + the signal's number for a process that a signal ended, as a shell reports it.
    var status: Int32
    var output: String
    var errors: String
}

/// The binary under test: it is built beside the tests.
enum Binary {
    static let folder: URL = {
        // The tests' executable stands in the folder of the products.
        let executable = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return URL(fileURLWithPath: executable ?? "/").deletingLastPathComponent()
    }()

    static var kith: URL { folder.appending(path: "kith") }

    /// The package's folder: three above this file.
    static let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
}

/// Runs `kith` and waits for its end.
@discardableResult
func kith(_ arguments: String..., in folder: Folder) async throws -> Outcome {
    try await run(Binary.kith, arguments, in: folder)
}

/// Runs a program and waits for its end. What it says goes to files, so that no pipe can fill up and hold it.
func run(
    _ program: URL,
    _ arguments: [String],
    in folder: Folder,
    environment: [String: String] = [:]
) async throws -> Outcome {
    let name = UUID().uuidString
    let output = folder.url.appending(path: ".\(name).out")
    let errors = folder.url.appending(path: ".\(name).err")
    for file in [output, errors] { try Data().write(to: file) }
    defer { for file in [output, errors] { try? FileManager.default.removeItem(at: file) } }
    let process = Process()
    process.executableURL = program
    process.arguments = arguments
    process.currentDirectoryURL = folder.url
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    try await process.runToEnd()
    return Outcome(
        status: process.shellStatus,
        output: String(decoding: try Data(contentsOf: output), as: UTF8.self),
        errors: String(decoding: try Data(contentsOf: errors), as: UTF8.self)
    )
}

extension Process {
    /// Starts the process and returns when it has ended.
    func runToEnd() async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            terminationHandler = { _ in continuation.resume() }
            do {
                try run()
            } catch {
                terminationHandler = nil
                continuation.resume(throwing: error)
            }
        }
    }
}

/// A folder for one test, removed with it.
final class Folder: Sendable {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "kith-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func path(_ name: String) -> String { url.appending(path: name).path() }

    func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: url.appending(path: name))
    }

    func names(in name: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path(name)).sorted()
    }

    /// Turns one bit of a file.
    func flip(_ name: String, atByte offset: Int) throws {
        var bytes = try Data(contentsOf: url.appending(path: name))
        bytes[offset] ^= 0x10
        try bytes.write(to: url.appending(path: name))
    }
}
