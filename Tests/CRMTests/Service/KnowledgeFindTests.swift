import CRM
import Engine
import Testing

/// Articles are found by quick find, by what stands in their title, number, keywords and text.
@Suite struct KnowledgeFindTests {
    @Test(arguments: ["paper jam", "KBA-00001", "stuck", "rollers", "rolers", "jam roll"])
    func anArticleIsFound(_ text: String) throws {
        var organisation = TestOrganisation()
        let article = try organisation.create(
            "kbarticle K: title=Paper jam | keywords=stuck, blocked | content=Clean the rollers and pull the sheet out."
        )
        try organisation.create("kbarticle L: title=Low toner | content=Shake the cartridge.")
        let hits = try organisation.engine.view.find(FindRequest(text, entities: ["kbarticle"]))
        #expect(hits.map(\.record) == [article], "\(text)")
    }

    /// What was changed is found at once, and what no longer stands there is not.
    @Test func whatIsWrittenIsFoundAtOnce() throws {
        var organisation = TestOrganisation()
        let article = try organisation.create("kbarticle K: title=Paper jam | content=Clean the rollers.")
        try organisation.set("K: content=Replace the drum.")
        #expect(try organisation.engine.view.find(FindRequest("drum")).map(\.record) == [article])
        #expect(try organisation.engine.view.find(FindRequest("rollers")).isEmpty)
    }
}
