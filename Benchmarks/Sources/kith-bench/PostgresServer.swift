// PostgreSQL's protocol 3.0, as far as rows 5 and 6 need it: a contact is a row with Kith's indexes. An update is a prepared
// statement executed and committed by itself (Bind, Execute, Sync), sent without waiting for the one before; a load is a
// `COPY … FROM STDIN` a batch. Values go as text, so that the length of every reply is known.

import BenchData
import Glibc

final class PostgresServer: Server {
    let name = "postgresql"
    var columns = Array(0..<20)
    private let binaries: String
    private let configuration: String
    /// Whom the server runs as: it refuses root.
    private let user: String?
    /// What every connection prepares, once the table is there.
    private var statements: [(name: String, text: String)] = []

    /// Where Debian keeps the version that the targets name.
    private static let folder = "/usr/lib/postgresql/15/bin"

    /// - Throws: why there is no such server here.
    init(home: String) throws {
        binaries = PostgresServer.folder
        configuration = "\(home)/Peers/postgresql.conf"
        guard access("\(binaries)/postgres", X_OK) == 0 else { throw BenchError("not installed") }
        user = geteuid() == 0 ? "postgres" : nil
        if let user {
            guard getpwnam(user) != nil else { throw BenchError("it refuses root, and there is no user postgres") }
        }
    }

    var version: String? { firstLine(of: "\(binaries)/postgres --version") }

    // MARK: Process

    /// Ends connections instead of waiting for them to end.
    var stopSignal: Int32 { SIGINT }
    var isOneProcess: Bool { false }

    private func asUser(_ command: [String]) -> [String] {
        guard let user else { return command }
        return ["setpriv", "--reuid", user, "--regid", user, "--init-groups", "--reset-env"] + command
    }

    func makeDirectory(_ directory: String, work: String) throws {
        if let user, let entry = getpwnam(user) {
            guard chmod(work, 0o711) == 0, chown(directory, entry.pointee.pw_uid, entry.pointee.pw_gid) == 0 else {
                throw BenchError.system(directory)
            }
        }
        let command = ["\(binaries)/initdb", "-D", directory, "-U", "bench", "-A", "trust", "--locale=C.UTF-8", "-N"]
        guard output(of: asUser(command).map { "'\($0)'" }.joined(separator: " ")) != nil else {
            throw BenchError("initdb failed in \(directory)")
        }
        try writeFile("\(directory)/bench.conf", try readFile(configuration))
        guard chmod("\(directory)/bench.conf", 0o644) == 0 else { throw BenchError.system("\(directory)/bench.conf") }
    }

    func command(directory: String, port: UInt16, purpose: Purpose) -> [String] {
        asUser([
            "\(binaries)/postgres", "-D", directory, "--config-file=\(directory)/bench.conf", "-p", "\(port)",
            "-c", "unix_socket_directories=",
        ])
    }

    // MARK: Connection

    func connect(port: UInt16) throws -> Socket {
        let socket = try Socket(port: port)
        var startup: [UInt8] = []
        startup.big(UInt32(196_608))
        for text in ["user", "bench", "database", "postgres", ""] {
            startup += text.utf8
            startup.append(0)
        }
        var bytes: [UInt8] = []
        bytes.big(UInt32(startup.count + 4))
        try socket.send(bytes + startup)
        try receiveUntilReady(socket)
        if !statements.isEmpty {
            try socket.send(statements.flatMap { parse($0.name, $0.text) } + sync)
            try receiveUntilReady(socket)
        }
        return socket
    }

    /// Receives messages up to the one that says that the server waits; throws when one is an error.
    private func receiveUntilReady(_ socket: Socket) throws {
        while true {
            let head = try socket.receive(5)
            let length = head.dropFirst().reduce(0) { $0 << 8 | Int($1) }
            let body = try socket.receive(length - 4)
            switch head.first {
            case UInt8(ascii: "E"):
                let text = body.map { $0 == 0 ? 32 : $0 }
                throw BenchError("postgresql refuses: \(String(decoding: text, as: UTF8.self))")
            case UInt8(ascii: "Z"): return
            default: continue
            }
        }
    }

