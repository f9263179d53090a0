import Foundation
import Testing

/// A `kith serve` of its own, which is killed at the latest when the test is over.
final class ServerProcess: Sendable {
    /// As the server printed it: `kith://127.0.0.1:40123`.
    let address: String
    private let process: Process

    var port: Int { Int(address.split(separator: ":").last ?? "") ?? 0 }

    private init(_ process: Process, _ address: String) {
        self.process = process
        self.address = address
    }

    deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

    /// Starts the server and returns when it has printed its address: it serves from then on.
    ///
    /// - Throws: `ServerEnded` when it ended instead.
    static func start(
        _ data: String,
        port: Int = 0,
        arguments: [String] = [],
        in folder: Folder
    ) async throws -> ServerProcess {
        let (process, output) = try spawn(data, port: port, arguments: arguments, in: folder)
        guard let line = await firstLine(of: output) else {
            process.waitUntilExit()
            throw ServerEnded(status: process.terminationStatus)
        }
        return ServerProcess(process, line)
    }

    /// Starts a server that nobody waits for.
    static func spawn(
        _ data: String,
        port: Int,
        arguments: [String],
        in folder: Folder
    ) throws -> (Process, FileHandle) {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = Binary.kith
        process.arguments = ["serve", "--data", data, "--listen", "127.0.0.1:\(port)"] + arguments
        process.currentDirectoryURL = folder.url
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        try process.run()
        return (process, pipe.fileHandleForReading)
    }

    /// Nil when the writer ended without a line.
    private static func firstLine(of output: FileHandle) async -> String? {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                var line: [UInt8] = []
                var byte: UInt8 = 0
                while true {
                    let count = read(output.fileDescriptor, &byte, 1)
                    if count < 0, errno == EINTR { continue }
                    guard count > 0 else { return continuation.resume(returning: nil) }
                    if byte == UInt8(ascii: "\n") { break }
                    line.append(byte)
                }
                continuation.resume(returning: String(decoding: line, as: UTF8.self))
            }
        }
    }

    /// Asks the server to stop and returns its exit status.
    func stop(_ signal: Int32 = SIGTERM) -> Int32 {
        kill(process.processIdentifier, signal)
        process.waitUntilExit()
        return process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus
    }

    /// Ends the server as a crash would, and returns when it is gone.
    func crash() {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }
}

/// The server ended before it served.
struct ServerEnded: Error {
    var status: Int32
}
