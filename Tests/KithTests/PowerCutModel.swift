// What the engine should do, told again in the slowest and plainest way: dictionaries of records, rules written out one by
// one. Shares no code with the engine, only its words (`Value`, `RecordID`).

import Engine
import TestSupport

extension TestSchema {
    static let entityNumbers: [String: UInt16] = ["systemuser": 1, "team": 2, "account": 3, "contact": 4, "order": 5]

    static func entity(_ id: RecordID) -> String {
        entityNumbers.first { $0.value == id.entity.rawValue }?.key ?? ""
    }

    /// Every lookup: where it stands, what it may lead to, what a delete of the target does.
    static let lookups: [(entity: String, attribute: String, targets: [String], onDelete: DeleteBehaviour)] =
        entityNumbers.keys.sorted().flatMap { entity in
            [
                (entity, "createdby", ["systemuser"], DeleteBehaviour.removeLink),
                (entity, "modifiedby", ["systemuser"], .removeLink),
            ]
        } + [
            ("account", "ownerid", ["systemuser", "team"], .restrict),
            ("account", "parentaccountid", ["account"], .removeLink),
            ("contact", "customerid", ["account", "contact"], .cascade),
            ("order", "accountid", ["account"], .restrict),
        ]
}

/// One operation, as the test means it.
struct ModelOperation {
    var kind: OperationKind
    var entity: String
    var attributes: [String] = []
    var rows: [[Value]] = []
    var ids: [RecordID] = []
    var versions: [Position] = []
}

/// One transaction, as the test means it.
struct ModelTransaction {
    var operations: [ModelOperation] = []
    var isIndependent = false
    var key: RequestKey?

    func encoded() throws(Refusal) -> [UInt8] {
        var transaction = Transaction(TestSchema.schema)
        transaction.isIndependent = isIndependent
        for operation in operations {
            var batch = try RecordBatch(
                TestSchema.schema,
                operation.kind,
                operation.entity,
                attributes: operation.attributes,
                key: operation.kind == .upsert ? "accountnumber" : nil
            )
            for row in operation.rows.indices {
                let id = operation.ids.isEmpty ? .none : operation.ids[row]
                let version = operation.versions.isEmpty ? 0 : operation.versions[row]
                try batch.append(operation.rows[row], id: id, expecting: version == 0 ? nil : version)
            }
            transaction.append(batch)
        }
        return transaction.encoded(key: key)
    }
}

/// All records after some transaction.
struct CRMModel: Sendable {
    typealias Record = [String: Value]

    var position: Position = 0
    var timeMicroseconds: Int64 = 0
    var records: [RecordID: Record] = [:]
    var nextSequence: [String: UInt64] = [:]
    /// Replies of keyed transactions.
    var replies: [RequestKey: [UInt8]] = [:]

    /// What became of one row; the id is that of a create or upsert.
    struct RowResult: Equatable {
        var outcome: RowOutcome
        var id = RecordID.none
    }

    enum Outcome: Equatable {
        case refused
        case unchanged([[RowResult]])
        case changed([[RowResult]])
    }

    /// Executes a transaction.
    mutating func execute(_ transaction: ModelTransaction, actor: RecordID, timeMicroseconds now: Int64) -> Outcome {
        var draft = ModelDraft(
            model: self,
            actor: records[actor] == nil ? .null : .reference(actor),
            position: position + 1,
            timeMicroseconds: max(now, timeMicroseconds),
            isIndependent: transaction.isIndependent
        )
        for operation in transaction.operations {
            guard draft.run(operation) else { return .refused }
        }
        guard draft.hasChanged else { return .unchanged(draft.results) }
        self = draft.model
        position = draft.position
        timeMicroseconds = draft.timeMicroseconds
        return .changed(draft.results)
    }

    /// Case and accent do not count, as far as the test's texts have them.
    static func folded(_ text: String) -> String {
        String(text.map { $0 == "É" || $0 == "é" ? "e" : Character($0.lowercased()) })
    }

    func accounts(numbered number: String) -> [RecordID] {
        records.compactMap { id, record in
            guard case .text(let text)? = record["accountnumber"] else { return nil }
            return CRMModel.folded(text) == CRMModel.folded(number) ? id : nil
        }
    }
}

/// A transaction that runs: the state with its changes so far.
private struct ModelDraft {
    var model: CRMModel
    let actor: Value
    let position: Position
    let timeMicroseconds: Int64
    let isIndependent: Bool
    var hasChanged = false
    var results: [[CRMModel.RowResult]] = []
    /// Ids of the rows of each create and upsert, for references of later operations.
    var made: [[RecordID]] = []

    /// False when the transaction is refused.
    mutating func run(_ operation: ModelOperation) -> Bool {
        results.append(Array(repeating: CRMModel.RowResult(outcome: .rejected), count: operation.rows.count))
        made.append([])
        switch operation.kind {
        case .create: return create(operation, Array(operation.rows.indices))
        case .update:
            return update(operation, Array(operation.rows.indices), operation.ids, operation.versions)
        case .upsert: return upsert(operation)
        case .delete: return delete(operation)
        }
    }

