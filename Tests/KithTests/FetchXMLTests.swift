import Engine
import Kith
import Snapshot
import Testing

/// What documents answer. What they mean is tested in FetchXMLTests, without data.
@Suite struct FetchXMLTests {
    private func database() async throws -> Database {
        var options = DatabaseOptions()
        options.directory = DirectoryOptions(segmentBytes: 8 << 20)
        options.threadCount = 1
        let database = try Database.open(in: SimulatedStorage(seed: 3), options: options, random: 1)
        var transaction = Transaction(database.schema)
        // Names with equal folds, nulls in the second key: everything that makes pages hard.
        for number in 0..<97 {
            try transaction.create(
                "account",
                [
                    "name": .text(["Émile", "emile", "EMILE", "Zoé", "<&\"'\n>"][number % 5]),
                    "numberofemployees": number % 4 == 0 ? .null : .integer(Int64(number % 7)),
                    "externalid": .text("A0000000-0000-0000-0000-0000000000\(number + 10)"),
                    "accountnumber": .text("N\(number)"),
                ]
            )
        }
        _ = try await database.execute(transaction)
        return database
    }

    @Test func oneDoorTakesBothLanguages() async throws {
        let database = try await database()
        let document = """
            <fetch aggregate="true"><entity name="account">
              <attribute name="accountid" alias="n" aggregate="count"/>
              <filter><condition attribute="name" operator="eq" value="émile"/></filter>
            </entity></fetch>
            """
        let sql = "SELECT count(*) AS n FROM account WHERE name = 'émile'"
        let rows = try await database.query(document).rows
        #expect(rows == [[.integer(59)]])
        #expect(try await database.query(sql).rows == rows)
        try database.close()
    }

    @Test func anotherSystemsIdsNameRecords() async throws {
        let database = try await database()
        let rows = try await database.query(
            """
            <fetch><entity name="account"><attribute name="accountnumber"/><filter>
              <condition attribute="accountid" operator="in">
                <value>{A0000000-0000-0000-0000-000000000012}</value>
                <value>a0000000-0000-0000-0000-000000000013</value>
              </condition></filter><order attribute="accountnumber"/></entity></fetch>
            """
        ).rows
        #expect(rows == [["N2"], ["N3"]])
        try database.close()
    }

    @Test(arguments: [("false", "false"), ("true", "false"), ("false", "true"), ("true", "true")])
    func cookiesLeadThroughAllRowsOnce(_ first: String, _ second: String) async throws {
        let database = try await database()
        let orders = """
            <order attribute="name" descending="\(first)"/><order attribute="numberofemployees" descending="\(second)"/>
            """
        func document(_ paging: String) throws -> FetchDocument {
            try FetchDocument(
                "<fetch \(paging)><entity name='account'><attribute name='accountnumber'/>\(orders)</entity></fetch>",
                schema: database.schema
            )
        }
        let view = database.currentView
        func answer(_ query: Query) throws -> QueryResult {
            try PreparedQuery(query, schema: view.schema).execute(on: view)
        }
        let whole = try answer(document("count='1000'").query).rows
        #expect(whole.count == 97)
        #expect(try answer(#require(document("count='10'").countQuery)).rows == [[.integer(97)]])

        var byCookie: [[Value]] = []
        var byNumber: [[Value]] = []
        var paging = ""
        for number in 1...10 {
            let page = try document("count='10' page='\(number)' \(paging)")
            let answered = try page.page(from: answer(#require(page.pageQuery)))
            byCookie += answered.rows.rows
            byNumber += try answer(document("count='10' page='\(number)'").query).rows
            #expect(answered.hasMore == (number < 10))
            #expect((answered.cookie != nil) == answered.hasMore)
            if let cookie = answered.cookie { paging = "paging-cookie='\(escaped(cookie))'" }
        }
        #expect(byCookie == whole)
        #expect(byNumber == whole)
        try database.close()
    }

    @Test func aForeignCookieLeavesThePageNumberToDecide() async throws {
        let database = try await database()
        let cookie = "<cookie page='1'><accountid last='{A0000000-0000-0000-0000-000000000012}'/></cookie>"
        let document = try FetchDocument(
            "<fetch count='10' page='2' paging-cookie='\(escaped(cookie))'><entity name='account'/></fetch>",
            schema: database.schema
        )
        #expect(document.query.offset?.kind == .literal(.integer(10)))
        try database.close()
    }

    private func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "<": result += "&lt;"
            case "&": result += "&amp;"
            case "'": result += "&apos;"
            case "\"": result += "&quot;"
            default: result.append(character)
            }
        }
        return result
    }
}
