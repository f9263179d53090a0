import Kith

// What a run measured, and how it is told.

/// A run's figures.
public struct BenchResult: Sendable {
    /// Profile of one user of a CRM: five transactions a minute (Dynamics CRM 4.0, 2008), which is 0.083 a second.
    public static let transactionsPerUserSecond = 5.0 / 60

    /// What was run.
    public var options: BenchOptions
    /// Whether client and database were one process, whose processor time is that of both.
    public var isEmbedded = false
    /// From the intended moment to the last answer, by kind.
    public var latencies: [BenchKind: LatencyHistogram] = [:]
    /// Time over which the counted pieces ended.
    public var measuredNanoseconds: UInt64 = 0
    /// Processor time of this process in that time.
    public var clientNanoseconds: UInt64 = 0
    /// Requests of the pieces.
    public var requests: UInt64 = 0
    /// Answers that were errors, and what the first one said.
    public var errors: UInt64 = 0
    public var firstError: String?
    /// Pieces whose answer had not come in time after the end.
    public var unfinished: UInt64 = 0

    init(_ options: BenchOptions) { self.options = options }

    /// All kinds together.
    public var overall: LatencyHistogram {
        var all = LatencyHistogram()
        for kind in BenchKind.allCases { if let histogram = latencies[kind] { all.add(histogram) } }
        return all
    }

    /// Pieces a second.
    public var perSecond: Double {
        measuredNanoseconds == 0 ? 0 : Double(overall.count) * 1e9 / Double(measuredNanoseconds)
    }

    /// Users of the profile that would make this load.
    public var users: Int { Int(perSecond / BenchResult.transactionsPerUserSecond) }

    mutating func record(_ kind: BenchKind, nanoseconds: UInt64) {
        latencies[kind, default: LatencyHistogram()].record(nanoseconds)
        requests += UInt64(kind.requestCount)
    }

    mutating func fail(_ message: String) {
        errors += 1
        if firstError == nil { firstError = message }
    }

    mutating func add(_ other: BenchResult) {
        for kind in BenchKind.allCases {
            if let histogram = other.latencies[kind] { latencies[kind, default: LatencyHistogram()].add(histogram) }
        }
        requests += other.requests
        errors += other.errors
        if firstError == nil { firstError = other.firstError }
        unfinished += other.unfinished
        measuredNanoseconds = max(measuredNanoseconds, other.measuredNanoseconds)
    }
}

extension BenchResult {
    private static let percentiles: [(name: String, share: Double)] = [
        ("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p999", 0.999),
    ]

    /// Kinds that came, in order, and all together at the end.
    public var lines: [(name: String, histogram: LatencyHistogram)] {
        let kinds = BenchKind.allCases.compactMap { kind in latencies[kind].map { (kind.name, $0) } }
        return kinds.count == 1 ? kinds : kinds + [("all", overall)]
    }

    /// Everything, buckets of the histograms included, as a JSON object.
    public var json: String {
        var json = JSONWriter()
        json.object { json in
            json.member("mix", options.mix.rawValue)
            json.member("connections", options.connections)
            json.member("idleConnections", options.idleConnections)
            switch options.arrival {
            case .closed(let depth): json.member("depth", depth)
            case .open(let perSecond): json.member("offeredPerSecondThousandths", Int(perSecond * 1000))
            }
            json.key("isEmbedded")
            json.boolean(isEmbedded)
            json.member("measuredNanoseconds", Int(measuredNanoseconds))
            json.member("clientProcessorNanoseconds", Int(clientNanoseconds))
            json.member("transactions", Int(overall.count))
            json.member("requests", Int(requests))
            json.member("errors", Int(errors))
            json.member("unfinished", Int(unfinished))
            json.member("users", users)
            json.array("latencies") { list in
                for line in lines { list.object { BenchResult.write(line.name, line.histogram, to: &$0) } }
            }
        }
        return json.text
    }

    private static func write(_ name: String, _ histogram: LatencyHistogram, to json: inout JSONWriter) {
        json.member("kind", name)
        json.member("count", Int(histogram.count))
        json.member("meanNanoseconds", Int(histogram.mean))
        for (name, share) in percentiles { json.member("\(name)Nanoseconds", Int(histogram.percentile(share))) }
        json.member("maxNanoseconds", Int(histogram.maximum))
        json.array("bucketTopsNanoseconds") { list in for bucket in histogram.buckets { list.number(Int(bucket.top)) } }
        json.array("bucketCounts") { list in for bucket in histogram.buckets { list.number(Int(bucket.count)) } }
    }
}
