// A state of the engine as parts that can be encoded one by one, in any order and on any thread: what a snapshot holds.
//
//   kind 1  schema                                   one part
//   kind 2  position, time, request results          one part
//   kind 3  table: rows, next sequence               per entity
//   kind 4  column block, or a piece of one          per entity, column, chunk: BlockPieces
//   kind 5  order of an indexed column: OrderPlaces  per entity, column, chunk
//   kind 6  last number of an auto-number attribute  per entity, column that has given one
//   kind 7  contents that files refer to             per 65,536 of them, sorted: what must be kept for the snapshot
//
// Directory, links, hash indexes and free rows follow from the columns and are rebuilt; the order of ordered indexes is
// kept, because sorting is what would make a restore slow. It is kept as each row's place in it, so that a restore reads
// columns as they stand.

/// Names a part of an image. The four numbers are those of a snapshot block's key.
package struct ImagePart: Hashable, Sendable {
    package static let schemaKind: UInt16 = 1
    package static let stateKind: UInt16 = 2
    package static let tableKind: UInt16 = 3
    package static let blockKind: UInt16 = 4
    package static let orderKind: UInt16 = 5
    package static let numberKind: UInt16 = 6
    package static let contentsKind: UInt16 = 7

    package var kind: UInt16
    package var entity: UInt16
    package var column: UInt32
    package var index: UInt32

    package init(kind: UInt16, entity: UInt16 = 0, column: UInt32 = 0, index: UInt32 = 0) {
        self.kind = kind
        self.entity = entity
        self.column = column
        self.index = index
    }
}

