// Row 4, and the embedded parts of rows 6 and 12: measured by `kith-embedded`, a program that links the library with the
// default flags of a release build, and that compares its answers itself.

import BenchData
import Glibc

extension Suite {
    func embedded() throws {
        guard access(options.embeddedExecutable, X_OK) == 0 else {
            return report.note(absent: "embedded", because: "not built")
        }
        progress("embedded: \(options.pairCount) rounds, \(data.recordCount) records")
        let log = "\(options.work)/embedded.log"
        let arguments = [
            "\(options.work)/embedded", "\(data.recordCount)", "\(options.pairCount)", "\(options.sampleSeconds)",
        ]
        let process = try ServerProcess(
            [options.embeddedExecutable] + arguments,
            log: log,
            pidFile: "\(options.work)/pids"
        )
        let isDone = process.waitForEnd()
        let text = try readFile(log)
        guard isDone else { throw BenchError("kith-embedded ended: \(text.suffix(500))") }
        var counts: [String: Int] = [:]
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: "\t")
            guard parts.count == 2, let value = Double(parts[1]) else {
                throw BenchError("kith-embedded says: \(line)")
            }
            let measure = String(parts[0])
            report.add(measure, "kith", counts[measure, default: 0], value: value)
            counts[measure, default: 0] += 1
        }
    }
}
