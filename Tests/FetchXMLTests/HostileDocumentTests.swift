import Engine
import FetchXML
import Testing

/// Documents that are made to hurt: each ends in a query or in a refusal, never in a trap, and soon.
@Suite struct HostileDocumentTests {
    private func refusal(_ document: String) -> QueryError.Code? {
        do throws(QueryError) {
            let query = try FetchDocument(document, schema: Schema.standard).query
            _ = try PreparedQuery(query, schema: Schema.standard)
            return nil
        } catch {
            return error.code
        }
    }

    private func filtered(_ inside: String) -> String {
        "<fetch><entity name='account'><attribute name='name'/><filter>\(inside)</filter></entity></fetch>"
    }

    @Test func nestingIsBounded() {
        for depth in [90, 200, 100_000] {
            let open = String(repeating: "<filter type='or'>", count: depth)
            let close = String(repeating: "</filter>", count: depth)
            let inside =
                "<condition attribute='name' operator='null'/><condition attribute='name' operator='not-null'/>"
            #expect(refusal(filtered(open + inside + close)) == (depth == 90 ? nil : .tooComplex), "\(depth)")
        }
    }

    @Test func listsAreBounded() {
        let values = { (count: Int) in (0..<count).map { "<value>n\($0)</value>" }.joined() }
        let condition = { "<condition attribute='name' operator='in'>\(values($0))</condition>" }
        #expect(refusal(filtered(condition(10_000))) == nil)
        // More bytes than a text may have, then more elements.
        #expect(refusal(filtered(condition(60_000))) == .tooComplex)
        #expect(refusal(filtered(String(repeating: "<f/>", count: 150_000))) == .tooComplex)
    }

    @Test func linksAreBounded() {
        let link = { (count: Int) in
            (0..<count).map { "<link-entity name='contact' from='parentcustomerid' to='accountid' alias='c\($0)'/>" }
                .joined()
        }
        #expect(refusal("<fetch><entity name='account'>\(link(15))</entity></fetch>") == nil)
        #expect(refusal("<fetch><entity name='account'>\(link(16))</entity></fetch>") == .tooComplex)
        #expect(refusal("<fetch><entity name='account'>\(link(5_000))</entity></fetch>") == .tooComplex)
    }

    @Test func linksInLinksAreBounded() {
        func nested(_ depth: Int, _ inside: String = "") -> String {
            let open = (0..<depth).map {
                "<link-entity name='account' from='parentaccountid' to='accountid' alias='a\($0)'>"
            }.joined()
            let close = String(repeating: "</link-entity>", count: depth)
            return "<fetch><entity name='account'><attribute name='name'/>\(open)\(inside)\(close)</entity></fetch>"
        }
        #expect(refusal(nested(15)) == nil)
        for depth in [16, 90, 5_000] { #expect(refusal(nested(depth)) == .tooComplex, "\(depth)") }
        // Those that only have to exist are queries inside queries.
        let any = { (depth: Int) in nested(depth).replacing(" alias=", with: " link-type='exists' alias=") }
        #expect(refusal(any(12)) == nil)
        for depth in [20, 5_000] { #expect(refusal(any(depth)) == .tooComplex, "\(depth)") }
    }

    @Test func attributesOrdersAndPatternsAreBounded() {
        let many = { (count: Int, element: String) in String(repeating: element, count: count) }
        let orders = many(10_000, "<order attribute='name'/>")
        #expect(
            refusal("<fetch><entity name='account'><attribute name='name'/>\(orders)</entity></fetch>") == .tooComplex
        )
        let groups = (0..<10_000).map { "<attribute name='name' alias='n\($0)' groupby='true'/>" }.joined()
        #expect(refusal("<fetch aggregate='true'><entity name='account'>\(groups)</entity></fetch>") == .tooComplex)
        let long = many(400_000, "%a_")
        #expect(refusal(filtered("<condition attribute='name' operator='like' value='\(long)'/>")) == .tooComplex)
    }

    @Test func manyPlacesInOneLineAreFoundInOneWalk() {
        // Each of 20,000 conditions asks for its place in a line of a megabyte: a walk from the start for each would be 10^10 steps.
        let conditions = String(repeating: "<condition attribute='name' operator='null'/>", count: 20_000)
        #expect(refusal(filtered(conditions)) == nil)
    }

    @Test func damagedDocumentsAreRefusedOrMeanSomething() {
        for seed in 0..<2000 { checkDamaged(seed) }
    }

    private func checkDamaged(_ seed: Int) {
        let document = """
            <fetch version="1.0" count="10" page="2" paging-cookie="&lt;cookie/&gt;"><entity name="opportunity">
              <attribute name="name"/><attribute name="estimatedvalue" alias="välue"/>
              <filter type="or"><condition attribute="statecode" operator="in"><value>0</value><value>Won</value></condition>
                <condition attribute="estimatedvalue" operator="between"><value>1.5</value><value>-2</value></condition>
                <condition entityname="c" attribute="name" operator="like" value="[%]a%"/></filter>
              <link-entity name="account" from="accountid" to="customerid" alias="c" link-type="outer">
                <attribute name="name"/><order attribute="name" descending="true"/></link-entity>
            </entity></fetch>
            """
        var bytes = Array(document.utf8)
        var state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 | 1
        func random(_ bound: Int) -> Int {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Int(state % UInt64(bound))
        }
        for _ in 0...random(4) {
            let at = random(bytes.count)
            switch random(4) {
            case 0: bytes.remove(at: at)
            case 1: bytes[at] = UInt8(random(256))
            case 2: bytes.insert(Array("<>\"'&=/ []%".utf8)[random(11)], at: at)
            default: bytes.removeSubrange(at..<min(bytes.count, at + random(40)))
            }
        }
        let damaged = String(decoding: bytes, as: UTF8.self)
        do throws(QueryError) {
            _ = try PreparedQuery(text: damaged, schema: Schema.standard)
        } catch {
            // A refusal can be shown, and points into the text.
            #expect(!error.rendered(in: damaged).isEmpty, "seed \(seed)")
            #expect(
                error.location.line <= UInt32(damaged.split(separator: "\n", omittingEmptySubsequences: false).count)
                    + 1
            )
        }
    }
}
