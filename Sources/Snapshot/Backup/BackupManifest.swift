// What a backup says of itself: which files belong to it, as far as which byte, with which hashes. docs/backup.md describes
// the text and the reasons.
//
// Guarantees: a text that decodes has the right hash at its end, names only files that a data directory can have, and says
// nothing that the layout of a backup forbids; encoding what was decoded gives the same bytes.

import Engine

/// A file of a backup, or as much of it as counts.
public struct BackupFile: Hashable, Sendable {
    /// In the backup's directory.
    public var name: String
    /// Bytes that count, from the file's beginning.
    public var bytes: UInt64
    /// SHA-256 of them.
    public var hash: ContentHash
}

/// A part of the history without a gap.
public struct BackupStretch: Hashable, Sendable {
    /// The first state that can be restored: that of the oldest snapshot, or 0.
    public var firstPosition: UInt64
    /// The last one.
    public var lastPosition: UInt64
    /// The hash of the group that ends with `lastPosition`.
    package var hash: SHA256Digest
    /// Oldest first.
    public var snapshots: [BackupFile] = []
    /// In the order in which they count.
    public var segments: [BackupFile] = []
}

/// The state of a backup after one run.
public struct BackupManifest: Hashable, Sendable {
    /// Of the data directory.
    public var directory: DirectoryID
    /// Of the run, from 1.
    public var number: UInt64
    /// Of the run: microseconds since 1970.
    public var timeMicroseconds: Int64
    /// Oldest first.
    public var stretches: [BackupStretch] = []
}

extension BackupManifest {
    static let temporaryName = "backup.tmp"
    private static let prefix = "backup-"
    private static let lineCountMax = 1 << 20
    private static let bytesMax: UInt64 = 256 << 20
    private static let firstLine = "kith backup 1"

    static func fileName(number: UInt64) -> String { prefix + hexadecimal(number, digits: 16) }

    static func number(ofFile name: String) -> UInt64? {
        name.hasPrefix(prefix) ? parseHexadecimal(name.dropFirst(prefix.count), digits: 16) : nil
    }

    /// Whether the directory is a backup, good or damaged.
    public static func exists(in storage: any Storage) throws(StorageError) -> Bool {
        try storage.list().contains { number(ofFile: $0) != nil }
    }

    // MARK: Text

    var text: String {
        var text = "\(BackupManifest.firstLine)\ndirectory \(directory)\nnumber \(number)\ntime \(timeMicroseconds)\n"
        for stretch in stretches {
            text += "stretch \(stretch.firstPosition) \(stretch.lastPosition) \(stretch.hash)\n"
            for file in stretch.snapshots { text += "snapshot \(file.name) \(file.bytes) \(file.hash)\n" }
            for file in stretch.segments { text += "segment \(file.name) \(file.bytes) \(file.hash)\n" }
        }
        return text + "end \(BackupManifest.hash(of: text))\n"
    }

    private static func hash(of text: String) -> ContentHash {
        let stream = SHA256Stream()
        Array(text.utf8).withUnsafeBytes { stream.append($0) }
        return stream.finish()
    }

    /// Why a text is no manifest.
    struct Flaw: Error, CustomStringConvertible {
        let description: String
    }

    init(decoding text: String) throws(Flaw) {
        guard text.hasSuffix("\n"), let end = text.dropLast().lastIndex(of: "\n") else {
            throw Flaw(description: "the manifest is cut")
        }
        let body = text[...end]
        let last = text[text.index(after: end)...].dropLast()
        let lines = body.dropLast().split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.first?[...] == BackupManifest.firstLine[...] else {
            throw Flaw(description: "this is no manifest of version 1")
        }
        guard last == "end \(BackupManifest.hash(of: String(body)))" else {
            throw Flaw(description: "the manifest's hash does not match")
        }
        guard lines.count >= 4, lines.count <= BackupManifest.lineCountMax,
            let directory = BackupManifest.field(lines[1], "directory").flatMap(DirectoryID.init(text:)),
            let number = BackupManifest.field(lines[2], "number").flatMap({ UInt64($0) }),
            let time = BackupManifest.field(lines[3], "time").flatMap({ Int64($0) })
        else { throw Flaw(description: "the manifest's head is incomplete") }
        self.init(directory: directory, number: number, timeMicroseconds: time)
        for (index, line) in lines.enumerated().dropFirst(4) {
            guard take(line) else { throw Flaw(description: "line \(index + 1) of the manifest is wrong") }
        }
        guard stretches.allSatisfy({ !$0.segments.isEmpty && $0.firstPosition <= $0.lastPosition }) else {
            throw Flaw(description: "a stretch of the manifest is incomplete")
        }
    }

