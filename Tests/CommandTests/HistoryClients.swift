import Engine
import Foundation
import Kith
import Linearizability
import Net

extension HistoryClient {
    /// Makes calls on a client that sends them again until they are answered.
    mutating func work(calls: Int, port: Int) async throws {
        var options = ClientOptions(port: port)
        options.giveUpAfterMilliseconds = 300_000
        options.backoff = Backoff(firstMilliseconds: 2, limitMilliseconds: 50)
        let client = try await KithClient.connect(options)
        let schema = try await client.schema
        for _ in 0..<calls {
            let call = next()
            let begin = recorder.moment()
            var answered = call
            switch call {
            case .read(let records, _):
                let page = try await client.read("account", ["numberofemployees"], ids(records))
                answered = .read(records, HistoryClient.states(page))
            case .write(let changes, _):
                do {
                    let reply = try await client.execute(transaction(changes, schema))
                    answered = .write(changes, .done(reply.position))
                } catch let refusal as Refusal where refusal.code == .staleVersion {
                    answered = .write(changes, .stale)
                }
            }
            recorder.add(answered, begin: begin, isAnswered: true)
            learn(answered)
        }
        await client.close()
    }

    /// Makes calls on plain connections, each of which ends with the server. Blocks.
    mutating func workWithoutRepeating(calls: Int, port: Int, _ gate: StartGate) throws {
        let schema = Schema.standard
        guard let account = schema.entity(named: "account"), let column = account.attributeID("numberofemployees")
        else { return }
        var connection: RawConnection?
        var starts = 0
        for _ in 0..<calls {
            while connection == nil {
                starts = gate.starts
                connection = try? RawConnection(port: port, receiveBytes: 4 << 10)
                do { _ = try connection?.hello() } catch { connection = nil }
                if connection == nil { try gate.wait(after: starts) }
            }
            let call = next()
            let begin = recorder.moment()
            do {
                let answered: RecordCall
                switch call {
                case .read(let records, _):
                    let body = try ask(.read, RecordPage.request(account, [column], ids(records)), connection)
                    let page = try body.withUnsafeBytes {
                        try RecordPage(account, [column], count: records.count, in: schema, decoding: $0)
                    }
                    answered = .read(records, HistoryClient.states(page))
                case .write(let changes, _):
                    do {
                        let body = try ask(.execute, transaction(changes, schema).encoded(), connection)
                        answered = .write(
                            changes,
                            .done(try body.withUnsafeBytes { try TransactionReply(decoding: $0) }.position)
                        )
                    } catch let refusal as Refusal where refusal.code == .staleVersion {
                        answered = .write(changes, .stale)
                    }
                }
                recorder.add(answered, begin: begin, isAnswered: true)
                learn(answered)
            } catch {
                // Of a lost connection, or of a server that has lost its disk: nobody knows what became of the call.
                connection = nil
                if case .write = call { recorder.add(call, begin: begin, isAnswered: false) }
                learn(call)
                if gate.starts == starts { try gate.wait(after: starts) }
            }
        }
    }

    /// The body of the answer. Throws what an error frame says, or when there is no answer.
    private func ask(_ operation: WireOperation, _ body: [UInt8], _ connection: RawConnection?) throws -> [UInt8] {
        var writer = ByteWriter()
        body.withUnsafeBytes {
            writer.frame(WireHeader(.request, operation.rawValue, correlation: 1), body: $0)
        }
        guard let connection else { throw ClientError.closed }
        try connection.send(writer.bytes)
        guard let (header, body) = try connection.frame() else { throw ClientError.closed }
        guard header.kind == FrameKind.error.rawValue else { return body }
        switch try body.withUnsafeBytes({ try WireFailure(decoding: $0) }) {
        case .refusal(let refusal): throw refusal
        case .wire(let error): throw error
        case .query(let error): throw error
        }
    }
}
