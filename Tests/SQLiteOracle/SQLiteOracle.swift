// SQLite in the tests' process, with Kith's collation in the place of its NOCASE and Kith's folding in that of `lower` and
// LIKE: what is left to compare is what the queries mean.

import CSQLite
import Engine

/// An empty SQLite database in memory.
///
/// Thread rule: one thread at a time.
public final class SQLiteOracle {
    /// What SQLite says to a statement that it does not take.
    public struct Refusal: Error, CustomStringConvertible {
        /// Its message.
        public let description: String
    }

    private let handle: OpaquePointer
    /// `sqlite3_destructor_type` that makes SQLite copy what it is given.
    private static let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

    /// Opens it.
    public init() throws {
        var opened: OpaquePointer?
        guard sqlite3_open(":memory:", &opened) == SQLITE_OK, let opened else {
            throw Refusal(description: "SQLite does not open a database in memory")
        }
        handle = opened
        kith_sqlite_without_wrong_optimisations(handle)
        sqlite3_create_collation_v2(
            handle,
            "NOCASE",
            SQLITE_UTF8,
            nil,
            { _, aCount, a, bCount, b in
                func bytes(_ pointer: UnsafeRawPointer?, _ count: Int32) -> UnsafeBufferPointer<UInt8> {
                    UnsafeBufferPointer(start: pointer?.assumingMemoryBound(to: UInt8.self), count: Int(count))
                }
                return Int32(Collation.compare(bytes(a, aCount), bytes(b, bCount)))
            },
            nil
        )
        define("lower", 1) { context, values in
            guard let text = Self.text(values[0]) else { return sqlite3_result_null(context) }
            let folded = String(decoding: Self.folded(text), as: UTF8.self)
            sqlite3_result_text(context, folded, -1, Self.transient)
        }
        for count in [Int32(2), 3] {
            define("like", count) { context, values in
                // `text LIKE pattern ESCAPE escape` calls like(pattern, text, escape).
                guard let pattern = Self.text(values[0]), let text = Self.text(values[1]) else {
                    return sqlite3_result_null(context)
                }
                let escape = count == 3 ? Self.text(values[2])?.unicodeScalars.first?.value : nil
                sqlite3_result_int(context, Self.matches(text, pattern, escape: escape) ? 1 : 0)
            }
        }
    }

    deinit { sqlite3_close_v2(handle) }

    /// The text as Kith compares it.
    public static func folded(_ text: String) -> [UInt8] {
        var folded: [UInt8] = []
        Array(text.utf8).withUnsafeBufferPointer { Collation.fold($0, into: &folded) }
        return folded
    }

    /// LIKE, written anew for the comparison: over folded scalars, backwards-free and slow.
    static func matches(_ text: String, _ pattern: String, escape: UInt32?) -> Bool {
        enum Part: Equatable { case any, one, scalar(Unicode.Scalar) }
        func scalars(_ text: String) -> [Unicode.Scalar] {
            Array(String(decoding: folded(text), as: UTF8.self).unicodeScalars)
        }
        var parts: [Part] = []
        var rest = pattern.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            if scalar.value == escape, let next = rest.popFirst() {
                parts += scalars(String(next)).map(Part.scalar)
            } else if scalar == "%" {
                parts.append(.any)
            } else if scalar == "_" {
                parts.append(.one)
            } else {
                parts += scalars(String(scalar)).map(Part.scalar)
            }
        }
        // reached[i]: the first i scalars of the text fit the parts so far.
        let letters = scalars(text)
        var reached = [Bool](repeating: false, count: letters.count + 1)
        reached[0] = true
        for part in parts {
            var next = [Bool](repeating: false, count: letters.count + 1)
            for index in 0...letters.count {
                switch part {
                case .any: next[index] = reached[index] || index > 0 && next[index - 1]
                case .one: next[index] = index > 0 && reached[index - 1]
                case .scalar(let scalar): next[index] = index > 0 && reached[index - 1] && letters[index - 1] == scalar
                }
            }
            reached = next
        }
        return reached[letters.count]
    }

    private typealias Implementation = (OpaquePointer?, [OpaquePointer?]) -> Void

    private final class Function {
        let body: Implementation
        init(_ body: @escaping Implementation) { self.body = body }
    }

    private func define(_ name: String, _ count: Int32, _ body: @escaping Implementation) {
        sqlite3_create_function_v2(
            handle,
            name,
            count,
            SQLITE_UTF8 | SQLITE_DETERMINISTIC,
            Unmanaged.passRetained(Function(body)).toOpaque(),
            { context, count, values in
                guard let data = sqlite3_user_data(context) else { return }
                let function = Unmanaged<Function>.fromOpaque(data).takeUnretainedValue()
                function.body(context, (0..<Int(count)).map { values?[$0] })
            },
            nil,
            nil,
            { $0.map { Unmanaged<Function>.fromOpaque($0).release() } }
        )
    }

    private static func text(_ value: OpaquePointer?) -> String? {
        guard sqlite3_value_type(value) != SQLITE_NULL, let bytes = sqlite3_value_text(value) else { return nil }
        let count = Int(sqlite3_value_bytes(value))
        return String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
    }

    /// Executes statements that have no rows.
    public func execute(_ sql: String) throws {
        guard sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else { throw refusal(sql) }
    }

    /// The rows of a query, every cell as text, nulls as `NULL`, real numbers with seventeen digits.
    public func rows(_ sql: String) throws -> [[String]] {
        var statement: OpaquePointer?
        guard sqlite3_prepare_v2(handle, sql, -1, &statement, nil) == SQLITE_OK else { throw refusal(sql) }
        defer { sqlite3_finalize(statement) }
        var rows: [[String]] = []
        while true {
            let status = sqlite3_step(statement)
            if status == SQLITE_DONE { return rows }
            guard status == SQLITE_ROW else { throw refusal(sql) }
            rows.append((0..<sqlite3_column_count(statement)).map { cell(statement, $0) })
        }
    }

    private func cell(_ statement: OpaquePointer?, _ column: Int32) -> String {
        switch sqlite3_column_type(statement, column) {
        case SQLITE_NULL: return "NULL"
        case SQLITE_INTEGER: return String(sqlite3_column_int64(statement, column))
        case SQLITE_FLOAT: return String(sqlite3_column_double(statement, column))
        default:
            let bytes = UnsafeBufferPointer(
                start: sqlite3_column_text(statement, column),
                count: Int(sqlite3_column_bytes(statement, column))
            )
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    private func refusal(_ sql: String) -> Refusal {
        Refusal(description: "SQLite: \(String(cString: sqlite3_errmsg(handle))) in \(sql.prefix(2000))")
    }
}
