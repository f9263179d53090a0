// Values of one expression for up to 2,048 rows, and the rows themselves: what the executor works on.

/// A column of intermediate values. Numbers of every fixed-width type are Int64; doubles are kept as bit patterns.
final class Vector {
    /// Rows of a batch. 2,048 eight-byte values are 16 KiB: a handful of vectors stays in a core's first two caches.
    static let capacity = 2048
    /// Bytes of one vector: a number, a mark and a borrowed text in each place.
    static let bytes = capacity * (8 + 1 + MemoryLayout<UnsafeBufferPointer<UInt8>>.stride)

    // Constant pointers, since every read of a class's variable checks for exclusive access. Written before they are read,
    // so they begin with whatever the allocator gives.
    let numbers = UnsafeMutablePointer<Int64>.allocate(capacity: capacity)
    /// 1 where the value is there. Numbers are 0 where it is not.
    let valid = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
    /// Borrowed texts: of the view's blocks or of the query's constants.
    let texts = UnsafeMutablePointer<UnsafeBufferPointer<UInt8>>.allocate(capacity: capacity)

    deinit {
        numbers.deallocate()
        valid.deallocate()
        texts.deallocate()
    }

    @inline(__always)
    func isValid(_ index: Int) -> Bool { valid[index] != 0 }

    @inline(__always)
    func double(_ index: Int) -> Double { Double(bitPattern: UInt64(bitPattern: numbers[index])) }

    @inline(__always)
    func setDouble(_ index: Int, _ value: Double) { numbers[index] = Int64(bitPattern: value.bitPattern) }

    @inline(__always)
    func setNull(_ index: Int) {
        valid[index] = 0
        numbers[index] = 0
    }

    @inline(__always)
    func setNull(_ index: Int, isText: Bool) {
        setNull(index)
        if isText { texts[index] = UnsafeBufferPointer(start: nil, count: 0) }
    }

    /// The same number in the first `count` places.
    func fill(_ number: Int64, _ count: Int) {
        numbers.update(repeating: number, count: count)
        valid.update(repeating: 1, count: count)
    }

    /// One number.
    @inline(__always)
    func fill(_ number: Int64, at index: Int) {
        numbers[index] = number
        valid[index] = 1
    }

    /// The first `count` values of another vector.
    func copy(_ other: Vector, _ count: Int, isText: Bool) {
        valid.update(from: other.valid, count: count)
        if isText {
            texts.update(from: other.texts, count: count)
        } else {
            numbers.update(from: other.numbers, count: count)
        }
    }

    /// The values of another vector at `places`.
    func gather(_ other: Vector, _ places: UnsafePointer<UInt32>, _ count: Int, isText: Bool) {
        for index in 0..<count {
            let place = Int(places[index])
            valid[index] = other.valid[place]
            if isText { texts[index] = other.texts[place] } else { numbers[index] = other.numbers[place] }
        }
    }

    /// The same text in the first `count` places.
    func fill(_ text: UnsafeBufferPointer<UInt8>, _ count: Int) {
        texts.update(repeating: text, count: count)
        valid.update(repeating: 1, count: count)
    }

    /// One value as a constant.
    func constant(_ index: Int, _ type: QueryType) -> Bound {
        guard isValid(index) else { return Bound(.null, type) }
        return switch type {
        case .text: Bound(.text(TextConstant(texts[index])), type)
        case .double: Bound(.real(double(index)), type)
        default: Bound(.number(numbers[index]), type)
        }
    }

    /// Null in the first `count` places.
    func fillNull(_ count: Int) {
        valid.update(repeating: 0, count: count)
        numbers.update(repeating: 0, count: count)
    }
}

/// Up to `Vector.capacity` combinations of rows: one row number per source, `Table.noRow` where a left join found none.
final class Batch {
    var count = 0
    /// Per source; only those in `present` are meaningful.
    let rows: [UnsafeMutablePointer<UInt32>]
    /// Sources whose rows are known; paths join when they are first read.
    var present = SourceSet()
    /// The block that all rows of the first source belong to, or -1.
    var block = -1

    init(sourceCount: Int) {
        rows = (0..<sourceCount).map { _ in .allocate(capacity: Vector.capacity) }
    }

    deinit { for pointer in rows { pointer.deallocate() } }

    /// Appends the rows of one source whose bits are set, counted from `first`.
    func append(_ bits: UInt64, first: UInt32, to source: Int) {
        let rows = rows[source]
        var rest = bits
        var end = count
        while rest != 0 {
            rows[end] = first + UInt32(rest.trailingZeroBitCount)
            end += 1
            rest &= rest &- 1
        }
        count = end
    }

    /// Keeps the rows where `truth` is true.
    func compact(_ truth: Vector) {
        var kept = 0
        let count = count
        for source in rows.indices where present.contains(source) {
            let rows = rows[source]
            kept = 0
            for index in 0..<count {
                rows[kept] = rows[index]
                kept += truth.valid[index] != 0 && truth.numbers[index] != 0 ? 1 : 0
            }
        }
        self.count = kept
    }
}
