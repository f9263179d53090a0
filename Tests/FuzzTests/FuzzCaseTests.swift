import Engine
import Foundation
import FuzzTargets
import Snapshot
import Testing

/// What the fuzzer begins with, and what it has found since (`Cases/`, a folder a target), goes through the decoders as they are
/// shipped, whole, cut short, and with bits turned. A case that traps ends the tests.
@Suite struct FuzzCaseTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "Cases")
    private static let roundsPerSeed = 300

    @Test(arguments: FuzzTarget.allCases.filter { $0 != .canary })
    func everyDecoderStands(_ target: FuzzTarget) throws {
        let seeds = target.seeds
        #expect(!seeds.isEmpty, "nothing to begin with")
        let folder = Self.folder.appending(path: target.rawValue)
        let found = (try? FileManager.default.contentsOfDirectory(atPath: folder.path()).sorted()) ?? []
        let cases = try found.map { [UInt8](try Data(contentsOf: folder.appending(path: $0))) }
        var random = SplitMix64(seed: 5)
        for bytes in seeds + cases {
            bytes.withUnsafeBytes { target.run($0) }
            for _ in 0..<Self.roundsPerSeed where !bytes.isEmpty {
                var changed = bytes
                // One to three places: a bit, a byte, or an extreme value.
                for _ in 0...Int(random.next() % 3) {
                    let place = Int(random.next() % UInt64(changed.count))
                    switch random.next() % 3 {
                    case 0: changed[place] ^= 1 << UInt8(random.next() % 8)
                    case 1: changed[place] = UInt8(truncatingIfNeeded: random.next())
                    default: changed[place] = random.next() % 2 == 0 ? 0 : 255
                    }
                }
                if random.next() % 4 == 0 { changed.removeLast(Int(random.next() % UInt64(changed.count))) }
                changed.withUnsafeBytes { target.run($0) }
            }
        }
    }
}
