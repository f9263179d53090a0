import Engine
import FetchXML

// Queries on the wire: a query as text or tree with its parameters on the way there, blocks of columns on the way back. The
// layout stands in docs/protocol.md.

/// What is asked.
package enum QueryForm: Sendable {
    case sql(String)
    case tree(Query)

    package init(from reader: inout ByteReader) throws(DecodeError) {
        let at = reader.offset
        switch try reader.u8() {
        case 1: self = .sql(try reader.text(lengthBytesMax: QueryLimits.textBytesMax))
        case 2: self = .tree(try Query(from: &reader))
        default: throw DecodeError("a query that is neither text nor tree", at: at)
        }
    }

    package func encode(into writer: inout ByteWriter) {
        switch self {
        case .sql(let text):
            writer.u8(1)
            writer.text(text)
        case .tree(let query):
            writer.u8(2)
            query.encode(into: &writer)
        }
    }

    func prepared(_ schema: Schema) throws(QueryError) -> PreparedQuery {
        switch self {
        case .sql(let text): try PreparedQuery(text: text, schema: schema)
        case .tree(let query): try PreparedQuery(query, schema: schema)
        }
    }
}

/// Values of a query's parameters: in order, or by name.
public struct QueryArguments: Sendable, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral {
    /// For each value its parameter's name; empty for `?`.
    package var values: [(name: String, value: Value)]

    /// Values for `?`, in order.
    public init(_ values: [Value] = []) { self.values = values.map { ("", $0) } }
    /// Values for `:name`.
    public init(_ values: [String: Value]) {
        self.values = values.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
    /// Values for `?`, in order.
    public init(arrayLiteral values: Value...) { self.init(values) }
    /// Values for `:name`.
    public init(dictionaryLiteral values: (String, Value)...) { self.values = values.map { ($0.0, $0.1) } }

    package init(from reader: inout ByteReader) throws(DecodeError) {
        values = []
        for _ in 0..<Int(try reader.u16()) {
            let name = try reader.text(lengthBytesMax: QueryLimits.nameBytesMax)
            values.append((name, try Value(from: &reader)))
        }
    }

    package func encode(into writer: inout ByteWriter) {
        writer.u16(UInt16(truncatingIfNeeded: values.count))
        for (name, value) in values {
            writer.text(name)
            value.encode(into: &writer)
        }
    }

    /// The values in the order in which the query wants them.
    func ordered(for query: PreparedQuery) throws(QueryError) -> [Value] {
        if values.allSatisfy({ $0.name.isEmpty }) { return values.map(\.value) }
        var named: [String: Value] = [:]
        for (name, value) in values where named.updateValue(value, forKey: name) != nil || name.isEmpty {
            throw QueryError(.parameter, "a parameter's value is given twice, or some have names and some have none")
        }
        return try query.parameters(named: named)
    }
}

/// Name and type of a column of an answer.
public struct QueryColumn: Hashable, Sendable {
    /// Alias, attribute or the expression as printed.
    public var name: String
    /// What its values are.
    public var type: QueryType

    init(name: String, type: QueryType) {
        self.name = name
        self.type = type
    }

    /// Names of columns may be printed expressions.
    private static let nameBytesMax = 1 << 20

    init(from reader: inout ByteReader) throws(DecodeError) {
        name = try reader.text(lengthBytesMax: QueryColumn.nameBytesMax)
        let at = reader.offset
        let tag = try reader.u8()
        let scale = try reader.u8()
        let set = try reader.u16()
        switch tag {
        case 0: type = .null
        case 1: type = .boolean
        case 2: type = .integer
        case 3: type = .decimal(scale: scale)
        case 4: type = .double
        case 5: type = .date
        case 6: type = .instant
        case 7: type = .option(OptionSetID(set))
        case 8: type = .id
        case 9: type = .text(.general)
        default: throw DecodeError("unknown type \(tag) of a column", at: at)
        }
    }

    func encode(into writer: inout ByteWriter) {
        writer.text(name)
        var set: UInt16 = 0
        let tag: UInt8
        switch type {
        case .null: tag = 0
        case .boolean: tag = 1
        case .integer: tag = 2
        case .decimal: tag = 3
        case .double: tag = 4
        case .date: tag = 5
        case .instant: tag = 6
        case .option(let option): (tag, set) = (7, option.rawValue)
        case .id: tag = 8
        case .text: tag = 9
        }
        writer.u8(tag)
        writer.u8(type.scale)
        writer.u16(set)
    }

    static func encode(_ columns: [(name: String, type: QueryType)], into writer: inout ByteWriter) {
        writer.u16(UInt16(truncatingIfNeeded: columns.count))
        for column in columns { QueryColumn(name: column.name, type: column.type).encode(into: &writer) }
    }

    static func list(from reader: inout ByteReader) throws(DecodeError) -> [QueryColumn] {
        var columns: [QueryColumn] = []
        for _ in 0..<Int(try reader.u16()) { columns.append(try QueryColumn(from: &reader)) }
        return columns
    }
}

/// Rows of an answer.
public struct QueryBlock: Sendable {
    /// Position of the view that the query saw.
    public var position: Position
    /// The values, row by row.
    public var rows: [[Value]]

    init(from reader: inout ByteReader, _ columns: [QueryColumn], rowCount: Int) throws(DecodeError) {
        position = try reader.u64()
        // Every row of an answer takes a bit at least, except where all is null: that is bounded here.
        guard rowCount <= Limits.operationRowsMax else { throw DecodeError("\(rowCount) rows in a block", at: 0) }
        rows = Array(repeating: [], count: rowCount)
        for column in columns {
            let view = try ColumnView(from: &reader, kind: column.type.physicalKind, count: rowCount)
            for row in 0..<rowCount {
                guard view.isValid(row) else {
                    rows[row].append(.null)
                    continue
                }
                rows[row].append(
                    column.type.isText
                        ? .text(String(decoding: view.text(row), as: UTF8.self)) : column.type.value(view.number(row))
                )
            }
        }
        try reader.expectEnd()
    }
}
