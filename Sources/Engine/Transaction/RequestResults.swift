// Replies of keyed requests, kept so that a retry is answered and not executed again. Part of the logged state: entries
// carry the reply, and snapshots carry this table.
//
// Bounds: 1,024 replies a client (more than it may have in flight), 65,536 clients, 64 MiB of replies in all; beyond that
// the client silent for longest is forgotten. A request that is not newer than a forgotten one of its client is refused as
// expired: it may have been executed.

/// Stored replies by client and request. Value semantics.
struct RequestResults: Sendable {
    private static let bytesMax = 64 << 20

    private struct Client: Sendable {
        var replies: [UInt64: [UInt8]] = [:]
        /// Requests in the order in which they were executed: the first is forgotten first.
        var order: [UInt64] = []
        var orderStart = 0
        /// The highest request number that was forgotten.
        var expiredThrough: UInt64 = 0
        var lastPosition: Position = 0
        var bytes = 0
    }

    private var clients: [UInt64: Client] = [:]
    private(set) var bytes = 0

    /// The stored reply; nil when the request is new.
    func find(_ key: RequestKey) throws(Refusal) -> [UInt8]? {
        guard let client = clients[key.client] else { return nil }
        if let reply = client.replies[key.request] { return reply }
        guard key.request > client.expiredThrough else {
            throw Refusal(
                .requestExpired,
                "Request \(key.request) is too old to know whether it was executed. Read the records to find out."
            )
        }
        return nil
    }

    mutating func store(_ key: RequestKey, _ reply: UnsafeRawBufferPointer, at position: Position) {
        var client = clients.removeValue(forKey: key.client) ?? Client()
        client.replies[key.request] = Array(reply)
        client.order.append(key.request)
        client.lastPosition = position
        client.bytes += reply.count
        bytes += reply.count
        while client.order.count - client.orderStart > Limits.requestResultsPerClientMax { forgetOldest(&client) }
        if client.orderStart > Limits.requestResultsPerClientMax {
            client.order.removeFirst(client.orderStart)
            client.orderStart = 0
        }
        clients[key.client] = client
        while clients.count > Limits.requestClientsMax || (bytes > RequestResults.bytesMax && clients.count > 1) {
            forgetSilentClient(except: key.client)
        }
    }

    private mutating func forgetOldest(_ client: inout Client) {
        let request = client.order[client.orderStart]
        client.orderStart += 1
        let length = client.replies.removeValue(forKey: request)?.count ?? 0
        client.bytes -= length
        bytes -= length
        client.expiredThrough = max(client.expiredThrough, request)
    }

    private mutating func forgetSilentClient(except active: UInt64) {
        // Rare: O(clients) once the bound is reached. Position decides, and it is unique, so every replay forgets the same.
        guard
            let silent = clients.filter({ $0.key != active }).min(by: { $0.value.lastPosition < $1.value.lastPosition })
        else { return }
        bytes -= silent.value.bytes
        clients.removeValue(forKey: silent.key)
    }

    // MARK: Snapshots

    /// Clients in order of their numbers, requests in the order in which they were executed.
    func encode(into writer: inout ByteWriter) {
        writer.u32(UInt32(clients.count))
        for (number, client) in clients.sorted(by: { $0.key < $1.key }) {
            writer.u64(number)
            writer.u64(client.expiredThrough)
            writer.u64(client.lastPosition)
            let requests = client.order[client.orderStart...]
            writer.u32(UInt32(requests.count))
            for request in requests {
                let reply = client.replies[request] ?? []
                writer.u64(request)
                writer.u32(UInt32(reply.count))
                writer.raw(reply)
            }
        }
    }

    init() {}

    init(from reader: inout ByteReader) throws(DecodeError) {
        for _ in 0..<(try reader.u32()) {
            let number = try reader.u64()
            var client = Client()
            client.expiredThrough = try reader.u64()
            client.lastPosition = try reader.u64()
            for _ in 0..<(try reader.u32()) {
                let request = try reader.u64()
                let length = Int(try reader.u32())
                let reply = Array(UnsafeRawBufferPointer(start: try reader.take(length), count: length))
                client.replies[request] = reply
                client.order.append(request)
                client.bytes += length
            }
            bytes += client.bytes
            clients[number] = client
        }
    }
}
