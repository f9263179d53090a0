// The part of a tree's binary form that holds further queries: named ones, unions and sources. See Query+Codec.swift.

extension Query {
    /// Whether some source is a query.
    var hasQuerySources: Bool { source.query != nil || joins.contains { $0.source.query != nil } }

    func encodeInnerQueries(into writer: inout ByteWriter) {
        if !named.isEmpty {
            writer.u8(UInt8(truncatingIfNeeded: named.count))
            for named in named {
                writer.text(named.name)
                writer.location(named.location)
                named.query.encode(into: &writer)
            }
        }
        if !unions.isEmpty {
            writer.u16(UInt16(truncatingIfNeeded: unions.count))
            for query in unions { query.encode(into: &writer) }
        }
        guard hasQuerySources else { return }
        let sources = [source] + joins.map(\.source)
        writer.u8(UInt8(truncatingIfNeeded: sources.count { $0.query != nil }))
        for (number, source) in sources.enumerated() {
            guard let query = source.query else { continue }
            writer.u8(UInt8(truncatingIfNeeded: number))
            query.encode(into: &writer)
        }
    }
}

extension QueryDecoder {
    mutating func innerQueries(
        _ query: inout Query,
        hasNamed: Bool,
        hasUnions: Bool,
        hasSources: Bool
    ) throws(DecodeError) {
        if hasNamed {
            let start = reader.offset
            let count = Int(try reader.u8())
            guard count <= QueryLimits.namedQueryCountMax else {
                throw DecodeError("too many named queries", at: start)
            }
            for _ in 0..<count {
                let name = try name()
                let location = try location()
                query.named.append(Query.Named(name, try subquery(), at: location))
            }
        }
        if hasUnions {
            let start = reader.offset
            let count = Int(try reader.u16())
            guard count < QueryLimits.unionCountMax else { throw DecodeError("too many unions", at: start) }
            for _ in 0..<count { query.unions.append(try subquery()) }
        }
        if hasSources {
            let start = reader.offset
            for _ in 0..<Int(try reader.u8()) {
                let number = Int(try reader.u8())
                guard number <= query.joins.count else { throw DecodeError("source \(number) of a query", at: start) }
                let inner = try subquery()
                if number == 0 { query.source.query = inner } else { query.joins[number - 1].source.query = inner }
            }
        }
    }
}

extension ByteWriter {
    /// u8 function, u32 distance (of LAG and LEAD, else 0), list of the partition, u8 orders: u8 descending, expression.
    mutating func window(_ function: WindowFunction, _ window: Window) {
        var distance = 0
        switch function {
        case .rowNumber: u8(1)
        case .rank: u8(2)
        case .denseRank: u8(3)
        case .lag(let rows):
            u8(4)
            distance = rows
        case .lead(let rows):
            u8(5)
            distance = rows
        case .aggregate(let aggregate): u8(16 + aggregate.rawValue)
        }
        u32(UInt32(clamping: distance))
        list(window.partition)
        u8(UInt8(truncatingIfNeeded: window.order.count))
        for key in window.order {
            u8(key.isDescending ? 1 : 0)
            key.expression.encode(into: &self)
        }
    }
}

extension QueryDecoder {
    mutating func window(_ depth: Int) throws(DecodeError) -> (WindowFunction, Window) {
        let start = reader.offset
        let code = try reader.u8()
        let distance = Int(try reader.u32())
        let function: WindowFunction
        switch code {
        case 1: function = .rowNumber
        case 2: function = .rank
        case 3: function = .denseRank
        case 4: function = .lag(distance)
        case 5: function = .lead(distance)
        default:
            guard code >= 16, let aggregate = AggregateFunction(rawValue: code - 16) else {
                throw DecodeError("unknown window function \(code)", at: start)
            }
            function = .aggregate(aggregate)
        }
        var window = Window(partition: try list(depth))
        for _ in 0..<Int(try reader.u8()) {
            let isDescending = try flag()
            window.order.append(Query.Order(try expression(depth), descending: isDescending))
        }
        guard window.expressions.count <= QueryLimits.keyCountMax else {
            throw DecodeError("too many keys of a window", at: start)
        }
        return (function, window)
    }
}
