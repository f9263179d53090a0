// Kith's protocol, version 1, from docs/protocol.md. Entities and attributes are found by name in the schema that the
// server sends with its hello.

import BenchData

final class KithServer: Server {
    let name = "kith"
    var columns = Array(0..<20)
    private let executable: String
    private var contact: UInt16 = 0
    private var account: UInt16 = 0
    /// Numbers of the contact's attributes, and of the account's name.
    private var attributes: [UInt16] = []
    private var accountName: UInt16 = 0
    private var firstAccount: UInt64 = 0
    /// Record ids of the contacts, by row.
    private var ids: [UInt64] = []

    private static let headerBytes = 32
    private enum Operation {
        static let hello: UInt16 = 1
        static let execute: UInt16 = 2
        static let read: UInt16 = 3
        static let snapshot: UInt16 = 12
    }

    init(executable: String) { self.executable = executable }

    func command(directory: String, port: UInt16, purpose: Purpose) -> [String] {
        [executable, "serve", "--data", directory, "--listen", "127.0.0.1:\(port)"]
    }

    // MARK: Frames

    private func frame(_ operation: UInt16, _ body: [UInt8]) -> [UInt8] {
        var frame: [UInt8] = []
        frame.reserveCapacity(KithServer.headerBytes + body.count)
        frame.little(UInt32(body.count))
        frame.append(1)
        frame.append(1)
        frame.little(operation)
        // A correlation id may be used again once it is answered; replies to reads and changes keep their order.
        frame.little(UInt64(7))
        frame.little(UInt32(0))
        frame.little(UInt32(0))
        frame.little(body.isEmpty ? 0 : body.withUnsafeBytes { CRC32C.checksum($0) })
        frame.little(frame.withUnsafeBytes { CRC32C.checksum($0) })
        frame.append(contentsOf: body)
        return frame
    }

    /// Sends one request and returns the body of the reply.
    private func call(_ socket: Socket, _ operation: UInt16, _ body: [UInt8]) throws -> ArraySlice<UInt8> {
        try socket.send(frame(operation, body))
        return try KithServer.body(of: try receiveFrame(socket))
    }

    private func receiveFrame(_ socket: Socket) throws -> ArraySlice<UInt8> {
        let header = try socket.receive(KithServer.headerBytes)
        var cursor = Cursor(header)
        let length = Int(try cursor.little(UInt32.self))
        return (header + (try socket.receive(length)))[...]
    }

    private static func body(of frame: ArraySlice<UInt8>) throws -> ArraySlice<UInt8> {
        let body = frame.dropFirst(headerBytes)
        guard frame[frame.startIndex + 5] == 2 else {
            throw BenchError("kith refuses: \(String(decoding: body.filter { $0 >= 32 && $0 < 127 }, as: UTF8.self))")
        }
        return body
    }

    // MARK: Connection

    func connect(port: UInt16) throws -> Socket {
        let socket = try Socket(port: port)
        var hello: [UInt8] = []
        hello.little(UInt16(1))
        hello.little(UInt16(1))
        hello.lengthAndText("")
        hello.lengthAndText("")
        hello.lengthAndText("bench")
        var reply = Cursor(try call(socket, Operation.hello, hello))
        _ = try reply.take(4)
        _ = try reply.text()
        _ = try reply.text()
        _ = try reply.take(8 + 4 * 4 + 8 + 4)
        if attributes.isEmpty { try readSchema(&reply) }
        return socket
    }

    private func readSchema(_ reply: inout Cursor) throws {
        guard try reply.little(UInt16.self) == 1 else { throw BenchError("kith sends a schema of another format") }
        _ = try reply.take(4)
        for _ in 0..<(try reply.little(UInt16.self)) {
            _ = try reply.text()
            for _ in 0..<(try reply.little(UInt16.self)) {
                _ = try reply.take(4)
                _ = try reply.text()
            }
        }
        var found: [String: (number: UInt16, attributes: [String: UInt16])] = [:]
        for _ in 0..<(try reply.little(UInt16.self)) {
            let number = try reply.little(UInt16.self)
            let name = try reply.text()
            _ = try reply.text()
            _ = try reply.take(3)
            var attributes: [String: UInt16] = [:]
            for place in 0..<(try reply.little(UInt16.self)) {
                attributes[try reply.text()] = place
                _ = try reply.text()
                try skipType(&reply)
                _ = try reply.take(1)
                let defaultBytes = [0: 0, 1: 1, 2: 8, 3: 4][try reply.little(UInt8.self)]
                guard let defaultBytes else { throw BenchError("kith sends an unknown default") }
                _ = try reply.take(defaultBytes + 1)
            }
            for _ in 0..<(try reply.little(UInt8.self)) {
                _ = try reply.text()
                _ = try reply.take(2 * Int(reply.little(UInt8.self)))
            }
            for _ in 0..<(try reply.little(UInt8.self)) {
                _ = try reply.take(4)
                _ = try reply.take(4 * Int(reply.little(UInt8.self)))
            }
            found[name] = (number, attributes)
        }
        guard let contact = found["contact"], let account = found["account"], let name = account.attributes["name"]
        else {
            throw BenchError("kith's schema has no contact or account")
        }
        self.contact = contact.number
        self.account = account.number
        accountName = name
        attributes = try Dataset(recordCount: 0).columns.map { column in
            guard let number = contact.attributes[column.name] else { throw BenchError("no contact.\(column.name)") }
            return number
        }
    }