    func prepare(_ data: Dataset, _ socket: Socket) throws {
        let types: [Column.Kind: String] = [
            .text: "text", .bool: "smallint", .int32: "integer", .int64: "bigint", .account: "bigint",
        ]
        let declared = columns.map { "\(data.columns[$0].name) \(types[data.columns[$0].kind] ?? "text")" }
        var statements = ["CREATE TABLE contact (id bigint PRIMARY KEY, \(declared.joined(separator: ", ")))"]
        // Kith's: the alternate key, the lookup, and the two that are ordered.
        for name in ["externalid", "parentcustomerid", "fullname", "lastname"]
        where columns.contains(where: { data.columns[$0].name == name }) {
            statements.append("CREATE \(name == "externalid" ? "UNIQUE " : "")INDEX ON contact (\(name))")
        }
        for statement in statements {
            try socket.send(message("Q", Array(statement.utf8) + [0]))
            try receiveUntilReady(socket)
        }
        func names(_ places: [Int]) -> String {
            places.map { data.columns[$0].name }.joined(separator: ", ")
        }
        let changed = data.updateColumns.enumerated().map { "\(data.columns[$1].name) = $\($0 + 1)" }
        self.statements = [
            ("u", "UPDATE contact SET \(changed.joined(separator: ", ")) WHERE id = $\(changed.count + 1)"),
            (readName(data.updateColumns), "SELECT \(names(data.updateColumns)) FROM contact WHERE id = $1"),
            (readName(columns), "SELECT \(names(columns)) FROM contact WHERE id = $1"),
        ]
    }

    private func readName(_ places: [Int]) -> String { "r\(places.count)" }

    // MARK: Messages

    private func message(_ type: Unicode.Scalar, _ body: [UInt8]) -> [UInt8] {
        var bytes = [UInt8(ascii: type)]
        bytes.big(UInt32(body.count + 4))
        return bytes + body
    }

    private var sync: [UInt8] { message("S", []) }

    private func parse(_ name: String, _ statement: String) -> [UInt8] {
        message("P", Array(name.utf8) + [0] + Array(statement.utf8) + [0, 0, 0])
    }

    /// Bind with text values, Execute, Sync.
    private func execute(_ name: String, _ values: [[UInt8]]) -> [UInt8] {
        var body: [UInt8] = [0]
        body += name.utf8
        body += [0, 0, 0]
        body.big(UInt16(values.count))
        for value in values {
            body.big(UInt32(value.count))
            body += value
        }
        body += [0, 0]
        return message("B", body) + message("E", [0, 0, 0, 0, 0]) + sync
    }

    private func completed(_ tag: String) -> [UInt8] {
        message("C", Array(tag.utf8) + [0]) + message("Z", [UInt8(ascii: "I")])
    }

    private func value(_ data: Dataset, _ place: Int, _ row: Int, _ generation: Int) -> [UInt8] {
        if data.columns[place].kind == .text { return Array(data.text(place, row, generation)) }
        return decimal(data.number(place, row, generation))
    }

    private func decimal(_ number: Int64) -> [UInt8] {
        var digits: [UInt8] = []
        digits.decimal(number)
        return digits
    }

    // MARK: Requests

    func create(_ data: Dataset, _ rows: Range<Int>) -> Request {
        var bytes = message("Q", Array("COPY contact FROM STDIN".utf8) + [0])
        var text: [UInt8] = []
        for row in rows {
            // No value of the data holds a tab, a line feed or a backslash.
            text.decimal(Int64(row))
            for place in columns {
                text.append(9)
                text += value(data, place, row, 0)
            }
            text.append(10)
        }
        bytes += message("d", text) + message("c", [])
        let reply = copied(rows.count)
        return Request(bytes: bytes, replyBytes: reply.count, replySuffix: reply)
    }

    private func copied(_ rowCount: Int) -> [UInt8] {
        var begun: [UInt8] = [0]
        begun.big(UInt16(columns.count + 1))
        begun += Array(repeating: 0, count: 2 * (columns.count + 1))
        return message("G", begun) + completed("COPY \(rowCount)")
    }

    func created(_ rows: Range<Int>, reply: ArraySlice<UInt8>) throws {
        guard reply.elementsEqual(copied(rows.count)) else {
            throw BenchError("postgresql did not copy \(rows.count) rows")
        }
    }

    func update(_ data: Dataset, _ row: Int, generation: Int) -> Request {
        let values = data.updateColumns.map { value(data, $0, row, generation) } + [decimal(Int64(row))]
        let reply = message("2", []) + completed("UPDATE 1")
        return Request(bytes: execute("u", values), replyBytes: reply.count, replySuffix: reply)
    }

    func read(_ data: Dataset, _ row: Int, _ columns: [Int], generation: Int) -> Request {
        var fields: [UInt8] = []
        fields.big(UInt16(columns.count))
        for place in columns {
            let value = value(data, place, row, generation)
            fields.big(UInt32(value.count))
            fields += value
        }
        let reply = message("2", []) + message("D", fields) + completed("SELECT 1")
        return Request(
            bytes: execute(readName(columns), [decimal(Int64(row))]),
            replyBytes: reply.count,
            replySuffix: reply
        )
    }
}
