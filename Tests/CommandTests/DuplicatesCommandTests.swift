import Foundation
import Testing

/// `kith duplicates`: rules are loaded and published as docs/duplicates.md has it, records that are alike are found, nothing is merged.
@Suite struct DuplicatesCommandTests {
    private static let contacts = """
        no,name,mail,phone,birthday
        1,Anna Keller,anna@acme.com,030 1234567,1980-03-14
        2,"Keller, Anna",,,1980-03-15
        3,Bob Graf,bob@acme.com,+49 30 1234567,
        4,A. Keller,ANNA@acme.com,,
        5,Anna Keller,,,1991-01-01

        """

    /// A data directory with contacts, the example's rules and, where they are wanted, with all of these published.
    private func make(publishes: Bool = true) async throws -> Folder {
        let folder = try Folder()
        try folder.write(Self.contacts, to: "contacts.csv")
        try folder.write(
            """
            files:
              - file: contacts.csv
                entity: contact
                key: externalid
                attributes: {externalid: no, fullname: name, emailaddress1: mail, telephone1: phone, birthdate: birthday}
            """,
            to: "contacts.yaml"
        )
        let example = Binary.package.appending(path: "Examples/duplicate-rules").path()
        for arguments in [
            ["contacts.yaml", "contacts.csv"],
            ["\(example)/mapping.yaml", example],
        ] {
            let outcome = try await run(Binary.kith, ["import", "--at", "data", "--mapping"] + arguments, in: folder)
            #expect(outcome.status == 0, "\(outcome.errors)")
        }
        guard publishes else { return folder }
        let rules = try await kith(
            "query",
            "--at",
            "data",
            "--format",
            "csv",
            "SELECT duplicateruleid FROM duplicaterule",
            in: folder
        )
        let messages = rules.output.split(separator: "\n").dropFirst().map { "publish \($0)" }
        #expect(messages.count == 3)
        let outcome = try await run(Binary.kith, ["do", "--at", "data"] + messages, in: folder)
        #expect(outcome.status == 0, "\(outcome.errors)")
        return folder
    }

    private func code(_ number: Int, in folder: Folder) async throws -> String {
        let query = "SELECT contactid FROM contact WHERE externalid = '\(number)'"
        let outcome = try await kith("query", "--at", "data", "--format", "csv", query, in: folder)
        return try #require(outcome.output.split(separator: "\n").last.map(String.init))
    }

