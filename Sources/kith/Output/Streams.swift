// Standard output and standard error as bytes. Output is buffered and flushed at the end of the command; an output that
// nobody reads any more ends the process as it ends other Unix tools.

import Glibc
import Synchronization

/// Data.
enum StandardOutput {
    private static let flushBytes = 1 << 16
    private static let buffer = Mutex<[UInt8]>([])

    static func write(_ text: String) { write(Array(text.utf8)) }

    static func write(_ bytes: [UInt8]) {
        buffer.withLock { buffer in
            buffer.append(contentsOf: bytes)
            if buffer.count >= flushBytes { empty(&buffer) }
        }
    }

    static func flush() { buffer.withLock { empty(&$0) } }

    private static func empty(_ buffer: inout [UInt8]) {
        let failure = writeAll(buffer, to: STDOUT_FILENO)
        buffer.removeAll(keepingCapacity: true)
        guard let failure else { return }
        if failure == EPIPE {
            // Sockets made the process ignore the signal that ends a writer without a reader.
            signal(SIGPIPE, SIG_DFL)
            raise(SIGPIPE)
        }
        StandardError.write("kith: cannot write to standard output: \(String(cString: strerror(failure)))\n")
        exit(ExitStatus.refused.rawValue)
    }
}

/// Messages and progress. Not buffered; what cannot be written is lost.
enum StandardError {
    static let isTerminal = isatty(STDERR_FILENO) == 1

    static func write(_ text: String) { _ = writeAll(Array(text.utf8), to: STDERR_FILENO) }
}

/// Returns the system's error number, nil when everything was written.
private func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Int32? {
    bytes.withUnsafeBytes { bytes in
        var start = 0
        while start < bytes.count {
            let count = Glibc.write(descriptor, bytes.baseAddress.map { $0 + start }, bytes.count - start)
            if count < 0 {
                if errno == EINTR { continue }
                return errno
            }
            start += count
        }
        return nil
    }
}
