/// Changes that take effect together or not at all, built in Swift and sent as bytes (OperationCodec.swift).
///
/// Values are converted as people mean them: a whole number serves as a decimal or an option, a label as an option, a text
/// such as `account/7K3` as a reference. What cannot be converted is refused here, before anything is sent.
public struct Transaction: Sendable {
    /// The schema that names are looked up in.
    public let schema: Schema
    /// Rows succeed or fail one by one instead of all together.
    public var isIndependent = false {
        didSet { if !bytes.isEmpty { bytes[0] = flags } }
    }
    /// Refused where a record that it makes or changes is like another one by the published duplicate rules (docs/duplicates.md).
    public var refusesDuplicates = false {
        didSet { if !bytes.isEmpty { bytes[0] = flags } }
    }
    /// The message that it carries out; 0 is a plain change of data.
    package var message: UInt16 = 0 {
        didSet { if !bytes.isEmpty { (bytes[2], bytes[3]) = messageBytes } }
    }
    /// Makes sending the transaction again take effect once. A session fills it in when it is nil.
    public var key: RequestKey?
    /// Operations so far.
    public private(set) var operationCount = 0
    /// Rows so far.
    public private(set) var rowCount = 0
    /// The operations behind the head of a transaction without a key, so that it is sent as it stands; empty before the first.
    private var bytes: [UInt8] = []
    private static let headBytes = 6

    /// An empty transaction.
    public init(_ schema: Schema) { self.schema = schema }

    /// Bytes that `encoded` will have, at most.
    public var encodedBytesMax: Int { bytes.count + 22 }

    /// Makes a record and returns a reference to it that later operations of this transaction may use in lookups.
    @discardableResult
    public mutating func create(_ entity: String, _ values: KeyValuePairs<String, Value>) throws(Refusal) -> RecordID {
        try createRecord(entity, values.map { ($0.key, $0.value) })
    }

    /// As `create`, for values that are computed.
    @discardableResult
    public mutating func createRecord(_ entity: String, _ values: [(String, Value)]) throws(Refusal) -> RecordID {
        var batch = try RecordBatch(schema, .create, entity, attributes: values.map(\.0))
        try batch.append(values.map(\.1))
        let operation = operationCount
        append(batch)
        return RecordID(entity: batch.entity.id, origin: RecordID.localOrigin, sequence: UInt64(operation) << 20)
    }

    /// Changes a record; with `expecting`, only if it is still at that version.
    public mutating func update(
        _ id: RecordID,
        _ values: KeyValuePairs<String, Value>,
        expecting version: Position? = nil
    ) throws(Refusal) {
        try updateRecord(id, values.map { ($0.key, $0.value) }, expecting: version)
    }

    /// As `update`, for values that are computed.
    public mutating func updateRecord(
        _ id: RecordID,
        _ values: [(String, Value)],
        expecting version: Position? = nil
    ) throws(Refusal) {
        guard let entity = schema.entity(id.entity) else {
            throw Refusal(.unknownEntity, record: id, "The schema has no entity \(id.entity.rawValue).")
        }
        var batch = try RecordBatch(schema, .update, entity.name, attributes: values.map(\.0))
        try batch.append(values.map(\.1), id: id, expecting: version)
        append(batch)
    }

    /// Changes the record that the alternate key names, or makes it. The key's attributes must be among the values.
    public mutating func upsert(
        _ entity: String,
        key: String,
        _ values: KeyValuePairs<String, Value>
    ) throws(Refusal) {
        var batch = try RecordBatch(schema, .upsert, entity, attributes: values.map(\.key), key: key)
        try batch.append(values.map(\.value))
        append(batch)
    }

    /// Deletes a record, with what its relationships say.
    public mutating func delete(_ id: RecordID, expecting version: Position? = nil) throws(Refusal) {
        guard let entity = schema.entity(id.entity) else {
            throw Refusal(.unknownEntity, record: id, "The schema has no entity \(id.entity.rawValue).")
        }
        var batch = try RecordBatch(schema, .delete, entity.name, attributes: [])
        try batch.append([], id: id, expecting: version)
        append(batch)
    }

    /// Adds a batch of rows as one operation.
    public mutating func append(_ batch: borrowing RecordBatch) {
        if bytes.isEmpty { bytes = [flags, 0, messageBytes.0, messageBytes.1, 0, 0] }
        batch.withEncoded { bytes.append(contentsOf: $0) }
        operationCount += 1
        rowCount += batch.count
        bytes[4] = UInt8(truncatingIfNeeded: operationCount)
        bytes[5] = UInt8(truncatingIfNeeded: operationCount >> 8)
    }

    private var messageBytes: (UInt8, UInt8) {
        (UInt8(truncatingIfNeeded: message), UInt8(truncatingIfNeeded: message >> 8))
    }

    private var flags: UInt8 {
        (isIndependent ? TransactionHeader.independentFlag : 0)
            | (refusesDuplicates ? TransactionHeader.checkedFlag : 0)
    }

    /// The bytes that the engine executes.
    public func encoded(key: RequestKey? = nil) -> [UInt8] { withEncoded(key: key) { Array($0) } }

    /// Lends the bytes that the engine executes.
    package func withEncoded<R>(key: RequestKey? = nil, _ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        let key = self.key ?? key
        if key == nil, !bytes.isEmpty { return try bytes.withUnsafeBytes(body) }
        var writer = ByteWriter(capacityBytes: encodedBytesMax)
        writer.u8(flags | (key == nil ? 0 : TransactionHeader.keyedFlag))
        writer.u8(0)
        writer.u16(message)
        if let key {
            writer.u64(key.client)
            writer.u64(key.request)
        }
        writer.u16(UInt16(operationCount))
        if !bytes.isEmpty { bytes[Transaction.headBytes...].withUnsafeBytes { writer.raw($0) } }
        return try writer.withUnsafeBytes(body)
    }
}
