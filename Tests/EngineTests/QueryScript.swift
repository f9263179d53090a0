import Engine

/// A test as text: a schema, rows, queries with their expected rows. The form is described in `docs/queries.md`.
///
///     include crm.setup            reads another file of the folder first
///     entity account [owned]       declares an entity; indented lines declare its attributes
///       name: text 100 required ordered
///       rating: option 1 Hot, 2 Warm
///       states: 0 Open (1 New, 2 Active); 1 Won (3 Won)
///       customerid: lookup account contact
///       key accountnumber
///       index byrating: rating, name
///     view Hot accounts of account: SELECT …   declares a shared view, after its entity
///     rows account: name | rating  inserts the indented lines; an empty cell is null, `account:Acme` refers by name
///       Acme | Hot
///     clock 2024-05-15T10:00:00Z   the moment that the queries below are asked at
///     zone Europe/Zurich           their time zone; `weeks 0` begins weeks on Sunday
///     fiscal 2024-07-01 month end  fiscal years begin on 1 July, have months, and the number of the year in which they end
///     user systemuser:Ada          who asks
///     query                        the lines up to ---- are a query, those up to an empty line its rows
///     query unordered              as query, where the order of the rows does not matter
///     error                        the query must be refused with this text
struct QueryScript {
    struct Failure: Error, CustomStringConvertible { var description: String }

    struct Step {
        enum Kind: String { case query, unordered, error }
        var kind: Kind
        var line: Int
        var sql: String
        var expected: [String]
        /// Place of the expected lines in the file.
        var expectedLines: Range<Int>
        var environment: QueryEnvironment
    }

    private(set) var steps: [Step] = []
    private(set) var engine = Engine(schema: Schema.standard)
    let lines: [String]
    private var declarations: [(name: String, isOwned: Bool, attributes: [String])] = []
    private var views: [(name: String, entity: String, query: String)] = []
    private var hasSchema = false
    private var ids: [String: RecordID] = [:]
    private var environment = QueryEnvironment()

    init(_ text: String, include: (String) throws -> String) throws {
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        try read(lines, include, isMain: true)
        try makeSchema()
    }

    private mutating func read(_ lines: [String], _ include: (String) throws -> String, isMain: Bool) throws {
        var at = 0
        func indented() -> [String] {
            var block: [String] = []
            while at < lines.count, lines[at].hasPrefix("  ") {
                block.append(lines[at].trimmed)
                at += 1
            }
            return block
        }
        while at < lines.count {
            let line = lines[at]
            let words = line.split(separator: " ").map(String.init)
            at += 1
            guard let command = words.first, !line.hasPrefix("#") else { continue }
            switch command {
            case "include":
                try read(
                    include(words[1]).split(separator: "\n", omittingEmptySubsequences: false).map(String.init),
                    include,
                    isMain: false
                )
            case "entity":
                declarations.append((words[1], words.count > 2, indented()))
            case "view":
                let colon = try found(line.firstIndex(of: ":"), "a colon", line)
                let of = try found(words.firstIndex(of: "of"), "of", line)
                let name = words[1..<of].joined(separator: " ")
                let entity = String(words[of + 1].dropLast())
                views.append((name, entity, String(line[line.index(after: colon)...]).trimmed))
            case "rows":
                try makeSchema()
                let colon = try found(line.firstIndex(of: ":"), "a colon", line)
                let columns = line[line.index(after: colon)...].split(separator: "|").map { String($0).trimmed }
                let entity = String(line[..<colon].dropFirst("rows ".count)).trimmed
                for row in indented() { try insert(entity, columns, row) }
            case "query", "error":
                try makeSchema()
                let start = at
                var sql: [String] = []
                while at < lines.count, lines[at] != "----" {
                    sql.append(lines[at])
                    at += 1
                }
                at += 1
                let first = at
                while at < lines.count, !lines[at].isEmpty { at += 1 }
                guard isMain else { continue }
                let kind = words.count > 1 ? Step.Kind.unordered : Step.Kind(rawValue: command)
                steps.append(
                    Step(
                        kind: try found(kind, "a kind of step", line),
                        line: start,
                        sql: sql.joined(separator: "\n"),
                        expected: Array(lines[min(first, lines.count)..<at]),
                        expectedLines: min(first, at)..<at,
                        environment: environment
                    )
                )
            default:
                guard try setEnvironment(command, words) else { throw Failure(description: "line \(at): \(line)") }
            }
        }
    }

