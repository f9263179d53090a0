// What a host is like for a database, a finding for each thing that matters. Reads what the system says of itself in /proc and /sys,
// and tries the disk out.

import Glibc
import Kith
import Snapshot

/// One thing that was looked at.
struct Finding {
    enum Verdict: String {
        /// As it should be.
        case good
        /// It works, and could be better.
        case advice
        /// Data or service are at risk.
        case problem
        /// The host does not say.
        case unknown
    }

    var what: String
    var value: String
    var verdict: Verdict
    /// What to do; empty where nothing is to be done.
    var action = ""
}

enum HostExamination {
    /// The host, and the file system that `path` is on. `path` has to be a directory.
    static func findings(_ path: String) -> [Finding] {
        [fileSystem(path)] + disk(path) + [fileLimit(), hugePages(), clock()]
    }

    // MARK: The disk

    private static func fileSystem(_ path: String) -> Finding {
        let what = "file system"
        guard let kind = kindOfFileSystem(path) else { return Finding(what: what, value: "?", verdict: .unknown) }
        switch kind {
        case "tmpfs", "ramfs":
            let action = "This is memory: everything on it is gone after a restart of the host. Take a disk."
            return Finding(what: what, value: kind, verdict: .problem, action: action)
        case "nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "9p":
            let action = "Locks and syncs over a network are not what Kith relies on. Take a local disk."
            return Finding(what: what, value: kind, verdict: .problem, action: action)
        case "overlay":
            let action = "The layers of a container go with it. Mount a volume for the data."
            return Finding(what: what, value: kind, verdict: .advice, action: action)
        case "btrfs", "zfs":
            let action = "Writing in place copies there, so that syncs are slower than on ext4 or xfs."
            return Finding(what: what, value: kind, verdict: .advice, action: action)
        default: return Finding(what: what, value: kind, verdict: .good)
        }
    }

    /// Of the mount with the longest path that `path` lies under.
    private static func kindOfFileSystem(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        let real = String(cString: resolved)
        var best: (length: Int, kind: String)?
        for line in (text(ofFile: "/proc/self/mounts") ?? "").split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count >= 3 else { continue }
            let mount = String(fields[1])
            guard mount == "/" || real == mount || real.hasPrefix(mount + "/") else { continue }
            // Of two at one place the later one is seen.
            if mount.utf8.count >= best?.length ?? 0 { best = (mount.utf8.count, String(fields[2])) }
        }
        return best?.kind
    }

    private static func disk(_ path: String) -> [Finding] {
        let probe: DiskProbe
        do throws(StorageError) {
            probe = try DiskProbe(path: path)
        } catch {
            let action = "Run this as the user that the server runs as, and give that user the directory."
            return [Finding(what: "writing", value: "\(error)", verdict: .problem, action: action)]
        }
        let free = probe.freeBytes
        let mebibytes = free >> 20
        let space =
            if mebibytes < 512 {
                "Changes will be refused: the log alone takes segments of 64 MiB, up to four of them to spare."
            } else if mebibytes < 4_096 {
                "Room for two snapshots, about as much log as a snapshot, and 320 MiB is needed."
            } else {
                ""
            }
        let p99 = probe.syncs.percentile(99) ?? 0
        let slow =
            p99 > 20_000
            ? "Every change waits for a sync. A disk with a power-protected cache (most for servers) takes 0.05 to 1 ms."
            : p99 < 20
                ? "No disk is so fast: perhaps syncs do nothing here (a volatile write cache, an emulator)." : ""
        return [
            Finding(
                what: "free space",
                value: "\(mebibytes) MiB",
                verdict: mebibytes < 512 ? .problem : mebibytes < 4_096 ? .advice : .good,
                action: space
            ),
            Finding(
                what: "sync of a page",
                value: "50 of 100 within \(probe.syncs.percentile(50) ?? 0) µs, 99 within \(p99) µs",
                verdict: slow.isEmpty ? .good : .advice,
                action: slow
            ),
            Finding(
                what: "writes past the cache",
                value: probe.takesDirectWrites ? "yes" : "no",
                verdict: .good
            ),
        ]
    }

    // MARK: The system

    /// The hard limit: a server raises the soft one to it when it starts.
    private static func fileLimit() -> Finding {
        let line = (text(ofFile: "/proc/self/limits") ?? "").split(separator: "\n").first {
            $0.hasPrefix("Max open files")
        }
        let limits = line?.dropFirst("Max open files".count).split(separator: " ") ?? []
        guard limits.count >= 2 else { return Finding(what: "open files", value: "?", verdict: .unknown) }
        let hard = limits[1]
        let isLow = Int(hard).map { $0 < 20_000 } ?? false
        return Finding(
            what: "open files",
            value: String(hard),
            verdict: isLow ? .advice : .good,
            action: isLow
                ? "A server takes 18,000 connections: 'ulimit -Hn 20000', or LimitNOFILE=20000 in its unit." : ""
        )
    }

    private static func hugePages() -> Finding {
        let path = "/sys/kernel/mm/transparent_hugepage/enabled"
        guard let modes = text(ofFile: path), let open = modes.firstIndex(of: "["), let end = modes.firstIndex(of: "]")
        else { return Finding(what: "huge pages", value: "?", verdict: .unknown) }
        let mode = String(modes[modes.index(after: open)..<end])
        let isOff = mode == "never"
        return Finding(
            what: "huge pages",
            value: mode,
            verdict: isOff ? .advice : .good,
            action: isOff ? "Starts and loads touch memory three times as fast with 'madvise' in \(path)." : ""
        )
    }

    private static func clock() -> Finding {
        let now = DatabaseOptions.systemClock()
        // 2026-01-01: before this program was written.
        let isWrong = now < 1_767_225_600_000_000
        return Finding(
            what: "clock",
            value: "\(now / 1_000_000) s since 1970",
            verdict: isWrong ? .problem : .good,
            action: isWrong ? "It is wrong: set it, and keep it right with chrony or systemd-timesyncd." : ""
        )
    }

    /// The beginning of a small file; nil where it cannot be read.
    static func text(ofFile path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while bytes.count < 1 << 20 {
            let count = read(descriptor, &piece, piece.count)
            guard count > 0 else { break }
            bytes += piece[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
