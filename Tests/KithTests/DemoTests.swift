import Demo
import Engine
import Testing

/// What the generator hands over, checked against the schema and against itself, without an engine.
@Suite struct DemoTests {
    static let today: Int32 = 20_600  // 2026-05-27
    let schema = Schema.standard
    let demo = Demo(today: DemoTests.today)

    @Test func theSameSeedDayAndScaleGiveTheSameValues() {
        #expect(digest(demo) == digest(Demo(today: DemoTests.today)))
        #expect(digest(demo) != digest(Demo(seed: 1, today: DemoTests.today)))
        #expect(digest(demo) != digest(Demo(today: DemoTests.today + 1)))
        // Pinned: every machine and every later version must generate the same, or change this on purpose.
        #expect(digest(demo) == 11_023_616_921_978_300_973)
    }

    @Test func proportionsAreThoseOfACompany() {
        var counts: [String: Set<String>] = [:]
        for batch in demo.batches { counts[batch.entity, default: []].formUnion(batch.records.map(\.externalID)) }
        func count(_ entity: String) -> Int { counts[entity]?.count ?? 0 }
        #expect(count("account") == 200)
        #expect(count("contact") == 800 && count("lead") == 800 && count("incident") == 800)
        #expect(count("opportunity") == 400)
        // Daily work, and whom the running campaigns reached.
        let reached = count("task") + count("phonecall") + count("email") + count("appointment") - 56 * 200
        #expect((300...500).contains(reached), "\(reached)")
        #expect((1600...3000).contains(count("activityparty")), "\(count("activityparty"))")
        #expect(count("campaign") == 28 && count("list") == 4 && count("listmember") == 200)
        #expect((100...350).contains(count("campaignresponse")), "\(count("campaignresponse"))")
        #expect(count("systemuser") == 21 && count("territory") == 16)
        #expect((600...1200).contains(count("opportunityproduct")))
        #expect((60...200).contains(count("salesorder")))
        #expect(counts.values.reduce(0) { $0 + $1.count } < 20_000)
    }

    @Test func batchesFitTheSchemaAndReferOnlyToWhatCameBefore() throws {
        var loaded: Set<String> = []
        for batch in demo.batches {
            let entity = try #require(schema.entity(named: batch.entity))
            #expect(batch.records.count <= DemoBatch.rowCountMax)
            let isNew = !loaded.contains(batch.records[0].externalID)
            if isNew {
                let given = Set(batch.columns.map(\.attribute))
                for attribute in entity.attributes where attribute.isRequired && attribute.defaultValue == .null {
                    #expect(given.contains(attribute.name), "\(batch.entity).\(attribute.name) is required")
                }
                if entity.ownership == .user { #expect(given.contains("ownerid"), "\(batch.entity)") }
            }
            for column in batch.columns {
                let id = try #require(entity.attributeID(column.attribute), "\(batch.entity).\(column.attribute)")
                let attribute = entity[id]
                switch column.values {
                case .values(let values):
                    #expect(values.count == batch.records.count)
                    let wrong = values.first { !fits($0, attribute) }
                    #expect(wrong == nil, "\(batch.entity).\(column.attribute)")
                case .references(let references):
                    #expect(references.count == batch.records.count)
                    #expect(Set(references.compactMap(\.?.entity)).count <= 1, "a link of a batch has one target")
                    for case let reference? in references {
                        let target = try #require(schema.entity(named: reference.entity))
                        #expect(attribute.type.lookupTargets.contains(target.id))
                        #expect(
                            loaded.contains(reference.externalID),
                            "\(batch.entity) refers to \(reference.externalID)"
                        )
                    }
                }
            }
            loaded.formUnion(batch.records.map(\.externalID))
        }
        #expect(loaded.contains(demo.lastRecord.externalID))
    }

    @Test func statusesBelongToTheirStates() throws {
        for batch in demo.batches {
            guard let states = values(batch, "statecode"), let statuses = values(batch, "statuscode") else { continue }
            let model = try #require(schema.entity(named: batch.entity)?.stateModel)
            for case (.option(let state), .option(let status)) in zip(states, statuses) {
                #expect(model.state(ofStatus: status) == state, "\(batch.entity): status \(status) in state \(state)")
            }
        }
    }

    @Test(arguments: [1, 9]) func alternateKeysAreUnique(scale: Int) throws {
        var seen: [String: Set<Value>] = [:]
        for batch in Demo(today: DemoTests.today, scale: scale).batches {
            let entity = try #require(schema.entity(named: batch.entity))
            for key in entity.keys where key.attributes.count == 1 {
                guard let values = values(batch, entity[key.attributes[0]].name) else { continue }
                for value in values {
                    let isNew = seen["\(batch.entity).\(key.name)", default: []].insert(value).inserted
                    #expect(isNew, "\(batch.entity).\(key.name): \(value)")
                }
            }
        }
    }

    @Test func progressRisesToOne() {
        var last = 0.0
        for batch in demo.batches {
            #expect(batch.progress >= last)
            last = batch.progress
        }
        #expect(last == 1)
    }

