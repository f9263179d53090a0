// Rows of a random world. They are created, changed and in part deleted again, in transactions as clients send them.

import Engine

extension RandomWorld {
    static let words = [
        "alpha", "Beta", "GAMMA", "delta", "Alp", "al", "be_ta", "del%ta", "omega", "Omega 3", "x", "", "it's",
        "Éß", "ｆｕｌｌ", "naïve", "日本", "🙂 a", "e\u{301}", "-\u{AD}-",
    ]

    static func quoted(_ text: String) -> String { "'\(text.replacing("'", with: "''"))'" }

    /// A value as SQLite's.
    func sql(_ value: Value) -> String {
        switch value {
        case .null: "NULL"
        case .boolean(let truth): truth ? "1" : "0"
        case .integer(let number): String(number)
        case .decimal(let decimal): String(decimal.units)
        case .option(let number): String(number)
        case .date(let days): String(days)
        case .instant(let microseconds): String(microseconds)
        case .reference(let id): String(id.rawValue)
        case .text(let text): Self.quoted(text)
        case .double(let real): String(real)
        }
    }

    static func sqliteType(_ kind: Kind) -> String {
        kind == .code ? "TEXT" : kind.isText ? "TEXT COLLATE NOCASE" : "INTEGER"
    }

    private func rowCount() -> Int {
        switch choices.below(10) {
        case 0: 0
        case 1: 1
        case 2: 25 + choices.below(40)
        default: 2 + choices.below(14)
        }
    }

    func fill() throws {
        var bitmaps: [[UInt64]?] = []
        var rows: [[[Value]]] = []
        let largest = isLarge ? choices.below(entities.count) : -1
        for (index, entity) in entities.enumerated() {
            entity.count = index == largest ? 8193 + choices.below(9000) : rowCount()
            rows.append(try create(entity))
        }
        for (index, entity) in entities.enumerated() { try link(entity, &rows[index]) }
        for (index, entity) in entities.enumerated() { bitmaps.append(try finish(entity, rows[index])) }
        visible = VisibleRows(bitmaps: bitmaps)
        scripts.all += derivations
        scripts.visible += derivations
    }

    /// Creates all rows but their lookups.
    private func create(_ entity: Entity) throws -> [[Value]] {
        let stored = entity.attributes.filter { if case .stored = $0.form { $0.column.kind != .id } else { false } }
        var rows: [[Value]] = []
        for row in 0..<entity.count { rows.append(stored.map { value($0, row) }) }
        var batch = try RecordBatch(schema, .create, entity.name, attributes: stored.map(\.column.name))
        for row in rows { try batch.append(row) }
        entity.ids = entity.count == 0 ? [] : try run(batch).operations[0].ids
        return rows
    }

    /// Sets the lookups of all rows, and changes some of their other values.
    private func link(_ entity: Entity, _ rows: inout [[Value]]) throws {
        guard entity.count > 0 else { return }
        let lookups = entity.attributes.filter { $0.column.kind == .id }
        if !lookups.isEmpty {
            var batch = try RecordBatch(schema, .update, entity.name, attributes: lookups.map(\.column.name))
            for row in 0..<entity.count {
                let values = lookups.map { value($0, row) }
                rows[row] += values
                try batch.append(values, id: entity.ids[row])
            }
            _ = try run(batch)
        }
        let stored = entity.attributes.filter { if case .stored = $0.form { $0.column.kind != .id } else { false } }
        let place = choices.below(stored.count)
        guard !stored[place].isUnique else { return }
        var batch = try RecordBatch(schema, .update, entity.name, attributes: [stored[place].column.name])
        for row in 0..<entity.count where choices.chance(30) {
            rows[row][place] = value(stored[place], row)
            try batch.append([rows[row][place]], id: entity.ids[row])
        }
        if batch.count > 0 { _ = try run(batch) }
    }

    /// Deletes some rows to which nothing refers, and writes the others for SQLite. The bits of the rows that may be seen.
    private func finish(_ entity: Entity, _ rows: [[Value]]) throws -> [UInt64]? {
        var batch = try RecordBatch(schema, .delete, entity.name, attributes: [])
        var isDeleted = [Bool](repeating: false, count: entity.count)
        for row in 0..<entity.count where isRemovable(row) {
            isDeleted[row] = true
            try batch.append([], id: entity.ids[row])
        }
        if batch.count > 0 { _ = try run(batch) }

        let order =
            entity.attributes.filter { if case .stored = $0.form { $0.column.kind != .id } else { false } }
            + entity.attributes.filter { $0.column.kind == .id }
        let numbers = entity.attributes.filter { if case .autoNumber = $0.form { true } else { false } }
        var columns = ["\(entity.name)id INTEGER PRIMARY KEY", "createdon INTEGER"]
        columns += (order + numbers).map { "\($0.column.name) \(Self.sqliteType($0.column.kind))" }
        var both = ["CREATE TABLE \(entity.name) (\(columns.joined(separator: ", ")))"]
        for attribute in order where isLarge && attribute.column.kind == .id {
            both.append(
                "CREATE INDEX \(entity.name)\(attribute.column.name) ON \(entity.name) (\(attribute.column.name))"
            )
        }
        scripts.all += both
        scripts.visible += both
        let hiddenPercent = [40, 0, 100, 10][choices.below(4)]
        var bitmap = [UInt64](repeating: 0, count: (entity.count + 63) / 64)
        for row in 0..<entity.count where !isDeleted[row] {
            var values = [String(entity.ids[row].rawValue), "\(Self.createdOn)"]
            values += zip(order, rows[row]).map { attribute, value in
                guard case .selection(let set) = attribute.column.kind, case .text(let text) = value else {
                    return sql(value)
                }
                return String(bits(text, set))
            }
            values += numbers.map { _ in "'N-\(String(10_000 + row + 1).dropFirst())'" }
            let statement = "INSERT INTO \(entity.name) VALUES (\(values.joined(separator: ", ")))"
            scripts.all.append(statement)
            guard choices.below(100) >= hiddenPercent else { continue }
            bitmap[row >> 6] |= 1 << UInt64(row & 63)
            scripts.visible.append(statement)
        }
        entity.ids = (0..<entity.count).filter { !isDeleted[$0] }.map { entity.ids[$0] }
        return hiddenPercent == 0 ? nil : bitmap
    }

    /// Nothing refers to every seventh row.
    private func isRemovable(_ row: Int) -> Bool { row % 7 == 3 }

    /// The options at these places of the set, as bits.
    func bits(_ text: String, _ set: Int) -> UInt64 {
        var bits: UInt64 = 0
        for label in text.split(separator: ";") {
            if let place = sets[set].firstIndex(where: { $0.1 == label }) { bits |= 1 << UInt64(place) }
        }
        return bits
    }

    private func value(_ attribute: Attribute, _ row: Int) -> Value {
        if choices.below(100) < attribute.nullPercent { return .null }
        let column = attribute.column
        func number(_ bound: Int) -> Int64 { Int64(choices.below(bound)) }
        let factor: Int64 = [1, 1_000, 1_000_000][attribute.range]
        switch column.kind {
        case .integer: return .integer((number(50) - 10) * factor)
        case .decimal(let scale):
            let units = (number(2000) - 1000) * factor * (scale == 4 ? 25 : 1)
            return .decimal(Decimal64(units: units, scale: UInt8(scale)))
        case .boolean: return .boolean(choices.chance(50))
        case .option(let set): return .option(choices.pick(sets[set]).0)
        case .date: return .date(Int32(19_600 + number(400)))
        case .instant:
            // Around `QueryMaker.now`, some of them at midnight.
            let days = 19_660 + number(40)
            return .instant((days * 86_400 + (choices.chance(80) ? number(86_400) : 0)) * 1_000_000)
        case .id:
            // Of every seven rows six stay.
            let counts = column.targets.map { entities[$0].ids.count - (entities[$0].ids.count + 3) / 7 }
            guard counts.contains(where: { $0 > 0 }) else { return .null }
            var place = choices.below(counts.reduce(0, +))
            var target = 0
            while place >= counts[target] {
                place -= counts[target]
                target += 1
            }
            let row = place / 6 * 7 + place % 6
            return .reference(entities[column.targets[target]].ids[place % 6 < 3 ? row : row + 1])
        case .selection(let set):
            let labels = sets[set].map(\.1).filter { _ in choices.chance(50) }
            return labels.isEmpty ? .null : .text(labels.joined(separator: ";"))
        default:
            if attribute.isUnique { return .text("\(choices.pick(Self.words))-\(row)") }
            if attribute.column.kind == .code, choices.chance(40) {
                return .text(choices.pick(Self.words).uppercased())
            }
            return .text(choices.pick(Self.words) + (choices.chance(40) ? choices.pick(Self.words) : ""))
        }
    }

    /// Not before 1970, where what SQLite divides is rounded towards it.
    private static let createdOn: Int64 = 1_699_999_999_999_999

    private func run(_ batch: consuming RecordBatch) throws -> TransactionReply {
        var transaction = Transaction(schema)
        transaction.append(batch)
        var entry = ByteWriter()
        var reply = ByteWriter()
        let bytes = transaction.encoded()
        _ = try bytes.withUnsafeBytes {
            try engine.execute(
                $0,
                context: CommandContext(timeMicroseconds: Self.createdOn),
                entry: &entry,
                reply: &reply
            )
        }
        return try reply.bytes.withUnsafeBytes { try TransactionReply(decoding: $0) }
    }
}
