import Foundation
import Testing

/// What the doctor says of a host and of a directory.
@Suite struct DoctorCommandTests {
    private func findings(_ arguments: String..., in folder: Folder) async throws -> [String: [String: String]] {
        let outcome = try await run(Binary.kith, ["doctor", "--format", "json"] + arguments, in: folder)
        #expect([0, 1].contains(outcome.status), "\(outcome.errors)")
        let list = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [[String: String]] ?? []
        let isFine = list.allSatisfy { ["good", "unknown"].contains($0["verdict"] ?? "") }
        #expect(outcome.status == (isFine ? 0 : 1))
        for finding in list where ["advice", "problem"].contains(finding["verdict"] ?? "") {
            #expect(finding["action"]?.isEmpty == false, "\(finding)")
        }
        return Dictionary(list.map { ($0["what"] ?? "", $0) }) { first, _ in first }
    }

    @Test func aHostAndADirectoryAreExamined() async throws {
        let folder = try await PeopleFixture.make()
        let host = try await findings(in: folder)
        for what in ["file system", "free space", "sync of a page", "open files", "huge pages", "clock"] {
            #expect(host[what] != nil, "\(what)")
        }
        #expect(host["data directory"] == nil)
        #expect(try folder.names(in: ".").allSatisfy { !$0.contains("doctor") }, "nothing is left behind")
        let directory = try await findings("data", in: folder)
        #expect(directory["data directory"]?["value"] == "not in use")
        #expect(directory["access"]?["verdict"] == "good" && directory["snapshots"]?["verdict"] == "good")
        chmod(folder.path("data"), 0o755)
        #expect(try await findings("data", in: folder)["access"]?["verdict"] == "advice")

        let server = try await ServerProcess.start("data", in: folder)
        let served = try await findings("data", in: folder)
        #expect(served["data directory"]?["value"]?.hasPrefix("the data directory is in use by process") == true)
        #expect(await server.stop() == 0)
        #expect(try await findings("/dev/shm", in: folder)["file system"]?["verdict"] == "problem")
        #expect(try await kith("doctor", "nothere", in: folder).status == 2)
    }
}