/// A state to be written. Thread rule: may be used from any thread.
package struct EngineImage: Sendable {
    package let view: View
    let timeMicroseconds: Int64
    let results: RequestResults
    /// The parts, in the order in which they are best written.
    package let parts: [ImagePart]
    /// Per ordered column each row's place in the order and the number of entries, computed once: `parts` cuts them.
    private let orders: [ColumnKey: (places: [UInt32], count: Int)]
    /// Per column of texts what they are made of, where that is known.
    private let symbols: [ColumnKey: TextSymbols]
    /// The rows of those parts that are pieces of a block.
    private let pieceRows: [ImagePart: Range<Int>]
    /// What files refer to, sorted.
    private let contents: [FileContent]

    private struct ColumnKey: Hashable, Sendable {
        var place: Int
        var column: Int
    }

    /// O(parts + ordered rows).
    package init(_ engine: Engine) {
        view = engine.view
        timeMicroseconds = engine.timeMicroseconds
        results = engine.results
        parts = []
        orders = [:]
        symbols = [:]
        pieceRows = [:]
        contents = []
    }

    private init(
        _ image: EngineImage,
        parts: [ImagePart],
        orders: [ColumnKey: (places: [UInt32], count: Int)],
        symbols: [ColumnKey: TextSymbols],
        pieceRows: [ImagePart: Range<Int>],
        contents: [FileContent]
    ) {
        view = image.view
        timeMicroseconds = image.timeMicroseconds
        results = image.results
        self.parts = parts
        self.orders = orders
        self.symbols = symbols
        self.pieceRows = pieceRows
        self.contents = contents
    }

    /// The same image with its parts listed: work for a thread that is not the writer.
    package func prepared() -> EngineImage {
        var parts = [ImagePart(kind: ImagePart.schemaKind), ImagePart(kind: ImagePart.stateKind)]
        var orders: [ColumnKey: (places: [UInt32], count: Int)] = [:]
        var symbols: [ColumnKey: TextSymbols] = [:]
        var pieceRows: [ImagePart: Range<Int>] = [:]
        for (place, table) in view.tables.enumerated() {
            let entity = table.entity.id.rawValue
            parts.append(ImagePart(kind: ImagePart.tableKind, entity: entity))
            for (place, last) in table.lastNumbers.enumerated() where last > 0 {
                let column = UInt32(table.layout.autoNumbers[place].column)
                parts.append(ImagePart(kind: ImagePart.numberKind, entity: entity, column: column))
            }
            for chunk in 0..<table.blockCount {
                for column in table.layout.columns.indices {
                    let pieces = table.block(column, chunk)?.pieces() ?? []
                    for (piece, rows) in pieces.enumerated() {
                        let part = ImagePart(entity: table.entity.id, column: column, chunk: chunk, piece: piece)
                        parts.append(part)
                        if pieces.count > 1 { pieceRows[part] = rows }
                    }
                }
            }
            for column in table.layout.columns.indices where table.layout.columns[column] == .text {
                symbols[ColumnKey(place: place, column: column)] = TextSymbols(sample: table.sampleOfTexts(column))
            }
            for column in table.layout.columns.indices {
                guard let order = table.order(column) else { continue }
                var places = [UInt32](repeating: 0, count: table.rowCount)
                var next: UInt32 = 0
                func take(_ row: UInt32) -> Bool {
                    places[Int(row)] = next
                    next += 1
                    return true
                }
                switch order {
                case .number(let index): index.forEach { _, row in take(row) }
                case .text(let index): index.forEach { _, row in take(row) }
                }
                for chunk in 0..<table.blockCount where table.block(column, chunk) != nil {
                    parts.append(
                        ImagePart(
                            kind: ImagePart.orderKind,
                            entity: entity,
                            column: UInt32(column),
                            index: UInt32(chunk)
                        )
                    )
                }
                orders[ColumnKey(place: place, column: column)] = (places, order.count)
            }
        }
        let contents = view.fileContents
        for piece in 0..<FileContent.pieceCount(of: contents) {
            parts.append(ImagePart(kind: ImagePart.contentsKind, index: UInt32(piece)))
        }
        return EngineImage(
            self,
            parts: parts,
            orders: orders,
            symbols: symbols,
            pieceRows: pieceRows,
            contents: contents
        )
    }

    /// Appends the bytes of a part.
    package func encode(_ part: ImagePart, into writer: inout ByteWriter) {
        switch part.kind {
        case ImagePart.schemaKind: view.schema.encode(into: &writer)
        case ImagePart.stateKind:
            writer.u64(view.position)
            writer.i64(timeMicroseconds)
            writer.u16(Collation.version)
            results.encode(into: &writer)
        case ImagePart.contentsKind: FileContent.encode(contents, piece: Int(part.index), into: &writer)
        default:
            guard let place = view.schema.place(of: EntityID(part.entity)) else { return }
            let table = view.tables[place]
            switch part.kind {
            case ImagePart.tableKind:
                writer.u64(UInt64(table.rowCount))
                writer.u64(table.nextSequence)
            case ImagePart.numberKind:
                let number = table.layout.autoNumbers.firstIndex { $0.column == Int(part.column) }
                writer.u64(number.map { table.lastNumbers[$0] } ?? 0)
            case ImagePart.blockKind:
                let symbols = symbols[ColumnKey(place: place, column: Int(part.column))]
                let block = table.block(Int(part.column), part.chunk)
                block?.encode(into: &writer, symbols: symbols, rows: pieceRows[part])
            default:
                let key = ColumnKey(place: place, column: Int(part.column))
                guard let order = orders[key], let block = table.block(Int(part.column), Int(part.index)) else {
                    return
                }
                let first = Int(part.index) * Table.blockRows
                let places = order.places[first..<min(first + Table.blockRows, order.places.count)]
                OrderPlaces.encode(block.head, below: order.count, into: &writer, places)
            }
        }
    }
}

extension TableView {
    /// Some texts of a column that stand outside their slots, one behind the other: up to 64 from up to 16 chunks, spread
    /// evenly, and of each up to 256 bytes.
    fileprivate func sampleOfTexts(_ column: Int) -> [UInt8] {
        var sample: [UInt8] = []
        let chunkStep = max(1, (blockCount + 15) / 16)
        for chunk in stride(from: 0, to: blockCount, by: chunkStep) {
            guard let block = block(column, chunk) else { continue }
            for row in stride(from: 0, to: block.capacity, by: block.capacity / 64) where block.head.isValid(row) {
                let text = block.head.text(row)
                if text.count > TextSlot.inlineBytesMax { sample.append(contentsOf: text.prefix(256)) }
            }
        }
        return sample
    }
}
