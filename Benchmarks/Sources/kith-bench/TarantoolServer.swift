// Tarantool's binary protocol, as far as the rows need it: a contact is a tuple of its number and the twelve attributes
// that reads ask for. Reads return the tuple as it was written; an update returns the tuple after it.

import BenchData

final class TarantoolServer: Server {
    let name = "tarantool"
    var columns: [Int] = []
    private let home: String
    private static let space: UInt64 = 512

    init(home: String) { self.home = home }

    func command(directory: String, port: UInt16, purpose: Purpose) -> [String] {
        ["tarantool", "\(home)/Peers/tarantool.lua", "\(port)", directory, purpose == .durable ? "fsync" : "none"]
    }

    func connect(port: UInt16) throws -> Socket {
        let socket = try Socket(port: port)
        _ = try socket.receive(128)
        // The server listens before its space exists: a read of nothing tells when it does.
        try socket.send(select(UInt64.max >> 1))
        let reply = try receiveReply(socket)
        guard reply.count == TarantoolServer.replyOverheadBytes else { throw BenchError("tarantool is not ready") }
        return socket
    }

    private func receiveReply(_ socket: Socket) throws -> ArraySlice<UInt8> {
        let head = try socket.receive(5)
        let length = head.dropFirst().reduce(0) { $0 << 8 | Int($1) }
        return (head + (try socket.receive(length)))[...]
    }

    /// Bytes of a reply without its tuples: length (5), header of code, sync and schema version (1 + 6 + 10 + 6), and the
    /// head of the list of tuples (1 + 1 + 5).
    private static let replyOverheadBytes = 35

    func prepare(_ data: Dataset, _ socket: Socket) throws {}

    // MARK: Requests

    private func request(_ type: UInt8, _ body: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = [0xCE, 0, 0, 0, 0, 0x82, 0x00, type, 0x01, 0x07]
        bytes += body
        let length = UInt32(bytes.count - 5)
        for index in 0..<4 { bytes[1 + index] = UInt8(truncatingIfNeeded: length >> UInt32(24 - 8 * index)) }
        return bytes
    }

    private func number(_ value: UInt64, to bytes: inout [UInt8]) {
        bytes.append(0xCF)
        bytes.big(value)
    }

    private func tuple(_ data: Dataset, _ row: Int, _ generation: Int) -> [UInt8] {
        var bytes: [UInt8] = [0x90 | UInt8(data.readColumns.count + 1)]
        number(UInt64(row), to: &bytes)
        for place in data.readColumns { value(data, place, row, generation, to: &bytes) }
        return bytes
    }

    private func value(_ data: Dataset, _ place: Int, _ row: Int, _ generation: Int, to bytes: inout [UInt8]) {
        if data.columns[place].kind == .text {
            let text = data.text(place, row, generation)
            if text.count < 32 { bytes.append(0xA0 | UInt8(text.count)) } else { bytes += [0xD9, UInt8(text.count)] }
            bytes.append(contentsOf: text)
        } else {
            bytes.append(0xD3)
            bytes.big(data.number(place, row, generation))
        }
    }

    private func select(_ key: UInt64) -> [UInt8] {
        var body: [UInt8] = [0x85, 0x10, 0xCD]
        body.big(UInt16(TarantoolServer.space))
        body += [0x11, 0, 0x12, 1, 0x14, 0, 0x20, 0x91]
        number(key, to: &body)
        return request(1, body)
    }

    func create(_ data: Dataset, _ rows: Range<Int>) -> Request {
        var all = Request(bytes: [], replyBytes: 0)
        for row in rows {
            let tuple = tuple(data, row, 0)
            var body: [UInt8] = [0x82, 0x10, 0xCD]
            body.big(UInt16(TarantoolServer.space))
            body.append(0x21)
            all.bytes += request(2, body + tuple)
            all.replyBytes += TarantoolServer.replyOverheadBytes + tuple.count
        }
        return all
    }

    func created(_ rows: Range<Int>, reply: ArraySlice<UInt8>) throws {}

    func read(_ data: Dataset, _ row: Int, _ columns: [Int], generation: Int) -> Request {
        let tuple = tuple(data, row, generation)
        return Request(
            bytes: select(UInt64(row)),
            replyBytes: TarantoolServer.replyOverheadBytes + tuple.count,
            replySuffix: tuple
        )
    }

    func update(_ data: Dataset, _ row: Int, generation: Int) -> Request {
        var body: [UInt8] = [0x84, 0x10, 0xCD]
        body.big(UInt16(TarantoolServer.space))
        body += [0x11, 0, 0x20, 0x91]
        number(UInt64(row), to: &body)
        body += [0x21, 0x90 | UInt8(data.updateColumns.count)]
        for place in data.updateColumns {
            // The number stands before the attributes in the tuple.
            let field = (data.readColumns.firstIndex(of: place) ?? 0) + 1
            body += [0x93, 0xA1, 61, UInt8(field)]
            value(data, place, row, generation, to: &body)
        }
        let tuple = tuple(data, row, generation)
        return Request(
            bytes: request(4, body),
            replyBytes: TarantoolServer.replyOverheadBytes + tuple.count,
            replySuffix: tuple
        )
    }
}
