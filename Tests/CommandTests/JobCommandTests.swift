import Foundation
import Testing

/// `kith job`: bulk work from start to end.
@Suite struct JobCommandTests {
    private static let all = "SELECT accountid FROM account"

    @Test func aDirectoryIsWorkedOffBeforeTheCommandEnds() async throws {
        let folder = try await PeopleFixture.make()
        let done = try await kith("job", "start", "--at", "data", "--name", "Out", "deactivate", Self.all, in: folder)
        #expect(done.status == 0, "\(done.errors)")
        let job = done.output.trimmingCharacters(in: .newlines)
        #expect(job.hasPrefix("bulkoperation/"))
        let left = "SELECT COUNT(*) FROM account WHERE statecode = 'Active'"
        #expect(
            try await kith("query", "--at", "data", "--format", "csv", left, in: folder).output.hasSuffix("\n0\n")
        )
        let list = try await kith("job", "list", "--at", "data", "--format", "csv", in: folder)
        #expect(list.status == 0 && list.output.contains("\n\(job),Out,Completed,"), "\(list.output)\(list.errors)")

        // Every record is refused by now, and says why.
        let again = try await kith("job", "start", "--at", "data", "deactivate", Self.all, in: folder)
        #expect(again.status == 1 && again.errors.contains("were refused"), "\(again.errors)")
        let refused = again.output.trimmingCharacters(in: .newlines)
        let shown = try await kith("job", "show", "--at", "data", "--format", "csv", refused, in: folder)
        #expect(shown.status == 0 && shown.output.contains(",ruleBroken,state,"), "\(shown.output)\(shown.errors)")
        #expect(try await kith("job", "wait", "--at", "data", refused, in: folder).status == 1)
        #expect(try await kith("job", "wait", "--at", "data", job, in: folder).status == 0)
        #expect(try await kith("job", "cancel", "--at", "data", job, in: folder).status == 4)
    }

    @Test func wrongWordsAreRefused() async throws {
        let folder = try await PeopleFixture.make()
        let verb = try await kith("job", "start", "--at", "data", "frobnicate", Self.all, in: folder)
        #expect(verb.status == 4 && verb.errors.contains("there is no message 'frobnicate'"), "\(verb.errors)")
        let query = try await kith("job", "start", "--at", "data", "delete", "SELECT nme FROM account", in: folder)
        #expect(query.status == 2 && query.errors.contains("nme"), "\(query.errors)")
        let none = try await kith("job", "show", "--at", "data", "account/1N", in: folder)
        #expect(none.status == 2, "\(none.errors)")
    }
}
