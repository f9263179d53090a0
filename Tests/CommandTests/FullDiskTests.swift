import Engine
import Foundation
import Net
import Snapshot
import TestSupport
import Testing

/// A real file system of 64 MiB that fills up under a running server and empties again: changes are refused by name, reads go
/// on, and changes go on by themselves when there is space.
///
/// For `make torture`, and only where a file system of memory may be mounted.
@Suite(.enabled(if: Effort.present != .test)) struct FullDiskTests {
    @Test func writesAreRefusedAndGoOnByThemselves() async throws {
        let folder = try Folder()
        try FileManager.default.createDirectory(atPath: folder.path("disk"), withIntermediateDirectories: true)
        let mount = try await run(
            URL(fileURLWithPath: "/usr/bin/mount"),
            ["-t", "tmpfs", "-o", "size=64m", "tmpfs", "disk"],
            in: folder
        )
        guard mount.status == 0 else {
            print("FullDiskTests: nothing can be mounted here, so that nothing was tested: \(mount.errors)")
            return
        }
        do {
            try await fillAndEmpty(folder, cycles: Effort.count(0, torture: 10, full: 100))
        } catch {
            Issue.record("\(error)")
        }
        let unmount = try await run(URL(fileURLWithPath: "/usr/bin/umount"), ["-l", "disk"], in: folder)
        #expect(unmount.status == 0)
    }

    private func fillAndEmpty(_ folder: Folder, cycles: Int) async throws {
        let server = try await ServerProcess.start(
            "disk/data",
            arguments: ["--segment-kibibytes", "1024"],
            in: folder
        )
        let client = try await KithClient.connect(ClientOptions(port: server.port))
        var written = 0
        for cycle in 0..<cycles {
            try fill(folder.path("disk/filler"))
            var refusal: Refusal?
            for _ in 0..<4_000 where refusal == nil {
                do {
                    try await write(client, number: written)
                    written += 1
                } catch let error as Refusal {
                    refusal = error
                }
            }
            #expect(refusal?.code == .diskFull, "cycle \(cycle): \(String(describing: refusal))")
            for _ in 0..<3 {
                #expect(try await count(client) == Int64(written), "cycle \(cycle): reads go on")
            }
            try FileManager.default.removeItem(atPath: folder.path("disk/filler"))
            try await write(client, number: written)
            written += 1
            #expect(try await count(client) == Int64(written), "cycle \(cycle): changes go on")
            if cycle % 4 == 3 { _ = try await client.snapshot() }
        }
        await client.close()
        #expect(await server.stop() == 0)
        #expect(try await kith("verify", "disk/data", in: folder).status == 0)
    }

    /// Takes all space that is left.
    private func fill(_ path: String) throws {
        _ = FileManager.default.createFile(atPath: path, contents: nil)
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        defer { try? file.close() }
        var size = 1 << 20
        while size >= 4096 {
            do {
                try file.write(contentsOf: Data(count: size))
            } catch {
                size /= 2
            }
        }
    }

    private func write(_ client: KithClient, number: Int) async throws {
        var transaction = Transaction(try await client.schema)
        let text = String(repeating: "\(number % 10)", count: 4_000)
        try transaction.create("annotation", ["subject": .text("\(number)"), "notetext": .text(text)])
        _ = try await client.execute(transaction)
    }

    private func count(_ client: KithClient) async throws -> Int64 {
        var cursor = try await client.query("SELECT COUNT(*) AS n FROM annotation")
        guard case .integer(let count)? = try await cursor.rows().first?.first else { return -1 }
        return count
    }
}
