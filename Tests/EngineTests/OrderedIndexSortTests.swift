// Sorting a batch for an ordered index, against the standard library's sort.

import Engine
import Testing

@Suite struct OrderedIndexSortTests {
    /// Keys of one shape: anything; few; with a common beginning, a common end, or both; equal but for a bit.
    private func key<Key: FixedWidthInteger & UnsignedInteger>(
        _ shape: Int,
        _ random: inout PropertyRandom
    ) -> Key {
        let any = Key.random(in: .min ... .max, using: &random)
        return switch shape {
        case 0: any
        case 1: Key(random.below(5))
        case 2: any >> Key(Key.bitWidth - 14)
        case 3: any << Key(Key.bitWidth - 14)
        case 4: (any & 0xFFF) << 20
        case 5: Key(1) << Key(random.below(Key.bitWidth))
        default: 77
        }
    }

    private func sortingAgrees<Key: FixedWidthInteger & UnsignedInteger & Sendable>(_: Key.Type) {
        for seed in PropertyRandom.seeds(4) {
            var random = PropertyRandom(seed: seed)
            for shape in 0..<7 {
                for count in [0, 1, 2, 31, 32, 33, 34, 257, 1000, 1 + random.below(6000)] {
                    var entries = (0..<count).map { OrderedIndex<Key>.Entry(key: key(shape, &random), row: UInt32($0)) }
                    switch random.below(4) {
                    case 0: entries.shuffle(using: &random)
                    case 1: entries.reverse()
                    case 2: entries.sort { ($0.key, $0.row) < ($1.key, $1.row) }
                    default: break
                    }
                    let expected = entries.sorted { ($0.key, $0.row) < ($1.key, $1.row) }
                    entries.withUnsafeMutableBufferPointer { OrderedIndex<Key>.sort($0) }
                    let isEqual = entries.elementsEqual(expected) { $0.key == $1.key && $0.row == $1.row }
                    #expect(isEqual, "seed \(seed), shape \(shape), \(count) entries")
                }
            }
        }
    }

    @Test func numbersAgreeWithTheStandardLibrary() { sortingAgrees(UInt64.self) }
    @Test func textsAgreeWithTheStandardLibrary() { sortingAgrees(UInt128.self) }
}
