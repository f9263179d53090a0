import Foundation
import Synchronization
import Testing

/// A process whose standard output is followed while it runs. It is killed at the latest when nobody holds it any more.
final class FollowedProcess: Sendable {
    let process: Process
    private let output: FileHandle
    private let errorFile: URL
    private let exit = Mutex(Exit())

    private struct Exit {
        var isOver = false
        var waiting: [CheckedContinuation<Int32, Never>] = []
    }

    init(_ program: URL, _ arguments: [String], in folder: URL, environment: [String: String] = [:]) throws {
        let pipe = Pipe()
        process = Process()
        process.executableURL = program
        process.arguments = arguments
        process.currentDirectoryURL = folder
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = pipe
        errorFile = FileManager.default.temporaryDirectory.appending(path: "kith-errors-\(UUID().uuidString)")
        try Data().write(to: errorFile)
        process.standardError = try FileHandle(forWritingTo: errorFile)
        output = pipe.fileHandleForReading
        process.terminationHandler = { [weak self] process in
            let waiting = self?.exit.withLock { exit in
                exit.isOver = true
                return exit.waiting
            }
            for continuation in waiting ?? [] { continuation.resume(returning: process.shellStatus) }
        }
        try process.runWithSignals()
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        try? FileManager.default.removeItem(at: errorFile)
    }

    /// What it has written to standard error, for the message of an expectation.
    var errors: String { (try? String(contentsOf: errorFile, encoding: .utf8)) ?? "" }

    /// The lines up to the first that `isLast` takes; nil when the process closes its output before.
    func lines(until isLast: @escaping @Sendable (String) -> Bool) async -> [String]? {
        let descriptor = output.fileDescriptor
        return await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                var lines: [String] = []
                var line: [UInt8] = []
                var byte: UInt8 = 0
                while true {
                    let count = read(descriptor, &byte, 1)
                    if count < 0, errno == EINTR { continue }
                    guard count > 0 else { return continuation.resume(returning: nil) }
                    if byte != UInt8(ascii: "\n") {
                        line.append(byte)
                        continue
                    }
                    lines.append(String(decoding: line, as: UTF8.self))
                    line = []
                    if isLast(lines[lines.count - 1]) { return continuation.resume(returning: lines) }
                }
            }
        }
    }

    /// Sends a signal and returns the exit status, as a shell reports it, when the process is gone.
    func end(_ signal: Int32) async -> Int32 {
        kill(process.processIdentifier, signal)
        return await status
    }

    /// Waits for the end, without holding up a thread.
    var status: Int32 {
        get async {
            await withCheckedContinuation { continuation in
                let isOver = exit.withLock { exit in
                    if exit.isOver { return true }
                    exit.waiting.append(continuation)
                    return false
                }
                if isOver { continuation.resume(returning: process.shellStatus) }
            }
        }
    }
}

extension Process {
    /// 128 + the signal's number for a process that a signal ended.
    var shellStatus: Int32 { terminationReason == .exit ? terminationStatus : 128 + terminationStatus }
}

/// A `kith serve` of its own.
final class ServerProcess: Sendable {
    /// As the server printed it: `kith://127.0.0.1:40123`.
    let address: String
    private let process: FollowedProcess

    var port: Int { Int(address.split(separator: ":").last ?? "") ?? 0 }
    /// What the system calls it.
    var processID: Int32 { process.process.processIdentifier }

    private init(_ process: FollowedProcess, _ address: String) {
        self.process = process
        self.address = address
    }

    /// Starts the server and returns when it has printed its address: it serves from then on.
    ///
    /// - Throws: `ServerEnded` when it ended instead.
    static func start(
        _ data: String,
        port: Int = 0,
        arguments: [String] = [],
        in folder: Folder
    ) async throws -> ServerProcess {
        let process = try spawn(data, port: port, arguments: arguments, in: folder)
        guard let address = await process.lines(until: { _ in true })?.first else {
            throw ServerEnded(status: await process.status)
        }
        return ServerProcess(process, address)
    }

    /// Starts a server that nobody waits for.
    static func spawn(_ data: String, port: Int, arguments: [String], in folder: Folder) throws -> FollowedProcess {
        let listen = ["serve", "--data", data, "--listen", "127.0.0.1:\(port)"]
        return try FollowedProcess(Binary.kith, listen + arguments, in: folder.url)
    }

    /// Asks the server to stop and returns its exit status.
    func stop(_ signal: Int32 = SIGTERM) async -> Int32 { await process.end(signal) }

    /// What the server has written to standard error.
    var errors: String { process.errors }

    /// Ends the server as a crash would, and returns when it is gone.
    func crash() async { _ = await process.end(SIGKILL) }
}

/// The server ended before it served.
struct ServerEnded: Error {
    var status: Int32
}

/// A port that nobody listens on at present.
func freePort() throws -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(descriptor, $0, length) == 0 ? getsockname(descriptor, $0, &length) : -1
        }
    }
    try #require(result == 0)
    return Int(UInt16(bigEndian: address.sin_port))
}
