// The contents of files in a verification and in a restore. Both read every byte; a restore writes what it has proved.

import Engine
import Glibc
import Snapshot
import Synchronization

/// What a verification found about the contents of files.
public struct ContentVerification: Sendable {
    /// Contents that are there and whole.
    public var contentCount = 0
    /// Their bytes.
    public var contentBytes: Int64 = 0
    /// Contents that are not what their names say, or that are referred to and missing.
    public internal(set) var damage: [Damage] = []
    /// What is unusual but costs nothing.
    public internal(set) var notes: [String] = []
}

extension Database {
    /// Reads every content, and looks for each that a record or a snapshot refers to.
    package static func verifyContents(
        of view: View,
        _ snapshots: [SnapshotInfo],
        in storage: any Storage,
        _ parallel: ParallelFor
    ) throws -> ContentVerification {
        let folder = try ContentFolder(in: storage)
        let found = Mutex<[Int: Damage]>([:])
        parallel(folder.contents.count) { index in
            guard let damage = folder.damage(folder.contents[index]) else { return }
            found.withLock { $0[index] = damage }
        }
        let broken = found.withLock { $0 }
        var result = ContentVerification()
        for (index, content) in folder.contents.enumerated() where broken[index] == nil {
            result.contentCount += 1
            result.contentBytes += content.lengthBytes
        }
        result.notes = folder.leftovers.map { "files/\($0) is a leftover of an upload" }
        let damaged = Set(broken.keys.map { folder.contents[$0] })
        let users = files(of: view, whoseContents: { damaged.contains($0) })
        for index in broken.keys.sorted() {
            guard let damage = broken[index] else { continue }
            let consequence = users[folder.contents[index]].map { "unreadable: \($0)" } ?? damage.consequence
            result.damage.append(
                Damage(file: damage.file, offset: damage.offset, what: damage.what, consequence: consequence)
            )
        }
        let present = Set(folder.contents)
        let missing = files(of: view, whoseContents: { !present.contains($0) })
        for content in missing.keys.sorted() {
            result.damage.append(ContentFolder.missing(content, "unreadable: \(missing[content] ?? "")"))
        }
        // Of the present state they are named above; a snapshot's state is one that a restore can ask for.
        var named = Set(missing.keys)
        for position in snapshots.map(\.position).sorted() where position < view.position {
            for content in try contents(ofSnapshotAt: position, in: storage) where !present.contains(content) {
                guard named.insert(content).inserted else { continue }
                let consequence = "the snapshot at position \(position) refers to it, and the present state does not"
                result.damage.append(ContentFolder.missing(content, consequence))
            }
        }
        return result
    }

    /// Copies what the records refer to into a new directory; returns what could not be copied.
    static func copyContents(_ view: View, from source: String, to target: String) throws -> [Damage] {
        let wanted = view.fileContents
        guard !wanted.isEmpty else { return [] }
        let store = try ContentStore.open(in: FileStorage(path: target), bytesKeptFree: 0) { 0 }
        let folder = try ContentFolder(in: FileStorage(path: directory(of: source)))
        var damage: [Damage] = []
        for content in wanted {
            do throws(ContentError) {
                try folder.copy(content, to: store)
            } catch {
                let users = files(of: view) { $0 == content }
                let found = ContentFolder.damage(content, error, "unreadable: \(users[content] ?? "")")
                // A target that cannot be written is a restore that failed.
                guard let found else { throw error }
                damage.append(found)
            }
        }
        return damage
    }

    /// The directory itself, or the one that a snapshot file lies in.
    private static func directory(of source: String) -> String {
        var status = stat()
        guard stat(source, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return source }
        guard let slash = source.lastIndex(of: "/") else { return "." }
        return slash == source.startIndex ? "/" : String(source[..<slash])
    }

    /// The contents that a snapshot's state refers to.
    static func contents(ofSnapshotAt position: Position, in storage: any Storage) throws -> [FileContent] {
        try DataDirectory.blocks(ofKind: ImagePart.contentsKind, inSnapshotAt: position, storage)
            .flatMap { bytes in try bytes.withUnsafeBytes { try FileContent.list(decoding: $0) } }
    }

    /// In words, which files have one of the contents: the first few of each.
    private static func files(
        of view: View,
        whoseContents isMeant: (FileContent) -> Bool
    ) -> [FileContent: String] {
        let namedMax = 3
        var users: [FileContent: (names: [String], count: Int)] = [:]
        view.forEachFile { file in
            guard isMeant(file.file.content) else { return }
            var user = users[file.file.content] ?? ([], 0)
            user.count += 1
            if user.names.count < namedMax {
                user.names.append("\(view.schema.text(of: file.record)) \(file.attribute) '\(file.file.name)'")
            }
            users[file.file.content] = user
        }
        return users.mapValues { user in
            let more = user.count - user.names.count
            return user.names.joined(separator: ", ") + (more > 0 ? " and \(more) more" : "")
        }
    }
}
