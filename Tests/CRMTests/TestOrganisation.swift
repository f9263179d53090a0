import CRM
import Engine

/// An engine with named records, and messages carried out on it as a server does it.
struct TestOrganisation {
    private(set) var engine = Engine(schema: .standard)
    private(set) var names: [String: RecordID] = [:]
    var timeMicroseconds = CalendarText.instant("2026-05-15T10:00:00Z")!
    var actor = RecordID.none
    private var request: UInt64 = 0
    /// Log entries, oldest first.
    private(set) var entries: [[UInt8]] = []

    struct Failure: Error, CustomStringConvertible { var description: String }

    init() {}

    /// An organisation that had entities of its own before the standard had others under their names.
    init(withOwn declarations: [EntityDeclaration]) throws {
        var older = SchemaBuilder()
        for name in ["systemuser", "team"] {
            guard let entity = Schema.standard.entity(named: name) else { continue }
            let primaryName = entity[entity.primaryName].name
            older.entity(entity.id.rawValue, name, entity.displayName, ownership: .organisation) { e in
                e.text(primaryName, "Name", 100)
                e.primaryName(primaryName)
            }
        }
        engine = Engine(schema: older.build())
        try change(declarations)
        guard let upgraded = engine.schema.upgraded(by: .standard) else {
            throw Failure(description: "the standard brings nothing")
        }
        engine = Engine(schema: upgraded)
        entries = []
    }

    /// A record by its name here or its code.
    func record(_ text: String) throws -> RecordID {
        guard let id = names[text] ?? engine.schema.recordID(text) else {
            throw Failure(description: "no record \(text)")
        }
        return id
    }

    /// Makes the record that a line `lead L: companyname=Acme | revenue=100.50` describes.
    @discardableResult
    mutating func create(_ line: String) throws -> RecordID {
        let halves = line.split(separator: ":", maxSplits: 1).map(String.init)
        let head = halves[0].split(separator: " ").map(String.init)
        guard head.count == 2 else { throw Failure(description: "no record in: \(line)") }
        return try create(named: head[1], head[0], halves.count > 1 ? halves[1] : "")
    }

    /// Makes a record of an entity with the values in a text, and calls it by a name, which may have blanks.
    @discardableResult
    mutating func create(named name: String, _ entityName: String, _ values: String) throws -> RecordID {
        guard let entity = engine.schema.entity(named: entityName) else {
            throw Failure(description: "no entity \(entityName)")
        }
        var transaction = Transaction(engine.schema)
        try transaction.createRecord(entityName, self.values(values, of: entity))
        let id = try execute(transaction).operations[0].ids[0]
        names[name] = id
        return id
    }

    /// Gives the record of an entity that was made last a name.
    mutating func call(_ name: String, theNewest entity: String) throws {
        guard let place = engine.schema.place(named: entity) else { throw Failure(description: "no entity \(entity)") }
        let rows = 0..<engine.tables[place].rowCount
        let id = rows.map { engine.tables.recordID(place, atRow: $0) }.max() ?? .none
        guard id != .none else { throw Failure(description: "no record of \(entity)") }
        names[name] = id
    }

    /// Changes a record as a line `L: companyname=Acme` says.
    mutating func set(_ line: String) throws {
        let halves = line.split(separator: ":", maxSplits: 1).map(String.init)
        let id = try record(halves[0])
        guard halves.count == 2, let entity = engine.schema.entity(id.entity) else {
            throw Failure(description: "no values in: \(line)")
        }
        var transaction = Transaction(engine.schema)
        try transaction.updateRecord(id, values(halves[1], of: entity))
        try execute(transaction)
    }

    /// What `companyname=Acme | revenue=100.50` says.
    private func values(_ text: String, of entity: Entity) throws -> [(String, Value)] {
        var values: [(String, Value)] = []
        for part in text.split(separator: "|").map(\.trimmed) {
            let sides = part.split(separator: "=", maxSplits: 1).map(String.init)
            guard let name = sides.first, let attribute = entity.attributeID(name) else {
                throw Failure(description: "no attribute in: \(part)")
            }
            values.append((name, sides.count < 2 ? .null : try value(sides[1], entity[attribute].type)))
        }
        return values
    }

