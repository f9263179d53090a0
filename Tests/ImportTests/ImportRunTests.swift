import Engine
import Foundation
import Import
import Synchronization
import TestSupport
import Testing

private let peopleMapping = """
    files:
      - file: people.csv
        entity: systemuser
        key: externalid
        attributes:
          externalid: id
          fullname: name
          parentsystemuserid: {column: boss, lookup: {by: externalid}}
      - file: accounts.csv
        entity: account
        key: externalid
        attributes:
          externalid: id
          name: name
          ownerid: {column: owner, lookup: systemuser}
          revenue: revenue
      - file: deals.csv
        entity: opportunity
        key: opportunitynumber
        attributes:
          opportunitynumber: id
          name: name
          customerid: {column: customer, lookup: account}
    """

private let people = "id,name,boss\n1,Ann,3\n2,Bob,1\n3,Cid,\n4,Dee,9\n"
private let accounts = "id,name,owner,revenue\nA,Alpha,1,10\nB,Beta,2,x\nC,Gamma,7,\nD,Delta,,5,6\n"
private let deals = "id,name,customer\nd1,One,a\nd2,Two,B\nd3,Three,C\nd4,Four,D\nd5,Five,Z\nd6,Six,\n"

private let linkedMapping = """
    files:
      - file: a.csv
        entity: account
        key: accountnumber
        attributes:
          accountnumber: n
          name: name
          parentaccountid: {column: p, lookup: {by: accountnumber}}
    """

/// Imports files of a directory of its own.
private struct Fixture {
    let directory: TemporaryDirectory
    let mapping: ImportMapping

    init(_ yaml: String, _ files: [String: String]) throws {
        directory = try TemporaryDirectory()
        for (name, text) in files { try directory.write(name, text) }
        mapping = try ImportMapping(yaml: yaml)
    }

    func run(_ target: FaultySession, _ change: (inout ImportOptions) -> Void = { _ in }) async throws -> ImportReport {
        var options = ImportOptions()
        options.rejectsPath = directory.path + "/rejects.csv"
        change(&options)
        return try await ImportRun(mapping: mapping, files: [directory.path], options: options).run(session: target)
    }

    var rejects: [String] { ((try? directory.read("rejects.csv")) ?? "").split(separator: "\r\n").map(String.init) }
}

private func counts(_ change: (inout ImportCounts) -> Void) -> ImportCounts {
    var counts = ImportCounts()
    change(&counts)
    return counts
}

@Suite struct ImportRunTests {
    private let files = ["people.csv": people, "accounts.csv": accounts, "deals.csv": deals]

