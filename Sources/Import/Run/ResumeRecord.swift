import Engine
import Glibc

/// How far an interrupted run came: what makes the same command go on where it stopped.
///
/// The file stands beside the rejects file and is replaced (written aside, renamed) after every batch whose reply was
/// handled. It holds `name value` lines and ends with the SHA-256 of those before. A file that is damaged, or that
/// belongs to other data files, another mapping or another database, is ignored: the run begins anew, which is safe,
/// since every row is an upsert.
struct ResumeRecord: Sendable, Equatable {
    /// A record that the run brought in, to be found again before the run goes on: a database that was emptied,
    /// replaced or restored from an older state would otherwise lack what the record says is there.
    struct Anchor: Sendable, Equatable {
        var record: RecordID
        /// One of the key's attributes and its text.
        var attribute: String
        var text: String
    }

    private static let version = "kith-import-progress 3"

    /// Mapping and files of the run.
    var identity: String
    /// Of the last batch that brought something in.
    var anchor: Anchor?
    /// Pass of the run.
    var step = 0
    /// Line in the pass's file up to which every row has been acknowledged.
    var line = 0
    /// Length of the rejects file that belongs to it.
    var rejectsBytes = 0
    /// Length of the file of duplicates.
    var duplicatesBytes = 0
    /// Counts per file of the mapping.
    var counts: [ImportCounts] = []

    static func path(besides rejectsPath: String) -> String { rejectsPath + ".progress" }

    /// Reads the record at `path`; nil when there is none or it is of another run.
    static func read(path: String, identity: String, fileCount: Int) -> ResumeRecord? {
        guard let file = fopen(path, "re") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = fread(&bytes, 1, bytes.count, file)
        let text = String(decoding: bytes[..<count], as: UTF8.self)
        guard let mark = text.firstRange(of: "sha256 "),
            let digest = try? FileDigest(of: Array(text[..<mark.lowerBound].utf8)),
            text[mark.upperBound...] == "\(digest)\n"
        else { return nil }
        var record = ResumeRecord(identity: identity)
        var lines = text[..<mark.lowerBound].split(separator: "\n")[...]
        guard lines.popFirst() == version[...], lines.popFirst() == "identity \(identity)" else { return nil }
        for line in lines {
            let words = line.split(separator: " ")
            let numbers = words.dropFirst().compactMap { Int($0) }
            switch (words.first, numbers.count) {
            case ("position", 4):
                (record.step, record.line) = (numbers[0], numbers[1])
                (record.rejectsBytes, record.duplicatesBytes) = (numbers[2], numbers[3])
            case ("anchor", _):
                guard let anchor = anchor(words) else { return nil }
                record.anchor = anchor
            case ("counts", ImportCounts.paths.count):
                var counts = ImportCounts()
                for (path, number) in zip(ImportCounts.paths, numbers) { counts[keyPath: path] = number }
                record.counts.append(counts)
            default: return nil
            }
        }
        return record.counts.count == fileCount ? record : nil
    }

    /// `anchor record attribute text`, the text in hexadecimal.
    private static func anchor(_ words: [Substring]) -> Anchor? {
        guard words.count == 4, let record = UInt64(words[1]) else { return nil }
        var bytes: [UInt8] = []
        var rest = words[3]
        while !rest.isEmpty {
            guard let byte = UInt8(rest.prefix(2), radix: 16) else { return nil }
            bytes.append(byte)
            rest = rest.dropFirst(2)
        }
        return Anchor(
            record: RecordID(rawValue: record),
            attribute: String(words[2]),
            text: String(decoding: bytes, as: UTF8.self)
        )
    }

    func write(path: String) throws(ImportError) {
        var text = "\(Self.version)\nidentity \(identity)\n"
        text += "position \(step) \(line) \(rejectsBytes) \(duplicatesBytes)\n"
        if let anchor {
            let hexadecimal = anchor.text.utf8.map { String(Int($0) + 256, radix: 16).dropFirst() }.joined()
            text += "anchor \(anchor.record.rawValue) \(anchor.attribute) \(hexadecimal)\n"
        }
        for counts in counts {
            text += "counts " + ImportCounts.paths.map { String(counts[keyPath: $0]) }.joined(separator: " ") + "\n"
        }
        text += "sha256 \(try FileDigest(of: Array(text.utf8)))\n"
        let aside = path + ".new"
        guard let file = fopen(aside, "we") else {
            throw ImportError(.file, "cannot write \(aside): \(String(cString: strerror(errno)))")
        }
        let bytes = Array(text.utf8)
        let isWritten = fwrite(bytes, 1, bytes.count, file) == bytes.count
        guard fclose(file) == 0, isWritten, rename(aside, path) == 0 else {
            throw ImportError(.file, "cannot write \(path): \(String(cString: strerror(errno)))")
        }
    }

    static func remove(path: String) { unlink(path) }
}