    private func value(_ text: String, _ type: AttributeType) throws -> Value {
        switch type {
        case .lookup: return .reference(try record(text))
        case .boolean: return .boolean(text == "yes")
        case .date: return CalendarText.date(text).map(Value.date) ?? .null
        case .instant: return CalendarText.instant(text).map(Value.instant) ?? .null
        case .decimal, .money: return Decimal64(declared: text).map(Value.decimal) ?? .null
        case .integer: return Int64(text).map(Value.integer) ?? .null
        // Labels and numbers of options.
        case .option, .state, .status: return Int32(text).map(Value.option) ?? .text(text)
        default: return .text(text.replacing("\\n", with: "\n"))
        }
    }

    /// Changes the schema: `account.parentaccountid: assign all` sets how far an action on a record reaches, before any record is made;
    /// `task.category: required`, `unique`, `deleted` and, for a new one, `text` are what an administrator may declare of an attribute.
    mutating func changeSchema(_ text: String) throws {
        let parts = text.split(whereSeparator: { ":. ".contains($0) }).map(String.init)
        if parts.count == 3 {
            var entity = EntityDeclaration(parts[0])
            var attribute = AttributeDeclaration(parts[1])
            switch parts[2] {
            case "required": attribute.isRequired = true
            case "unique": entity.keys = [KeyDeclaration(parts[1], [parts[1]])]
            case "deleted": attribute.deletion = .withData
            case "text": attribute = AttributeDeclaration(parts[1], "text")
            default: throw Failure(description: "no change in: \(text)")
            }
            if parts[2] != "unique" { entity.attributes = [attribute] }
            return try change([entity])
        }
        let scopes: [String: CascadeScope] = ["all": .all, "active": .active, "user-owned": .userOwned, "none": .none]
        guard parts.count == 4, let scope = scopes[parts[3]] else { throw Failure(description: "no reach in: \(text)") }
        let schema = engine.schema
        let entities = schema.entities.map { entity in
            var changed = entity
            if entity.name == parts[0], let id = entity.attributeID(parts[1]) {
                changed.attributes[Int(id.rawValue)].cascades.assign = scope
            }
            return changed
        }
        engine = Engine(schema: Schema(epoch: schema.epoch, entities: entities, optionSets: schema.optionSets))
        names = [:]
    }

    /// Adds an activity type of the organisation's own, as docs/metadata.md has it, before any record is made.
    mutating func addActivityType(_ name: String) throws {
        var declaration = EntityDeclaration(name)
        declaration.identifier = "activityid"
        declaration.primaryName = "subject"
        declaration.attributes = [
            AttributeDeclaration("subject", "text"), AttributeDeclaration("scheduledstart", "instant"),
            AttributeDeclaration("scheduledend", "instant"), AttributeDeclaration("actualend", "instant"),
            AttributeDeclaration("actualstart", "instant"),
        ]
        var regarding = AttributeDeclaration("regardingobjectid", "lookup")
        regarding.parameters[.to] = ["account", "contact"]
        declaration.attributes.append(regarding)
        declaration.states = [(0, "Open", 1), (1, "Completed", 2), (2, "Canceled", 3)].map { state, label, status in
            StateDeclaration(OptionDeclaration(state, label), [OptionDeclaration(status, label)])
        }
        var parties = EntityDeclaration("activityparty")
        var activity = AttributeDeclaration("activityid")
        let known = engine.schema.entity(named: "activityparty")
        let targets = known?.attributeID("activityid").flatMap { known?[$0].type.lookupTargets } ?? []
        activity.parameters[.to] = targets.compactMap { engine.schema.entity($0)?.name } + [name]
        parties.attributes = [activity]
        try change([declaration, parties])
    }

    /// Changes the schema as an administrator does.
    mutating func change(_ entities: [EntityDeclaration]) throws {
        var document = SchemaDocument()
        document.entities = entities
        var entry = ByteWriter()
        var reply = ByteWriter()
        let context = CommandContext(timeMicroseconds: timeMicroseconds)
        let outcome = try SchemaRequest(document).encoded.withUnsafeBytes {
            try engine.changeSchema($0, context: context, entry: &entry, reply: &reply)
        }
        guard outcome == .changed else { throw Failure(description: "the schema was not changed") }
        entries.append(entry.bytes)
    }

