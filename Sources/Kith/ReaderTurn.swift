import Engine

/// The engine in the hands of one who reads, beside others who do, while nobody writes: lent by `Database.read`.
package struct ReaderTurn: ~Copyable {
    private let engine: Engine
    private let reader: RecordReader
    /// Why nothing may be answered.
    private let refusal: Refusal?

    init(_ engine: Engine, _ reader: RecordReader, refusal: Refusal?) {
        self.engine = engine
        self.reader = reader
        self.refusal = refusal
    }

    /// Epoch of the schema in force.
    package var schemaEpoch: UInt32 { engine.schema.epoch }
    /// The last transaction executed: what the turn sees. Replies wait until it is durable.
    package var position: Position { engine.position }

    /// Executes an encoded read and appends the encoded reply; false, and nothing is done, when it needs the writer's turn.
    @inline(__always)
    package func read(_ request: UnsafeRawBufferPointer, into reply: inout ByteWriter) throws(Refusal) -> Bool {
        if let refusal { throw refusal }
        return try engine.read(request, with: reader, into: &reply)
    }

    /// See `Engine.prefetch`.
    package func prefetch(_ reads: UnsafeBufferPointer<UnsafeRawBufferPointer>) {
        engine.prefetch(reads: reads, with: reader)
    }
}
