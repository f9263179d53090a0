// A server under measurement: started, watched through /proc, stopped by its id. Its id stands in the file `pids` while it
// runs, so that the script that started the suite can end what a broken run leaves.

import BenchData
import Glibc

final class ServerProcess {
    let pid: pid_t
    private let pidFile: String
    private let stopSignal: Int32
    private static let stopSeconds = 60.0

    init(_ command: [String], log: String, pidFile: String, stopSignal: Int32 = SIGTERM) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) }
        defer { for argument in arguments { free(argument) } }
        arguments.append(nil)
        var pid: pid_t = 0
        let result = posix_spawnp(&pid, command[0], &actions, nil, arguments, environ)
        guard result == 0 else { throw BenchError("\(command[0]): \(String(cString: strerror(result)))") }
        self.pid = pid
        self.pidFile = pidFile
        self.stopSignal = stopSignal
        try ServerProcess.change(pidFile) { $0.append(pid) }
    }

    /// CPU time so far of all its threads and of the processes that it has started and that run now (PostgreSQL has one a
    /// connection), in nanoseconds: what /proc/PID/stat shows in ticks of 10 ms, unrounded.
    var cpuNanoseconds: UInt64 {
        get throws {
            guard let own = ServerProcess.cpuNanoseconds(of: pid) else { throw BenchError("process \(pid) has ended") }
            let children = ((try? readFile("/proc/\(pid)/task/\(pid)/children")) ?? "").split(separator: " ")
            return children.compactMap { pid_t($0) }.reduce(own) { $0 + (ServerProcess.cpuNanoseconds(of: $1) ?? 0) }
        }
    }

    private static func cpuNanoseconds(of pid: pid_t) -> UInt64? {
        var clock = clockid_t()
        var time = timespec()
        guard clock_getcpuclockid(pid, &clock) == 0, clock_gettime(clock, &time) == 0 else { return nil }
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// Resident memory in bytes.
    var residentBytes: Int {
        get throws {
            for line in try readFile("/proc/\(pid)/status").split(separator: "\n") where line.hasPrefix("VmRSS:") {
                if let number = line.split(whereSeparator: { !$0.isNumber }).first.flatMap({ Int($0) }) {
                    return number * 1024
                }
            }
            throw BenchError("/proc/\(pid)/status has no VmRSS")
        }
    }

    /// Waits for a program that ends by itself; returns whether it says that all went well.
    func waitForEnd() -> Bool {
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        forget()
        return status == 0
    }

    /// Whether it still runs.
    var isRunning: Bool {
        var status: Int32 = 0
        return waitpid(pid, &status, WNOHANG) == 0
    }

    /// Asks it to stop, waits, and ends it when it does not.
    func stop() {
        kill(pid, stopSignal)
        let deadline = now() + UInt64(ServerProcess.stopSeconds * 1e9)
        while isRunning {
            if now() > deadline { kill(pid, SIGKILL) }
            usleep(2_000)
        }
        forget()
    }

    private func forget() {
        // Without the file the directory is gone, and nobody reads the list any more.
        try? ServerProcess.change(pidFile) { list in list.removeAll { $0 == pid } }
    }

    private static func change(_ file: String, _ body: (inout [pid_t]) -> Void) throws {
        var list = ((try? readFile(file)) ?? "").split(separator: "\n").compactMap { pid_t($0) }
        body(&list)
        try writeFile(file, list.map { "\($0)\n" }.joined())
    }
}

func readFile(_ path: String) throws -> String {
    let file = Glibc.open(path, O_RDONLY)
    guard file >= 0 else { throw BenchError.system(path) }
    defer { close(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while true {
        let count = read(file, &buffer, buffer.count)
        guard count > 0 else { break }
        bytes.append(contentsOf: buffer[..<count])
    }
    return String(decoding: bytes, as: UTF8.self)
}

func writeFile(_ path: String, _ text: String) throws {
    guard let file = fopen(path, "w") else { throw BenchError.system(path) }
    defer { fclose(file) }
    var text = text
    text.withUTF8 { _ = fwrite($0.baseAddress, 1, $0.count, file) }
}

/// Names and sizes of the files in a directory.
func fileSizes(_ directory: String) -> [(name: String, bytes: Int)] {
    guard let handle = opendir(directory) else { return [] }
    defer { closedir(handle) }
    var result: [(name: String, bytes: Int)] = []
    while let entry = readdir(handle) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
            $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        var status = stat()
        if stat("\(directory)/\(name)", &status) == 0, status.st_mode & S_IFMT == S_IFREG {
            result.append((name, Int(status.st_size)))
        }
    }
    return result
}

/// What a command prints; nil when it fails.
func output(of command: String) -> String? {
    guard let pipe = popen("\(command) 2>/dev/null", "r") else { return nil }
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
        let count = fread(&buffer, 1, buffer.count, pipe)
        guard count > 0 else { break }
        text.append(contentsOf: buffer[..<count])
    }
    return pclose(pipe) == 0 ? String(decoding: text, as: UTF8.self) : nil
}

/// The first line of what a command prints.
func firstLine(of command: String) -> String? { output(of: command).map { String($0.prefix { $0 != "\n" }) } }
