// Replies of keyed requests, kept so that a retry is answered and not executed again. Part of the logged state: entries
// carry the reply, and snapshots carry this table.
//
// Bounds: 1,024 replies a client (more than it may have in flight), 65,536 clients, 32 MiB in all, so that the table fits one
// block of a snapshot (64 MiB); beyond that the client silent for longest is forgotten, or the oldest requests of the only one.
// A request that is not newer than a forgotten one of its client is refused as expired: it may have been executed.

/// Stored replies by client and request. Value semantics.
struct RequestResults: Sendable {
    private static let bytesMax = 32 << 20
    /// What a reply and a client take besides the reply's bytes, as they stand in a snapshot.
    private static let bytesPerReply = 12
    private static let bytesPerClient = 28

    private struct Client: Sendable {
        var replies: [UInt64: [UInt8]] = [:]
        /// Requests in the order in which they were executed: the first is forgotten first.
        var order: [UInt64] = []
        var orderStart = 0
        /// The highest request number that was forgotten.
        var expiredThrough: UInt64 = 0
        var lastPosition: Position = 0
        var bytes = RequestResults.bytesPerClient
    }

    private var clients: [UInt64: Client] = [:]
    private(set) var bytes = 0
    /// Who spoke when, in order of positions; only a client's last entry counts. The first one that counts is the client silent
    /// for longest.
    private var spoken: [(position: Position, client: UInt64)] = []
    private var spokenStart = 0

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
        if clients[key.client] == nil { bytes += RequestResults.bytesPerClient }
        var client = clients.removeValue(forKey: key.client) ?? Client()
        client.replies[key.request] = Array(reply)
        client.order.append(key.request)
        client.lastPosition = position
        client.bytes += reply.count + RequestResults.bytesPerReply
        bytes += reply.count + RequestResults.bytesPerReply
        note(key.client, at: position)
        while client.order.count - client.orderStart > Limits.requestResultsPerClientMax { forgetOldest(&client) }
        if client.orderStart > Limits.requestResultsPerClientMax {
            client.order.removeFirst(client.orderStart)
            client.orderStart = 0
        }
        clients[key.client] = client
        while clients.count > Limits.requestClientsMax || (bytes > RequestResults.bytesMax && clients.count > 1) {
            forgetSilentClient(except: key.client)
        }
        guard bytes > RequestResults.bytesMax, var only = clients.removeValue(forKey: key.client) else { return }
        while bytes > RequestResults.bytesMax, only.replies.count > 1 { forgetOldest(&only) }
        clients[key.client] = only
    }

    private mutating func forgetOldest(_ client: inout Client) {
        let request = client.order[client.orderStart]
        client.orderStart += 1
        let length = (client.replies.removeValue(forKey: request)?.count ?? 0) + RequestResults.bytesPerReply
        client.bytes -= length
        bytes -= length
        client.expiredThrough = max(client.expiredThrough, request)
    }

    private mutating func forgetSilentClient(except active: UInt64) {
        // Position decides, and it is unique, so every replay forgets the same.
        while spokenStart < spoken.count {
            let (position, number) = spoken[spokenStart]
            if number == active, clients[number]?.lastPosition == position { return }
            spokenStart += 1
            guard let silent = clients[number], silent.lastPosition == position else { continue }
            bytes -= silent.bytes
            clients.removeValue(forKey: number)
            return
        }
    }

    /// Enters a client as the one that spoke last. O(1) on average: what no longer counts is dropped once it is more than half.
    private mutating func note(_ client: UInt64, at position: Position) {
        spoken.append((position, client))
        guard spoken.count > 2 * clients.count + 1024 else { return }
        spoken = spoken[spokenStart...].filter {
            $0.position == ($0.client == client ? position : clients[$0.client]?.lastPosition)
        }
        spokenStart = 0
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
                client.bytes += length + RequestResults.bytesPerReply
            }
            bytes += client.bytes
            clients[number] = client
        }
        spoken = clients.map { ($0.value.lastPosition, $0.key) }.sorted { $0.0 < $1.0 }
    }
}
