// Quick find over the wire.

import Engine
import Kith
import Net
import Testing

@Suite struct FindTests {
    private func people(_ schema: Schema) throws -> Transaction {
        var transaction = Transaction(schema)
        try transaction.create("contact", ["fullname": "Anna Schmidt", "emailaddress1": "anna@example.com"])
        try transaction.create("contact", ["fullname": "Annabel Lee"])
        try transaction.create("account", ["name": "Anna & Co"])
        return transaction
    }

    @Test func aClientFindsWhatTheDatabaseFinds() async throws {
        try await withServer { server, database in
            let client = try await connect(server)
            _ = try await client.execute(people(try await client.schema))
            for request in [
                FindRequest("anna"), FindRequest("ann", entities: ["contact"]), FindRequest("schmdit"),
                FindRequest("anna", limit: 1), FindRequest("nothing at all"), FindRequest("-"),
            ] {
                #expect(try await client.find(request) == database.find(request))
            }
            #expect(try await client.find("anna").map(\.name) == ["Anna & Co", "Anna Schmidt", "Annabel Lee"])
            await client.close()
        }
    }

    @Test func requestsThatBreakABoundAreRefused() async throws {
        try await withServer { server, _ in
            let client = try await connect(server)
            for request in [
                FindRequest("a", limit: 0), FindRequest("a", limit: 5000), FindRequest("a", entities: ["contakt"]),
                FindRequest(String(repeating: "a", count: 1025)),
                FindRequest((0..<20).map(String.init).joined(separator: "a ")),
            ] {
                await #expect(throws: QueryError.self) { try await client.find(request) }
            }
            let raw = try RawConnection(port: server.port)
            _ = try raw.hello()
            var writer = ByteWriter()
            FindRequest("anna", entities: ["contact"]).encode(into: &writer)
            for length in 0..<writer.bytes.count {
                try raw.send(frame(.find, UInt64(length), Array(writer.bytes[..<length])))
                let failure = try failure(try raw.frame())
                guard case .wire(let error)? = failure, error.code == .malformed else {
                    Issue.record("\(length) bytes: \(String(describing: failure))")
                    continue
                }
            }
            try raw.send(frame(.find, 1, writer.bytes))
            #expect(try raw.frame()?.header.kind == FrameKind.reply.rawValue)
            await client.close()
        }
    }
}
