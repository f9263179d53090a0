import CRM
import Engine
import Testing

/// Entities of an organisation's own that are called like some of the standard's: no message and no clock takes their records for
/// the standard's.
@Suite struct OwnEntityTests {
    private static func states(_ declaration: inout EntityDeclaration) {
        declaration.states = [(0, "Draft", 1), (1, "Done", 2), (2, "Gone", 3)].map { state, label, status in
            StateDeclaration(OptionDeclaration(state, label), [OptionDeclaration(status, label)])
        }
    }

    /// An organisation with an entity of its own, which gets these attributes once the standard's entities are there.
    private func organisation(
        _ name: String,
        isStated: Bool = false,
        _ attributes: [AttributeDeclaration]
    ) throws -> TestOrganisation {
        var own = EntityDeclaration(name)
        own.attributes = [AttributeDeclaration("name", "text")]
        if isStated { OwnEntityTests.states(&own) }
        var world = try TestOrganisation(withOwn: [own])
        #expect(world.engine.schema.standardEntity(named: name) == nil)
        var more = EntityDeclaration(name)
        more.attributes = attributes
        try world.change([more])
        return world
    }

    private func lookup(_ name: String, to targets: String...) -> AttributeDeclaration {
        var lookup = AttributeDeclaration(name, "lookup")
        lookup.parameters[.to] = targets
        return lookup
    }

    private func perform(_ text: String, _ world: inout TestOrganisation) throws {
        try world.perform(try MessageRequest(text, in: world.engine.schema, named: world.names))
    }

    @Test func whatIsCalledAQueueItemOutlivesWhatItIsAbout() throws {
        var world = try organisation("queueitem", [lookup("objectid", to: "task", "incident")])
        try world.create("account A: name=Acme")
        try world.create("queue Q: name=Support")
        try world.create("task T: subject=Call")
        try world.create("incident C: title=Broken | customerid=A")
        try world.create("queueitem I: name=Ours | objectid=T")
        try world.create("queueitem J: name=Ours too | objectid=C")
        try perform("complete T", &world)
        try perform("resolve C", &world)
        #expect(world.rows("SELECT name, objectid FROM queueitem ORDER BY name") == ["Ours | T", "Ours too | C"])
        // There is no place in a queue to be had.
        try world.create("task U: subject=Write")
        let refusal = #expect(throws: Refusal.self) { try perform("route U --queue Q", &world) }
        #expect(refusal?.code == .unknownEntity)
        #expect(world.rows("SELECT COUNT(*) FROM queueitem") == ["2"])
    }

    @Test func whatIsCalledAQuotaIsNotSet() throws {
        var world = try organisation(
            "quota",
            [
                lookup("salespersonid", to: "systemuser"), AttributeDeclaration("fiscalyear", "integer"),
                AttributeDeclaration("fiscalperiod", "integer"), AttributeDeclaration("amount", "decimal"),
            ]
        )
        try world.create("systemuser S: fullname=Sam")
        for present in [false, true] {
            if present {
                try world.create("quota Q: name=Ours | salespersonid=S | fiscalyear=2026 | fiscalperiod=1 | amount=5")
            }
            let refusal = #expect(throws: Refusal.self) {
                try perform("set-quota S --year 2026 --period 1 --amount 900", &world)
            }
            #expect(
                refusal?.message
                    == "The standard's entity quota is not here: it was deleted, or the organisation has one of "
                    + "its own under that name."
            )
        }
        #expect(world.rows("SELECT name FROM quota WHERE amount = 5") == ["Ours"])
    }

    @Test func theClockTakesNoOtherContracts() throws {
        var moments = ["activatesat", "endsat"].map { AttributeDeclaration($0, "instant") }
        for index in moments.indices { moments[index].isOrdered = true }
        var world = try organisation("contract", isStated: true, moments)
        try world.create("contract K: name=Ours | activatesat=2026-05-16T00:00:00Z | endsat=2026-05-17T00:00:00Z")
        let end = try #require(CalendarText.instant("2026-06-01T00:00:00Z"))
        #expect(!DueWork.isAny(world.engine, from: .min, before: end) { _ in false })
        #expect(!DueWork.isDue(try world.record("K"), before: end, world.engine))
        try world.advance(to: end)
        #expect(
            world.rows("SELECT statecode, activatesat, endsat FROM contract") == [
                "0 | 2026-05-16T00:00:00Z | 2026-05-17T00:00:00Z"
            ]
        )
    }

    @Test func whatIsCalledAResolutionIsNeitherMadeNorCanceled() throws {
        var world = try organisation(
            "incidentresolution",
            isStated: true,
            [lookup("regardingobjectid", to: "incident"), AttributeDeclaration("subject", "text")]
        )
        try world.create("account A: name=Acme")
        try world.create("incident C: title=Broken | customerid=A")
        try world.create("incidentresolution R: name=Ours | regardingobjectid=C | statecode=Done")
        try perform("resolve C", &world)
        try perform("reopen C", &world)
        #expect(world.rows("SELECT name, regardingobjectid, statecode FROM incidentresolution") == ["Ours | C | 1"])
        #expect(world.rows("SELECT statecode FROM incident") == ["0"])
    }
}
