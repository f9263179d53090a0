// Measures the library as a program that embeds it uses it, by its public interface alone, on the contacts of the suite.
// Started by the suite: kith-embedded DIRECTORY RECORDS ROUNDS SECONDS. Prints a figure a line: measure, tab, value a second.

import BenchData
import Glibc

@main
enum Main {
    static func main() async {
        do {
            let arguments = CommandLine.arguments
            guard arguments.count == 5, let records = Int(arguments[2]), let rounds = Int(arguments[3]),
                let seconds = Double(arguments[4]), records > 0
            else { throw BenchError("usage: kith-embedded DIRECTORY RECORDS ROUNDS SECONDS") }
            let data = Dataset(recordCount: records)
            for round in 0..<rounds {
                try EngineRound(data, seconds: seconds).run()
                try await DatabaseRound(data, seconds: seconds, directory: "\(arguments[1])-\(round)").run()
                try await RulesRound(directory: "\(arguments[1])-rules-\(round)").run()
                try await ScheduleRound(directory: "\(arguments[1])-schedule-\(round)").run()
            }
        } catch {
            print("failed: \(error)")
            exit(1)
        }
    }

    static func report(_ measure: String, _ operations: Int, nanoseconds: UInt64) {
        print("\(measure)\t\(Double(operations) / Double(nanoseconds) * 1e9)")
    }
}
