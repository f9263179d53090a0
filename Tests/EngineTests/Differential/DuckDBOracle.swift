// DuckDB as a second oracle, where it is installed: the module `duckdb` of the Python in `.build/duckdb`, where `make torture`
// installs it, or of the one in the path.
//
// A child process reads statements from its standard input and writes their rows to its standard output. It ends when its input
// does, and with a statement that takes more than a minute.

import Foundation

/// Two DuckDB databases in memory of a process of their own.
///
/// Thread rule: one thread at a time.
final class DuckDBOracle {
    /// What DuckDB says to a statement that it does not take.
    struct Refusal: Error, CustomStringConvertible {
        let description: String

        /// Whether it has found a fault of its own in the statement: its database takes nothing after it.
        var endsDatabase: Bool { description.contains("FATAL") || description.contains("has been invalidated") }
    }

    /// The command that begins a Python that has DuckDB; nil without one.
    static let python: [String]? = {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let own = root.appending(path: ".build/duckdb/bin/python3").path(percentEncoded: false)
        return [[own], ["/usr/bin/env", "python3"]].first { command in
            guard FileManager.default.isExecutableFile(atPath: command[0]) else { return false }
            let process = process(command, "import duckdb")
            (process.standardOutput, process.standardError) = (FileHandle.nullDevice, FileHandle.nullDevice)
            guard (try? process.run()) != nil else { return false }
            process.waitUntilExit()
            return process.terminationStatus == 0
        }
    }()

    private static func process(_ command: [String], _ script: String) -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: command[0])
        process.arguments = command.dropFirst() + ["-c", script]
        return process
    }

    /// A line is the number of a database and a statement, or none for a new database; the answer begins with how many rows it
    /// has, or with a refusal.
    private static let script = """
        import duckdb, signal, sys
        databases = [None, None]
        def rows(database, statement):
            if statement:
                return databases[database].execute(statement).fetchall()
            databases[database] = duckdb.connect(config={"threads": 1, "memory_limit": "1GB"})
            return []
        def text(cell):
            return "NULL" if cell is None else str(int(cell)) if isinstance(cell, bool) else str(cell)
        for line in sys.stdin.buffer:
            signal.alarm(60)
            try:
                found = rows(int(line[:1]), line[1:].decode().strip())
                answer = [str(len(found))] + ["\\x1f".join(map(text, row)) for row in found]
            except duckdb.Error as error:
                answer = ["!" + str(error).split("\\n")[0]]
            signal.alarm(0)
            sys.stdout.buffer.write(("\\n".join(answer) + "\\n").encode())
            sys.stdout.buffer.flush()
        """

    private let process: Process
    private let (input, output) = (Pipe(), Pipe())
    private var unread = Data()

    /// Starts it; nil where DuckDB is not installed.
    init?() throws {
        guard let python = Self.python else { return nil }
        process = Self.process(python, Self.script)
        (process.standardInput, process.standardOutput) = (input, output)
        // A write to a process that has ended is an error, not the end of this one.
        signal(SIGPIPE, SIG_IGN)
        try process.run()
    }

    deinit {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    /// Begins a database anew and executes statements in it.
    func begin(_ database: Int, _ statements: [String]) throws {
        _ = try rows(database, "")
        // Settings that a version does not know are what it does anyway.
        for setting in [
            "default_null_order='sqlite'", "error_on_division_by_zero=false", "ieee_floating_point_ops=false",
            "scalar_subquery_error_on_multiple_rows=false",
            // In 2.0.1 it takes (SELECT … FROM a LEFT JOIN b ON b.x = 0 LIMIT 1) for more than one row, and EXISTS of it for
            // false.
            "disabled_optimizers='statistics_propagation'",
        ] {
            do { _ = try rows(database, "SET \(setting)") } catch is Refusal {}
        }
        let macros = OracleDialect.macros.map { "CREATE MACRO \($0)" }
        _ = try rows(database, "BEGIN;\((macros + statements).joined(separator: ";"));COMMIT")
    }

    /// The rows of a query, every cell as text.
    func rows(_ database: Int, _ query: String) throws -> [[String]] {
        try input.fileHandleForWriting.write(contentsOf: Data("\(database)\(query)\n".utf8))
        let first = try line()
        guard let count = Int(first) else { throw Refusal(description: String(first.dropFirst())) }
        return try (0..<count).map { _ in try line().components(separatedBy: "\u{1F}") }
    }

    private func line() throws -> String {
        while true {
            if let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
                defer { unread = unread[(end + 1)...] }
                return String(decoding: unread[..<end], as: UTF8.self)
            }
            let more = output.fileHandleForReading.availableData
            guard !more.isEmpty else { throw Ended() }
            unread = Data(unread) + more
        }
    }

    /// The process has ended.
    struct Ended: Error {}
}
