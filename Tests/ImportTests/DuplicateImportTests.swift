import Engine
import Foundation
import Import
import Kith
import TestSupport
import Testing

/// Rows that are like records that are there, and like each other.
@Suite struct DuplicateImportTests {
    private let mapping = """
        files:
          - file: people.csv
            entity: contact
            key: externalid
            attributes:
              externalid: id
              fullname: name
              emailaddress1: mail
              jobtitle: job
        """
    private let people = """
        id,name,mail,job
        1,Anna Keller,anna@acme.com,
        2,Bob Meier,bob@acme.com,
        3,A. Keller,ANNA@acme.com,
        4,Cid,cid@acme.com,x
        5,Robert,Bob@acme.com,
        6,Eva,eva@acme.com,
        7,Bob M.,bob@acme.com,

        """

    /// A session with a published rule and a contact.
    private func session() async throws -> (FaultySession, RecordID) {
        let session = FaultySession()
        var transaction = Transaction(session.schema)
        let rule = try transaction.create(
            "duplicaterule",
            ["name": "Mail", "baseentityname": "contact", "statecode": 1]
        )
        try transaction.create(
            "duplicaterulecondition",
            ["regardingobjectid": .reference(rule), "baseattributename": "emailaddress1", "operatorcode": 0]
        )
        try transaction.create("contact", ["fullname": "Eva Berg", "emailaddress1": "eva@acme.com"])
        let reply = try await session.execute(transaction)
        return (session, reply.operations[2].ids[0])
    }

    private struct Outcome {
        var report: ImportReport
        var rejects: [String]
        var duplicates: [String]
    }

    private func run(
        _ session: FaultySession,
        _ handling: ImportDuplicates?,
        text: String? = nil,
        _ change: (inout ImportOptions) -> Void = { _ in }
    ) async throws -> Outcome {
        let directory = try TemporaryDirectory()
        try directory.write("people.csv", text ?? people)
        var options = ImportOptions()
        options.rejectsPath = directory.path + "/rejects.csv"
        options.duplicatesPath = directory.path + "/duplicates.csv"
        options.duplicates = handling
        change(&options)
        let run = try ImportRun(
            mapping: try ImportMapping(yaml: mapping),
            files: [directory.path + "/people.csv"],
            options: options
        )
        let report = try await run.run(session: session)
        func lines(_ name: String) -> [String] {
            ((try? directory.read(name)) ?? "").split(separator: "\r\n").map(String.init)
        }
        return Outcome(report: report, rejects: lines("rejects.csv"), duplicates: lines("duplicates.csv"))
    }

    private func reason(_ outcome: [String], _ line: Int) -> String? {
        outcome.first { $0.hasPrefix("people.csv,\(line),contact,,") }.map {
            String($0.dropFirst("people.csv,\(line),contact,,".count))
        }
    }

