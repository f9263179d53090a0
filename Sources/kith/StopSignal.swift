// Ctrl-C and SIGTERM as something to wait for. The handler does the one thing that is safe in it: it writes a byte to a
// pipe, which a thread reads. The second signal ends the process at once, for whoever cannot wait.

import Glibc
import Snapshot

enum StopSignal {
    private static let pipe: (reader: Int32, writer: Int32) = {
        var ends: [Int32] = [-1, -1]
        _ = Glibc.pipe(&ends)
        return (ends[0], ends[1])
    }()

    /// Signals from now on are waited for instead of ending the process. Call it before there is anything to stop.
    static func catchSignals() {
        // The pipe is made here, so that the handler finds it made.
        _ = pipe
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { number in
            signal(number, SIG_DFL)
            var byte = UInt8(truncatingIfNeeded: number)
            _ = write(StopSignal.pipe.writer, &byte, 1)
        }
        sigaction(SIGINT, &action, nil)
        sigaction(SIGTERM, &action, nil)
    }

    /// Returns when a signal came.
    static func wait() async {
        await withCheckedContinuation { continuation in
            startThread {
                var byte: UInt8 = 0
                while read(pipe.reader, &byte, 1) < 0, errno == EINTR {}
                continuation.resume()
            }
        }
    }
}
