import Engine
import Kith

extension Server {
    /// The figures of this moment in the text exposition format of Prometheus; docs/monitoring.md lists them. As `Database.status`:
    /// O(entities × columns × chunks), beside the writer.
    public var metrics: String {
        var text = MetricsText()
        database.status.write(to: &text)
        text.gauge("kith_connections", "Open connections.", census.connectionCount)
        census.counts.write(to: &text)
        return text.text
    }
}

extension ServerCensus {
    /// As members of the status document.
    func write(to status: inout JSONWriter) {
        status.member("connectionCount", connectionCount)
        counts.write(to: &status)
    }
}

extension ServerCore {
    /// Counts a request that is answered with an error. Those that somebody should know of get a line in the log.
    func noteRefusal(_ failure: WireFailure) {
        let count = census.counts.refused(failure)
        if case .refusal(let refusal) = failure, refusal.code == .diskFull, ServerCounts.isWorthALine(count) {
            logger.error("changes are refused: the disk is full", metadata: ["count": "\(count)"])
        }
    }

    /// Counts a connection that is ended.
    func noteEnd(_ error: WireError, of address: String) {
        let count = census.counts.closed(error)
        if error.code == .tooManyConnections, ServerCounts.isWorthALine(count) {
            logger.warning(
                "connections are refused",
                metadata: ["reason": "\(error.message)", "address": "\(address)", "count": "\(count)"]
            )
        }
    }
}
