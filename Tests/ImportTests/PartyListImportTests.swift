import Engine
import Import
import TestSupport
import Testing

/// Lists of parties from a column of a file.
@Suite struct PartyListImportTests {
    @Test func aColumnIsAList() async throws {
        let directory = try TemporaryDirectory()
        try directory.write(
            "mails.csv",
            "id,subject,to\n1,Offer,Ann <ann@example.com>; bob@example.com\n2,Draft,\n3,Odd,contact/12\n4,More,\"\"\"a;b\"\"\"\n"
        )
        let mapping = try ImportMapping(
            yaml: """
                files:
                  - file: mails.csv
                    entity: email
                    key: externalid
                    attributes:
                      externalid: id
                      subject: subject
                      to: to
                """
        )
        let target = FaultySession()
        var options = ImportOptions()
        options.rejectsPath = directory.path + "/rejects.csv"
        let run = try ImportRun(mapping: mapping, files: [directory.path], options: options)
        let report = try await run.run(session: target)
        #expect(report.files[0].counts.created == 3 && report.files[0].counts.rejected == 1)
        let rejects = try directory.read("rejects.csv").split(separator: "\r\n").map(String.init)
        #expect(
            rejects.count == 2
                && rejects[1].contains("mails.csv,4,email,to,\"Party 1: The code of contact/12 is mistyped")
        )
        let view = target.view
        let query = try PreparedQuery("SELECT subject, email.to FROM email ORDER BY externalid", schema: view.schema)
        #expect(
            try query.execute(on: view).rows == [
                ["Offer", "Ann <ann@example.com>; bob@example.com"], ["Draft", nil], ["More", "\"a;b\""],
            ]
        )
        // A second run changes nothing.
        let again = try await run.run(session: target)
        #expect(again.files[0].counts.unchanged == 3 && again.files[0].counts.updated == 0)
    }
}
