// Requests that begin with the same bytes have much in common that can be worked out once.
//
// A program asks for few different sets of attributes, each very often. So the head of a request (what it does, entity,
// attributes) is decoded and checked once, kept in a small table, and recognised by comparing bytes.
//
// Lifetime: a shape is a plain value, so that a request counts no references; what it points to is the cache's and lives until
// its next `collect`. Whoever uses shapes calls that first, and keeps none beyond.

import CKernels

/// What requests with the same head have in common. Made for one schema.
protocol Shape {
    /// The bytes that such requests begin with.
    var head: UnsafeMutableRawBufferPointer { get }
    /// Attributes, for the bound of the cache.
    var attributeCount: Int { get }

    /// The bytes of the head that a request begins with; nil when it is cut short.
    static func head(of reader: ByteReader) -> UnsafeRawBufferPointer?
    /// Decodes and checks a head.
    init(head: UnsafeRawBufferPointer, schema: Schema, tables: Tables) throws(DecodeError)
    /// Ends what it points to.
    func deallocate()
}

extension Shape {
    /// A copy of the head's bytes, for the shape to keep.
    static func copy(_ head: UnsafeRawBufferPointer) -> UnsafeMutableRawBufferPointer {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: head.count, alignment: 8)
        copy.copyMemory(from: head)
        return copy
    }

    /// Whether requests with this head are of this shape.
    @inline(__always)
    func has(head other: UnsafeRawBufferPointer) -> Bool {
        guard head.count == other.count else { return false }
        var at = 0
        while at + 8 <= other.count {
            let mine = head.loadUnaligned(fromByteOffset: at, as: UInt64.self)
            guard mine == other.loadUnaligned(fromByteOffset: at, as: UInt64.self) else { return false }
            at += 8
        }
        while at < other.count {
            guard head[at] == other[at] else { return false }
            at += 1
        }
        return true
    }
}

/// The shapes that came lately. A shape that stands in another's way takes its place.
///
/// Thread rule: the engine's writer.
final class ShapeCache<Element: Shape> {
    /// A CRM's pages and integrations use some tens of shapes; two that collide cost what a request cost without the cache.
    private static var slotCount: Int { 64 }
    /// Attributes of all shapes that are kept: bounds what clients can make the engine remember, 3 MiB with their columns.
    private static var attributesMax: Int { 65_536 }

    private let slots: UnsafeMutablePointer<Element?>
    @exclusivity(unchecked) private var attributeCount = 0
    /// Shapes that lost their place and may still be in use.
    @exclusivity(unchecked) private var retired: [Element] = []

    init() {
        slots = .allocate(capacity: ShapeCache.slotCount)
        slots.initialize(repeating: nil, count: ShapeCache.slotCount)
    }

    deinit {
        removeAll()
        freeRetired()
        slots.deallocate()
    }

    /// Ends the life of shapes that lost their place.
    @inline(__always)
    func collect() {
        if !retired.isEmpty { freeRetired() }
    }

    @inline(never)
    private func freeRetired() {
        for shape in retired { shape.deallocate() }
        retired.removeAll()
    }

    /// Forgets all shapes: the schema changed.
    func removeAll() {
        for slot in 0..<ShapeCache.slotCount {
            if let shape = slots[slot] { retired.append(shape) }
            slots[slot] = nil
        }
        attributeCount = 0
    }

    /// The shape of the request, whose head is taken off.
    @inline(__always)
    func shape(of reader: inout ByteReader, in engine: Engine) throws(DecodeError) -> Element {
        guard let head = Element.head(of: reader) else { throw DecodeError("a request without its attributes", at: 0) }
        let slot = Int(kith_crc32c(0, head.baseAddress, head.count)) & (ShapeCache.slotCount - 1)
        reader.skip(head.count)
        if let shape = slots[slot], shape.has(head: head) { return shape }
        return try add(slot, head, engine)
    }

    @inline(never)
    private func add(_ slot: Int, _ head: UnsafeRawBufferPointer, _ engine: Engine) throws(DecodeError) -> Element {
        let shape = try Element(head: head, schema: engine.schema, tables: engine.tables)
        if attributeCount + shape.attributeCount > ShapeCache.attributesMax { removeAll() }
        if let previous = slots[slot] {
            attributeCount -= previous.attributeCount
            retired.append(previous)
        }
        attributeCount += shape.attributeCount
        slots[slot] = shape
        return shape
    }
}
