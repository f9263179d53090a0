// The floor of row 3: a bare SwiftNIO server (`nio-echo`) that is sent requests as long as Kith's and answers with as many
// bytes as Kith does, from one event loop, without an engine.

import BenchData
import Glibc

final class EchoServer {
    static let name = "nio echo"
    private static let headBytes = 8
    private static let startSeconds = 10.0

    let process: ServerProcess
    let sockets: [Socket]

    init(executable: String, work: String, connections: Int) throws {
        let port = try Socket.freePort()
        let process = try ServerProcess([executable, "\(port)"], log: "\(work)/echo.log", pidFile: "\(work)/pids")
        self.process = process
        let deadline = now() + UInt64(EchoServer.startSeconds * 1e9)
        var sockets: [Socket] = []
        while sockets.count < connections {
            do {
                sockets.append(try Socket(port: port))
            } catch {
                let isRunning = process.isRunning
                if isRunning, now() > deadline { process.stop() }
                guard isRunning, now() <= deadline else { throw error }
                usleep(500)
            }
        }
        self.sockets = sockets
    }

    /// The same exchange of bytes as another plan's, one request and one reply a batch.
    static func plan(like other: Plan) -> Plan {
        var plan = Plan(batches: [])
        for batches in other.batches {
            plan.batches.append(
                batches.map { batch in
                    let requestStart = plan.requests.count
                    let replyStart = plan.replies.count
                    let requestBytes = max(headBytes, batch.request.count)
                    plan.requests.little(UInt32(requestBytes))
                    plan.requests.little(UInt32(batch.replyBytes))
                    plan.requests.append(contentsOf: repeatElement(0, count: requestBytes - headBytes))
                    let echoed = plan.requests[requestStart...].prefix(batch.replyBytes)
                    plan.replies.append(contentsOf: echoed)
                    plan.replies.append(contentsOf: repeatElement(0, count: batch.replyBytes - echoed.count))
                    return Batch(
                        request: requestStart..<plan.requests.count,
                        replyBytes: batch.replyBytes,
                        expected: replyStart..<plan.replies.count,
                        operations: batch.operations
                    )
                }
            )
        }
        return plan
    }
}