    @Test func closedDealsHaveTheirValueAndDateAndOpenOnesHaveNone() throws {
        var lineSums: [String: Int64] = [:]
        var estimates: [String: Int64] = [:]
        for batch in demo.batches {
            if batch.entity == "opportunityproduct" {
                guard case .references(let deals) = try #require(column(batch, "opportunityid")) else { continue }
                for (deal, amount) in zip(deals, try #require(values(batch, "extendedamount"))) {
                    lineSums[try #require(deal).externalID, default: 0] += units(amount)
                }
            }
            guard batch.entity == "opportunity" else { continue }
            let states = try #require(values(batch, "statecode"))
            let actuals = try #require(values(batch, "actualvalue"))
            let days = try #require(values(batch, "actualclosedate"))
            let estimated = try #require(values(batch, "estimatedvalue"))
            for row in states.indices {
                estimates[batch.records[row].externalID] = units(estimated[row])
                switch states[row] {
                case .option(0): #expect(actuals[row] == .null && days[row] == .null)
                case .option(1): #expect(units(actuals[row]) > 0 && units(actuals[row]) <= units(estimated[row]))
                default: #expect(units(actuals[row]) == 0)
                }
                if case .date(let day) = days[row] { #expect(day <= DemoTests.today) }
            }
        }
        #expect(estimates == lineSums)
    }

    @Test func thePastIsMostlyDoneAndTheFutureIsNot() throws {
        var overdue = 0
        var planned = 0
        for batch in demo.batches where batch.entity == "task" || batch.entity == "phonecall" {
            let states = try #require(values(batch, "statecode"))
            let ends = try #require(values(batch, "scheduledend"))
            for (state, end) in zip(states, ends) {
                guard case .instant(let end) = end else { continue }
                let isPast = end < Int64(DemoTests.today) * 86_400_000_000
                if state == .option(0) { if isPast { overdue += 1 } else { planned += 1 } }
                if state == .option(1) { #expect(end < Int64(DemoTests.today + 1) * 86_400_000_000) }
            }
        }
        #expect((20...400).contains(overdue), "\(overdue)")
        #expect((100...2000).contains(planned), "\(planned)")
    }

    @Test func someAccountsAreBusierThanOthers() throws {
        var activities: [DemoReference: Int] = [:]
        for batch in demo.batches where batch.entity == "phonecall" {
            guard case .references(let regarding) = try #require(column(batch, "regardingobjectid")) else { continue }
            for case let reference? in regarding where reference.entity == "account" {
                activities[reference, default: 0] += 1
            }
        }
        let sorted = activities.values.sorted(by: >)
        #expect(sorted[0] > 5 * sorted[sorted.count / 2])
    }

    // MARK: Reading batches

    private func column(_ batch: DemoBatch, _ attribute: String) -> DemoBatch.Values? {
        batch.columns.first { $0.attribute == attribute }?.values
    }

    private func values(_ batch: DemoBatch, _ attribute: String) -> [Value]? {
        guard case .values(let values)? = column(batch, attribute) else { return nil }
        return values
    }

    private func units(_ value: Value) -> Int64 {
        if case .decimal(let decimal) = value { decimal.units } else { 0 }
    }

    private func fits(_ value: Value, _ attribute: Attribute) -> Bool {
        switch (value, attribute.type) {
        case (.null, _): !attribute.isRequired
        case (.text(let text), .text(let lengthMax)), (.text(let text), .memo(let lengthMax)):
            !text.isEmpty && text.unicodeScalars.count <= lengthMax
        case (.text(let text), .partyList), (.text(let text), .autoNumber): !text.isEmpty
        case (.integer(let number), .integer(let minimum, let maximum)): (minimum...maximum).contains(number)
        case (.decimal(let decimal), .decimal(let scale, let minimum, let maximum)):
            decimal.rescaled(to: scale).map { (minimum...maximum).contains($0.units) } ?? false
        case (.decimal(let decimal), .money): decimal.scale == AttributeType.moneyScale
        case (.boolean, .boolean), (.date, .date), (.instant, .instant): true
        case (.option(let option), .option(let set)), (.option(let option), .state(let set)),
            (.option(let option), .status(let set)):
            schema[set].place(of: option) != nil
        default: false
        }
    }

    private func canonical(_ value: Value) -> String {
        switch value {
        case .null: "-"
        case .boolean(let flag): flag ? "yes" : "no"
        case .integer(let number): "\(number)"
        case .decimal(let decimal): decimal.description
        case .option(let option): "#\(option)"
        case .date(let day): "\(day) d"
        case .instant(let microseconds): "\(microseconds) us"
        case .reference(let record): "\(record.rawValue)"
        case .text(let text): text
        case .double(let number): "\(number)"
        }
    }

    /// FNV-1a over everything that a load would send, in order.
    private func digest(_ demo: Demo) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        func add(_ text: String) {
            for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
            hash = (hash ^ 0xFF) &* 0x100_0000_01B3
        }
        for batch in demo.batches {
            add(batch.entity)
            for record in batch.records { add(record.externalID) }
            for column in batch.columns {
                add(column.attribute)
                switch column.values {
                case .values(let values): for value in values { add(canonical(value)) }
                case .references(let references): for reference in references { add(reference?.externalID ?? "") }
                }
            }
        }
        return hash
    }
}
