import Foundation
import Testing

/// `kith schema` on a directory and on a server.
@Suite struct SchemaCommandTests {
    private static let file = """
        entities:
          project:
            attributes:
              name: {type: text, length: 40, required: yes}
              customerid: {type: lookup, to: account}
            states:
              0: {label: Open, statuses: {1: New}}
              1: {label: Closed, statuses: {2: Done}}
          account:
            attributes:
              colour: {type: option, options: {1: Red, 2: Blue}}
        views:
          Projects:
            entity: project
            query: SELECT name, customerid.name FROM project ORDER BY name

        """

    /// Everything that a team does with its file, at some place.
    private func work(_ folder: Folder, at: [String]) async throws {
        func schema(_ arguments: String...) async throws -> Outcome {
            try await run(Binary.kith, ["schema", arguments[0]] + at + arguments.dropFirst(), in: folder)
        }
        func expectSilence(_ outcome: Outcome) {
            #expect(outcome.status == 0 && outcome.output.isEmpty && outcome.errors.isEmpty, "\(outcome)")
        }
        try folder.write(Self.file, to: "crm.yaml")
        let diff = try await schema("diff", "crm.yaml")
        #expect(diff.status == 1 && diff.output.contains("project: add entity: 'Project'"), "\(diff)")
        let apply = try await schema("apply", "crm.yaml")
        #expect(apply.status == 0 && apply.output == diff.output, "\(apply)")
        expectSilence(try await schema("apply", "crm.yaml"))
        expectSilence(try await schema("diff", "crm.yaml"))

        let export = try await schema("export", "project")
        #expect(export.status == 0 && export.output.contains("      0:\n        label: Open\n"), "\(export)")
        try folder.write(export.output, to: "again.yaml")
        expectSilence(try await schema("diff", "again.yaml"))
        try folder.write(try await schema("export").output, to: "all.yaml")
        expectSilence(try await schema("diff", "all.yaml"))

        let show = try await schema("show", "--format", "csv")
        #expect(show.output.contains("\nproject,Project,user,name,2,,\n"), "\(show)")
        let one = try await schema("show", "--format", "csv", "project")
        #expect(one.output.contains("\nname,\"text, length 40\",Name,yes,,\n"), "\(one)")
        let unknown = try await schema("show", "projekt")
        #expect(unknown.status == 2 && unknown.errors.contains("did you mean 'project'?"))

        try folder.write(
            "entities:\n  account:\n    attributes:\n      name: {length: 2}\n      colour: {type: date}\n",
            to: "bad.yaml"
        )
        let refused = try await schema("apply", "bad.yaml")
        #expect(refused.status == 4 && refused.output.isEmpty)
        #expect(refused.errors.contains("bad.yaml:4:7: account.name: 4 records have a longer text."), "\(refused)")
        #expect(refused.errors.contains("bad.yaml:5:7: account.colour: Its type cannot become"), "\(refused)")
        #expect(try await schema("diff", "bad.yaml").status == 4)
        try folder.write("entities:\n  account: {lable: x}\n", to: "worse.yaml")
        let unreadable = try await schema("diff", "worse.yaml")
        #expect(unreadable.status == 2)
        #expect(unreadable.errors.contains("worse.yaml:2:13: an entity has no field 'lable'; did you mean 'label'?"))
        #expect(try await schema("apply", "nothere.yaml").status == 2)

        let rows = try await run(
            Binary.kith,
            ["query", "--format", "csv", "SELECT COUNT(*) AS n FROM account WHERE colour IS NULL"] + at,
            in: folder
        )
        #expect(rows.output == "n\n4\n")
    }

    @Test func aDirectoryIsChanged() async throws {
        let folder = try await PeopleFixture.make()
        try await work(folder, at: ["--at", "data"])
        #expect(try await kith("verify", "data", in: folder).status == 0)
    }

    @Test func aServerIsChanged() async throws {
        let folder = try await PeopleFixture.make()
        let server = try await ServerProcess.start("data", in: folder)
        try await work(folder, at: ["--at", server.address])
        #expect(await server.stop() == 0)
        #expect(try await kith("verify", "data", in: folder).status == 0)
    }
}
