import CRM
import Engine
import Snapshot
import TestSupport
import Testing

@Suite struct RecordMapTests {
    /// All keys meet in one slot.
    private struct Meeting: RecordMapKey {
        let number: Int
        var mixed: UInt64 { .max }
    }

    private func expectAlike<Key: RecordMapKey & Hashable>(_ keys: [Key], _ other: Key) {
        var map = RecordMap<Key, Int>()
        var model: [Key: Int] = [:]
        for (place, key) in keys.enumerated() {
            let isNew = model[key] == nil
            #expect(map[key] == model[key])
            if place % 3 == 0 {
                map.set(place, for: key)
                model[key] = place
            } else {
                let hasInserted = map.insert(place, for: key)
                #expect(hasInserted == isNew)
                if isNew { model[key] = place }
            }
        }
        #expect(map.count == model.count && map[other] == nil)
        for (key, value) in model { #expect(map[key] == value) }
        #expect(map.values == map.keys.map { model[$0] ?? -1 } && Set(map.keys).count == map.count)
    }

    @Test func itIsAsADictionary() {
        var random = SplitMix64(seed: 7)
        for size in [0, 1, 8, 9, 100, 5_000] {
            // In a row, as the engine gives them; of few entities and origins; and any.
            let kinds: [(Int) -> UInt64] = [
                { UInt64($0) | 64 << 52 }, { UInt64($0 % 7) << 36 | UInt64($0 % 3) << 52 | UInt64($0 / 21) },
                { _ in random.next() },
            ]
            for kind in kinds {
                let keys = (0..<size).map { RecordID(rawValue: kind($0)) }
                expectAlike(keys + keys.shuffled(using: &random), RecordID(rawValue: 1 << 60))
            }
        }
    }

    @Test func keysThatMeetAreFound() {
        var map = RecordMap<Meeting, Int>()
        for number in 0..<200 { map.insert(number, for: Meeting(number: number)) }
        for number in 0..<200 { #expect(map[Meeting(number: number)] == number) }
        let isNew = map.insert(0, for: Meeting(number: 7))
        #expect(map[Meeting(number: 200)] == nil && !isNew)
    }

    /// Products and units in a row fall into different slots: of 1,000 pairs in 4,096 slots some 115 meet by chance.
    @Test func idsInARowAreSpread() {
        var slots: Set<UInt64> = []
        for product in 0..<500 {
            for unit in 0..<2 {
                let key = PriceBook.ItemKey(
                    priceList: RecordID(rawValue: 67 << 52 | 1),
                    product: RecordID(rawValue: 64 << 52 | UInt64(product)),
                    unit: RecordID(rawValue: 66 << 52 | UInt64(unit))
                )
                slots.insert(key.mixed >> 52)
            }
        }
        #expect(slots.count > 800, "\(slots.count) slots of 1,000 pairs")
    }
}