    private func skipType(_ reply: inout Cursor) throws {
        switch try reply.little(UInt8.self) {
        case 1, 2, 21: _ = try reply.take(4)
        case 3: _ = try reply.take(16)
        case 4: _ = try reply.take(17)
        case 7, 8, 9, 17: _ = try reply.take(2)
        case 12: _ = try reply.take(2 * Int(reply.little(UInt16.self)))
        case 5, 6, 10, 11, 13, 14, 19: break
        case 16:
            _ = try reply.take(1)
            for _ in 0..<4 { _ = try reply.text() }
            try skipType(&reply)
        case 15:
            _ = try reply.text()
            try skipType(&reply)
        case 18: _ = try reply.text()
        case 20:
            _ = try reply.take(8)
            for _ in 0..<(try reply.little(UInt8.self)) { _ = try reply.text() }
        default: throw BenchError("kith sends an unknown type")
        }
    }

    // MARK: Changes

    private func transaction(kind: UInt8, entity: UInt16, rows: Int, attributes: [UInt16]) -> [UInt8] {
        var body: [UInt8] = []
        body.little(UInt16(0))
        body.little(UInt16(0))
        body.little(UInt16(1))
        body.append(kind)
        body.append(0)
        body.little(entity)
        body.little(UInt32(rows))
        body.little(UInt16(0))
        body.little(UInt16(attributes.count))
        for attribute in attributes { body.little(attribute) }
        return body
    }

    func prepare(_ data: Dataset, _ socket: Socket) throws {
        ids = Array(repeating: 0, count: data.recordCount)
        let batchRows = 10_000
        for first in stride(from: 0, to: data.accountCount, by: batchRows) {
            let rows = first..<min(first + batchRows, data.accountCount)
            var body = transaction(kind: 1, entity: account, rows: rows.count, attributes: [accountName])
            var heap: [UInt8] = []
            body.append(0)
            for row in rows {
                heap.append(contentsOf: "Account \(row)".utf8)
                body.little(UInt32(heap.count))
            }
            let reply = try call(socket, Operation.execute, body + heap)
            let id = try KithServer.firstID(of: reply, count: rows.count)
            if first == 0 { firstAccount = id }
            guard id == firstAccount + UInt64(first) else { throw BenchError("kith's account ids are not a run") }
        }
    }

    private static func firstID(of body: ArraySlice<UInt8>, count: Int) throws -> UInt64 {
        var cursor = Cursor(body)
        _ = try cursor.take(8 + 2 + 1)
        let flags = try cursor.little(UInt8.self)
        _ = try cursor.take(2)
        let created = try cursor.little(UInt32.self)
        guard flags == 1, created == count else { throw BenchError("kith created \(created) of \(count) records") }
        _ = try cursor.take(16)
        return try cursor.little(UInt64.self)
    }

    func create(_ data: Dataset, _ rows: Range<Int>) -> Request {
        var body = transaction(kind: 1, entity: contact, rows: rows.count, attributes: columns.map { attributes[$0] })
        for place in columns { data.appendColumn(place, rows, generation: 0, firstAccount: firstAccount, to: &body) }
        return Request(bytes: frame(Operation.execute, body), replyBytes: KithServer.headerBytes + 42)
    }

    func created(_ rows: Range<Int>, reply: ArraySlice<UInt8>) throws {
        let first = try KithServer.firstID(of: try KithServer.body(of: reply), count: rows.count)
        for (offset, row) in rows.enumerated() { ids[row] = first + UInt64(offset) }
    }

    func update(_ data: Dataset, _ row: Int, generation: Int) -> Request {
        var body = transaction(kind: 2, entity: contact, rows: 1, attributes: data.updateColumns.map { attributes[$0] })
        body.little(ids[row])
        for place in data.updateColumns {
            data.appendColumn(place, row..<row + 1, generation: generation, firstAccount: firstAccount, to: &body)
        }
        return Request(bytes: frame(Operation.execute, body), replyBytes: KithServer.headerBytes + 34)
    }

    // MARK: Reads

    func read(_ data: Dataset, _ row: Int, _ columns: [Int], generation: Int) -> Request {
        read(data, [row], columns, generation)
    }

    func readMany(_ data: Dataset, _ rows: [Int], _ columns: [Int]) -> Request { read(data, rows, columns, 0) }

    private func read(_ data: Dataset, _ rows: [Int], _ columns: [Int], _ generation: Int) -> Request {
        var body: [UInt8] = []
        body.little(contact)
        body.little(UInt16(columns.count))
        for place in columns { body.little(attributes[place]) }
        body.little(UInt32(rows.count))
        for row in rows { body.little(ids[row]) }
        var suffix: [UInt8] = []
        for place in columns {
            data.appendColumn(place, rows, generation: generation, firstAccount: firstAccount, to: &suffix)
        }
        return Request(
            bytes: frame(Operation.read, body),
            replyBytes: KithServer.headerBytes + 1 + 8 * rows.count + suffix.count,
            replySuffix: suffix
        )
    }

    // MARK: Snapshot and memory

    func snapshot(_ socket: Socket) throws { _ = try call(socket, Operation.snapshot, []) }

    func isSnapshot(_ file: String) -> Bool { file.hasPrefix("snapshot-") }

    func accountedBytes(directory: String) -> Int? {
        guard let status = output(of: "'\(executable)' status --at '\(directory)' --format json") else { return nil }
        // {"contact":{"recordCount":N,"memoryBytes":N,…: the first such member behind the entity's name.
        guard let entity = status.firstRange(of: "\"contact\":{"),
            let member = status[entity.upperBound...].firstRange(of: "\"memoryBytes\":")
        else { return nil }
        return Int(status[member.upperBound...].prefix { $0.isNumber })
    }
}