    /// The same whatever the size of a batch is, though what is found for a row stands in the file or in the base then.
    @Test(arguments: [1, 2, 3, 100]) func rejectedRowsSayWhatTheyAreLike(_ batchRows: Int) async throws {
        let (session, eva) = try await session()
        let outcome = try await run(session, .reject) { $0.batchRows = batchRows }
        #expect(outcome.report.total.read == 7 && outcome.report.total.created == 3)
        #expect(outcome.report.total.rejected == 4 && outcome.report.total.duplicates == 4)
        #expect(!outcome.report.isComplete && outcome.duplicates.isEmpty)
        #expect(session.view.rows("contact", "fullname") == ["Anna Keller", "Bob Meier", "Cid", "Eva Berg"])
        #expect(outcome.rejects.count == 5)
        #expect(
            reason(outcome.rejects, 7)?.hasPrefix("like \(session.schema.text(of: eva)) (Mail: emailaddress1 same)")
                == true
        )
        if batchRows == 100 {
            #expect(reason(outcome.rejects, 4)?.hasPrefix("like line 2 (Mail: emailaddress1 same)") == true)
            // Line 6 is not in: line 8 is like line 3 alone, which is there by then.
            let said = reason(outcome.rejects, 8) ?? ""
            #expect(said.hasPrefix("like contact/") && said.split(separator: "(Mail").count == 2, "\(said)")
        }
        // Once more: what is in is unchanged, and what was not is as it was.
        let again = try await run(session, .reject) { $0.batchRows = batchRows }
        #expect(again.report.total.unchanged == 3 && again.report.total.duplicates == 4)
    }

    /// What is too much for one question is asked and sent in halves, down to single rows.
    @Test(arguments: [400, 250, 10]) func aBatchIsHalved(_ bytes: Int) async throws {
        let (session, _) = try await session()
        session.limitQuestions(bytes: bytes)
        let outcome = try await run(session, .reject)
        guard bytes > 10 else {
            // Rows that are too much by themselves go in, and are said to be not compared.
            #expect(outcome.report.total.created == 7 && outcome.report.total.uncompared == 7)
            #expect(outcome.duplicates.count == 8 && outcome.rejects.isEmpty)
            // The session's own transaction has three.
            #expect(session.rowsMax == 3)
            return
        }
        #expect(outcome.report.total.created == 3 && outcome.report.total.duplicates == 4)
        #expect(session.view.rows("contact", "fullname") == ["Anna Keller", "Bob Meier", "Cid", "Eva Berg"])
        #expect(session.rowsMax < 7 && outcome.rejects.count == 5)
    }

    /// Rows with one key are looked at one after the other: whatever the size of a batch is.
    @Test(arguments: [1, 2, 100]) func everyRowOfAKeyIsAskedAbout(_ batchRows: Int) async throws {
        let (session, _) = try await session()
        let text = """
            id,name,mail,job
            8,Eve,eva@acme.com,
            8,Evelyn,EVA@acme.com,
            9,Ida,eva@acme.com,
            9,Ida,ida@acme.com,
            10,Ina,ina@acme.com,
            10,Ina,eva@acme.com,
            11,Ines,ina@acme.com,
            12,Inge,ines@acme.com,

            """
        let outcome = try await run(session, .reject, text: text) { $0.batchRows = batchRows }
        // 11 is like 10, whose second row is not in; 12 is like nobody.
        #expect(outcome.report.total.rejected == 5 && outcome.report.total.duplicates == 5)
        for line in [2, 3, 4, 7, 8] { #expect(reason(outcome.rejects, line) != nil, "line \(line)") }
        #expect(
            session.view.rows("contact", "fullname", "emailaddress1") == [
                "Eva Berg|eva@acme.com", "Ida|ida@acme.com", "Ina|ina@acme.com", "Inge|ines@acme.com",
            ]
        )
    }

    @Test(arguments: ImportDuplicates.allCases) func whatIsNotComparedIsSaid(_ handling: ImportDuplicates) async throws
    {
        let (session, _) = try await session()
        var transaction = Transaction(session.schema)
        var shared = try RecordBatch(session.schema, .create, "contact", attributes: ["fullname", "emailaddress1"])
        for number in 1...1_001 { try shared.append([.text("Desk \(number)"), .text("desk@acme.com")]) }
        transaction.append(shared)
        _ = try await session.execute(transaction)
        let text = "id,name,mail,job\n1,Desk,desk@acme.com,\n2,Eva,eva@acme.com,\n"
        let outcome = try await run(session, handling, text: text)
        #expect(outcome.report.total.uncompared == 1 && outcome.report.total.duplicates == 1)
        #expect(outcome.report.total.created == (handling == .report ? 2 : 1))
        #expect(
            reason(outcome.duplicates, 2)?.hasPrefix(
                "not compared (Mail: emailaddress1 same): more than 1000 records"
            )
                == true
        )
    }

    @Test(arguments: [1, 3, 100]) func reportedRowsGoIn(_ batchRows: Int) async throws {
        let (session, _) = try await session()
        let outcome = try await run(session, .report) { $0.batchRows = batchRows }
        #expect(outcome.report.total.created == 7 && outcome.report.total.duplicates == 4)
        #expect(outcome.report.isComplete && outcome.rejects.isEmpty && outcome.report.duplicatesPath != nil)
        #expect(outcome.duplicates.count == 5)
        for line in [4, 6, 7, 8] {
            let reason = reason(outcome.duplicates, line) ?? ""
            #expect(reason.contains("Mail: emailaddress1 same"))
        }
        // Rows that change nothing are nothing new, and so are those that change what no rule compares.
        let again = try await run(session, .report, text: people.replacing("cid@acme.com,x", with: "cid@acme.com,y"))
        #expect(again.report.total.updated == 1 && again.report.total.duplicates == 0)
        #expect(again.report.duplicatesPath == nil && again.duplicates.isEmpty)
        // A row that changes its record's address to that of another one.
        let changed = try await run(session, .report, text: "id,name,mail,job\n4,Cid,anna@acme.com,y\n")
        #expect(changed.report.total.updated == 1 && changed.report.total.duplicates == 1)
    }

    @Test func whoDoesNotAskPaysNothing() async throws {
        let (session, _) = try await session()
        let outcome = try await run(session, nil)
        #expect(outcome.report.total.created == 7 && outcome.report.total.duplicates == 0)
        #expect(session.view.tables.allSatisfy { $0.table.recordKeys == nil })
    }

    @Test func aDryRunSaysTheSame() async throws {
        let (session, _) = try await session()
        let outcome = try await run(session, .reject) { $0.isDryRun = true }
        #expect(outcome.report.total.created == 3 && outcome.report.total.duplicates == 4)
        #expect(session.view.rows("contact", "fullname") == ["Eva Berg"])
    }

    /// A row that is refused for another reason is counted once.
    @Test func refusedRowsAreNoDuplicates() async throws {
        let (session, _) = try await session()
        let long = String(repeating: "x", count: 300)
        let text = "id,name,mail,job\n1,\(long),eva@acme.com,\n2,Eva,eva@acme.com,\n"
        let outcome = try await run(session, .report, text: text)
        #expect(outcome.report.total.rejected == 1 && outcome.report.total.created == 1)
        #expect(outcome.report.total.duplicates == 1 && reason(outcome.duplicates, 3) != nil)
    }

    @Test func anInterruptedRunGoesOn() async throws {
        let (session, _) = try await session()
        let directory = try TemporaryDirectory()
        try directory.write("people.csv", people)
        func run() async throws -> ImportReport {
            var options = ImportOptions()
            options.rejectsPath = directory.path + "/rejects.csv"
            options.duplicatesPath = directory.path + "/duplicates.csv"
            options.duplicates = .report
            options.batchRows = 1
            let mapping = try ImportMapping(yaml: mapping)
            return try await ImportRun(mapping: mapping, files: [directory.path + "/people.csv"], options: options)
                .run(session: session)
        }
        session.fail(after: 6)
        await #expect(throws: ImportError.self) { _ = try await run() }
        session.fail(after: .max)
        let report = try await run()
        #expect(report.resumedRows == 5 && report.total.created == 7 && report.total.duplicates == 4)
        #expect(try directory.read("duplicates.csv").split(separator: "\r\n").count == 5)
    }
}