    private static func field(_ line: Substring, _ name: String) -> Substring? {
        line.hasPrefix(name + " ") ? line.dropFirst(name.count + 1) : nil
    }

    private mutating func take(_ line: Substring) -> Bool {
        let fields = line.split(separator: " ", omittingEmptySubsequences: false)
        guard fields.count == 4 else { return false }
        if fields[0] == "stretch" {
            guard let first = UInt64(fields[1]), let last = UInt64(fields[2]), let hash = SHA256Digest(text: fields[3])
            else { return false }
            stretches.append(BackupStretch(firstPosition: first, lastPosition: last, hash: hash))
            return true
        }
        guard !stretches.isEmpty, let bytes = UInt64(fields[2]), bytes < 1 << 48, let hash = ContentHash(fields[3].utf8)
        else { return false }
        let file = BackupFile(name: String(fields[1]), bytes: bytes, hash: hash)
        let place = stretches.count - 1
        switch fields[0] {
        case "snapshot" where SnapshotFormat.position(ofFile: file.name) != nil:
            stretches[place].snapshots.append(file)
        case "segment" where SegmentName(file.name) != nil: stretches[place].segments.append(file)
        default: return false
        }
        return true
    }

    // MARK: Files

    /// The newest good manifest of a backup, and what is wrong with newer ones; nil where there is none.
    ///
    /// Throws `.damaged` where there are some and none is good.
    static func newest(
        in storage: any Storage
    ) throws(DirectoryError) -> (manifest: BackupManifest, damage: [Damage])? {
        var damage: [Damage] = []
        do throws(StorageError) {
            let numbers = try storage.list().compactMap(number(ofFile:)).sorted(by: >)
            for number in numbers {
                let name = fileName(number: number)
                let text = try read(name, storage)
                do throws(Flaw) {
                    let manifest = try BackupManifest(decoding: text)
                    guard manifest.number == number else { throw Flaw(description: "it is that of another run") }
                    return (manifest, damage)
                } catch {
                    damage.append(
                        Damage(file: name, offset: 0, what: "\(error)", consequence: "this run of the backup is lost")
                    )
                }
            }
        } catch {
            throw .storage(error)
        }
        if let first = damage.first { throw .damaged(first) }
        return nil
    }

    private static func read(_ name: String, _ storage: any Storage) throws(StorageError) -> String {
        let file = try storage.openForReading(name)
        let size = try file.size()
        // What is larger than any manifest can be has a wrong hash at the end of what is read of it.
        let memory = AlignedMemory(byteCount: Int(min(size, bytesMax)))
        let count = try file.read(into: memory.bytes, at: 0)
        return String(decoding: memory.bytes.part(0..<count), as: UTF8.self)
    }

    /// Writes this one durably, then removes those before the one before it. Everything that it lists is durable already.
    func write(to storage: any Storage) throws(StorageError) {
        let file = try storage.open(BackupManifest.temporaryName, creating: true)
        try file.truncate(to: 0)
        let memory = AlignedMemory(copying: Array(text.utf8))
        try file.write(UnsafeRawBufferPointer(memory.bytes), at: 0)
        try file.sync()
        try storage.rename(BackupManifest.temporaryName, to: BackupManifest.fileName(number: number))
        try storage.syncDirectory()
        for name in try storage.list() {
            guard let other = BackupManifest.number(ofFile: name), other + 1 < number else { continue }
            try storage.remove(name)
        }
    }
}

extension AlignedMemory {
    /// Memory with these bytes.
    convenience init(copying bytes: [UInt8]) {
        self.init(byteCount: bytes.count)
        bytes.withUnsafeBytes { self.bytes.copyMemory(from: $0) }
    }
}

extension DirectoryID {
    /// Reads what `description` writes.
    init?(text: Substring) {
        guard text.utf8.count == 32, let high = parseHexadecimal(text.prefix(16), digits: 16),
            let low = parseHexadecimal(text.dropFirst(16), digits: 16)
        else { return nil }
        self.init(high: high, low: low)
    }
}

extension SHA256Digest {
    /// Reads what `description` writes.
    init?(text: Substring) {
        guard let hash = ContentHash(text.utf8) else { return nil }
        self = hash.bytes.withUnsafeBytes { $0.digest(at: 0) }
    }
}