    @Test func rowsGoInAndRejectsSayWhy() async throws {
        let fixture = try Fixture(peopleMapping, files)
        let target = FaultySession()
        let report = try await fixture.run(target)
        #expect(
            report.files.map(\.counts) == [
                counts { ($0.read, $0.created, $0.linked, $0.unlinked) = (4, 4, 2, 1) },
                counts { ($0.read, $0.created, $0.rejected) = (4, 1, 3) },
                counts { ($0.read, $0.created, $0.rejected, $0.rejectedWithParent) = (6, 2, 1, 3) },
            ]
        )
        #expect(!report.isComplete)
        #expect(
            target.view.rows("systemuser", "externalid", "fullname", "parentsystemuserid") == [
                "1|Ann|Cid", "2|Bob|Ann", "3|Cid|-", "4|Dee|-",
            ]
        )
        #expect(target.view.rows("account", "externalid", "name", "ownerid", "revenue") == ["A|Alpha|Ann|10.0000"])
        #expect(target.view.rows("opportunity", "opportunitynumber", "customerid") == ["d1|Alpha", "d6|-"])
        #expect(
            fixture.rejects == [
                "file,line,entity,column,reason,cells",
                "accounts.csv,3,account,revenue,'x' is not a number,B,Beta,2,x",
                "accounts.csv,4,account,owner,No systemuser has externalid '7'.,C,Gamma,7,",
                "accounts.csv,5,account,,the row has 5 cells instead of 4,D,Delta,,5,6",
                "deals.csv,3,opportunity,customer,the row of the account with externalid 'B' was rejected,d2,Two,B",
                "deals.csv,4,opportunity,customer,the row of the account with externalid 'C' was rejected,d3,Three,C",
                "deals.csv,5,opportunity,customer,the row of the account with externalid 'D' was rejected,d4,Four,D",
                "deals.csv,6,opportunity,customer,No account has externalid 'Z'.,d5,Five,Z",
                "people.csv,5,systemuser,boss,"
                    + "the record went in without this reference: No systemuser has externalid '9'.,4,Dee,9",
            ]
        )
    }

    @Test func twiceChangesNothing() async throws {
        let fixture = try Fixture(peopleMapping, files)
        let target = FaultySession()
        let first = try await fixture.run(target)
        let (position, rejects) = (target.view.position, fixture.rejects)
        let records = target.view.rows("opportunity", "versionnumber", "externalid", "customerid", "ownerid")
        let second = try await fixture.run(target)
        #expect(target.view.position == position)
        #expect(target.view.rows("opportunity", "versionnumber", "externalid", "customerid", "ownerid") == records)
        #expect(fixture.rejects == rejects)
        #expect(second.total.created == 0 && second.total.updated == 0 && second.total.linked == 0)
        #expect(second.total.unchanged == first.total.created)
        #expect(second.total.rejected == first.total.rejected)
        #expect(second.resumedRows == 0)
    }

    @Test func aChangedRowUpdatesItsRecord() async throws {
        let fixture = try Fixture(peopleMapping, files)
        let target = FaultySession()
        _ = try await fixture.run(target)
        try fixture.directory.write(
            "people.csv",
            people.replacing("Bob", with: "Rob").replacing("2,Rob,1", with: "2,Rob,3")
        )
        let report = try await fixture.run(target)
        #expect(report.files[0].counts.updated == 1 && report.files[0].counts.linked == 1)
        #expect(target.view.rows("systemuser", "fullname", "parentsystemuserid").contains("Rob|Cid"))
    }

    @Test func rowsWithoutKeyAreFileAndLine() async throws {
        let yaml = "files:\n  - file: l.csv\n    entity: lead\n    attributes: {subject: s, jobtitle: j}\n"
        let fixture = try Fixture(yaml, ["l.csv": "s,j\nx,1\nx,1\n\ny,2\n"])
        let target = FaultySession()
        #expect(try await fixture.run(target).total == counts { ($0.read, $0.created) = (3, 3) })
        #expect(try await fixture.run(target).total == counts { ($0.read, $0.unchanged) = (3, 3) })
        let keys = target.view.rows("lead", "externalid")
        #expect(keys.map { $0.suffix(2) } == [":2", ":3", ":5"])
        #expect(keys.allSatisfy { $0.utf8.count == 66 })
    }

    @Test func missingReferencesMayBeNull() async throws {
        let yaml = """
            files:
              - file: d.csv
                entity: opportunity
                key: externalid
                attributes:
                  externalid: id
                  name: id
                  customerid: {column: c, lookup: {entity: account, missing: 'null'}}
                  originatingleadid: {column: l, lookup: {missing: 'null'}}
                  ownerid: {column: o, lookup: {entity: team}}
            """
        let fixture = try Fixture(yaml, ["d.csv": "id,c,l,o\n1,x,y,\n2,,,\n3,x,y,z\n"])
        let target = FaultySession()
        let report = try await fixture.run(target)
        #expect(report.total == counts { ($0.read, $0.created, $0.rejected) = (3, 2, 1) })
        #expect(target.view.rows("opportunity", "externalid", "customerid") == ["1|-", "2|-"])
    }

    @Test func rowsOfOneKeyTakeEffectInTheirOrder() async throws {
        let yaml =
            "files:\n  - file: t.csv\n    entity: territory\n    key: name\n    attributes: {name: n, description: d}\n"
        let rows = (0..<50).map { "T\($0 % 5),\($0)" }.joined(separator: "\n")
        let fixture = try Fixture(yaml, ["t.csv": "n,d\n" + rows])
        let target = FaultySession()
        let report = try await fixture.run(target) { $0.batchRows = 7 }
        #expect(report.total == counts { ($0.read, $0.created, $0.updated) = (50, 5, 45) })
        #expect(target.view.rows("territory", "name", "description") == ["T0|45", "T1|46", "T2|47", "T3|48", "T4|49"])
    }

    /// Links to later rows are set in a second reading, which must not bring back what an earlier row of the key said.
    @Test func theLastRowOfAKeyCountsInItsLinksToo() async throws {
        let fixture = try Fixture(
            linkedMapping,
            ["a.csv": "n,name,p\n1,first,3\n1,second,2\n2,parent,3\n2,Parent,\n3,top,\n"]
        )
        let target = FaultySession()
        let report = try await fixture.run(target) { $0.batchRows = 2 }
        let records = ["1|second|Parent", "2|Parent|-", "3|top|-"]
        #expect(target.view.rows("account", "accountnumber", "name", "parentaccountid") == records)
        #expect(report.isComplete)
        #expect(try await fixture.run(target).total.created == 0)
        #expect(target.view.rows("account", "accountnumber", "name", "parentaccountid") == records)
    }

    @Test func aReferenceThatIsGoneFromTheFileIsTakenAway() async throws {
        let fixture = try Fixture(linkedMapping, ["a.csv": "n,name,p\n1,one,2\n2,two,\n"])
        let target = FaultySession()
        _ = try await fixture.run(target)
        #expect(target.view.rows("account", "name", "parentaccountid") == ["one|two", "two|-"])
        try fixture.directory.write("a.csv", "n,name,p\n1,one,\n2,two,\n")
        let report = try await fixture.run(target)
        #expect(report.total == counts { ($0.read, $0.unchanged, $0.linked) = (2, 2, 1) })
        #expect(target.view.rows("account", "name", "parentaccountid") == ["one|-", "two|-"])
    }

    /// A row that the database refused has no record; its links must not make one, also not in a run that was resumed.
    @Test func aRefusedRowIsNotMadeByItsLinks() async throws {
        // An account without a name would be refused anyway; a user needs none.
        let yaml = """
            files:
              - file: u.csv
                entity: systemuser
                key: externalid
                attributes:
                  externalid: n
                  fullname: name
                  domainname: d
                  parentsystemuserid: {column: p, lookup: {by: externalid}}
            """
        let files = ["u.csv": "n,name,d,p\n1,one,x,2\n2,two,y,\n3,three,X,2\n4,four,z,3\n5,five,Y,1\n"]
        let records = ["1|one|two", "2|two|-", "4|four|-"]
        let whole = try Fixture(yaml, files)
        let target = FaultySession()
        let reference = try await whole.run(target) { ($0.batchRows, $0.batchesInFlight) = (1, 1) }
        #expect(target.view.rows("systemuser", "externalid", "fullname", "parentsystemuserid") == records)
        #expect(
            reference.total == counts { ($0.read, $0.created, $0.rejected, $0.linked, $0.unlinked) = (5, 3, 2, 1, 1) }
        )
        for breaks in 0..<9 {
            let fixture = try Fixture(yaml, files)
            let target = FaultySession()
            target.fail(after: breaks)
            _ = try? await fixture.run(target) { ($0.batchRows, $0.batchesInFlight) = (1, 1) }
            target.fail(after: .max)
            let report = try await fixture.run(target) { ($0.batchRows, $0.batchesInFlight) = (1, 1) }
            #expect(report.files == reference.files, "after \(breaks)")
            #expect(fixture.rejects == whole.rejects, "after \(breaks)")
            #expect(target.view.rows("systemuser", "externalid", "fullname", "parentsystemuserid") == records)
        }
    }

    @Test func whenLeavesRowsOut() async throws {
        let yaml = """
            files:
              - file: t.csv
                entity: territory
                key: name
                when: {column: n, not: ['', none]}
                attributes: {name: n}
            """
        let fixture = try Fixture(yaml, ["t.csv": "n,d\na,\n,\nnone,\nb,\n"])
        let target = FaultySession()
        let report = try await fixture.run(target)
        #expect(report.total == counts { ($0.read, $0.created, $0.skipped) = (2, 2, 2) })
    }

    /// Wherever the connection breaks, the next run goes on behind the last acknowledged row, and the end is the same.
    @Test func anInterruptedRunResumes() async throws {
        let whole = try Fixture(peopleMapping, files)
        let expected = FaultySession()
        let reference = try await whole.run(expected)
        for breaks in 0..<18 {
            let fixture = try Fixture(peopleMapping, files)
            let target = FaultySession()
            target.fail(after: breaks)
            let isBroken = breaks < 17
            let broken = try? await fixture.run(target) { ($0.batchRows, $0.batchesInFlight) = (1, 3) }
            #expect((broken == nil) == isBroken, "after \(breaks)")
            guard isBroken else { continue }
            let sent = target.rowCount
            target.fail(after: .max)
            let report = try await fixture.run(target) { ($0.batchRows, $0.batchesInFlight) = (1, 3) }
            #expect(report.files == reference.files, "after \(breaks)")
            #expect(fixture.rejects == whole.rejects, "after \(breaks)")
            // 4 users, 2 accounts, 6 deals, 4 users again for their links, one of them once more without its reference.
            // Nothing that was acknowledged is sent twice; a row that was refused and is to go in without its reference
            // is, when the break came between.
            let expectedRows = breaks == 16 ? 18 : 17
            #expect(target.rowCount == expectedRows, "after \(breaks): \(sent) rows, then \(target.rowCount - sent)")
            #expect(target.view.rows("opportunity", "opportunitynumber", "customerid") == ["d1|Alpha", "d6|-"])
        }
    }

    @Test func aDryRunTellsAndChangesNothing() async throws {
        let fixture = try Fixture(peopleMapping, files)
        let target = FaultySession()
        let rehearsed = try await fixture.run(target) { $0.isDryRun = true }
        #expect(target.view.position == 0)
        #expect(target.rowCount == 0)
        let report = try await fixture.run(target)
        #expect(rehearsed.isDryRun && !report.isDryRun)
        #expect(rehearsed.files == report.files)
        #expect(try await fixture.run(target) { $0.isDryRun = true }.total.unchanged == report.total.created)
    }

    @Test func anOverloadedSessionIsAskedAgain() async throws {
        let fixture = try Fixture(peopleMapping, files)
        let target = FaultySession()
        target.overload(count: 1)
        #expect(try await fixture.run(target).total.read == 14)
    }

    @Test func progressOfAnotherRunIsIgnored() async throws {
        let fixture = try Fixture(peopleMapping, files)
        let target = FaultySession()
        target.fail(after: 5)
        _ = try? await fixture.run(target) { $0.batchRows = 1 }
        let progress = try fixture.directory.read("rejects.csv.progress")
        let elsewhere = FaultySession()
        let report = try await fixture.run(elsewhere) { $0.batchRows = 1 }
        #expect(report.resumedRows == 0)
        #expect(elsewhere.rowCount == 17)

        // A damaged progress file is no progress.
        for position in stride(from: 0, to: progress.utf8.count, by: 7) {
            var bytes = Array(progress.utf8)
            bytes[position] ^= 1
            try fixture.directory.write("rejects.csv.progress", bytes)
            let other = FaultySession()
            #expect(try await fixture.run(other) { $0.batchRows = 1 }.resumedRows == 0)
        }
    }

    /// Other files than those of the interrupted run, or rejects that are not all there any more: the run begins anew.
    @Test func progressOfOtherFilesIsIgnored() async throws {
        let whole = try Fixture(peopleMapping, files)
        _ = try await whole.run(FaultySession())
        for loss in ["another file", "cut rejects", "no rejects"] {
            let fixture = try Fixture(peopleMapping, files)
            let target = FaultySession()
            target.fail(after: 8)
            await #expect(throws: ImportError.self) { try await fixture.run(target) { $0.batchRows = 1 } }
            #expect(fixture.rejects.count > 2)
            target.fail(after: .max)
            switch loss {
            case "another file": try fixture.directory.write("deals.csv", deals + "d7,Seven,A\n")
            case "cut rejects":
                try fixture.directory.write("rejects.csv", String(try fixture.directory.read("rejects.csv").dropLast()))
            default: try FileManager.default.removeItem(atPath: fixture.directory.path + "/rejects.csv")
            }
            let report = try await fixture.run(target) { $0.batchRows = 1 }
            #expect(report.resumedRows == 0, "\(loss)")
            #expect(fixture.rejects == whole.rejects, "\(loss)")
        }
    }

    /// A kill between the rejects and the progress that counts them leaves rejects that are written once more.
    @Test func rejectsBehindTheProgressAreCut() async throws {
        let whole = try Fixture(peopleMapping, files)
        _ = try await whole.run(FaultySession())
        let fixture = try Fixture(peopleMapping, files)
        let target = FaultySession()
        target.fail(after: 8)
        await #expect(throws: ImportError.self) { try await fixture.run(target) { $0.batchRows = 1 } }
        target.fail(after: .max)
        try fixture.directory.write("rejects.csv", try fixture.directory.read("rejects.csv") + "twice,1,x,,\r\n")
        #expect(try await fixture.run(target) { $0.batchRows = 1 }.resumedRows > 0)
        #expect(fixture.rejects == whole.rejects)
    }

    /// What a run keeps is bounded by bytes and rows of a batch, rejected ones included, and by the batches without an answer.
    @Test func aRunKeepsFewBatches() async throws {
        let yaml =
            "files:\n  - file: t.csv\n    entity: territory\n    key: name\n    attributes: {name: n, description: d}\n"
        let long = String(repeating: "x", count: 1_000)
        let good = (0..<40).map { "T\($0),\(long)" }
        let wide = try Fixture(yaml, ["t.csv": (["n,d"] + good).joined(separator: "\n")])
        let target = FaultySession()
        _ = try await wide.run(target) { $0.batchBytes = 10_000 }
        #expect((2...10).contains(target.rowsMax), "\(target.rowsMax) rows of 1,000 bytes in 10,000")

        let sent = Mutex(0)
        let bad = try Fixture(yaml, ["t.csv": (["n,d"] + good.map { $0 + ",more" }).joined(separator: "\n")])
        let rejected = try await bad.run(FaultySession()) { options in
            options.batchRows = 10
            options.onProgress = { _ in sent.withLock { $0 += 1 } }
        }
        #expect(rejected.total.rejected == 40)
        #expect(sent.withLock { $0 } >= 4, "rejected rows were kept to the end")

        sent.withLock { $0 = 0 }
        let held = FaultySession()
        held.hold()
        let run = Task {
            try await wide.run(held) { options in
                (options.batchRows, options.batchesInFlight) = (1, 3)
                options.onProgress = { _ in sent.withLock { $0 += 1 } }
            }
        }
        while sent.withLock({ $0 }) < 3 { await Task.yield() }
        // Time for one too many.
        try await Task.sleep(for: .milliseconds(50))
        #expect(sent.withLock { $0 } == 3)
        held.letGo()
        #expect(try await run.value.total.created == 40)
    }

    @Test func progressReachesTheEnd() async throws {
        let fixture = try Fixture(peopleMapping, files)
        let seen = Mutex<[ImportProgress]>([])
        _ = try await fixture.run(FaultySession()) { options in
            options.batchRows = 2
            options.onProgress = { progress in seen.withLock { $0.append(progress) } }
        }
        let all = seen.withLock { $0 }
        #expect(all.last.map { $0.bytesRead == $0.bytesTotal } == true)
        #expect(zip(all, all.dropFirst()).allSatisfy { $0.bytesRead <= $1.bytesRead && $0.rowCount <= $1.rowCount })
    }

    @Test func filesAreFound() async throws {
        let fixture = try Fixture(peopleMapping, files)
        #expect(throws: ImportError.self) {
            try ImportRun(mapping: fixture.mapping, files: [fixture.directory.path + "/people.csv"])
        }
        let error = #expect(throws: ImportError.self) { try ImportRun(mapping: fixture.mapping, files: ["/nowhere"]) }
        #expect(error?.message == "cannot read /nowhere: No such file or directory")
        let path = fixture.directory.path + "/deals.csv"
        let other = #expect(throws: ImportError.self) { try ImportRun(mapping: fixture.mapping, files: [path]) }
        #expect(other?.message == "people.csv (line 2 of the mapping) is not in \(path)")
    }
}
