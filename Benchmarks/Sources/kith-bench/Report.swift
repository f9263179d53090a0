// Every raw sample, their medians and spreads; what they say of each row stands in Report+Rows.

import BenchData
import Glibc

/// One measured value.
struct Figure {
    var measure: String
    var server: String
    var pair: Int
    /// Operations a second, or what the measure's name says.
    var value: Double
    var cpuNanosecondsPerOperation: Double?
    var wallSeconds: Double?
    var batchP50Microseconds: Double?
    var batchP99Microseconds: Double?
}

final class Report {
    private let options: Options
    private let versions: [String]
    private(set) var figures: [Figure] = []
    private var rows: [(number: Int, text: String)] = []
    /// Why a peer, or a part, was not run.
    private(set) var absent: [String: String] = [:]

    init(_ options: Options, versions: [String]) {
        self.options = options
        self.versions = versions
    }

    func add(_ measure: String, _ server: String, _ pair: Int, _ sample: Sample) {
        var figure = Figure(measure: measure, server: server, pair: pair, value: sample.perSecond)
        figure.cpuNanosecondsPerOperation = sample.cpuPerOperation
        figure.wallSeconds = Double(sample.wallNanoseconds) / 1e9
        if !sample.batchMicroseconds.isEmpty {
            figure.batchP50Microseconds = sample.batchPercentile(0.5)
            figure.batchP99Microseconds = sample.batchPercentile(0.99)
        }
        figures.append(figure)
    }

    func add(_ measure: String, _ server: String, _ pair: Int, value: Double) {
        figures.append(Figure(measure: measure, server: server, pair: pair, value: value))
    }

    func add(row: Int, _ text: String) { rows.append((row, text)) }

    func note(absent name: String, because reason: String) { absent[name] = reason }

    // MARK: Statistics

