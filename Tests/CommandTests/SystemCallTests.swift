import Foundation
import TestSupport
import Testing

private let strace: String? = ["/usr/bin/strace", "/usr/local/bin/strace"].first {
    FileManager.default.isExecutableFile(atPath: $0)
}

/// A real process on a real file system, stopped or failed at one system call after the other by `strace`: killed at the n-th
/// call, or that call fails, once or from then on. After each, `kith verify` passes, and the same import once more makes the
/// records complete: none that the import was told of is missing, none is there twice.
///
/// For `make torture`; without strace it does not run. (A kill does not lose what was not synced: that is what the simulated
/// disk is for.)
@Suite(.enabled(if: Effort.present != .test && strace != nil)) struct SystemCallTests {
    /// What is done to a call.
    struct Fault: CustomStringConvertible, Sendable {
        var description: String
        /// The calls it may hit, as strace names them.
        var calls: String
        var injection: String
        var isSticky = false
    }

    static let faults = [
        Fault(
            description: "kill",
            calls: "pwrite64,pread64,fdatasync,fsync,renameat,unlinkat,ftruncate,openat,mkdir,flock,write,close,fstat",
            injection: "signal=SIGKILL"
        ),
        Fault(description: "EIO of a sync", calls: "fdatasync,fsync", injection: "error=EIO"),
        Fault(description: "EIO of every sync", calls: "fdatasync,fsync", injection: "error=EIO", isSticky: true),
        Fault(description: "EIO of a write", calls: "pwrite64", injection: "error=EIO"),
        Fault(description: "ENOSPC of every write", calls: "pwrite64", injection: "error=ENOSPC", isSticky: true),
        Fault(description: "EIO of a read", calls: "pread64", injection: "error=EIO"),
        Fault(description: "EIO of a change of names", calls: "renameat,unlinkat", injection: "error=EIO"),
    ]

    private static let rowsPerFile = 12
    private static let filesPerDirectory = 150

    @Test(arguments: faults)
    func theImportIsCompleteAfterwards(_ fault: Fault) async throws {
        let isKill = fault.description == "kill"
        let goal = isKill ? Effort.count(0, torture: 200, full: 2_000) : Effort.count(0, torture: 30, full: 500)
        var folder = try Folder()
        var (hits, files, number) = (0, 0, 1)
        while hits < goal {
            if files % SystemCallTests.filesPerDirectory == 0 {
                folder = try Folder()
                files = 0
                try folder.write(PeopleFixture.mapping, to: "accounts.yaml")
            }
            files += 1
            let rows = (0..<SystemCallTests.rowsPerFile).map { "\(files)-\($0),Account \($0),1,1,,\n" }.joined()
            try folder.write("number,name,revenue,staff,note,phone\n" + rows, to: "accounts.csv")
            let outcome = try await importing(fault, at: number, in: folder)
            // Where the process ended before it got to that call, the counting begins anew: so all calls are met, again and again.
            let wasHit = isKill ? outcome.status == 128 + SIGKILL : outcome.errors.contains("(INJECTED)")
            number = wasHit ? number + 1 : 1
            if wasHit { hits += 1 }
            try await check(files, folder, "\(fault), call \(number)")
        }
    }

    private func importing(_ fault: Fault, at number: Int, in folder: Folder) async throws -> Outcome {
        let log = "strace.log"
        let when = "\(number)" + (fault.isSticky ? "+" : "")
        var outcome = try await run(
            URL(fileURLWithPath: strace ?? ""),
            [
                "-f", "-qq", "-o", log, "-e", "trace=\(fault.calls)", "-e",
                "inject=\(fault.calls):\(fault.injection):when=\(when)", Binary.kith.path(), "import", "--at", "data",
                "--mapping", "accounts.yaml", "accounts.csv",
            ],
            in: folder
        )
        let traced = (try? String(contentsOfFile: folder.path(log), encoding: .utf8)) ?? ""
        if traced.contains("(INJECTED)") { outcome.errors += "(INJECTED)" }
        return outcome
    }

    private func check(_ files: Int, _ folder: Folder, _ moment: String) async throws {
        let hasData = (try? folder.names(in: "data").contains { $0.hasPrefix("log-") }) ?? false
        if hasData {
            let verified = try await kith("verify", "data", in: folder)
            #expect(verified.status == 0, "\(moment): \(verified.output)\(verified.errors)")
        }
        let again = try await PeopleFixture.load(in: folder)
        #expect(again.status == 0, "\(moment): \(again.errors)")
        let sql = "SELECT COUNT(*) AS n FROM account"
        let count = try await kith("query", "--at", "data", "--format", "csv", sql, in: folder)
        #expect(count.output == "n\n\(files * SystemCallTests.rowsPerFile)\n", "\(moment)")
    }
}
