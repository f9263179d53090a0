import Foundation
import Testing

/// Answers in each format, to the letter.
@Suite struct FormatTests {
    static let question =
        "SELECT accountnumber AS nr, name, revenue, numberofemployees AS staff, description FROM account ORDER BY accountnumber"

    private func answer(_ format: String, _ sql: String = question, _ more: [String] = []) async throws -> String {
        let folder = try await PeopleFixture.make()
        let outcome = try await run(
            Binary.kith,
            ["query", "--at", "data", "--format", format] + more + [sql],
            in: folder
        )
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.errors.isEmpty)
        return outcome.output
    }

    @Test func csvQuotesWhatNeedsQuotes() async throws {
        #expect(
            try await answer("csv") == """
                nr,name,revenue,staff,description
                A-1,"Smith, ""Jo"" & Co",1234.5,12,
                A-2,日本電気,0.0001,7,"two
                lines"
                A-3,Søstrene Grøn,-10,,=1+1
                A-4,مؤسسة,922337203685477.5807,1,now \u{1B}[31mred

                """
        )
    }

    @Test func nullAndTheEmptyTextDiffer() async throws {
        let sql = "SELECT '' AS empty, NULL AS none FROM account LIMIT 1"
        #expect(try await answer("csv", sql) == "empty,none\n\"\",\n")
        #expect(try await answer("json", sql) == "[\n{\"empty\":\"\",\"none\":null}\n]\n")
        #expect(try await answer("csv", "SELECT NULL AS none FROM account LIMIT 1") == "none\n\"\"\n")
    }

    @Test func jsonKeepsAllDigits() async throws {
        #expect(
            try await answer("json") == #"""
                [
                {"nr":"A-1","name":"Smith, \"Jo\" & Co","revenue":1234.5,"staff":12,"description":null},
                {"nr":"A-2","name":"日本電気","revenue":0.0001,"staff":7,"description":"two\nlines"},
                {"nr":"A-3","name":"Søstrene Grøn","revenue":-10,"staff":null,"description":"=1+1"},
                {"nr":"A-4","name":"مؤسسة","revenue":922337203685477.5807,"staff":1,"description":"now \u001b[31mred"}
                ]

                """#
        )
    }

    @Test func ndjsonIsOneObjectALine() async throws {
        let lines = try await answer("ndjson").split(separator: "\n")
        #expect(lines.count == 4)
        for line in lines { #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(line.utf8)) } }
    }

    /// Wide characters take two columns, points stand below each other, and no cell can speak to the terminal.
    @Test func tablesAlign() async throws {
        #expect(
            try await answer("table") == """
                nr   name                           revenue  staff  description
                ---  ----------------  --------------------  -----  ------------
                A-1  Smith, "Jo" & Co             1234.5000     12
                A-2  日本電気                        0.0001      7  two␊lines
                A-3  Søstrene Grøn                 -10.0000         =1+1
                A-4  مؤسسة             922337203685477.5807      1  now ␛[31mred

                """
        )
    }

    @Test func anEmptyAnswerIsAHeaderOrAnEmptyList() async throws {
        let sql = "SELECT name FROM account WHERE name = 'nobody'"
        #expect(try await answer("csv", sql) == "name\n")
        #expect(try await answer("json", sql) == "[]\n")
        #expect(try await answer("ndjson", sql) == "")
        #expect(try await answer("table", sql) == "name\n----\n")
    }

    @Test func parametersAreNumbersTextsAndNull() async throws {
        let sql = "SELECT COUNT(*) AS n FROM account WHERE revenue > :least AND name LIKE :name"
        #expect(try await answer("csv", sql, ["--param", "least=-10.5", "--param", "name='%'"]) == "n\n4\n")
        #expect(try await answer("csv", sql, ["--param", "least=0", "--param", "name=s%"]) == "n\n1\n")
        #expect(
            try await answer("csv", "SELECT name FROM account WHERE numberofemployees = ?", ["--param", "7"])
                == "name\n日本電気\n"
        )
    }

    @Test func aValueThatDoesNotFitIsSaidOfItsParameter() async throws {
        let folder = try await PeopleFixture.make()
        for (sql, value, message) in [
            (
                "SELECT name FROM account WHERE createdon > :since", "since=soon",
                "the parameter :since: 'soon' is no moment"
            ),
            (
                "SELECT name FROM account WHERE revenue > ?", "much",
                "the parameter number 1: the text 'much' stands where"
            ),
            (
                "SELECT name FROM account WHERE EXISTS (SELECT 1 FROM contact WHERE numberofchildren = :n)", "n=many",
                "the parameter :n: the text 'many' stands where a whole number is expected"
            ),
        ] {
            let outcome = try await kith("query", "--at", "data", "--param", value, sql, in: folder)
            #expect(outcome.status == 2)
            #expect(outcome.errors.contains(message), "\(outcome.errors)")
        }
    }

    @Test func idsOptionsAndMomentsHaveOneForm() async throws {
        let folder = try await PeopleFixture.make()
        let sql = "SELECT accountid, statecode, statecodename, createdon FROM account WHERE accountnumber = 'A-1'"
        let outcome = try await kith("query", "--at", "data", "--format", "csv", sql, in: folder)
        let line = try #require(outcome.output.split(separator: "\n").last)
        #expect(line.wholeMatch(of: /account\/11,0,Active,\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z/) != nil)
    }

    @Test func aMistakeIsShownWhereItIs() async throws {
        let folder = try await PeopleFixture.make()
        let outcome = try await kith("query", "--at", "data", "SELECT nam FROM account", in: folder)
        #expect(outcome.status == 2)
        #expect(outcome.output.isEmpty)
        #expect(
            outcome.errors == """
                kith: account has no attribute "nam"; did you mean name? (line 1, column 8)
                  SELECT nam FROM account
                         ^

                """
        )
    }

    @Test func getShowsARecordWithLabels() async throws {
        let folder = try await PeopleFixture.make()
        let table = try await kith("get", "--at", "data", "account/11", in: folder)
        #expect(table.status == 0)
        #expect(table.output.contains("\nstatecodename"))
        #expect(table.output.contains("Smith, \"Jo\" & Co\n"))
        #expect(!table.output.contains("description"), "attributes without a value are left out")
        let json = try await kith("get", "--at", "data", "--format", "json", "account/11", in: folder)
        let object = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
        #expect(object?["accountnumber"] as? String == "A-1")
        #expect(object?["statecodename"] as? String == "Active")
        #expect(object?["description"] is NSNull)

        #expect(try await kith("get", "--at", "data", "account/12", in: folder).status == 2, "a wrong check character")
        #expect(try await kith("get", "--at", "data", "account/ZZ0", in: folder).status == 4, "no such record")
    }
}