    private mutating func note(_ row: Int, _ outcome: RowOutcome, _ id: RecordID, names: Bool) {
        let last = results.count - 1
        results[last][row] = CRMModel.RowResult(outcome: outcome, id: names ? id : .none)
        guard names else { return }
        while made[last].count <= row { made[last].append(.none) }
        made[last][row] = id
    }

    // MARK: Rules

    /// The value with a reference to a record of this transaction replaced; nil when it is not allowed.
    private func accepted(_ entity: String, _ attribute: String, _ value: Value) -> Value? {
        switch (attribute, value) {
        case ("name", .null) where entity == "account": return nil
        case ("statecode", .null), ("statuscode", .null): return nil
        case (_, .null): return value
        case ("name", .text(let text)) where entity == "account", ("accountnumber", .text(let text)):
            return text.unicodeScalars.count <= 20 ? .some(value) : .none
        case ("employees", .integer(let number)): return (0...1_000_000).contains(number) ? .some(value) : .none
        case ("rating", .option(let option)): return [1, 2, 100_001].contains(option) ? .some(value) : .none
        case ("statecode", .option(let option)): return [0, 1].contains(option) ? .some(value) : .none
        case ("statuscode", .option(let option)): return [1, 2, 3].contains(option) ? .some(value) : .none
        case (_, .reference(var id)):
            if id.origin == RecordID.localOrigin {
                let (operation, row) = (Int(id.sequence >> 20), Int(id.sequence & 0xF_FFFF))
                guard operation < made.count, row < made[operation].count else { return nil }
                id = made[operation][row]
            }
            let lookup = TestSchema.lookups.first { $0.entity == entity && $0.attribute == attribute }
            guard model.records[id] != nil, let lookup, lookup.targets.contains(TestSchema.entity(id)) else {
                return nil
            }
            return .reference(id)
        default: return value
        }
    }

    /// State and status of a row that gives one of them or both; nil when they do not fit.
    private func lifeCycle(_ record: CRMModel.Record, current: CRMModel.Record?) -> (Value, Value)? {
        let states: [Value: Value] = [.option(1): .option(0), .option(3): .option(0), .option(2): .option(1)]
        var (state, status) = (record["statecode"], record["statuscode"])
        if state == nil, let status { state = states[status] }
        if status == nil, let state {
            let present = current?["statuscode"]
            status = present.flatMap { states[$0] } == state ? present : state == .option(0) ? .option(1) : .option(2)
        }
        guard let state, let status, states[status] == state else { return nil }
        return (state, status)
    }

    /// The rows as records, without those that break a rule of their own.
    private func validated(_ operation: ModelOperation, _ rows: [Int]) -> [Int: CRMModel.Record] {
        var good: [Int: CRMModel.Record] = [:]
        for row in rows {
            var record: CRMModel.Record = [:]
            for (attribute, value) in zip(operation.attributes, operation.rows[row]) {
                record[attribute] = accepted(operation.entity, attribute, value)
            }
            if record.count == operation.attributes.count { good[row] = record }
        }
        return good
    }

    /// Drops rows whose number another account has, or an earlier good row of the same operation.
    private func dropDuplicates(_ good: inout [Int: CRMModel.Record], _ rows: [Int], except ids: [Int: RecordID] = [:])
    {
        var seen: Set<String> = []
        for row in rows {
            guard case .text(let number)? = good[row]?["accountnumber"] else { continue }
            let isTaken = model.accounts(numbered: number).contains { $0 != ids[row] }
            if isTaken || !seen.insert(CRMModel.folded(number)).inserted { good[row] = nil }
        }
    }

    // MARK: Create and update

    private mutating func create(_ operation: ModelOperation, _ rows: [Int]) -> Bool {
        var good = validated(operation, rows)
        for row in rows {
            guard var record = good[row] else { continue }
            if operation.entity == "account", record["name"] == nil {
                good[row] = nil
            } else if record["statecode"] != nil || record["statuscode"] != nil {
                if let (state, status) = lifeCycle(record, current: nil) {
                    (record["statecode"], record["statuscode"]) = (state, status)
                    good[row] = record
                } else {
                    good[row] = nil
                }
            }
        }
        dropDuplicates(&good, rows)
        if good.count < rows.count, !isIndependent { return false }
        for row in rows {
            guard var record = good[row] else { continue }
            if operation.entity == "account" {
                if record["onhold"] == nil { record["onhold"] = .boolean(false) }
                if record["statecode"] == nil {
                    (record["statecode"], record["statuscode"]) = (.option(0), .option(1))
                }
                if record["ownerid"] == nil { record["ownerid"] = actor }
            }
            record["versionnumber"] = .integer(Int64(position))
            (record["createdon"], record["modifiedon"]) = (.instant(timeMicroseconds), .instant(timeMicroseconds))
            (record["createdby"], record["modifiedby"]) = (actor, actor)
            let sequence = model.nextSequence[operation.entity] ?? 1
            model.nextSequence[operation.entity] = sequence + 1
            let id = RecordID(
                entity: EntityID(TestSchema.entityNumbers[operation.entity] ?? 0),
                sequence: sequence
            )
            model.records[id] = record.filter { $0.value != .null }
            hasChanged = true
            note(row, .created, id, names: true)
        }
        return true
    }

