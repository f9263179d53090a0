// Values by ids of records: what a document of a thousand lines looks up some five thousand times. A `Dictionary` hashes so that nobody can
// foresee it, and takes 20 to 30 ns for each; ids are numbers that the engine gives in a row, for which one multiplication is enough.
//
// Invariants: a power of two of slots, at least twice as many as entries, so that a search ends at a free one; entries in the order in which
// they came. Nothing is taken out. Whoever could choose ids so that all meet in one slot would make searches as long as there are entries: some
// 10^8 comparisons for a document of ten thousand lines, half a second. Ids are the engine's, in a row.

import Engine

/// What finds an entry of a `RecordMap`.
package protocol RecordMapKey: Equatable, Sendable {
    /// A number of 64 bits, of which the highest are as good as random for neighbouring keys.
    var mixed: UInt64 { get }
}

extension RecordID: RecordMapKey {
    /// 2⁶⁴ divided by the golden ratio (Knuth, The Art of Computer Programming, volume 3, section 6.4).
    fileprivate static let factor: UInt64 = 0x9E37_79B9_7F4A_7C15

    package var mixed: UInt64 { rawValue &* RecordID.factor }
}

extension RecordMapKey {
    /// Another word mixed into a number.
    static func mixed(_ number: UInt64, _ id: RecordID) -> UInt64 {
        // The high bits come down, since a multiplication carries upwards only.
        ((number ^ number >> 32) &+ id.rawValue) &* RecordID.factor
    }
}

/// A map in the order of insertion.
package struct RecordMap<Key: RecordMapKey, Value: Sendable>: Sendable, ExpressibleByDictionaryLiteral {
    package private(set) var keys: [Key] = []
    package private(set) var values: [Value] = []
    /// Places among the entries; -1 is free.
    private var slots: [Int32] = Array(repeating: -1, count: 16)
    /// How far a mixed key is shifted, to be the number of a slot.
    private var shift: UInt64 = 60

    package init() {}

    package init(dictionaryLiteral elements: (Key, Value)...) {
        for (key, value) in elements { set(value, for: key) }
    }

    package var count: Int { keys.count }

    /// O(1).
    package subscript(key: Key) -> Value? {
        let slot = slots[self.slot(of: key)]
        return slot < 0 ? nil : values[Int(slot)]
    }

    /// Puts a value in, for another one where there is one. O(1) on average.
    package mutating func set(_ value: Value, for key: Key) {
        if !insert(value, for: key) { values[Int(slots[slot(of: key)])] = value }
    }

    /// Puts a value in where there is none; whether it did. O(1) on average.
    @discardableResult
    package mutating func insert(_ value: Value, for key: Key) -> Bool {
        let slot = slot(of: key)
        guard slots[slot] < 0 else { return false }
        slots[slot] = Int32(keys.count)
        keys.append(key)
        values.append(value)
        if keys.count * 2 > slots.count { grow() }
        return true
    }

    /// The slot of a key, or the free one where it would be.
    private func slot(of key: Key) -> Int {
        var slot = Int(key.mixed >> shift)
        while slots[slot] >= 0, keys[Int(slots[slot])] != key { slot = (slot + 1) & (slots.count - 1) }
        return slot
    }

    private mutating func grow() {
        slots = Array(repeating: -1, count: slots.count * 2)
        shift -= 1
        for (place, key) in keys.enumerated() { slots[slot(of: key)] = Int32(place) }
    }
}
