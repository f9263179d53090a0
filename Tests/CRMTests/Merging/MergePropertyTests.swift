import CRM
import Engine
import Snapshot
import TestSupport
import Testing

/// Random customers with all that can refer to them, two of which are merged and taken apart again: afterwards everything is as it was,
/// and what somebody changed in between stays as it was changed.
@Suite struct MergePropertyTests {
    private struct Cell: Hashable, Comparable {
        var record: RecordID
        var attribute: String
        static func < (a: Cell, b: Cell) -> Bool { (a.record, a.attribute) < (b.record, b.attribute) }
    }

    /// What the engine keeps of itself at every change.
    private static let kept: Set<String> = ["versionnumber", "modifiedon", "modifiedby"]

    private static func values(_ organisation: TestOrganisation) -> [Cell: Value] {
        var cells: [Cell: Value] = [:]
        let engine = organisation.engine
        for (place, entity) in engine.schema.entities.enumerated() where !entity.name.hasPrefix("recordmerge") {
            for row in 0..<engine.tables[place].rowCount {
                let id = engine.tables[place].recordID(atRow: row)
                if id == .none { continue }
                for (column, attribute) in entity.attributes.enumerated() where !kept.contains(attribute.name) {
                    switch attribute.type {
                    case .calculated, .rollUp, .partyList: continue
                    default:
                        cells[Cell(record: id, attribute: attribute.name)] = engine.tables[place].value(column, row)
                    }
                }
            }
        }
        return cells
    }

    private static let children = [
        "contact: fullname=% | parentcustomerid=@", "opportunity: name=% | customerid=@",
        "task: subject=% | regardingobjectid=@",
        "incident: title=% | customerid=@", "account: name=% | parentaccountid=@", "quote: name=% | customerid=@",
        "annotation: subject=% | objectid=@",
    ]
    private static let fields = [
        "telephone1=", "websiteurl=", "description=", "accountnumber=", "numberofemployees=4", "revenue=10.5",
        "donotphone=yes",
        "industrycode=1", "lastusedincampaign=2026-01-02T03:04:05Z",
    ]

    private static func organisation(_ random: inout SplitMix64) throws -> TestOrganisation {
        var organisation = TestOrganisation()
        try organisation.create("transactioncurrency E: currencyname=Euro | isocurrencycode=EUR | exchangerate=1")
        try organisation.create("transactioncurrency F: currencyname=Franc | isocurrencycode=CHF | exchangerate=1")
        for name in ["A", "B", "C"] {
            var line = "account \(name): name=\(name)"
            for (number, field) in fields.enumerated() where random.below(2) == 0 {
                line += " | \(field)" + (field.hasSuffix("=") ? "\(name)\(number)" : "")
            }
            if random.below(3) == 0 { line += " | transactioncurrencyid=\(["E", "F"][random.below(2)])" }
            try organisation.create(line)
        }
        if random.below(4) == 0 { try perform("deactivate B", &organisation) }
        for number in 0..<random.below(20) {
            let child = children[random.below(children.count)].split(separator: ":", maxSplits: 1).map(String.init)
            let values = child[1].replacing("%", with: "Child \(number)").replacing(
                "@",
                with: ["A", "B", "C"][random.below(3)]
            )
            try organisation.create(named: "R\(number)", child[0], values)
        }
        return organisation
    }

    private static func take(_ random: inout SplitMix64) -> String {
        let names = ["telephone1", "websiteurl", "description", "accountnumber", "revenue", "name", "donotphone"]
        let taken = names.filter { _ in random.below(3) == 0 }
        return (taken.isEmpty ? "" : " --take \(taken.joined(separator: ","))")
            + (random.below(2) == 0 ? " --fill" : "")
    }

    private static func perform(_ text: String, _ organisation: inout TestOrganisation) throws {
        try organisation.perform(MessageRequest(text, in: organisation.engine.schema, named: organisation.names))
    }

    /// Merges B into A; false where amounts in two currencies forbid it.
    private static func merge(_ organisation: inout TestOrganisation, _ random: inout SplitMix64) throws -> Bool {
        do {
            try perform("merge A --from B\(take(&random))", &organisation)
            return true
        } catch let refusal as Refusal where refusal.rule == "currency" {
            return false
        }
    }

    @Test(arguments: 0..<UInt64(Effort.count(60, torture: 2_000, full: 20_000)))
    func unmergeRestoresWhatNobodyChanged(_ seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var organisation = try Self.organisation(&random)
        let before = Self.values(organisation)
        guard try Self.merge(&organisation, &random) else { return }
        let merged = Self.values(organisation)
        #expect(merged != before, "seed \(seed)")

        // In between texts change and children go to a third.
        if seed % 3 != 0 {
            for number in 0..<random.below(6) {
                let record = random.below(2) == 0 ? ["A", "B"][random.below(2)] : nil
                if let record {
                    try organisation.set(
                        "\(record): \(["telephone1", "websiteurl", "description"][random.below(3)])=Late \(number)"
                    )
                } else if let child = organisation.names.keys.filter({ $0.hasPrefix("R") }).sorted().first {
                    let entity = organisation.engine.schema.entity(organisation.names[child]?.entity ?? EntityID(0))?
                        .name
                    if entity == "opportunity" || entity == "incident" {
                        try organisation.set("\(child): customerid=C")
                    }
                }
            }
        }
        let changed = Self.values(organisation)
        try organisation.call("M", theNewest: "recordmerge")
        try Self.perform("unmerge M", &organisation)
        let after = Self.values(organisation)
        for cell in changed.keys.sorted() {
            let expected = changed[cell] == merged[cell] ? before[cell] : changed[cell]
            #expect(
                after[cell] == expected,
                "seed \(seed), \(organisation.engine.schema.text(of: cell.record)).\(cell.attribute)"
            )
        }
        #expect(after.count == before.count, "seed \(seed)")
        let isListed = organisation.rows("SELECT keptcount FROM recordmerge")
        let keptCount = merged.keys.filter { merged[$0] != before[$0] && changed[$0] != merged[$0] }.count
        #expect(isListed == ["\(keptCount)"], "seed \(seed)")
    }

    /// After a merge nothing refers to the record that went, but the merge itself.
    @Test(arguments: 0..<UInt64(Effort.count(40, torture: 1_000, full: 10_000)))
    func nothingIsLeftBehind(_ seed: UInt64) throws {
        var random = SplitMix64(seed: seed &+ 1_000_000)
        var organisation = try Self.organisation(&random)
        guard try Self.merge(&organisation, &random) else { return }
        let gone = try organisation.record("B")
        let referring = Self.values(organisation).filter { $0.value == .reference(gone) && $0.key.record != gone }
        #expect(referring.isEmpty, "seed \(seed): \(referring)")
    }
}
