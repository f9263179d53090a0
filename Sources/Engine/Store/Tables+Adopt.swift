// Tables under another schema: the same records, with columns and indexes added, dropped or rebuilt as the new layouts say.
//
// What it costs, for ten million records (1,221 chunks):
// - A table that the change does not concern stays as it is, the views of it included.
// - Another attribute: each chunk gets a wider list of blocks and no block, a few milliseconds. A column that is null in
//   every row of a chunk has no block, so there is nothing to fill.
// - A required attribute with a default: 8,192 values a chunk, 10 to 80 MB in all.
// - A wider number (four bytes to eight) or option set (one to two): the column is copied, 40 to 80 MB.
// - Another ordered index or key, or another collation of its texts: each value is entered, 0.1 to 0.3 µs. An index over several columns is sorted.
//
// Large indexes were made before that, beside the writer (IndexesAhead).
//
// The values were asked before (`SchemaTransition`): here nothing can fail.

extension Tables {
    /// Replaces all tables by ones under the layouts of `schema`; a table whose entity was there before keeps its records.
    /// - Parameter fills: whether records that are there get the default of a required attribute that is new.
    /// - Parameter ahead: indexes that were made before, up to this moment.
    func adopt(_ schema: Schema, from old: Schema, fills: Bool, ahead: IndexesAhead? = nil) {
        let layouts = schema.entities.enumerated().map { place, entity in
            let before = old.place(of: entity.id)
            let isKept =
                before.map { before in
                    old.entities[before] == entity && old.hasSameColumns(entity, in: schema)
                        && self[before].layout.composites.map(\.index) == TableIndex.all(of: entity, in: schema)
                } ?? false
            return isKept ? self[before ?? 0].layout : TableLayout(entity: entity, schema: schema)
        }
        replaceAll(layouts, keeping: schema.entities.map { old.place(of: $0.id) }) { table, layout in
            table.adopting(layout, fills: fills, ahead: ahead?.table(layout)) { id in
                old.place(of: id.entity).map { self[$0].row(of: id) } ?? Table.noRow
            }
        }
    }
}

extension Schema {
    /// Whether the columns of an entity's options are numbered as in another schema.
    fileprivate func hasSameColumns(_ entity: Entity, in other: Schema) -> Bool {
        entity.attributes.allSatisfy { attribute in
            attribute.type.optionSet.map { set in
                let (before, after) = (self[set].options, other[set].options)
                return before.map(\.value) == after.map(\.value) && before.map(\.isDeleted) == after.map(\.isDeleted)
            } ?? true
        }
    }
}

extension Table {
    /// The same records under another layout. `rowOf` finds the row of a record of any table, as it was.
    fileprivate borrowing func adopting(
        _ layout: TableLayout,
        fills: Bool,
        ahead: TableAhead?,
        _ rowOf: (RecordID) -> UInt32
    ) -> Table {
        var table = Table(layout: layout)
        table.takeRows(of: self)
        table.chunks = chunks.adopted(by: layout, from: self.layout)
        let old = self.layout
        for (link, (column, targets)) in layout.links.enumerated() where column < old.columns.count {
            let place = Int(old.linkPlaces[column])
            guard place >= 0 else { continue }
            if targets.starts(with: old.links[place].targets) {
                table.links[link] = links[place].widened(to: targets.count)
            } else {
                table.links[link] = rebuiltLink(column, targets, rowOf)
            }
        }
        for column in layout.columns.indices where layout.orderedPlaces[column] >= 0 {
            let place = Int(layout.orderedPlaces[column])
            guard !layout.needsOrder(column, besides: old) else {
                switch ahead?.orders[column] {
                case .text(let index): table.textOrders[place] = index
                case .number(let index): table.numberOrders[place] = index
                case nil: for batch in table.batches { table.insertOrdered(column, rows: batch) }
                }
                continue
            }
            let before = Int(old.orderedPlaces[column])
            if layout.columns[column] == .text {
                table.textOrders[place] = textOrders[before]
            } else {
                table.numberOrders[place] = numberOrders[before]
            }
        }
        for (key, columns) in layout.keyColumns.enumerated() where !columns.isEmpty {
            if !layout.needsKey(key, besides: old) {
                table.keys[key] = keys[key]
            } else if let index = ahead?.keys[key] {
                table.keys[key] = index
            } else {
                for batch in table.batches { table.insertKeys(key, rows: batch) }
            }
        }
        table.takeNumbers(of: self)
        if layout.searchedColumns == old.searchedColumns, layout.entity.primaryName == old.entity.primaryName {
            table.search = search
        }
        if fills { table.fillDefaults(from: old.columns.count) }
        // Behind the defaults, which may stand in one of them.
        for (place, composite) in layout.composites.enumerated() {
            table.composites[place] =
                layout.keptComposite(composite, of: old).map { composites[$0] } ?? ahead?.composites[place]
                ?? table.builtComposite(place)
        }
        return table
    }

    /// Gives every record the defaults of required columns that were not there before.
    private mutating func fillDefaults(from first: Int) {
        for (column, number) in layout.defaults where column >= first && layout.isRequired[column] {
            for chunk in 0..<blockCount {
                var rows: [UInt32] = []
                for row in chunk * Table.blockRows..<min(rowCount, (chunk + 1) * Table.blockRows)
                where recordID(atRow: row) != .none { rows.append(UInt32(row)) }
                if rows.isEmpty { continue }
                rows.withUnsafeBufferPointer { list in
                    fill(column, number, rows: RowSet(first: 0, count: list.count, list: list.baseAddress))
                }
            }
        }
    }

    private borrowing func rebuiltLink(_ column: Int, _ targets: [EntityID], _ rowOf: (RecordID) -> UInt32) -> LinkIndex
    {
        var index = LinkIndex(targetCount: targets.count)
        for row in 0..<rowCount {
            guard let head = head(column, row), head.isValid(row & 8191) else { continue }
            let id = RecordID(rawValue: UInt64(bitPattern: head.number(row & 8191, .id)))
            guard let ordinal = targets.firstIndex(of: id.entity) else { continue }
            index.insert(row: UInt32(row), target: ordinal, targetRow: rowOf(id))
        }
        return index
    }
}

extension ChunkList {
    /// The same chunks under another layout: wider, without the blocks of deleted columns, and with those copied whose
    /// values lie otherwise.
    fileprivate func adopted(by layout: TableLayout, from old: TableLayout) -> ChunkList {
        let columns = old.columns.indices
        let dropped = columns.filter { layout.isDeleted[$0] && !old.isDeleted[$0] }
        let converted = columns.filter { layout.columns[$0] != old.columns[$0] && !layout.isDeleted[$0] }
        if dropped.isEmpty, converted.isEmpty, layout.columns.count == old.columns.count { return self }
        var list = ChunkList()
        for index in 0..<count {
            let chunk = self[index].widened(to: layout.columns.count)
            for column in dropped { chunk.removeBlock(column) }
            for column in converted {
                guard let block = chunk.block(column) else { continue }
                chunk.setBlock(column, block.converted(to: layout.columns[column]))
            }
            list.append(chunk)
        }
        return list
    }
}

extension Block {
    /// The same numbers in another width.
    fileprivate func converted(to layout: ColumnLayout) -> Block {
        let block = Block(layout: layout, capacity: capacity)
        for row in 0..<capacity where head.isValid(row) { block.setNumber(row, head.number(row, self.layout)) }
        return block
    }
}
