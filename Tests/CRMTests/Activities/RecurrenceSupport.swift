// What the tests of recurrence share: times as people write them, zones by name, and numbers that follow from a seed.

import CRM
import Engine
import Foundation
import Testing

/// A local time from `20260105T090000`.
func localTime(_ text: some StringProtocol) throws -> LocalTime { try #require(LocalTime(text), "\(text)") }

/// A moment from `2026-01-05T09:00:00Z`.
func moment(_ text: String) throws -> Int64 { try #require(CalendarText.instant(text)) }

func zone(_ name: String) throws -> TimeZoneRules {
    TimeZoneRules(try #require(StandardTimeZone.named(name), "no zone \(name)").rules)
}

func goldenText(_ name: String) throws -> String {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "Golden")
    return try String(contentsOf: folder.appending(path: name), encoding: .utf8)
}

/// Numbers that follow from a seed: SplitMix64.
struct RecurrenceRandom {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 }

    mutating func below(_ bound: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((mixed ^ (mixed >> 31)) % UInt64(bound))
    }

    mutating func within(_ range: ClosedRange<Int>) -> Int { range.lowerBound + below(range.count) }
    mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
    mutating func pick<T>(_ items: [T]) -> T { items[below(items.count)] }
}
