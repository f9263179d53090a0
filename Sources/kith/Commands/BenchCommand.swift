import ArgumentParser
import Bench
import Engine
import Kith

struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure how much work a server or directory takes, and how fast.",
        discussion: """
            Does the work of a CRM's users: account pages, lists, searches, activities logged, deals moved and more \
            (docs/crmark.md), on a database that 'kith generate' has filled. It writes: use a copy.

            With --rate, work arrives at that rate whatever the answers do, and latencies count from the moment at \
            which it should have been sent: what users would see. Without, every connection begins its next piece \
            when the last one is done: the most that goes through.

            EXAMPLES
              kith bench --at kith://127.0.0.1:7411
              kith bench --at kith://127.0.0.1:7411 --rate 20000 --seconds 60
              kith bench --at kith://127.0.0.1:7411 --mix reads --depth 64
              kith bench --at ./data --connections 2 --format json
            """
    )

    @OptionGroup var at: AtOption

    @Option(help: "business, browse (no writes), reads or updates (by id).")
    var mix = BenchMix.business

    @Option(help: "Pieces of work a second; as fast as they are answered if not given.")
    var rate: Double?

    @Option(help: "Connections; for a directory, workers.")
    var connections = 50

    @Option(help: "Pieces under way on each connection, without --rate.")
    var depth: Int?

    @Option(help: "Further connections that are open and ask nothing.")
    var idle = 0

    @Option(help: "Seconds measured.")
    var seconds = 10.0

    @Option(help: "Seconds of the same work before.")
    var warmUp = 2.0

    @Option(help: ArgumentHelp("End when so many pieces were measured.", valueName: "count"))
    var transactions: UInt64?

    @Option(help: "What work and records are drawn from.")
    var seed: UInt64 = 1

    @Option(help: "table (for people) or json, with all histograms.")
    var format = ReportFormat.table

    func validate() throws {
        guard (1...18_000).contains(connections), (0...18_000).contains(idle) else {
            throw ValidationError("--connections must be between 1 and 18000, --idle between 0 and 18000.")
        }
        guard depth == nil || rate == nil else {
            throw ValidationError("--depth is for work without --rate: with it, as much is under way as comes.")
        }
        guard (1...256).contains(depth ?? 1) else { throw ValidationError("--depth must be between 1 and 256.") }
        guard rate.map({ $0 > 0 && $0 <= 1e8 }) ?? true else {
            throw ValidationError("--rate must be above 0 and at most 100000000.")
        }
        guard seconds > 0, seconds <= 86_400, warmUp >= 0, warmUp <= 3_600 else {
            throw ValidationError("--seconds must be above 0 and at most a day, --warm-up at most an hour.")
        }
    }

    func run() async throws {
        var options = BenchOptions()
        options.mix = mix
        options.arrival = rate.map { .open(perSecond: $0) } ?? .closed(depth: depth ?? 1)
        options.connections = connections
        options.idleConnections = idle
        options.seconds = seconds
        options.warmUpSeconds = warmUp
        options.transactionsMax = transactions ?? .max
        options.seed = seed
        let progress = Progress("Measuring")
        defer { progress.finish() }
        let result: BenchResult
        do {
            result = try await measure(options, progress)
        } catch let error as BenchError {
            throw CommandFailure(.refused, error.description)
        }
        progress.finish()
        switch format {
        case .table: show(result)
        case .json: StandardOutput.write(result.json + "\n")
        }
        if result.errors > 0 || result.unfinished > 0 { throw CommandFailure(.incomplete, complaint(result)) }
    }

    private func measure(_ options: BenchOptions, _ progress: Progress) async throws -> BenchResult {
        let report: @Sendable (Double, UInt64) -> Void = { share, count in
            progress.show(share, "\(count) pieces of work")
        }
        switch at.place {
        case .directory(let path):
            guard options.idleConnections == 0 else { throw BenchError.noConnections }
            let connection = try DirectoryConnection(path, mustExist: true)
            let result: BenchResult
            do {
                let population = try await BenchPopulation { try await connection.rows($0) }
                let bench = try EmbeddedBench(connection.database, population: population, options: options)
                result = try await bench.run(progress: report)
            } catch {
                try? connection.close()
                throw error
            }
            try connection.close()
            return result
        case .server(let address, let organisation):
            let population = try await at.place.withConnection { connection in
                try await BenchPopulation { try await connection.rows($0) }
            }
            let bench = try WireBench(
                port: address.port,
                organisation: organisation,
                population: population,
                options: options
            )
            return try bench.run(progress: report)
        }
    }

    private func complaint(_ result: BenchResult) -> String {
        var parts: [String] = []
        if let first = result.firstError { parts.append("\(result.errors) answers were errors, the first: \(first)") }
        if result.unfinished > 0 { parts.append("\(result.unfinished) pieces of work were not answered in time") }
        return parts.joined(separator: "; ")
    }

    // MARK: Table

    private func show(_ result: BenchResult) {
        let columns = ["count", "p50", "p90", "p99", "p99.9", "max"]
        var table = TextTable(
            [TextTable.Column(title: "work")] + columns.map { TextTable.Column(title: $0, isRightAligned: true) }
        )
        for line in result.lines {
            let latencies = [0.5, 0.9, 0.99, 0.999].map { line.histogram.percentile($0) } + [line.histogram.maximum]
            table.append([line.name, String(line.histogram.count)] + latencies.map(BenchCommand.milliseconds))
        }
        StandardOutput.write(table.text)
        let rate = Int(result.perSecond)
        StandardOutput.write(
            """

            \(rate) pieces of work a second (\(result.requests) requests), latencies in milliseconds\(loop(result))
            \(result.users) users at 0.083 pieces a second each (five a minute): \(rate) / 0.0833
            \(processor(result))

            """
        )
    }

    private func loop(_ result: BenchResult) -> String {
        switch result.options.arrival {
        case .open(let rate): " from the intended moment at \(Int(rate)) a second"
        case .closed(let depth): " in a closed loop of \(connections) x \(depth)"
        }
    }

    private func processor(_ result: BenchResult) -> String {
        let each = Double(result.clientNanoseconds) / 1000 / Double(max(1, result.overall.count))
        let cores = Double(result.clientNanoseconds) / Double(max(1, result.measuredNanoseconds))
        let who = result.isEmbedded ? "database and workers took" : "this client took"
        return
            "\(who) \(BenchCommand.fixed(each, 1)) µs of processor time for each, \(BenchCommand.fixed(cores, 2)) processors"
    }

    private static func milliseconds(_ nanoseconds: UInt64) -> String { fixed(Double(nanoseconds) / 1e6, 3) }

    private static func fixed(_ value: Double, _ digits: Int) -> String {
        var power = 1.0
        for _ in 0..<digits { power *= 10 }
        let scaled = String(Int((value * power).rounded()))
        let padded = String(repeating: "0", count: max(0, digits + 1 - scaled.count)) + scaled
        return padded.dropLast(digits) + "." + padded.suffix(digits)
    }
}

extension BenchMix: ExpressibleByArgument {}
