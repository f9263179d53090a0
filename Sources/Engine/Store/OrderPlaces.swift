// Where the values of one block stand in their column's order: how a snapshot keeps an ordered index.
//
//   u32 count      valid values of the block
//   u8  bits       of a place
//   …              the places by row: PackedNumbers

/// The places of a block's valid values, by row.
struct OrderPlaces {
    /// Entries whose places are asked for before they are written.
    private static let ahead = 16
    private let places: [UInt32]

    /// Reads the places of `count` values in an order of `limit`, each of them below the limit.
    init(from reader: inout ByteReader, count: Int, below limit: Int) throws(DecodeError) {
        guard Int(try reader.u32()) == count else { throw DecodeError("an order of other rows", at: 0) }
        let bits = Int(try reader.u8())
        guard bits <= 32 else { throw DecodeError("places of \(bits) bits", at: 4) }
        let numbers = try PackedNumbers(from: &reader, count: count, bits: bits)
        var highest: UInt64 = 0
        places = Array(unsafeUninitializedCapacity: count) { places, initialized in
            for index in 0..<count {
                let number = numbers[index]
                highest = Swift.max(highest, number)
                places[index] = UInt32(truncatingIfNeeded: number)
            }
            initialized = count
        }
        guard count == 0 || highest < limit else { throw DecodeError("a place beyond the order", at: 0) }
        try reader.expectEnd()
    }

    /// Calls `body` with each valid value's row within the block and its place, and `prefetch` with the place some calls
    /// earlier. As many values must be valid as places were read.
    @inline(__always)
    func forEach(_ head: BlockHead, prefetch: (Int) -> Void, _ body: (Int, Int) -> Void) {
        places.withUnsafeBufferPointer { places in
            var index = 0
            for row in 0..<Block.rowCount where head.isValid(row) {
                if index + OrderPlaces.ahead < places.count { prefetch(Int(places[index + OrderPlaces.ahead])) }
                body(row, Int(places[index]))
                index += 1
            }
        }
    }

    /// Writes the places of a block's valid values, `places` by row, in an order of `limit`.
    static func encode(_ head: BlockHead, below limit: Int, into writer: inout ByteWriter, _ places: ArraySlice<UInt32>)
    {
        let valid = places.indices.filter { head.isValid($0 - places.startIndex) }
        let bits = PackedNumbers.bits(upTo: UInt64(max(limit, 1) - 1))
        writer.u32(UInt32(valid.count))
        writer.u8(UInt8(bits))
        PackedNumbers.encode(valid.count, bits: bits, into: &writer) { UInt64(places[valid[$0]]) }
    }
}
