// What a thread needs of its own to read records by id beside others that do the same.
//
// Reading changes nothing but the cache of shapes, so each thread brings one; several may then read at the same time, as long as
// nobody writes meanwhile. Who sees to that is the engine's owner (`Database.read`).

/// The reads that one thread executed lately, as far as they help with the next.
///
/// Thread rule: one thread at a time; one engine for life.
package final class RecordReader {
    private let shapes = ShapeCache<ReadShape>()
    @exclusivity(unchecked) private var schemaChangeCount = 0

    /// A reader that remembers nothing yet.
    package init() {}

    /// Begins a read: shapes that the one before it used may end, and those of an older schema do.
    @inline(__always)
    func begin(_ engine: Engine) {
        if schemaChangeCount != engine.schemaChangeCount {
            shapes.removeAll()
            schemaChangeCount = engine.schemaChangeCount
        }
        shapes.collect()
    }

    /// The shape of a read, whose head is taken off. It lives until the next `begin`.
    @inline(__always)
    func shape(of request: inout ByteReader, in engine: Engine) throws(DecodeError) -> ReadShape {
        try shapes.shape(of: &request, in: engine)
    }
}