    /// Carries out what is due by a moment, as a database's clock does; it is that moment then.
    mutating func advance(to moment: Int64) throws {
        let user = actor
        actor = .none
        defer { actor = user }
        while let work = DueWork.earliest(engine, through: moment, isLeftOut: { _ in false }).first {
            let records = Records(engine, actor: .none, timeMicroseconds: work.moment) { BusinessCalendar() }
            try execute(try Messages.plan(work.request, key: nil, records), at: work.moment)
        }
        timeMicroseconds = moment
    }

    /// Carries a message out, through its bytes.
    @discardableResult
    mutating func perform(_ request: MessageRequest) throws -> TransactionReply {
        let (read, key) = try request.encoded(key: nil).withUnsafeBytes { try MessageRequest.decode($0) }
        let records = Records(engine, actor: actor, timeMicroseconds: timeMicroseconds) { BusinessCalendar() }
        return try execute(try Messages.plan(read, key: key, records))
    }

    @discardableResult
    mutating func execute(_ transaction: Transaction, at moment: Int64? = nil) throws -> TransactionReply {
        var entry = ByteWriter()
        var reply = ByteWriter()
        let context = CommandContext(actor: actor, timeMicroseconds: moment ?? timeMicroseconds)
        let outcome = try transaction.encoded().withUnsafeBytes {
            try engine.execute($0, context: context, entry: &entry, reply: &reply)
        }
        if outcome == .changed { entries.append(entry.bytes) }
        return try reply.bytes.withUnsafeBytes { try TransactionReply(decoding: $0) }
    }

    /// The answer to `timeline A related` or `agenda 2026-05-18 2026-05-25 [A]` as lines; records under their names here.
    func activities(_ words: [String]) throws -> [String] {
        let question: ActivityQuestion
        if words[0] == "timeline" {
            let reach = ["own", "related", "extended"].firstIndex(of: words[2]) ?? 0
            question = .timeline(of: try record(words[1]), reach: .allCases[reach], limit: 100)
        } else {
            let moments = words[1...2].compactMap { CalendarText.instant($0) }
            let owner = words.count > 3 ? try record(words[3]) : .none
            question = .agenda(of: owner, from: moments[0], to: moments[1], limit: 100)
        }
        let records = Records(engine, actor: actor, timeMicroseconds: timeMicroseconds) { BusinessCalendar() }
        do throws(Refusal) {
            let answer = try question.answer(records)
            let lines = answer.entries.map { entry in
                [shown(.reference(entry.record)), entry.instance]
                    + [entry.start, entry.end].map { $0.map { CalendarText.text(microseconds: $0) } ?? "NULL" }
            }
            return lines.map { $0.filter { !$0.isEmpty }.joined(separator: " | ") }
                + answer.omitted.map { "omitted \(shown(.reference($0)))" }
        } catch {
            return ["refused \(error.code)"]
        }
    }

    /// A query's rows as lines; records under their names here.
    func rows(_ sql: String) -> [String] {
        do throws(QueryError) {
            let environment = QueryEnvironment(nowMicroseconds: timeMicroseconds, user: actor)
            let result = try PreparedQuery(sql, schema: engine.schema).execute(
                on: engine.view,
                environment: environment
            )
            return result.rows.map { row in row.map(shown).joined(separator: " | ") }
        } catch {
            return error.rendered(in: sql).split(separator: "\n").map(String.init)
        }
    }

    /// A text with records under their names here instead of their codes.
    func naming(_ text: String) -> String {
        var text = text
        for (name, id) in names.sorted(by: { $0.key < $1.key }) {
            text = text.replacing(engine.schema.text(of: id), with: name)
        }
        return text
    }

    func shown(_ value: Value) -> String {
        switch value {
        case .null: "NULL"
        case .boolean(let truth): truth ? "yes" : "no"
        case .integer(let number): String(number)
        case .decimal(let decimal): decimal.description
        case .option(let number): String(number)
        case .date(let days): CalendarText.text(days: days)
        case .instant(let microseconds): CalendarText.text(microseconds: microseconds)
        case .reference(let id): names.first { $0.value == id }?.key ?? engine.schema.text(of: id)
        case .text(let text): text.isEmpty ? "''" : text.replacing("\n", with: "\\n")
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