    @Test func pairsWithTheirReasons() async throws {
        let folder = try await make()
        let outcome = try await kith("duplicates", "--at", "data", "--entity", "contact", "--format", "csv", in: folder)
        #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
        let ids = try await [code(1, in: folder), code(2, in: folder), code(4, in: folder)]
        #expect(
            outcome.output == """
                group,record,name,duplicate,duplicatename,rule,because
                1,\(ids[0]),Anna Keller,\(ids[1]),"Keller, Anna",Person,fullname same words and birthdate similar date
                1,\(ids[0]),Anna Keller,\(ids[2]),A. Keller,Person,"emailaddress1, emailaddress2 same"

                """
        )
        let table = try await kith("duplicates", "--at", "data", "--entity", "contact", in: folder)
        #expect(table.output.hasPrefix("group  record"))
        #expect(table.output.split(separator: "\n").count == 4)
        // Nobody is alike, which is an answer too.
        let none = try await kith("duplicates", "--at", "data", "--entity", "account", "--format", "json", in: folder)
        #expect(none.status == 0 && none.output == "[]\n", "\(none.errors)")
    }

    @Test func aRuleIsTriedBeforeItIsPublished() async throws {
        let folder = try await make(publishes: false)
        let none = try await kith("duplicates", "--at", "data", "--entity", "contact", in: folder)
        #expect(none.status == 2)
        #expect(none.errors.contains("there is no published duplicate rule for contact"))
        let tried = try await kith(
            "duplicates",
            "--at",
            "data",
            "--entity",
            "contact",
            "--rule",
            "Person",
            "--format",
            "ndjson",
            in: folder
        )
        #expect(tried.status == 0 && tried.output.split(separator: "\n").count == 2, "\(tried.errors)")
        let wrong = try await kith("duplicates", "--at", "data", "--entity", "contact", "--rule", "Persons", in: folder)
        #expect(wrong.status == 2)
        #expect(wrong.errors.contains("there is no duplicate rule 'Persons' for contact; there are 'Person'"))
        let entity = try await kith("duplicates", "--at", "data", "--entity", "contcat", in: folder)
        #expect(entity.status == 2)
        #expect(entity.errors.contains("there is no entity 'contcat'; did you mean 'contact'?"))
    }

    /// A rule that was changed after it had been published, so that it cannot be asked any more, is refused and not passed over.
    @Test func whatCannotBeAskedIsRefused() async throws {
        let folder = try await make()
        try folder.write("rule,key,attribute\nPerson,person-9,shoesize\n", to: "conditions.csv")
        try folder.write(
            """
            files:
              - file: conditions.csv
                entity: duplicaterulecondition
                key: externalid
                attributes:
                  externalid: key
                  regardingobjectid: {column: rule, lookup: {by: name}}
                  baseattributename: attribute
            """,
            to: "conditions.yaml"
        )
        let loaded = try await kith(
            "import",
            "--at",
            "data",
            "--mapping",
            "conditions.yaml",
            "conditions.csv",
            in: folder
        )
        #expect(loaded.status == 0, "\(loaded.errors)")
        let outcome = try await kith("duplicates", "--at", "data", "--entity", "contact", in: folder)
        #expect(outcome.status == 4 && outcome.output.isEmpty)
        #expect(
            outcome.errors.contains("the duplicate rule Person cannot be asked: contact has no attribute 'shoesize'")
        )
    }

    @Test func whatIsLeftOutIsSaid() async throws {
        let folder = try await make()
        let lines = (100..<1_101).map { "\($0),Nobody \($0),info@acme.com,," }
        try folder.write("no,name,mail,phone,birthday\n" + lines.joined(separator: "\n") + "\n", to: "contacts.csv")
        let loaded = try await kith("import", "--at", "data", "--mapping", "contacts.yaml", "contacts.csv", in: folder)
        #expect(loaded.status == 0, "\(loaded.errors)")
        let outcome = try await kith("duplicates", "--at", "data", "--entity", "contact", "--format", "csv", in: folder)
        #expect(outcome.status == 1)
        #expect(outcome.output.split(separator: "\n").count == 3)
        let example = try await code(100, in: folder)
        #expect(
            outcome.errors == """
                kith: too many records have the same values to be compared with each other:
                  1001 like \(example) (Person: emailaddress1, emailaddress2 same)

                """
        )
    }

    /// What one record is like, or would be, and a message and an import that are refused for it.
    @Test func whatIsLikeIsSaidBeforeItIsThere() async throws {
        let folder = try await make()
        let ids = try await [code(1, in: folder), code(2, in: folder), code(4, in: folder)]
        let of = try await kith("duplicates", "--at", "data", "--of", ids[2], "--format", "csv", in: folder)
        #expect(of.status == 0, "\(of.errors)")
        #expect(
            of.output == """
                record,name,duplicate,duplicatename,rule,because
                \(ids[2]),A. Keller,\(ids[0]),Anna Keller,Person,"emailaddress1, emailaddress2 same"

                """
        )
        let values = ["--value", "fullname=Keller Anna", "--value", "birthdate=1980-03-15", "--format", "csv"]
        let would = try await run(
            Binary.kith,
            ["duplicates", "--at", "data", "--entity", "contact"] + values,
            in: folder
        )
        #expect(would.status == 0 && would.output.split(separator: "\n").count == 3, "\(would.errors)")
        #expect(
            would.output.contains(",,\(ids[1]),\"Keller, Anna\",Person,fullname same words and birthdate similar date")
        )
        let wrong = try await kith("duplicates", "--at", "data", "--entity", "contact", "--value", "shoe=9", in: folder)
        #expect(wrong.status == 2 && wrong.errors.contains("'shoe=9' is no attribute of contact with a value"))
        let both = try await kith("duplicates", "--at", "data", "--entity", "contact", "--of", ids[0], in: folder)
        #expect(both.status == 2)

        try folder.write("no,name,mail,phone,birthday\n9,A. K.,anna@acme.com,,\n", to: "contacts.csv")
        let arguments = ["import", "--at", "data", "--mapping", "contacts.yaml", "--format", "json", "contacts.csv"]
        let rejected = try await run(Binary.kith, arguments + ["--duplicates", "reject"], in: folder)
        #expect(rejected.status == 1 && rejected.output.contains("\"duplicates\":1"), "\(rejected.errors)")
        let dry = try await run(Binary.kith, arguments + ["--duplicates", "report", "--dry-run"], in: folder)
        #expect(dry.status == 0 && dry.errors.contains("1 rows are like others: see import-duplicates.csv"))
        let reported = try await run(Binary.kith, arguments + ["--duplicates", "report"], in: folder)
        #expect(reported.status == 0 && reported.output.contains("\"created\":1"), "\(reported.errors)")

        try folder.write(
            "files:\n  - file: leads.csv\n    entity: lead\n    key: externalid\n    attributes: {externalid: no, lastname: name, emailaddress1: mail}\n",
            to: "leads.yaml"
        )
        try folder.write("no,name,mail\n1,Keller,anna@acme.com\n", to: "leads.csv")
        _ = try await kith("import", "--at", "data", "--mapping", "leads.yaml", "leads.csv", in: folder)
        let query = "SELECT leadid FROM lead"
        let leads = try await kith("query", "--at", "data", "--format", "csv", query, in: folder)
        let lead = try #require(leads.output.split(separator: "\n").last.map(String.init))
        let message = "qualify \(lead) --contact"
        let refused = try await kith("do", "--at", "data", "--refuse-duplicates", message, in: folder)
        #expect(refused.status == 4 && refused.errors.contains("(rule 'duplicate')"), "\(refused.errors)")
        let done = try await kith("do", "--at", "data", message, in: folder)
        #expect(done.status == 0, "\(done.errors)")
    }
}
