// A state of the engine as parts that can be encoded one by one, in any order and on any thread: what a snapshot holds.
//
//   kind 1  schema                                   one part
//   kind 2  position, time, request results          one part
//   kind 3  table: rows, next sequence               per entity
//   kind 4  column block                             per entity, column, chunk
//   kind 5  order of an indexed column: rows         per entity, column, run of 65,536 rows
//
// Directory, links, hash indexes and free rows follow from the columns and are rebuilt; the order of ordered indexes is
// kept, because sorting is what would make a restore slow.

/// Names a part of an image. The four numbers are those of a snapshot block's key.
package struct ImagePart: Hashable, Sendable {
    package static let schemaKind: UInt16 = 1
    package static let stateKind: UInt16 = 2
    package static let tableKind: UInt16 = 3
    package static let blockKind: UInt16 = 4
    package static let orderKind: UInt16 = 5

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
    /// Rows in one part of an order.
    static let orderRows = 65_536

    package let view: View
    let timeMicroseconds: Int64
    let results: RequestResults
    /// The parts, in the order in which they are best written.
    package let parts: [ImagePart]
    /// Rows in order per ordered column, computed once: `parts` cuts them.
    private let orders: [OrderKey: [UInt32]]

    private struct OrderKey: Hashable, Sendable {
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
    }

    private init(_ image: EngineImage, parts: [ImagePart], orders: [OrderKey: [UInt32]]) {
        view = image.view
        timeMicroseconds = image.timeMicroseconds
        results = image.results
        self.parts = parts
        self.orders = orders
    }

    /// The same image with its parts listed: work for a thread that is not the writer.
    package func prepared() -> EngineImage {
        var parts = [ImagePart(kind: ImagePart.schemaKind), ImagePart(kind: ImagePart.stateKind)]
        var orders: [OrderKey: [UInt32]] = [:]
        for (place, table) in view.tables.enumerated() {
            let entity = table.entity.id.rawValue
            parts.append(ImagePart(kind: ImagePart.tableKind, entity: entity))
            for chunk in 0..<table.blockCount {
                for column in table.layout.columns.indices where table.block(column, chunk) != nil {
                    parts.append(
                        ImagePart(
                            kind: ImagePart.blockKind,
                            entity: entity,
                            column: UInt32(column),
                            index: UInt32(chunk)
                        )
                    )
                }
            }
            for column in table.layout.columns.indices {
                guard let order = table.order(column) else { continue }
                var rows: [UInt32] = []
                rows.reserveCapacity(order.count)
                switch order {
                case .number(let index):
                    index.forEach { _, row in
                        rows.append(row); return true
                    }
                case .text(let index):
                    index.forEach { _, row in
                        rows.append(row); return true
                    }
                }
                for index in 0..<(rows.count + EngineImage.orderRows - 1) / EngineImage.orderRows {
                    parts.append(
                        ImagePart(
                            kind: ImagePart.orderKind,
                            entity: entity,
                            column: UInt32(column),
                            index: UInt32(index)
                        )
                    )
                }
                orders[OrderKey(place: place, column: column)] = rows
            }
        }
        return EngineImage(self, parts: parts, orders: orders)
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
        default:
            guard let place = view.schema.place(of: EntityID(part.entity)) else { return }
            let table = view.tables[place]
            switch part.kind {
            case ImagePart.tableKind:
                writer.u64(UInt64(table.rowCount))
                writer.u64(table.nextSequence)
            case ImagePart.blockKind: table.block(Int(part.column), Int(part.index))?.encode(into: &writer)
            default:
                guard let rows = orders[OrderKey(place: place, column: Int(part.column))] else { return }
                let start = Int(part.index) * EngineImage.orderRows
                for row in rows[start..<min(start + EngineImage.orderRows, rows.count)] { writer.u32(row) }
            }
        }
    }
}