    private mutating func update(
        _ operation: ModelOperation,
        _ rows: [Int],
        _ ids: [RecordID],
        _ versions: [Position]
    ) -> Bool {
        var good = validated(operation, rows)
        var seen: Set<RecordID> = []
        var names: [Int: RecordID] = [:]
        for (index, row) in rows.enumerated() {
            guard let record = model.records[ids[index]] else {
                good[row] = nil
                continue
            }
            names[row] = ids[index]
            let expected = versions.isEmpty ? 0 : versions[index]
            if expected != 0, record["versionnumber"] != .integer(Int64(expected)) { good[row] = nil }
            if !seen.insert(ids[index]).inserted { good[row] = nil }
            guard var change = good[row], change["statecode"] != nil || change["statuscode"] != nil else { continue }
            if let (state, status) = lifeCycle(change, current: record) {
                (change["statecode"], change["statuscode"]) = (state, status)
                good[row] = change
            } else {
                good[row] = nil
            }
        }
        dropDuplicates(&good, rows, except: names)
        if good.count < rows.count, !isIndependent { return false }
        for row in rows {
            guard let change = good[row], let id = names[row], var record = model.records[id] else { continue }
            let differs = change.contains { record[$0.key] ?? .null != $0.value }
            if differs {
                for (attribute, value) in change { record[attribute] = value }
                touch(&record)
                model.records[id] = record.filter { $0.value != .null }
            }
            note(row, differs ? .updated : .unchanged, id, names: operation.kind == .upsert)
        }
        return true
    }

    private mutating func touch(_ record: inout CRMModel.Record) {
        record["versionnumber"] = .integer(Int64(position))
        record["modifiedon"] = .instant(timeMicroseconds)
        record["modifiedby"] = actor
        hasChanged = true
    }

    private mutating func upsert(_ operation: ModelOperation) -> Bool {
        guard let column = operation.attributes.firstIndex(of: "accountnumber") else { return false }
        let sound = validated(operation, Array(operation.rows.indices))
        var rest = operation.rows.indices.filter { sound[$0] != nil && operation.rows[$0][column] != .null }
        if rest.count < operation.rows.count, !isIndependent { return false }
        while !rest.isEmpty {
            var seen: Set<String> = []
            var (creates, updates, later): ([Int], [Int], [Int]) = ([], [], [])
            var ids: [RecordID] = []
            for row in rest {
                guard case .text(let number) = operation.rows[row][column] else { continue }
                if !seen.insert(CRMModel.folded(number)).inserted {
                    later.append(row)
                } else if let found = model.accounts(numbered: number).first {
                    updates.append(row)
                    ids.append(found)
                } else {
                    creates.append(row)
                }
            }
            guard create(operation, creates) else { return false }
            guard update(operation, updates, ids, []) else { return false }
            rest = later
        }
        return true
    }

    // MARK: Delete

    private mutating func delete(_ operation: ModelOperation) -> Bool {
        var doomed: Set<RecordID> = []
        var cleared: [(record: RecordID, attribute: String)] = []
        var deleted: [Int] = []
        for row in operation.rows.indices {
            let id = operation.ids[row]
            let expected = operation.versions.isEmpty ? 0 : operation.versions[row]
            let isThere = model.records[id].map {
                expected == 0 || $0["versionnumber"] == .integer(Int64(expected))
            }
            guard isThere == true, let (more, links) = closure(of: id, doomed) else {
                if isIndependent { continue }
                return false
            }
            doomed.formUnion(more)
            cleared += links
            deleted.append(row)
        }
        for (id, attribute) in cleared where !doomed.contains(id) {
            guard var record = model.records[id] else { continue }
            record[attribute] = nil
            touch(&record)
            model.records[id] = record.filter { $0.value != .null }
        }
        for id in doomed { model.records[id] = nil }
        if !doomed.isEmpty { hasChanged = true }
        for row in deleted { note(row, .deleted, .none, names: false) }
        return true
    }

    /// What a delete takes with it and which references it clears; nil when something keeps it from going.
    private func closure(
        of id: RecordID,
        _ already: Set<RecordID>
    ) -> (Set<RecordID>, [(record: RecordID, attribute: String)])? {
        var doomed = already
        var cleared: [(record: RecordID, attribute: String)] = []
        var restricting: [RecordID] = []
        var open = doomed.insert(id).inserted ? [id] : []
        while let target = open.popLast() {
            for lookup in TestSchema.lookups where lookup.targets.contains(TestSchema.entity(target)) {
                for (record, values) in model.records
                where values[lookup.attribute] == .reference(target) && TestSchema.entity(record) == lookup.entity {
                    switch lookup.onDelete {
                    case .restrict: restricting.append(record)
                    case .removeLink: cleared.append((record, lookup.attribute))
                    case .cascade: if doomed.insert(record).inserted { open.append(record) }
                    }
                }
            }
        }
        if case .reference(let user) = actor, doomed.contains(user) { return nil }
        return restricting.allSatisfy(doomed.contains) ? (doomed, cleared) : nil
    }
}
