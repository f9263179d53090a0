// The file `history` of a data directory: for how long its past is kept. It lies in the directory because whoever opens it must
// not throw away what the administrator wants kept: a command that knows nothing of it would, at its start.
//
//   kith history 1
//   seconds 34560000
//
// It is written as `history.tmp`, synced, renamed, and the directory synced. One that cannot be read stops a start, since any
// guess could remove what is irretrievable.

/// For how long a directory keeps its past.
public enum HistorySetting {
    static let fileName = "history"
    static let temporaryName = "history.tmp"
    private static let head = "kith history 1\nseconds "
    /// A hundred years, so that no arithmetic with microseconds overflows.
    public static let secondsMax: Int64 = 100 * 366 * 86_400
    private static let fileBytesMax = 64

    /// What is set; 0 where nothing is.
    public static func seconds(in storage: any Storage) throws(DirectoryError) -> Int64 {
        let text: String
        do throws(StorageError) {
            guard try storage.list().contains(fileName) else { return 0 }
            let file = try storage.openForReading(fileName)
            let memory = AlignedMemory(byteCount: LogFormat.sectorBytes)
            let count = try file.read(into: memory.bytes.part(0..<fileBytesMax), at: 0)
            text = String(decoding: UnsafeRawBufferPointer(memory.bytes.part(0..<count)), as: UTF8.self)
        } catch {
            throw .storage(error)
        }
        guard text.hasPrefix(head), text.hasSuffix("\n"), let seconds = Int64(text.dropFirst(head.count).dropLast()),
            0...secondsMax ~= seconds
        else {
            throw .damaged(
                Damage(
                    file: fileName,
                    offset: 0,
                    what: "this is not what says how long history is kept",
                    consequence: "nothing is opened, since a guess could remove history: say it again (--keep-history)"
                )
            )
        }
        return seconds
    }

    /// Sets it, durably; 0 keeps what recovery needs. Refused while the directory is open.
    public static func set(seconds: Int64, in storage: any Storage) throws(DirectoryError) {
        precondition(0...secondsMax ~= seconds)
        let lock = try DataDirectory.take(storage, .exclusive)
        defer { lock.release() }
        let text = Array((head + String(seconds) + "\n").utf8)
        do throws(StorageError) {
            let file = try storage.open(temporaryName, creating: true)
            try file.truncate(to: 0)
            try text.withUnsafeBytes { bytes in Result { () throws(StorageError) in try file.write(bytes, at: 0) } }
                .get()
            try file.sync()
            try storage.rename(temporaryName, to: fileName)
            try storage.syncDirectory()
        } catch {
            throw .storage(error)
        }
    }
}