    /// The lines that say when, where and by whom queries are asked; false for any other.
    private mutating func setEnvironment(_ command: String, _ words: [String]) throws -> Bool {
        guard words.count > 1 else { return false }
        switch command {
        case "clock": environment.nowMicroseconds = try found(CalendarText.instant(words[1]), "moment", words[1])
        case "zone":
            let zone = try found(StandardTimeZone.named(words[1]), "time zone", words[1])
            environment.calendar.timeZone = TimeZoneRules(zone.rules)
        case "weeks": environment.calendar.weekStart = try found(Int(words[1]), "weekday", words[1])
        case "user":
            try makeSchema()
            environment.user = try found(ids[words[1...].joined(separator: " ")], "user", words[1])
        case "fiscal":
            let parts = words[1].split(separator: "-").compactMap { Int($0) }
            let kinds: [String: FiscalPeriodKind] = [
                "year": .year, "half": .halfYear, "quarter": .quarter, "month": .month, "weeks": .fourWeeks,
            ]
            environment.calendar.fiscalMonth = parts[1]
            environment.calendar.fiscalDay = parts[2]
            if words.count > 2 { environment.calendar.fiscalPeriods = try found(kinds[words[2]], "kind", words[2]) }
            environment.calendar.isFiscalYearNamedByItsEnd = words.last == "end"
        default: return false
        }
        return true
    }

    private func found<T>(_ value: T?, _ what: String, _ line: String) throws -> T {
        guard let value else { throw Failure(description: "no \(what) in: \(line)") }
        return value
    }

    private mutating func makeSchema() throws {
        guard !hasSchema, !declarations.isEmpty else { return }
        hasSchema = true
        var builder = SchemaBuilder()
        for (index, declaration) in declarations.enumerated() {
            builder.entity(
                UInt16(index + 1),
                declaration.name,
                declaration.name,
                ownership: declaration.isOwned ? .user : .organisation
            ) { entity in
                for attribute in declaration.attributes { Self.declare(attribute, in: &entity) }
                let primary = declaration.attributes.compactMap { line in
                    line.contains(": text") ? line.split(separator: ":").first.map(String.init) : nil
                }
                entity.primaryName(primary.first ?? "externalid")
            }
        }
        let schema = builder.build()
        let shared = try views.map { view in
            let entity = try found(schema.entity(named: view.entity), "entity", view.entity)
            return SharedView(name: view.name, entity: entity.id, query: view.query)
        }
        engine = Engine(
            schema: Schema(
                epoch: schema.epoch,
                entities: schema.entities,
                optionSets: schema.optionSets,
                views: shared
            )
        )
    }

    private static func options(_ text: some StringProtocol) -> [(Int32, String)] {
        text.split(separator: ",").compactMap { item in
            let parts = String(item).trimmed.split(separator: " ", maxSplits: 1)
            return parts.count == 2 ? Int32(parts[0]).map { ($0, String(parts[1])) } : nil
        }
    }

    /// What stands behind `=` in `rollup money = sum(amount) over line.orderid where amount > 0`.
    private static func rollUp(_ text: String) -> RollUp {
        let halves = text.components(separatedBy: " over ")
        let tail = halves[1].components(separatedBy: " where ")
        let path = tail[0].split(separator: ".").map(String.init)
        let call = halves[0].dropLast().split(separator: "(", maxSplits: 1).map(String.init)
        return RollUp(
            AggregateFunction.allCases.first { $0.name == call[0] } ?? .count,
            of: call[1] == "*" ? nil : call[1],
            over: path[0],
            path[1],
            where: tail.count > 1 ? tail[1] : nil
        )
    }

