// What a data directory is like from outside: its names, their sizes, who may read them. Opens nothing that a server writes, so that
// it may be in use; whether its bytes are right is for 'kith verify' and the scrub.

import Glibc
import Snapshot

enum DirectoryExamination {
    /// Findings about the directory at `path`; none where it holds no data.
    static func findings(_ path: String) throws(StorageError) -> [Finding] {
        let storage = try FileStorage(path: path)
        guard try DataDirectory.exists(in: storage) else { return [] }
        if try BackupManifest.exists(in: storage) {
            let action = "'kith verify' proves it, 'kith restore' makes a data directory from it."
            return [Finding(what: "data directory", value: "a backup", verdict: .good, action: action)]
        }
        var logBytes: UInt64 = 0
        var snapshotBytes: [UInt64] = []
        for name in try storage.list() {
            let isLog = name.hasPrefix("log-")
            guard isLog || DataDirectory.snapshotPosition(ofFile: name) != nil else { continue }
            let size = try storage.openForReading(name).size()
            if isLog { logBytes += size } else { snapshotBytes.append(size) }
        }
        let free = try storage.freeBytes()
        return [use(storage), access(path), snapshots(snapshotBytes, logBytes: logBytes), room(snapshotBytes, free)]
    }

    private static func use(_ storage: FileStorage) -> Finding {
        do throws(StorageError) {
            try storage.lock(.shared).release()
            return Finding(what: "data directory", value: "not in use", verdict: .good)
        } catch {
            return Finding(what: "data directory", value: "\(error)", verdict: .good)
        }
    }

    private static func access(_ path: String) -> Finding {
        var status = stat()
        guard stat(path, &status) == 0 else { return Finding(what: "access", value: "?", verdict: .unknown) }
        let isOpen = status.st_mode & 0o077 != 0
        return Finding(
            what: "access",
            value: "mode " + String(status.st_mode & 0o777, radix: 8),
            verdict: isOpen ? .advice : .good,
            action: isOpen ? "Others than its owner may enter it: 'chmod 700'." : ""
        )
    }

    private static func snapshots(_ sizes: [UInt64], logBytes: UInt64) -> Finding {
        let newest = sizes.last ?? 0
        // A snapshot is taken when the log since the last one has outgrown it, two of them are kept.
        let isLate = logBytes > 3 * max(newest, 128 << 20) + (512 << 20)
        return Finding(
            what: "snapshots",
            value: "\(sizes.count), the newest of \(newest >> 20) MiB; \(logBytes >> 20) MiB of log",
            verdict: isLate ? .problem : .good,
            action: isLate ? "The log has outgrown them: see lastSnapshotFailure in 'kith status'." : ""
        )
    }

    private static func room(_ sizes: [UInt64], _ free: UInt64) -> Finding {
        let next = max(sizes.last ?? 0, 64 << 20)
        let isTight = free < 2 * next
        return Finding(
            what: "room for a snapshot",
            value: "\(free >> 20) MiB free, the next takes about \(next >> 20) MiB",
            verdict: isTight ? .problem : .good,
            action: isTight ? "Free space: without room for snapshots the log grows until changes are refused." : ""
        )
    }
}
