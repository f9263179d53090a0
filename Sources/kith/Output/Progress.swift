// One line on the terminal that says how far a command is. Elsewhere (a file, a pipe) nothing is written.

import Glibc
import Synchronization

/// A progress line. All calls may come from any thread.
final class Progress: Sendable {
    private static let barColumns = 30
    /// Drawing more often than people see costs time and flickers.
    private static let drawEveryMilliseconds: Int64 = 100

    private let title: String
    private let isShown: Bool
    private let lastDraw = Mutex<Int64>(0)

    init(_ title: String, isShown: Bool = StandardError.isTerminal) {
        self.title = title
        self.isShown = isShown
    }

    /// - Parameters:
    ///   - fraction: 0…1.
    ///   - detail: what is being done.
    func show(_ fraction: Double, _ detail: String) {
        guard isShown else { return }
        let isDue = lastDraw.withLock { last in
            let now = Progress.milliseconds()
            guard now - last >= Progress.drawEveryMilliseconds || fraction >= 1 else { return false }
            last = now
            return true
        }
        guard isDue else { return }
        let share = min(1, max(0, fraction))
        let filled = Int(share * Double(Progress.barColumns))
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: Progress.barColumns - filled)
        StandardError.write("\r\u{1B}[K\(title) [\(bar)] \(Int(share * 100)) %  \(detail)")
    }

    /// Takes the line away.
    func finish() {
        if isShown { StandardError.write("\r\u{1B}[K") }
    }

    private static func milliseconds() -> Int64 {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
    }
}
