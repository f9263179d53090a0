import Engine
import Foundation
import Import
import Kith
import TestSupport
import Testing

/// The example mappings over the real files.
@Suite(.enabled(if: SharedData.isPresent, "the real files are not beside the package")) struct ExampleTests {
    private func run(
        _ example: String,
        _ folder: String,
        _ session: any Session
    ) async throws -> (ImportReport, [String]) {
        let directory = try TemporaryDirectory()
        let text = try String(contentsOfFile: "\(SharedData.packageRoot)/Examples/\(example).yaml", encoding: .utf8)
        var options = ImportOptions()
        options.rejectsPath = directory.path + "/rejects.csv"
        let mapping = try ImportMapping(yaml: text)
        let run = try ImportRun(mapping: mapping, files: ["\(SharedData.root)/\(folder)"], options: options)
        let report = try await run.run(session: session)
        let rejects = ((try? directory.read("rejects.csv")) ?? "").split(separator: "\r\n").map(String.init)
        return (report, rejects)
    }

    /// Rows of a file, read by hand: these files have no quotes.
    private func table(_ path: String) throws -> [[String]] {
        try String(contentsOfFile: "\(SharedData.root)/\(path)", encoding: .utf8)
            .split(whereSeparator: \.isNewline).dropFirst()
            .map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
    }

    @Test func maven() async throws {
        let session = FaultySession()
        let (report, rejects) = try await run("crm-maven", "crm-maven", session)
        #expect(rejects.isEmpty)
        #expect(report.isComplete)
        let view = session.view
        #expect(view.rows("territory", "name") == ["Central", "East", "West"])
        #expect(view.rows("systemuser", "fullname").count == 35 + 6)
        #expect(view.rows("systemuser", "parentsystemuserid").count { $0 != "-" } == 35)
        #expect(view.rows("account", "parentaccountid").count { $0 != "-" } == 15)
        #expect(view.rows("account", "sector").count { $0.contains("tech") } == 12)
        #expect(view.rows("product", "name").count == 7)

        let stages = Dictionary(grouping: view.rows("opportunity", "statecode", "stepname")) { $0 }.mapValues(\.count)
        #expect(stages == ["1|Won": 4_238, "2|Lost": 2_473, "0|Engaging": 1_589, "0|Prospecting": 500])
        #expect(view.rows("opportunity", "customerid").count { $0 == "-" } == 1_425)
        #expect(view.rows("opportunityproduct", "productid").count { $0 == "GTX Pro" } == 1_480)

        // Won value per salesperson and quarter, added up from the file and from the records.
        var expected: [String: Int] = [:]
        for row in try table("crm-maven/sales_pipeline.csv") where row[4] == "Won" {
            let parts = row[6].split(separator: "-").compactMap { Int($0) }
            expected["\(row[1]) \(parts[0])Q\((parts[1] + 2) / 3)", default: 0] += Int(row[7]) ?? 0
        }
        var found: [String: Int] = [:]
        for row in view.rows("opportunity", "ownerid", "actualclosedate", "statecode", "actualvalue") {
            let parts = row.split(separator: "|").map(String.init)
            guard parts[2] == "1", let days = Int(parts[1]), parts[3].hasSuffix(".0000") else { continue }
            // 17,167 is 2017-01-01; all deals were won in 2017, whose quarters begin after 90, 181 and 273 days.
            let quarter = [90, 181, 273].count { days - 17_167 >= $0 } + 1
            found["\(parts[0]) 2017Q\(quarter)", default: 0] += Int(parts[3].dropLast(5)) ?? 0
        }
        #expect(found == expected)

        let (again, _) = try await run("crm-maven", "crm-maven", session)
        #expect(again.total.created + again.total.updated + again.total.linked == 0)
        #expect(session.view.position == view.position)
    }

    @Test func hubspot() async throws {
        let session = FaultySession()
        let (report, rejects) = try await run("crm-hubspot", "crm-fivetran-seeds/hubspot", session)
        #expect(report.isComplete)
        #expect(rejects.isEmpty, "\(rejects.prefix(5))")
        for entity in [
            "systemuser", "account", "contact", "opportunity", "incident", "phonecall", "email", "annotation",
        ] {
            #expect(!session.view.rows(entity, "externalid").isEmpty, "\(entity)")
        }
        #expect(report.total.read == report.total.created + report.total.updated + report.total.unchanged)
        let position = session.view.position
        let (again, _) = try await run("crm-hubspot", "crm-fivetran-seeds/hubspot", session)
        #expect(again.total.created == 0)
        #expect(session.view.position == position)
    }

    @Test func salesforceTrees() async throws {
        let session = FaultySession()
        for tree in ["ebikes", "dreamhouse"] {
            let (report, rejects) = try await run("crm-salesforce-\(tree)", "crm-salesforce-trees/\(tree)", session)
            #expect(report.isComplete)
            #expect(rejects.isEmpty, "\(rejects.prefix(5))")
        }
        let view = session.view
        #expect(view.rows("account", "name") == ["Northern Trail Cycling", "Trailblazers", "Wheelworks"])
        #expect(view.rows("subject", "title").count == 4)
        #expect(view.rows("product", "name").count == 16 + 12)
        // Every bicycle has found its family, in a file of its own, by reference.
        #expect(view.rows("product", "subjectid").count { $0 != "-" } == 16)
        #expect(view.rows("product", "name", "price").contains("FUSE X1|2500.0000"))
        #expect(view.rows("contact", "fullname").count == 5)
        #expect(view.rows("systemuser", "fullname").count == 8)
    }

    @Test func northwind() async throws {
        let session = FaultySession()
        let (report, rejects) = try await run("crm-northwind", "crm-northwind", session)
        let counts = Dictionary(uniqueKeysWithValues: report.files.map { ($0.file, $0.counts) })
        #expect(counts["customers.csv"]?.rejected == 24)
        #expect(counts["orders.csv"]?.rejected == 176)
        #expect(counts["orders.csv"]?.created == 654)
        #expect(counts["order-details.csv"]?.rejectedWithParent == 439)
        #expect(counts["order-details.csv"]?.created == 1_716)
        #expect(report.total.rejected == 200)
        #expect(report.total.rejectedWithParent == 439)
        #expect(report.total.unlinked == 0)
        #expect(rejects.count == 1 + 200 + 439)

        // Each line with a field too many, and no other, is in the rejects file.
        for (file, cells) in [("customers.csv", 11), ("orders.csv", 14)] {
            let lines = try table("crm-northwind/\(file)").enumerated()
                .filter { $0.element.count > cells }.map { "\(file),\($0.offset + 2)," }
            #expect(rejects.filter { $0.hasPrefix(file) }.map { $0.prefix(while: { $0 != "," }) }.count == lines.count)
            for (reject, line) in zip(rejects.filter({ $0.hasPrefix(file) }), lines) { #expect(reject.hasPrefix(line)) }
        }
        #expect(session.view.rows("systemuser", "parentsystemuserid").count { $0 != "-" } == 8)
        #expect(session.view.rows("salesorderdetail", "discountpercentage").contains("15.00"))
        #expect(session.view.rows("account", "name").contains("Antonio Moreno Taquería"))
    }

    @Test(arguments: [
        ("leads-x-education", "leads", "lead", 9_240), ("leads-bank", "leads", "lead", 45_211),
        ("companies-listed", "companies-listed", "account", 5_218),
        ("places", "places", "customeraddress", 144_563),
    ])
    func larger(example: String, folder: String, entity: String, rows: Int) async throws {
        let session = FaultySession()
        let (report, rejects) = try await run(example, folder, session)
        #expect(rejects.isEmpty, "\(rejects.prefix(3))")
        #expect(report.total.created == rows)
        #expect(session.view.rows(entity, "externalid").count == rows)
    }

    /// Into a directory, closed and opened again.
    @Test func theRecordsAreDurable() async throws {
        let directory = try TemporaryDirectory()
        let database = try Database.open(directory.path + "/data")
        _ = try await run("crm-maven", "crm-maven", database)
        let before = database.currentView.rows(
            "opportunity",
            "externalid",
            "versionnumber",
            "statecode",
            "ownerid",
            "actualvalue"
        )
        try database.close()
        let reopened = try Database.open(directory.path + "/data")
        #expect(
            reopened.currentView.rows(
                "opportunity",
                "externalid",
                "versionnumber",
                "statecode",
                "ownerid",
                "actualvalue"
            ) == before
        )
        #expect(before.count == 8_800)
        let (again, _) = try await run("crm-maven", "crm-maven", reopened)
        #expect(again.total.unchanged == again.total.read)
        try reopened.close()
    }
}
