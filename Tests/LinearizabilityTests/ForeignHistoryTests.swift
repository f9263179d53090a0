import Foundation
import Linearizability
import Testing

/// Histories that others recorded, with their verdicts, lie beside the package (`../shared/data/histories`): logs of Jepsen tests
/// of etcd, and of a store of texts. Where they are not, the two texts here stand for them.
@Suite struct ForeignHistoryTests {
    private static let folder: URL = {
        var url = URL(fileURLWithPath: #filePath)
        for _ in 0..<4 { url.deleteLastPathComponent() }
        return url.appending(path: "shared/data/histories")
    }()

    /// Files with what they are to be found, from a table beside them or from their names.
    private static func expectations() throws -> [(file: URL, isLinearizable: Bool)] {
        let manager = FileManager.default
        var expectations: [(file: URL, isLinearizable: Bool)] = []
        for table in try manager.contentsOfDirectory(atPath: folder.path()).sorted() where table.hasSuffix(".tsv") {
            let text = try String(contentsOf: folder.appending(path: table), encoding: .utf8)
            for line in text.split(whereSeparator: \.isNewline).dropFirst() {
                let fields = line.split(separator: "\t")
                guard fields.count == 2 else { continue }
                let file = folder.appending(path: "jepsen/\(fields[0])")
                if manager.fileExists(atPath: file.path()) { expectations.append((file, fields[1] == "true")) }
            }
        }
        for name in try manager.contentsOfDirectory(atPath: folder.path() + "/kv").sorted() {
            expectations.append((folder.appending(path: "kv/\(name)"), name.contains("-ok")))
        }
        return expectations
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: folder.path()), "no ../shared/data/histories"))
    func everyVerdictIsTheirs() throws {
        let expectations = try Self.expectations()
        #expect(expectations.count > 50)
        for (file, isLinearizable) in expectations {
            let text = try String(contentsOf: file, encoding: .utf8)
            let verdict =
                file.path().contains("/jepsen/")
                ? try RegisterHistory(jepsenLog: text).verdict() : try KeyValueHistory(ednMaps: text).verdict()
            #expect(verdict.isLinearizable == isLinearizable, "\(file.lastPathComponent): \(verdict)")
        }
    }

    @Test func jepsenLogsAreRead() throws {
        let log = """
            INFO  jepsen.core - Worker 0 starting
            INFO  jepsen.util - 0\t:invoke\t:read\tnil
            INFO  jepsen.util - 1\t:invoke\t:write\t3
            INFO  jepsen.util - 0\t:ok\t:read\tnil
            INFO  jepsen.util - :nemesis\t:info\t:start\tnil
            INFO  jepsen.util - 1\t:ok\t:write\t3
            INFO  jepsen.util - 0\t:invoke\t:cas\t[3 4]
            INFO  jepsen.util - 2\t:invoke\t:cas\t[1 2]
            INFO  jepsen.util - 2\t:fail\t:cas\t[1 2]
            INFO  jepsen.util - 0\t:info\t:cas\t:timed-out
            INFO  jepsen.util - 2\t:invoke\t:read\tnil
            INFO  jepsen.util - 2\t:fail\t:read\t:timed-out
            INFO  jepsen.util - 2\t:invoke\t:write\t7
            INFO  jepsen.util - 3\t:invoke\t:read\tnil
            INFO  jepsen.util - 3\t:ok\t:read\t4

            """
        let history = try RegisterHistory(jepsenLog: log)
        #expect(history.calls.count == 6)
        #expect(history.calls.count { $0.end == nil } == 2)
        #expect(history.verdict() == .linearizable)
        let stale = log.replacing(":ok\t:read\t4", with: ":ok\t:read\tnil")
        guard case .violated(let reason) = try RegisterHistory(jepsenLog: stale).verdict() else {
            Issue.record("a stale read was taken for right")
            return
        }
        #expect(reason.contains("read(nil)"), "\(reason)")
        for line in ["0\t:ok\t:read\t1", "0\t:invoke\t:swap\t1", "0\t:invoke\t:cas\t[1]"] {
            #expect(throws: HistoryTextError.self) {
                try RegisterHistory(jepsenLog: "INFO  jepsen.util - \(line)")
            }
        }
    }

    @Test func mapsAreRead() throws {
        let maps = #"""
            {:process 0, :type :invoke, :f :put, :key "a", :value "x \"0\" y"}
            {:process 1, :type :invoke, :f :get, :key "b", :value nil}
            {:process 1, :type :ok, :f :get, :key "b", :value ""}
            {:process 0, :type :ok, :f :put, :key "a", :value "x \"0\" y"}
            {:process 0, :type :invoke, :f :append, :key "a", :value "!"}
            {:process 1, :type :invoke, :f :append, :key "a", :value "?"}
            {:process 0, :type :ok, :f :append, :key "a", :value "!"}
            {:process 1, :type :info, :f :append, :key "a", :value "?"}
            {:process 2, :type :invoke, :f :get, :key "a", :value nil}
            {:process 2, :type :ok, :f :get, :key "a", :value "x \"0\" y?!"}
            """#
        #expect(try KeyValueHistory(ednMaps: maps).verdict() == .linearizable)
        let once = try KeyValueHistory(ednMaps: maps.replacing("y?!", with: "y??!")).verdict()
        #expect(once.isLinearizable == false)
        #expect(throws: HistoryTextError.self) { try KeyValueHistory(ednMaps: "{:process 0, :type}") }
    }
}