    /// The type in `calculated decimal 2`.
    private static func result(of text: String) -> AttributeType {
        let words = text.split(separator: " ").map(String.init)
        switch words[1] {
        case "text": return .text(lengthMax: 100)
        case "integer": return .integer(minimum: .min, maximum: .max)
        case "decimal": return .decimal(scale: UInt8(words[2]) ?? 2, minimum: .min, maximum: .max)
        case "money": return .money
        case "boolean": return .boolean
        case "date": return .date
        default: return .instant
        }
    }

    private static func declare(_ line: String, in entity: inout EntityBuilder) {
        if line.hasPrefix("key ") {
            entity.key(line.dropFirst(4).trimmed)
            return
        }
        let parts = line.split(separator: ":", maxSplits: 1).map { String($0).trimmed }
        if line.hasPrefix("index ") {
            entity.index(
                String(parts[0].dropFirst(6)),
                parts[1].split(separator: ",").map { String($0).trimmed }
            )
            return
        }
        let name = parts[0]
        let words = parts[1].split(separator: " ").map(String.init)
        let isOrdered = words.contains("ordered")
        let isRequired = words.contains("required")
        switch words[0] {
        case "text":
            entity.text(name, name, Int(words[1]) ?? 100, required: isRequired, ordered: isOrdered)
            if words.contains("exact") { entity.exact(name) }
        case "memo": entity.memo(name, name)
        case "integer": entity.integer(name, name, ordered: isOrdered)
        case "long": entity.integer(name, name, Int64.min...Int64.max, ordered: isOrdered)
        case "decimal": entity.decimal(name, name, scale: UInt8(words[1]) ?? 2)
        case "money": entity.money(name, name, ordered: isOrdered)
        case "boolean": entity.boolean(name, name)
        case "date": entity.date(name, name, ordered: isOrdered)
        case "instant": entity.instant(name, name, ordered: isOrdered)
        case "options": entity.options(name, name, options(parts[1].dropFirst("options".count)))
        case "calculated":
            let halves = parts[1].split(separator: "=", maxSplits: 1).map { String($0).trimmed }
            entity.calculated(name, name, result(of: halves[0]), halves[1])
        case "rollup":
            let halves = parts[1].split(separator: "=", maxSplits: 1).map { String($0).trimmed }
            entity.rollUp(name, name, result(of: halves[0]), rollUp(halves[1]))
        case "partylist": entity.partyList(name, name, role: Int32(words[1]) ?? 0)
        case "lookup":
            switch words.count {
            case 2: entity.lookup(name, name, to: words[1])
            default: entity.lookup(name, name, to: words[1], words[2])
            }
        case "option":
            // Literals only: the builder takes them as they stand in a schema file.
            let options = options(parts[1].dropFirst("option".count))
            switch options.count {
            case 2: entity.option(name, name, [options[0].0: options[0].1, options[1].0: options[1].1])
            case 3:
                entity.option(
                    name,
                    name,
                    [options[0].0: options[0].1, options[1].0: options[1].1, options[2].0: options[2].1]
                )
            default:
                entity.option(
                    name,
                    name,
                    [
                        options[0].0: options[0].1, options[1].0: options[1].1, options[2].0: options[2].1,
                        options[3].0: options[3].1,
                    ]
                )
            }
        default:
            let states = parts[1].split(separator: ";").map { state -> (Int32, String, KeyValuePairs<Int32, String>) in
                let halves = state.split(separator: "(").map { String($0).trimmed }
                let own = options(halves[0])[0]
                let statuses = options(halves[1].dropLast())
                return statuses.count == 1
                    ? (own.0, own.1, [statuses[0].0: statuses[0].1])
                    : (own.0, own.1, [statuses[0].0: statuses[0].1, statuses[1].0: statuses[1].1])
            }
            entity.states(states)
        }
    }

