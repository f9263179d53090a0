// Measures Kith beside its peers; docs/performance.md says what and how. Started by `run`, which makes the directory to
// work in and cleans up.

import BenchData
import Glibc

@main
enum Main {
    static func main() {
        do {
            try Suite(try Options(Array(CommandLine.arguments.dropFirst()))).run()
        } catch {
            var line = "bench: \(error)\n"
            line.withUTF8 { _ = write(2, $0.baseAddress, $0.count) }
            exit(1)
        }
    }
}
