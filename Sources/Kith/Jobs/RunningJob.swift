import CRM
import Engine

/// A job's list of records and its message, while it is worked off. Used by one thread at a time.
final class RunningJob {
    let id: RecordID
    let records: [RecordID]
    private let message: JobMessage
    private var requests: [EntityID: Result<MessageRequest, Refusal>] = [:]
    private var schemaEpoch: UInt32 = 0

    init(_ id: RecordID, _ records: [RecordID], message: String) {
        self.id = id
        self.records = records
        self.message = JobMessage(message)
    }

    /// The message about a record; read once for each entity under a schema.
    func request(for record: RecordID, _ schema: Schema) throws(Refusal) -> MessageRequest {
        if schemaEpoch != schema.epoch {
            requests.removeAll()
            schemaEpoch = schema.epoch
        }
        let known: Result<MessageRequest, Refusal>
        if let found = requests[record.entity] {
            known = found
        } else {
            known = Result { () throws(Refusal) in try message.request(for: record, schema) }
            requests[record.entity] = known
        }
        var request = try known.get()
        request.arguments[0].value = .reference(record)
        return request
    }

    /// The list as it is stored: 8 bytes each, little-endian.
    static func encode(_ records: [RecordID]) -> [UInt8] {
        var writer = ByteWriter(capacityBytes: records.count * MemoryLayout<UInt64>.size)
        for record in records { writer.u64(record.rawValue) }
        return writer.bytes
    }

    /// Reads a list; nil where the bytes are none.
    static func decode(_ bytes: [UInt8]) -> [RecordID]? {
        guard bytes.count % MemoryLayout<UInt64>.size == 0 else { return nil }
        return bytes.withUnsafeBytes { bytes in
            stride(from: 0, to: bytes.count, by: MemoryLayout<UInt64>.size).map {
                RecordID(rawValue: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: UInt64.self)))
            }
        }
    }
}

/// A message without its record.
struct JobMessage {
    private let text: String

    init(_ text: String) { self.text = text }

    /// Refuses what begins with no verb, whatever the records are.
    func checkVerb() throws(Refusal) {
        let words: [String]
        do throws(MessageTextError) { words = try MessageRequest.words(of: text) } catch { throw refusal(error) }
        guard let verb = words.first else {
            throw refusal(MessageTextError("the message is empty: write a verb and its arguments"))
        }
        guard Messages.heads.contains(where: { $0.verb == verb }) else {
            throw refusal(MessageTextError("there is no message '\(verb)'"))
        }
    }

    private func refusal(_ error: MessageTextError, _ entity: String = "") -> Refusal {
        Refusal(.malformed, entity: entity, "The job's message: \(error).")
    }

    /// The message about a record. Its first argument is the record.
    func request(for record: RecordID, _ schema: Schema) throws(Refusal) -> MessageRequest {
        do throws(MessageTextError) {
            var words = try MessageRequest.words(of: text)
            words.insert(schema.text(of: record), at: min(1, words.count))
            return try MessageRequest(words: words, in: schema)
        } catch {
            throw refusal(error, schema.entity(record.entity)?.name ?? "")
        }
    }
}