    private mutating func insert(_ entityName: String, _ columns: [String], _ row: String) throws {
        let entity = try found(engine.schema.entity(named: entityName), "entity", entityName)
        let cells = row.split(separator: "|", omittingEmptySubsequences: false).map { String($0).trimmed }
        guard cells.count == columns.count else { throw Failure(description: "\(cells.count) cells: \(row)") }
        var values: [(String, Value)] = []
        for (column, cell) in zip(columns, cells) {
            let id = try found(entity.attributeID(column), "attribute", column)
            values.append((column, try value(cell, entity[id].type)))
        }
        var transaction = Transaction(engine.schema)
        try transaction.createRecord(entityName, values)
        let reply = try execute(transaction)
        let id = try found(reply.operations.first?.ids.first, "id", row)
        if let place = columns.firstIndex(of: entity[entity.primaryName].name) {
            ids["\(entityName):\(cells[place])"] = id
        }
    }

    private func execute(_ transaction: Transaction) throws -> TransactionReply {
        var entry = ByteWriter()
        var reply = ByteWriter()
        let bytes = transaction.encoded()
        _ = try bytes.withUnsafeBytes {
            try engine.execute($0, context: CommandContext(timeMicroseconds: 1), entry: &entry, reply: &reply)
        }
        return try reply.bytes.withUnsafeBytes { try TransactionReply(decoding: $0) }
    }

    private func value(_ cell: String, _ type: AttributeType) throws -> Value {
        if cell.isEmpty { return .null }
        switch QueryType(type) {
        case .text: return .text(cell == "''" ? "" : cell)
        case .integer: return .integer(try found(Int64(cell), "number", cell))
        case .decimal(let scale):
            let parts = cell.split(separator: ".")
            let digits = parts.count > 1 ? String(parts[1]) : ""
            let padded = digits + String(repeating: "0", count: Int(scale) - digits.count)
            return .decimal(Decimal64(units: try found(Int64(parts[0] + padded), "number", cell), scale: scale))
        case .boolean: return .boolean(cell == "yes")
        case .date: return .date(try found(CalendarText.date(cell), "date", cell))
        case .instant: return .instant(try found(CalendarText.instant(cell), "moment", cell))
        case .option(let set):
            return .option(try found(engine.schema[set].options.first { $0.label == cell }?.value, "label", cell))
        case .id: return .reference(try found(ids[cell], "record", cell))
        case .double, .null: throw Failure(description: cell)
        }
    }

    /// The rows that a query gives, or its refusal, as lines.
    func run(_ step: Step) -> [String] {
        do throws(QueryError) {
            let prepared = try PreparedQuery(step.sql, schema: engine.schema)
            let result = try prepared.execute(on: engine.view, environment: step.environment)
            let lines = result.rows.map { row in row.map { Self.text($0, engine.schema) }.joined(separator: " | ") }
            if step.kind == .error { return ["no error, but \(result.rowCount) rows"] + lines }
            return step.kind == .unordered ? lines.sorted() : lines
        } catch {
            return error.rendered(in: step.sql).split(separator: "\n").map(String.init)
        }
    }

    static func text(_ value: Value, _ schema: Schema) -> String {
        switch value {
        case .null: "NULL"
        case .boolean(let truth): truth ? "yes" : "no"
        case .integer(let number): String(number)
        case .decimal(let decimal): decimal.description
        case .option(let number): String(number)
        case .date(let days): CalendarText.text(days: days)
        case .instant(let microseconds): CalendarText.text(microseconds: microseconds)
        case .reference(let id): schema.text(of: id)
        case .text(let text): text.isEmpty ? "''" : text
        case .double(let real): real.description
        }
    }
}

extension StringProtocol {
    var trimmed: String {
        var view = self[...]
        while let first = view.first, first == " " { view = view.dropFirst() }
        while let last = view.last, last == " " { view = view.dropLast() }
        return String(view)
    }
}
