// What the command line asks for.

import BenchData

struct Options {
    enum Part: String, CaseIterable { case reads, updates, load, restore, embedded }

    var home = "."
    var work = "."
    /// Where the package's other programs are.
    var programs = "."
    var kith: String?
    var isQuick = false
    var parts = Set(Part.allCases)
    var recordCount: Int?
    var pairs: Int?

    static let usage = """
        usage: Benchmarks/run [--quick] [--only PART] [--records N] [--pairs N] [--kith PATH]
          --quick    100,000 records and 3 pairs in place of 1,000,000 and 5
          --only     one part of the suite: reads, updates, load, restore or embedded
          --kith     another kith than .build/release/kith
        """

    init(_ arguments: [String]) throws {
        var rest = arguments[...]
        func value(_ option: String) throws -> String {
            guard let value = rest.popFirst() else { throw BenchError("\(option) needs a value\n\(Options.usage)") }
            return value
        }
        func number(_ option: String, _ range: ClosedRange<Int>) throws -> Int {
            guard let number = Int(try value(option)), range.contains(number) else {
                throw BenchError("\(option) takes a number of \(range.lowerBound) to \(range.upperBound)")
            }
            return number
        }
        while let option = rest.popFirst() {
            switch option {
            case "--home": home = try value(option)
            case "--work": work = try value(option)
            case "--programs": programs = try value(option)
            case "--kith": kith = try value(option)
            case "--quick": isQuick = true
            case "--records": recordCount = try number(option, 1_000...10_000_000)
            case "--pairs": pairs = try number(option, 1...99)
            case "--only":
                guard let part = Part(rawValue: try value(option)) else {
                    throw BenchError("there is no such part\n\(Options.usage)")
                }
                parts = [part]
            default: throw BenchError("unknown option \(option)\n\(Options.usage)")
            }
        }
    }

    var records: Int { recordCount ?? (isQuick ? 100_000 : 1_000_000) }
    var pairCount: Int { pairs ?? (isQuick ? 3 : 5) }
    var embeddedExecutable: String { "\(programs)/kith-embedded" }
    var echoExecutable: String { "\(programs)/nio-echo" }
    var executable: String { kith ?? "\(home)/../.build/release/kith" }
    /// Length of one sample of reads or updates.
    var sampleSeconds: Double { isQuick ? 1 : 3 }
    /// Requests encoded for each connection; they are sent again and again.
    var requestsPerConnection: Int { isQuick ? 1_024 : 4_096 }
}
