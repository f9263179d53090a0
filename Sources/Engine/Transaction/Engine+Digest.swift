// What "the same state" means, and that a state is sound: for tests, verification and replicas.

extension Engine {
    /// Digest of the logical content: every living record's id, version and values, and the position. Independent of row
    /// places, so that an engine that replayed the log, one that restored a snapshot and one that did the work agree.
    ///
    /// The sum of a 128-bit hash per record: not against forgery, which is what the log's hash chain is for.
    /// - Complexity: O(all values).
    public var digest: UInt128 {
        var sum = UInt128(position)
        for (place, table) in view.tables.enumerated() {
            sum &+= UInt128(table.nextSequence) << UInt128(place % 64)
            for last in table.lastNumbers { sum &+= UInt128(last) << UInt128(64 - place % 64) }
            for row in 0..<table.rowCount where table.recordID(atRow: row) != .none {
                sum &+= table.table.digest(row: row)
            }
        }
        return sum
    }

    /// Checks that every index agrees with the rows. Traps when one does not. O(all values × log).
    package func checkInvariants() {
        for view in view.tables { view.table.checkInvariants(schema, tables) }
    }
}

extension Table {
    fileprivate func checkInvariants(_ schema: Schema, _ tables: Tables) {
        var live = 0
        for row in 0..<rowCount {
            let id = recordID(atRow: row)
            guard id != .none else { continue }
            live += 1
            precondition(self.row(of: id) == UInt32(row), "directory: \(id) leads elsewhere")
            for key in keys.indices {
                guard let hash = keyHash(key, row: row) else { continue }
                precondition(keys[key].find(hash) { $0 == UInt32(row) } != nil, "key index: row \(row) is missing")
            }
        }
        precondition(live == liveCount, "\(entity.name): \(live) rows live, \(liveCount) counted")
        for index in numberOrders { index.checkInvariants() }
        for index in textOrders { index.checkInvariants() }
        for (place, index) in composites.enumerated() {
            index.checkInvariants()
            var (kept, made): ([(UInt128, UInt32)], [(UInt128, UInt32)]) = ([], [])
            index.forEach {
                kept.append(($0, $1))
                return true
            }
            builtComposite(place).forEach {
                made.append(($0, $1))
                return true
            }
            precondition(kept.elementsEqual(made, by: ==), "\(layout.composites[place].index.label): other entries")
        }
        for link in links.indices { checkLink(link, schema, tables) }
        search?.checkEquals(SearchIndex(of: self))
        if let recordKeys { recordKeys.checkEquals(RecordKeyIndex(recordKeys.maker, of: self)) }
        for column in layout.columns.indices {
            guard let order = order(column) else { continue }
            precondition(order.count == valueCount(column), "ordered index: \(order.count) entries")
        }
    }

    /// Rows with a value: O(chunks).
    func valueCount(_ column: Int) -> Int {
        (0..<blockCount).reduce(0) { $0 + (block(column, $1)?.validCount ?? 0) }
    }

    /// Every row in a list refers to the list's target, and every row that refers is in a list.
    private func checkLink(_ link: Int, _ schema: Schema, _ tables: Tables) {
        let (column, targets) = layout.links[link]
        var linked = 0
        for (ordinal, target) in targets.enumerated() {
            guard let place = schema.place(of: target) else { continue }
            for targetRow in 0..<tables[place].rowCount {
                var row = links[link].first(target: ordinal, targetRow: UInt32(targetRow))
                while row != LinkIndex.none {
                    let id = tables[place].recordID(atRow: targetRow)
                    precondition(value(column, Int(row)) == .reference(id), "link index: stray row")
                    linked += 1
                    row = links[link].next(after: row)
                }
            }
        }
        precondition(linked == valueCount(column), "link index: \(linked) rows linked")
    }

    /// Hash of a living record's values, by column number.
    func digest(row: Int) -> UInt128 {
        var low: UInt64 = 1
        var high: UInt64 = 2
        for column in layout.columns.indices {
            guard let head = head(column, row), head.isValid(row & 8191) else { continue }
            let part: UInt64
            if layout.columns[column] == .text {
                var hash: UInt64 = 0xCBF2_9CE4_8422_2325
                for byte in head.text(row & 8191) { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
                part = hash
            } else {
                part = UInt64(bitPattern: physicalNumber(column, head.number(row & 8191, layout.columns[column])))
            }
            let keyed = combinedHash(UInt64(column) &+ 1, part)
            low = combinedHash(low, keyed)
            high = combinedHash(high, keyed ^ 0xA5A5_A5A5_A5A5_A5A5)
        }
        return UInt128(high) << 64 | UInt128(low)
    }
}
