import CRM
import Engine
import Kith
import Net
import Testing

/// Bulk work over the wire.
@Suite struct JobTests {
    private static let all = "SELECT accountid FROM account"

    private func waitUntilOver(_ client: KithClient, _ job: RecordID) async throws -> JobProgress {
        while true {
            let progress = try #require(try await client.job(job))
            if progress.status.isOver { return progress }
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    @Test func aClientStartsAndFollowsOne() async throws {
        try await withServer { server, database in
            let client = try await connect(server)
            _ = try await client.execute(try .accounts(500, database.schema))
            let job = try await client.startJob(JobRequest(message: "deactivate", query: Self.all))
            let progress = try await waitUntilOver(client, job)
            #expect(progress.status == .completed && progress.processedCount == 500 && progress.failedCount == 0)
            await client.close()
        }
    }

    @Test func refusalsComeByTheirNames() async throws {
        try await withServer { server, database in
            let client = try await connect(server)
            _ = try await client.execute(try .accounts(2, database.schema))
            await #expect {
                try await client.startJob(JobRequest(message: "frobnicate", query: Self.all))
            } throws: {
                ($0 as? Refusal)?.code == .malformed
            }
            await #expect(throws: QueryError.self) {
                try await client.startJob(JobRequest(message: "deactivate", query: "SELECT nothing FROM account"))
            }
            await client.close()
        }
    }

    /// The same request twice, as after a lost connection: answered twice, started once.
    @Test func aRetryStartsNothing() async throws {
        try await withServer { server, database in
            _ = try await database.execute(try .accounts(2, database.schema))
            let connection = try RawConnection(port: server.port)
            _ = try connection.hello()
            let body = JobRequest(message: "deactivate", query: Self.all).encoded(
                key: RequestKey(client: 5, request: 1)
            )
            var replies: [[UInt8]] = []
            for correlation in [UInt64(1), 2] {
                try connection.send(frame(.startJob, correlation, body))
                let answer = try #require(try connection.frame())
                #expect(answer.header.kind == FrameKind.reply.rawValue && answer.header.correlation == correlation)
                replies.append(answer.body)
            }
            #expect(replies[0] == replies[1])
            #expect(try await database.query("SELECT count(*) FROM bulkoperation").rows == [[.integer(1)]])
            try connection.send(frame(.startJob, 3, Array(body.dropLast())))
            #expect(try wireCode(try connection.frame()) == .malformed)
        }
    }
}
