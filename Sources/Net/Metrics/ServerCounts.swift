import Engine
import Kith
import Synchronization

/// What a server refused, by reason. Thread rule: any thread.
final class ServerCounts: Sendable {
    private struct State {
        var requests: [String: UInt64] = [:]
        var connections: [String: UInt64] = [:]
    }

    private let state = Mutex(State())

    /// Counts a request that was answered with an error; returns how many had the same reason, this one included.
    @discardableResult
    func refused(_ failure: WireFailure) -> UInt64 {
        let reason =
            switch failure {
            case .wire(let error): "\(error.code)"
            case .refusal(let refusal): "\(refusal.code)"
            case .query(let error): "query.\(error.code)"
            }
        return state.withLock { state in
            state.requests[reason, default: 0] += 1
            return state.requests[reason] ?? 0
        }
    }

    /// Counts a connection that the server ends; returns how many had the same reason, this one included.
    func closed(_ error: WireError) -> UInt64 {
        state.withLock { state in
            state.connections["\(error.code)", default: 0] += 1
            return state.connections["\(error.code)"] ?? 0
        }
    }

    /// Whether the nth event of a kind is worth a line in the log: the 1st, 2nd, 4th, 8th …
    static func isWorthALine(_ count: UInt64) -> Bool { count > 0 && count & (count - 1) == 0 }

    private var sorted: (requests: [(String, UInt64)], connections: [(String, UInt64)]) {
        let state = state.withLock { $0 }
        return (state.requests.sorted { $0.key < $1.key }, state.connections.sorted { $0.key < $1.key })
    }

    func write(to metrics: inout MetricsText) {
        let (requests, connections) = sorted
        metrics.family("kith_refused_requests_total", .counter, "Requests that were answered with an error.")
        for (reason, count) in requests {
            metrics.sample("kith_refused_requests_total", count, [("reason", reason)])
        }
        metrics.family("kith_closed_connections_total", .counter, "Connections that the server ended.")
        for (reason, count) in connections {
            metrics.sample("kith_closed_connections_total", count, [("reason", reason)])
        }
    }

    /// As members of the status document.
    func write(to status: inout JSONWriter) {
        let (requests, connections) = sorted
        status.object("refusedRequests") { list in
            for (reason, count) in requests { list.member(reason, count) }
        }
        status.object("closedConnections") { list in
            for (reason, count) in connections { list.member(reason, count) }
        }
    }
}
