// The Redis protocol, as far as the rows need it: a contact is a hash `contact:N`.

import BenchData

final class RedisServer: Server {
    let name = "redis"
    var columns = Array(0..<20)
    private let home: String

    init(home: String) { self.home = home }

    func command(directory: String, port: UInt16, purpose: Purpose) -> [String] {
        let log = purpose == .durable ? ["yes", "always"] : ["no", "no"]
        return [
            "redis-server", "\(home)/Peers/redis.conf", "--port", "\(port)", "--dir", directory,
            "--appendonly", log[0], "--appendfsync", log[1],
        ]
    }

    func connect(port: UInt16) throws -> Socket {
        let socket = try Socket(port: port)
        try expect("+PONG", from: socket, "PING\r\n")
        return socket
    }

    private func expect(_ reply: String, from socket: Socket, _ command: String) throws {
        try socket.send(Array(command.utf8))
        let line = try socket.receiveLine()
        guard line == reply else { throw BenchError("redis answers \(line)") }
    }

    func prepare(_ data: Dataset, _ socket: Socket) throws {}

    // MARK: Commands

    private func bulk(_ text: some Collection<UInt8>, to bytes: inout [UInt8]) {
        bytes.append(36)
        bytes.decimal(Int64(text.count))
        bytes.ascii("\r\n")
        bytes.append(contentsOf: text)
        bytes.ascii("\r\n")
    }

    private func begin(_ count: Int, _ verb: String, _ row: Int, to bytes: inout [UInt8]) {
        bytes.append(42)
        bytes.decimal(Int64(count + 2))
        bytes.ascii("\r\n")
        bulk(verb.utf8, to: &bytes)
        bulk("contact:\(row)".utf8, to: &bytes)
    }

    private func value(_ data: Dataset, _ place: Int, _ row: Int, _ generation: Int, to bytes: inout [UInt8]) {
        if data.columns[place].kind == .text {
            bulk(data.text(place, row, generation), to: &bytes)
        } else {
            var digits: [UInt8] = []
            digits.decimal(data.number(place, row, generation))
            bulk(digits, to: &bytes)
        }
    }

    private func set(_ data: Dataset, _ row: Int, _ places: [Int], _ generation: Int, to bytes: inout [UInt8]) {
        begin(2 * places.count, "HSET", row, to: &bytes)
        for place in places {
            bulk(data.columns[place].name.utf8, to: &bytes)
            value(data, place, row, generation, to: &bytes)
        }
    }

    func create(_ data: Dataset, _ rows: Range<Int>) -> Request {
        var bytes: [UInt8] = []
        for row in rows { set(data, row, columns, 0, to: &bytes) }
        // One line ":20" a contact.
        return Request(bytes: bytes, replyBytes: rows.count * (3 + String(columns.count).utf8.count))
    }

    func created(_ rows: Range<Int>, reply: ArraySlice<UInt8>) throws {
        let line = Array(":\(columns.count)\r\n".utf8)
        guard reply.elementsEqual((0..<rows.count).lazy.flatMap { _ in line }) else {
            throw BenchError("redis did not create \(columns.count) fields")
        }
    }

    func update(_ data: Dataset, _ row: Int, generation: Int) -> Request {
        var bytes: [UInt8] = []
        set(data, row, data.updateColumns, generation, to: &bytes)
        return Request(bytes: bytes, replyBytes: 4, replySuffix: Array(":0\r\n".utf8))
    }

    func read(_ data: Dataset, _ row: Int, _ places: [Int], generation: Int) -> Request {
        var bytes: [UInt8] = []
        var reply: [UInt8] = [42]
        // HGETALL where all fields of the hash are wanted: as fast as HMGET of twelve names in alternating trials.
        let isAll = places == columns
        if isAll {
            begin(0, "HGETALL", row, to: &bytes)
        } else {
            begin(places.count, "HMGET", row, to: &bytes)
            for place in places { bulk(data.columns[place].name.utf8, to: &bytes) }
        }
        reply.decimal(Int64(isAll ? 2 * places.count : places.count))
        reply.ascii("\r\n")
        for place in places {
            if isAll { bulk(data.columns[place].name.utf8, to: &reply) }
            value(data, place, row, generation, to: &reply)
        }
        return Request(bytes: bytes, replyBytes: reply.count, replySuffix: reply)
    }

    // MARK: Snapshot and memory

    func snapshot(_ socket: Socket) throws { try expect("+OK", from: socket, "SAVE\r\n") }

    func isSnapshot(_ file: String) -> Bool { file == "dump.rdb" }

    func accountedBytes(_ socket: Socket) throws -> Int? {
        try socket.send(Array("INFO memory\r\n".utf8))
        guard let length = Int(try socket.receiveLine().dropFirst()) else { return nil }
        let text = String(decoding: try socket.receive(length + 2), as: UTF8.self)
        return text.split(whereSeparator: \.isNewline).first { $0.hasPrefix("used_memory:") }
            .flatMap { Int($0.dropFirst("used_memory:".count)) }
    }
}