    static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        guard !sorted.isEmpty else { return .nan }
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }

    private func values(_ measure: String, _ server: String) -> [Double] {
        figures.filter { $0.measure == measure && $0.server == server }.map(\.value)
    }

    func median(_ measure: String, _ server: String) -> Double { Report.median(values(measure, server)) }

    func medianCPU(_ measure: String, _ server: String) -> Double {
        Report.median(
            figures.filter { $0.measure == measure && $0.server == server }.compactMap(\.cpuNanosecondsPerOperation)
        )
    }

    /// Kith's value by the peer's, pair by pair.
    func ratios(_ measure: String, _ peer: String) -> [Double] {
        zip(values(measure, "kith"), values(measure, peer)).map { $0 / $1 }
    }

    // MARK: Numbers for people

    static func rounded(_ value: Double, _ digits: Int) -> String {
        guard value.isFinite else { return "unknown" }
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        let whole = Int64((value.magnitude * scale).rounded())
        var text = String(whole)
        if digits > 0 {
            text = String(repeating: "0", count: max(0, digits + 1 - text.count)) + text
            text.insert(".", at: text.index(text.endIndex, offsetBy: -digits))
        }
        return value < 0 ? "-" + text : text
    }

    static func factor(_ value: Double) -> String { rounded(value, value < 10 ? (value < 1 ? 2 : 1) : 0) + "x" }

    static func millions(_ value: Double) -> String { rounded(value / 1e6, value < 1e6 ? 3 : 2) }

    // MARK: Output

    private func machine() -> String {
        let model = (try? readFile("/proc/cpuinfo"))?.split(separator: "\n").first { $0.hasPrefix("model name") }
        let name = model?.split(separator: ":").last.map { String($0.drop { $0 == " " }) } ?? "unknown processor"
        let load = (try? readFile("/proc/loadavg"))?.split(separator: " ").first ?? "?"
        return "\(name), \(sysconf(Int32(_SC_NPROCESSORS_ONLN))) processors, load before the last report \(load)"
    }

    private var conditions: String {
        """
        \(options.records) contacts of 20 attributes, \(options.pairCount) interleaved rounds; reads and updates from \
        \(Suite.connections) connections of one thread, \(Report.rounded(options.sampleSeconds, 0)) s a sample; loads over 4 \
        connections, 1,000 records a batch, flushed before the reply (redis: appendfsync always); client on the same machine
        """
    }

    private var measures: [String] {
        var names: [String] = []
        for figure in figures where !names.contains(figure.measure) { names.append(figure.measure) }
        return names
    }

    private func table() -> String {
        var text =
            "| Measure | Server | Median | Least … most | Kith by it: median (least … most) | Server CPU an operation |\n"
        text += "|---|---|---:|---:|---:|---:|\n"
        for measure in measures {
            for server in ["kith", "redis", "tarantool", "postgresql", EchoServer.name] {
                let values = values(measure, server)
                guard let least = values.min(), let most = values.max() else { continue }
                let ratios = server == "kith" ? [] : ratios(measure, server)
                var ratio = ""
                if let low = ratios.min(), let high = ratios.max() {
                    ratio = "\(Report.factor(Report.median(ratios))) (\(Report.factor(low)) … \(Report.factor(high)))"
                }
                let cpu = medianCPU(measure, server)
                let isRate = !measure.hasSuffix("a record")
                let unit = isRate ? "/s" : " B"
                func show(_ value: Double) -> String { Report.grouped(value) + unit }
                text += "| \(measure) | \(server) | \(show(Report.median(values))) | \(show(least)) … \(show(most)) "
                text += "| \(ratio) | \(cpu.isNaN ? "" : Report.grouped(cpu) + " ns") |\n"
            }
        }
        return text
    }

    private static func grouped(_ value: Double) -> String {
        var digits = rounded(value, 0)
        var end = digits.count - 3
        while end > (value < 0 ? 1 : 0) {
            digits.insert(",", at: digits.index(digits.startIndex, offsetBy: end))
            end -= 3
        }
        return digits
    }

    /// Writes and prints what the parts that were run have measured.
    func finish(_ parts: Set<Options.Part>) throws {
        closeRows(parts)
        rows.sort { $0.number < $1.number }
        let text = """
            # Kith beside its peers

            - Machine: \(machine())
            - Conditions: \(conditions)
            - Versions: \(versions.joined(separator: "; "))

            \(table())
            """
        try writeFile("\(options.home)/results/latest.md", text + "\n" + rows.map { "- \($0.text)\n" }.joined())
        try writeFile("\(options.home)/results/latest.json", json())
        print(text)
        for row in rows { print(row.text) }
    }

    private func json() -> String {
        func quoted(_ text: String) -> String {
            "\"" + text.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : "\($0)" }.joined() + "\""
        }
        let samples = figures.map { figure in
            var members = [
                "\"measure\":\(quoted(figure.measure))", "\"server\":\(quoted(figure.server))",
                "\"pair\":\(figure.pair)",
                "\"value\":\(figure.value)",
            ]
            if let value = figure.cpuNanosecondsPerOperation {
                members.append("\"cpuNanosecondsPerOperation\":\(value)")
            }
            if let value = figure.wallSeconds { members.append("\"wallSeconds\":\(value)") }
            if let value = figure.batchP50Microseconds { members.append("\"batchP50Microseconds\":\(value)") }
            if let value = figure.batchP99Microseconds { members.append("\"batchP99Microseconds\":\(value)") }
            return "    {\(members.joined(separator: ","))}"
        }
        return """
            {
              "machine": \(quoted(machine())),
              "conditions": \(quoted(conditions)),
              "versions": [\(versions.map(quoted).joined(separator: ", "))],
              "rows": [
            \(rows.map { "    \(quoted($0.text))" }.joined(separator: ",\n"))
              ],
              "samples": [
            \(samples.joined(separator: ",\n"))
              ]
            }

            """
    }
}
